"""Afterclose beside the script people write today, and beside the floor.

    python -m benchmarks.lifecycle [--engine chromium] [--rounds 3] [--environments 16]

The same cells three times: (a) Afterclose; (b) plain Playwright, one policy at a time, a fresh
launch for each, reading the same surfaces off the same server; (c) bare start and close of the same
browser, on a new profile each lifecycle, as often as the lifecycles need. Prints observations per
second, the ratios, what each environment beyond four costs, what a check costs beside one bare
navigation, and the peak memory of this process, which is the harness.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from playwright.async_api import BrowserContext, Playwright

from harness.engines import ENGINES, Engine
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.control_client import ControlClient, ServedEnvironment
from harness.engines.driver import Driver
from harness.engines.engine import LaunchOptions
from harness.judging import Judge, Judged
from harness.people import FIRST, PEOPLE
from harness.policy import DEFAULT_ENVIRONMENTS, Environment
from harness.records import Observation
from harness.runner.library import load_scenarios, scenario_files
from harness.scenario import Browser, Scenario, steps_of
from harness.server.running import MockServer
from harness.setup import Setup
from harness.verbs import Step

_NAMES = ("browser_close.quit_and_start", "browser_close.quit_and_start_twice")
_FOUR = DEFAULT_ENVIRONMENTS[:4]
_GOALS = {"chromium": (1.5, 5), "firefox": (1.25, 4)}
"""At most how many times the floor, and at least how many times plain Playwright, with four
environments."""
_CHECKS = 10
_WARM_UP = "tab_close.close_one_of_two_tabs"


def environments_of(number: int) -> Sequence[Environment]:
    """So many, of the four policies in turn."""
    return [
        replace(_FOUR[n % 4], name=f"{_FOUR[n % 4].name}{f'_{n // 4}' if n > 3 else ''}")
        for n in range(number)
    ]


def afterclose(
    pool: BrowserPool,
    engine: Engine,
    scenarios: Sequence[Scenario],
    environments: Sequence[Environment],
) -> int:
    """(a): every policy in one lifecycle."""
    observations: list[Observation] = []
    for scenario in scenarios:
        setup = Setup(engine=engine.name, preset="default", environments=environments)
        with Driver(pool, engine, setup) as driver:
            judge = Judge(scenario.name, setup)
            scenario(Browser(Judged(driver, judge, observations.append)))
    return len(observations)


async def launch(playwright: Playwright, engine: Engine, profile: str) -> BrowserContext:
    """The same browser, as the engine starts it."""
    installation = engine.find(getattr(playwright, engine.name).executable_path)
    assert installation is not None
    return await engine.launch(
        playwright,
        LaunchOptions(
            installation=installation,
            profile=Path(profile),
            preset="default",
            temporary=Path(tempfile.gettempdir()),
        ),
    )


async def plain(
    playwright: Playwright,
    engine: Engine,
    control: ControlClient,
    scenarios: Sequence[Scenario],
    names: Sequence[str],
) -> int:
    """(b): sign in, close, start and look, a policy at a time."""
    seen = 0
    await control.reset()
    for scenario in scenarios:
        restarts = sum(step.verb == "start" for step in steps_of(scenario))
        for environment in await control.environments(names):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
                context = await launch(playwright, engine, profile)
                await _sign_in(context, environment)
                await context.close()
                for _ in range(restarts):
                    context = await launch(playwright, engine, profile)
                    seen += await _look(context, control, environment)
                    await context.close()
    return seen


async def _sign_in(context: BrowserContext, environment: ServedEnvironment) -> None:
    page = context.pages[0]
    await page.goto(f"{environment.app_url}/login")
    await page.fill("#password", PEOPLE[FIRST].password)
    await page.click("#submit")
    await page.wait_for_url(f"{environment.app_url}/")


async def _look(
    context: BrowserContext, control: ControlClient, environment: ServedEnvironment
) -> int:
    ticket = await control.begin_observation([environment.name], tab_in_use=True)
    await context.pages[0].goto(ticket.url)
    return len((await control.observation(ticket.id))[environment.name])


async def floor(playwright: Playwright, engine: Engine, scenarios: Sequence[Scenario]) -> int:
    """(c): nothing but starting and closing."""
    for scenario in scenarios:
        lives = 1 + sum(step.verb == "start" for step in steps_of(scenario))
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            for _ in range(lives):
                context = await launch(playwright, engine, profile)
                await context.close()
    return 0


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    seen = work()
    return time.perf_counter() - began, seen


def check(pool: BrowserPool, engine: Engine, environments: Sequence[Environment]) -> float:
    """Seconds of a check beside a page that is open."""
    setup = Setup(engine=engine.name, preset="default", environments=environments)
    with Driver(pool, engine, setup) as driver:
        driver.perform(Step("sign_in"))
        times = [_timed(lambda: len(driver.look().seen))[0] for _ in range(_CHECKS)]
    return statistics.median(times)


async def navigation(playwright: Playwright, engine: Engine, control: ControlClient) -> float:
    """Seconds of one bare navigation to an application that somebody is signed in to."""
    (environment,) = await control.environments([_FOUR[0].name])
    times = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = await launch(playwright, engine, profile)
        await _sign_in(context, environment)
        for _ in range(_CHECKS):
            began = time.perf_counter()
            await context.pages[0].goto(f"{environment.app_url}/")
            times.append(time.perf_counter() - began)
        await context.close()
    return statistics.median(times)


def measure(engine: Engine, rounds: int, number: int) -> None:
    """Take the figures for one engine and so many environments, and print them."""
    environments = environments_of(number)
    found = {scenario.name: scenario for scenario in load_scenarios(scenario_files())}
    scenarios = [found[name] for name in _NAMES]
    times: dict[str, list[float]] = {"a": [], "four": [], "b": [], "c": []}
    cells: dict[str, int] = {}
    with MockServer(environments) as server:
        pool = BrowserPool(server.url, Options())
        try:
            afterclose(pool, engine, [found[_WARM_UP]], environments[:1])
            playwright = pool.run(pool.playwright(), 60)
            control = pool.control
            names = [environment.name for environment in environments]

            def run(work: Awaitable[int]) -> int:
                return pool.run(_awaited(work), 600)

            for _ in range(rounds):
                for name, work in (
                    ("a", lambda: afterclose(pool, engine, scenarios, environments)),
                    ("four", lambda: afterclose(pool, engine, scenarios, environments[:4])),
                    ("b", lambda: run(plain(playwright, engine, control, scenarios, names))),
                    ("c", lambda: run(floor(playwright, engine, scenarios))),
                ):
                    duration, seen = _timed(work)
                    times[name].append(duration)
                    cells[name] = seen
            a_check = check(pool, engine, environments)
            bare = pool.run(navigation(playwright, engine, control), 60)
        finally:
            pool.close()
    assert cells["a"] == cells["b"], cells
    a, four, b, c = (statistics.median(of) for of in times.values())
    print(f"{engine.name}: {number} environments, {cells['a']} cells, median of {rounds} rounds")
    print(f"  (a) Afterclose        {a:7.2f} s  {cells['a'] / a:6.2f} observations/s")
    print(f"  (b) plain Playwright  {b:7.2f} s  {cells['b'] / b:6.2f} observations/s")
    print(f"  (c) start and close   {c:7.2f} s")
    most, least = _GOALS[engine.name]
    if number > 4:
        each = (a - four) / (number - 4) / four
        print(f"  each environment beyond four: {each:.3f} of a lifecycle (to reach: 0.05)")
        most, least = 0, 10
    print(f"  a against b: {b / a:.2f} times the observations per second (to reach: {least})")
    print(f"  a against c: {a / c:.2f} times the time{f' (to reach: {most})' if most else ''}")
    print(f"  a check {a_check:.3f} s, a bare navigation {bare:.3f} s: {a_check / bare:.1f} times")


async def _awaited(work: Awaitable[int]) -> int:
    return await work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--engine", action="append", choices=list(ENGINES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--environments", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lifecycle-", ignore_cleanup_errors=True) as folder:
        # Whatever is made on the way goes with it.
        tempfile.tempdir = folder
        for name in arguments.engine or ENGINES:
            measure(ENGINES[name], arguments.rounds, arguments.environments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the harness process: {peak:.0f} MB (to reach: under 250)")


if __name__ == "__main__":
    main()
