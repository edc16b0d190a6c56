"""How long the whole suite takes on the models: every scenario, every model, every preset.

    python -m benchmarks.model

Process time of one process, the server's part included, so the figure is what one core needs.
Beside it, in the same run, as many requests to the smallest handler that aiohttp can have: what
HTTP alone costs on this machine. Then what `afterclose run --engine simulated` takes, with pytest,
result files and reports.
"""

import asyncio
import http.client
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence

from aiohttp import web

from harness.engines import MODELS, presets_of
from harness.engines.answer_memo import AnswerMemos
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.lockstep import Member, play
from harness.judging import Judge
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.runner.library import load_scenarios, scenario_files
from harness.server.exchanges import Exchange
from harness.server.running import MockServer
from harness.setup import Setup, parts_of

_ROUNDS = 3


def suite(
    server: MockServer, memos: AnswerMemos, models: Sequence[str]
) -> tuple[int, int, int]:
    """Play everything once in these models; lifecycles, observations and requests."""
    lifecycles = observations = requests = 0
    last: Exchange | None = None
    for scenario in load_scenarios(scenario_files()):
        for environments in parts_of(scenario, DEFAULT_ENVIRONMENTS):
            members = [
                Member(
                    family=MODELS[name],
                    setup=Setup(
                        engine=name,
                        preset=preset,
                        environments=environments,
                        keeps=scenario.keeps,
                    ),
                )
                for name in models
                for preset in presets_of(name)
            ]
            play(memos, scenario, members)
            lifecycles += len(members)
            for member in members:
                judge = Judge(scenario.name, member.setup)
                for look in member.looks:
                    observations += len(judge.observations(*look))
        exchanges = list(server.site.log)
        for exchange in reversed(exchanges):
            if exchange is last:
                break
            requests += 1
        last = exchanges[-1]
    return lifecycles, observations, requests


def floor(requests: int) -> float:
    """Process time of as many requests to the smallest handler, one after the other."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({})

    async def serve() -> tuple[web.AppRunner, int]:
        application = web.Application()
        application.add_routes([web.get("/", answer)])
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, runner.addresses[0][1]

    runner, port = asyncio.run_coroutine_threadsafe(serve(), loop).result()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    used = time.process_time()
    for _ in range(requests):
        connection.request("GET", "/")
        connection.getresponse().read()
    used = time.process_time() - used
    connection.close()
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    return used


def main() -> None:
    """Print the figures."""
    with MockServer() as server:
        pool = BrowserPool(server.url, Options())
        memos = AnswerMemos(pool)
        for models in (*([name] for name in MODELS), list(MODELS)):
            cpu = []
            for _ in range(_ROUNDS):
                used = time.process_time()
                lifecycles, observations, requests = suite(server, memos, models)
                cpu.append(time.process_time() - used)
            least = statistics.median(floor(requests) for _ in range(_ROUNDS))
            taken = statistics.median(cpu)
            print(
                f"{', '.join(models)}: {lifecycles} lifecycles, {observations} observations, "
                f"{taken:.2f} s of one core; {requests} bare requests {least:.2f} s: "
                f"{taken / least:.1f} times"
            )
        memos.close()
        pool.close()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "harness.cli", "run", "--engine", "simulated",
             "--output", folder],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        print(f"afterclose run --engine simulated: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
