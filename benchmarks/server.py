"""The mock auth server beside others, and beside a bare handler.

    python -m benchmarks.server [--seconds 5] [--rounds 3]

In one run, each server in a process of its own, this process being the client:

* complete sign-ins per second: authorization request, the sign-in page and its form where there is
  one (ours and oidc-provider-mock; oauth2-mock-server has none and answers with a code at once),
  and the exchange of the code;
* peeks per second, beside the smallest JSON handler that aiohttp can serve;
* the time from starting the process to its first answer.

oidc-provider-mock comes from PyPI, oauth2-mock-server from npm (installed in
`tests/clients/node`; left out where it is not).
"""

import argparse
import asyncio
import contextlib
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

_NODE = Path(__file__).parent.parent / "tests/clients/node/node_modules/oauth2-mock-server"
_BIN = Path(sys.executable).parent
_PEOPLE = 4
"""Sign-ins at the same time."""
_CONNECTIONS = 4
_BATCH = 32
_BARE = """
import sys
from aiohttp import web
async def handle(request): return web.json_response({"signed_in": False, "end_reason": "no_cookie"})
application = web.Application()
application.router.add_get("/{path:.*}", handle)
web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


@dataclass(frozen=True)
class Server:
    """One to be measured: how it is started, and how somebody signs in to it."""

    name: str
    command: Callable[[int], list[str]]
    ready: str
    sign_in: Callable[[aiohttp.ClientSession, str], Awaitable[None]]


async def _sign_in_here(http: aiohttp.ClientSession, base: str) -> None:
    redirect_uri = f"{base.replace('localhost', 'persistent.app.localhost')}/callback"
    query = {"client_id": "demo_persistent", "redirect_uri": redirect_uri, "scope": "openid"}
    query |= {"response_type": "code", "prompt": "login"}
    async with http.get(f"{base}/oauth2/auth", params=query) as answer:
        page = await answer.text()
    form = dict(re.findall(r'name="(login|csrf)" value="([^"]*)"', page))
    form |= {"email": "ada@example.com", "password": "correct horse"}
    location = await _redirected(http, f"{base}/sign-in", form)
    await _exchange(http, f"{base}/oauth2/token", location, redirect_uri, "demo_persistent")


async def _sign_in_at_provider(http: aiohttp.ClientSession, base: str) -> None:
    redirect_uri = "http://localhost/callback"
    query = {"client_id": "c", "redirect_uri": redirect_uri, "scope": "openid"}
    url = f"{base}/oauth2/authorize?{urlencode(query | {'response_type': 'code'})}"
    async with http.get(url) as answer:
        await answer.text()
    location = await _redirected(http, url, {"sub": "ada@example.com"})
    await _exchange(http, f"{base}/oauth2/token", location, redirect_uri, "c")


async def _sign_in_at_mock(http: aiohttp.ClientSession, base: str) -> None:
    redirect_uri = "http://localhost/callback"
    query = {"client_id": "c", "redirect_uri": redirect_uri, "scope": "openid", "state": "s"}
    url = f"{base}/authorize?{urlencode(query | {'response_type': 'code'})}"
    async with http.get(url, allow_redirects=False) as answer:
        location = answer.headers["Location"]
    await _exchange(http, f"{base}/token", location, redirect_uri, "c")


async def _redirected(http: aiohttp.ClientSession, url: str, form: dict[str, str]) -> str:
    async with http.post(url, data=form, allow_redirects=False) as answer:
        return answer.headers["Location"]


async def _exchange(
    http: aiohttp.ClientSession, url: str, location: str, redirect_uri: str, client_id: str
) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(location).query)["code"][0],
        "redirect_uri": redirect_uri,
        "client_id": client_id,
        "client_secret": _secret(client_id),
    }
    async with http.post(url, data=form) as answer:
        assert "id_token" in await answer.json(), await answer.text()


def _secret(client_id: str) -> str:
    from tests.client import secret

    return secret(client_id)


AFTERCLOSE = Server(
    "afterclose",
    lambda port: [str(_BIN / "afterclose"), "serve", "--port", str(port)],
    "/.well-known/openid-configuration",
    _sign_in_here,
)
PROVIDER = Server(
    "oidc-provider-mock",
    lambda port: [str(_BIN / "oidc-provider-mock"), "--port", str(port)],
    "/.well-known/openid-configuration",
    _sign_in_at_provider,
)
MOCK = Server(
    "oauth2-mock-server",
    lambda port: ["node", str(_NODE / "dist/oauth2-mock-server.mjs"), "-p", str(port)],
    "/.well-known/openid-configuration",
    _sign_in_at_mock,
)


@contextlib.contextmanager
def started(command: list[str], port: int, path: str) -> Iterator[tuple[str, float]]:
    """The server's address, and the seconds from its start to its first answer."""
    base = f"http://localhost:{port}"
    began = time.perf_counter()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"{base}{path}") as answer:
                    answer.read()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                assert server.poll() is None, command
                time.sleep(0.002)
        yield base, time.perf_counter() - began
    finally:
        server.kill()
        server.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def sign_ins(server: Server, base: str, seconds: float) -> float:
    """Complete sign-ins per second."""
    done = 0
    end = time.perf_counter() + seconds

    async def person() -> None:
        nonlocal done
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            while time.perf_counter() < end:
                # A browser that nobody has signed in with: else each would replace the one before,
                # and this server would tell the application so.
                http.cookie_jar.clear()
                await server.sign_in(http, base)
                done += 1

    began = time.perf_counter()
    await asyncio.gather(*(person() for _ in range(_PEOPLE)))
    return done / (time.perf_counter() - began)


