"""How long others wait while somebody asks for everything about 100,000 sessions.

    python -m benchmarks.sessions [--sessions 100000]

The server is a process of its own, with a state file that holds the sessions; this process is the
client. While a long request is under way, peeks are sent one after the other over a connection of
their own; the figure is the longest that one of them had to wait for its answer. Beside it stands
the longest wait of as many peeks while nothing else was asked for: what the machine adds.
"""

import argparse
import asyncio
import platform
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from benchmarks.server import free_port, started
from harness.policy import DEFAULT_ENVIRONMENTS, Persistence
from harness.server.running import MockServer
from harness.server.sessions import UserAgent
from tests.client import secret

_LIMIT = 0.1
"""Seconds that nobody is to wait longer."""
_ALONE = 2.0
"""Seconds of peeks without anything else."""


async def fill(path: Path, count: int) -> str:
    """A state file with live sessions of one person; their id."""
    async with MockServer(DEFAULT_ENVIRONMENTS[:1], state=path) as server:
        tenant = server.site.tenants["persistent"]
        agent = UserAgent(ip_address="127.0.0.1", name="Mozilla/5.0 (X11; Linux x86_64)")
        for _ in range(count):
            tenant.sessions.start(
                user_id=tenant.people.first.id,
                org_code="org_persistent",
                client_id="demo_persistent",
                connection_id="conn_password",
                persistence=Persistence.PERSISTENT,
                now=server.site.clock.now(),
                agent=agent,
            )
        return tenant.people.first.id


async def longest_wait(base: str, until: Awaitable[object]) -> tuple[float, int, float]:
    """The longest wait of a peek until something is done, in seconds; how many there were; and how
    long it took."""
    parts = urlsplit(base)
    reader, writer = await asyncio.open_connection("127.0.0.1", parts.port)
    request = f"GET /_afterclose/peek HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    waits: list[float] = []
    began = time.perf_counter()
    task = asyncio.ensure_future(until)
    while not task.done():
        sent = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        await reader.readexactly(int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]))
        waits.append(time.perf_counter() - sent)
    writer.close()
    await task
    return max(waits), len(waits), time.perf_counter() - began


async def measure(base: str, user_id: str) -> bool:
    """Take every figure and print it; whether nobody waited too long."""
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        form = {"grant_type": "client_credentials", "client_id": "admin_persistent"}
        form["client_secret"] = secret("admin_persistent")
        async with http.post(f"{base}/oauth2/token", data=form) as answer:
            bearer = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}

        async def ask(method: str, path: str, **options: object) -> int:
            """Bytes of the answer, which are read and thrown away."""
            async with http.request(method, f"{base}{path}", **options) as answer:  # type: ignore[arg-type]
                assert answer.status == 200, await answer.text()
                size = 0
                async for chunk in answer.content.iter_chunked(1 << 16):
                    size += len(chunk)
                return size

        async def page_by_page() -> None:
            token = ""
            while True:
                asked = f"{base}/_afterclose/sessions?next_token={token}"
                async with http.get(asked) as answer:
                    token = (await answer.json())["next_token"]
                if token is None:
                    return

        await ask("GET", "/_afterclose/sessions")
        long: dict[str, Callable[[], Awaitable[object]]] = {
            "nothing else": lambda: asyncio.sleep(_ALONE),
            "every page of the control API's list": page_by_page,
            "Kinde's list of one user": lambda: ask(
                "GET", f"/api/v1/users/{user_id}/sessions", headers=bearer
            ),
            "a revocation of everybody": lambda: ask("DELETE", "/_afterclose/sessions"),
        }
        good = True
        for name, start in long.items():
            wait, count, took = await longest_wait(base, start())
            print(f"  {name:38} {wait * 1000:6.1f} ms the longest of {count} peeks in {took:.1f} s")
            good = good and wait <= _LIMIT
        return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sessions", type=int, default=100_000)
    count = parser.parse_args().sessions
    versions = ", ".join(f"{name} {version(name)}" for name in ("afterclose", "aiohttp"))
    print(f"{platform.platform()}, Python {platform.python_version()}, {versions}")
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.sqlite"
        user_id = asyncio.run(fill(state, count))
        port = free_port()
        command = [sys.executable, "-m", "harness.cli", "serve", "--policy", "persistent"]
        command += ["--port", str(port), "--state", str(state)]
        with started(command, port, "/_afterclose/health") as (base, took):
            print(f"{count} sessions; {took:.1f} s from the start to the first answer")
            good = asyncio.run(measure(base, user_id))
    print(f"  to reach: nobody waits longer than {_LIMIT * 1000:.0f} ms: {'yes' if good else 'NO'}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
