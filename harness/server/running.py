"""A running server: in a thread of its own, so that tests and browsers can be driven beside it."""

import asyncio
import ssl
import threading
from collections.abc import Sequence
from types import TracebackType

import trustme
from aiohttp import web

from harness.clock import Clock
from harness.config import DEFAULT_COOKIE_NAME
from harness.policy import DEFAULT_ENVIRONMENTS, Environment
from harness.server.site import Site

__all__ = ["MockServer", "PortInUseError", "serve_forever", "server_context"]


class PortInUseError(Exception):
    """The port cannot be had; the message is for the user."""


def server_context() -> ssl.SSLContext:
    """TLS for every environment's hosts, by a certificate authority made for this run."""
    certificate = trustme.CA().issue_cert(
        "localhost", "127.0.0.1", "*.idp.localhost", "*.app.localhost"
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


class MockServer:
    """The mock auth server with its demo applications, as a context manager.

    >>> with MockServer() as server:
    ...     server.url.startswith("http://localhost:")
    True

    Listens on loopback unless `host` says otherwise; `port` 0 takes a free one. Raises
    PortInUseError if the port cannot be had.
    """

    def __init__(
        self,
        environments: Sequence[Environment] = DEFAULT_ENVIRONMENTS,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        https: bool = False,
        clock: Clock | None = None,
        cookie_name: str = DEFAULT_COOKIE_NAME,
    ) -> None:
        self._environments = environments
        self._host = host
        self._port = port
        self._https = https
        self._clock = clock
        self._cookie_name = cookie_name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._runner: web.AppRunner | None = None
        self.site: Site | None = None
        self.url = ""
        """Base address; the first environment's auth server answers there."""

    def __enter__(self) -> "MockServer":
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="mock-server", daemon=True
        )
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.start(), self._loop).result()
        except BaseException:
            self._stop_thread()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result()
        self._stop_thread()

    def _stop_thread(self) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
        self._loop = self._thread = None

    async def start(self) -> None:
        """Listen, in the running event loop; raise PortInUseError."""
        scheme = "https" if self._https else "http"
        context = await asyncio.to_thread(server_context) if self._https else None
        loop = asyncio.get_running_loop()
        # The port must be known before the addresses are, so the socket comes first.
        try:
            listening = await loop.create_server(
                asyncio.Protocol, self._host, self._port, start_serving=False
            )
        except OSError as error:
            raise PortInUseError(
                f"cannot listen on {self._host}:{self._port}: {error.strerror}; "
                "choose another with --port"
            ) from None
        port = listening.sockets[0].getsockname()[1]
        socket = listening.sockets[0].dup()
        listening.close()
        self.site = Site(
            self._environments,
            port=port,
            scheme=scheme,
            clock=self._clock,
            cookie_name=self._cookie_name,
        )
        self._runner = web.AppRunner(
            self.site.application(), access_log=None, handle_signals=False, shutdown_timeout=1
        )
        await self._runner.setup()
        await web.SockSite(self._runner, socket, ssl_context=context).start()
        self.url = f"{scheme}://localhost:{port}"

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


async def serve_forever(server: MockServer) -> None:
    """Run until cancelled."""
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()