async def requests(base: str, path: str, seconds: float, cookie: str) -> float:
    """Requests per second. They are sent a batch at a time over kept connections, and answers are
    counted by their length, so that the server is the limit and not this client."""
    host = urlsplit(base).netloc
    sent = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode()
    done = 0
    end = time.perf_counter() + seconds

    async def connection() -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(base).port)
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        assert length is not None
        assert head.startswith(b"HTTP/1.1 200 ")
        await reader.readexactly(int(length[1]))
        answers = (len(head) + int(length[1])) * _BATCH
        while time.perf_counter() < end:
            writer.write(sent * _BATCH)
            await reader.readexactly(answers)
            done += _BATCH
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(_CONNECTIONS)))
    return done / (time.perf_counter() - began)


def measure(seconds: float, rounds: int) -> None:
    """Take every figure and print it."""
    servers = [AFTERCLOSE, PROVIDER]
    if _NODE.exists() and shutil.which("node"):
        servers.append(MOCK)
    else:
        print("oauth2-mock-server is not installed: npm ci in tests/clients/node")
    rates: dict[str, list[float]] = {}
    starts: dict[str, list[float]] = {}
    for _ in range(rounds):
        for server in servers:
            port = free_port()
            with started(server.command(port), port, server.ready) as (base, took):
                starts.setdefault(server.name, []).append(took)
                asyncio.run(sign_ins(server, base, 0.5))
                rate = asyncio.run(sign_ins(server, base, seconds))
                rates.setdefault(f"{server.name} sign-ins", []).append(rate)
                if server is AFTERCLOSE:
                    peek = requests(base, "/_afterclose/peek", seconds, "sso_session=unknown")
                    rates.setdefault("peeks", []).append(asyncio.run(peek))
        port = free_port()
        bare = [sys.executable, "-c", _BARE, str(port)]
        with started(bare, port, "/") as (base, _took):
            rate = asyncio.run(requests(base, "/_afterclose/peek", seconds, "sso_session=unknown"))
            rates.setdefault("bare", []).append(rate)
    rate_of = {name: statistics.median(values) for name, values in rates.items()}
    start_of = {name: statistics.median(values) for name, values in starts.items()}
    print(f"median of {rounds} rounds of {seconds:g} s")
    ours = rate_of["afterclose sign-ins"]
    for server in servers:
        rate = rate_of[f"{server.name} sign-ins"]
        print(
            f"  {server.name:20} {rate:7.0f} sign-ins/s ({ours / rate:.2f} times as many here)"
            f"   {start_of[server.name]:.3f} s to the first answer"
        )
    share = rate_of["peeks"] / rate_of["bare"]
    more = ours / rate_of["oidc-provider-mock sign-ins"]
    fastest = min(took for name, took in start_of.items() if name != "afterclose")
    slower = start_of["afterclose"] / fastest
    print(f"  peeks {rate_of['peeks']:.0f}/s, bare aiohttp handler {rate_of['bare']:.0f}/s")
    print(f"  to reach: more sign-ins than oidc-provider-mock: {more:.2f} times as many")
    print(f"  to reach: peeks at half the rate of the bare handler: {share:.2f}")
    print(f"  to reach: start no slower than the fastest: {slower:.2f} times its time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    packages = ("afterclose", "aiohttp", "oidc-provider-mock")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    print(f"{platform.platform()}, Python {platform.python_version()}, {versions}")
    measure(arguments.seconds, arguments.rounds)


if __name__ == "__main__":
    main()
