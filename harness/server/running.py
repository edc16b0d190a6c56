"""A running server: in this event loop (`async with`), or in a thread of its own (`with`), so that
tests and browsers can be driven beside it."""

import asyncio
import errno
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from harness.clock import Clock
from harness.faults import Fault
from harness.policy import DEFAULT_ENVIRONMENTS, Environment, Override, Policy
from harness.server.desk import Desk, Notice
from harness.server.routes import Routes
from harness.server.sessions import Session
from harness.server.site import Site
from harness.server.tenants import Tenant
from harness.settings import Settings
from harness.state import FileState, State

if TYPE_CHECKING:
    import trustme

__all__ = ["MockServer", "PortInUseError"]


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a message is of this server's making, and not of a request that cannot be read or a
    client that has gone: aiohttp prints a traceback for each of those."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (HttpProcessingError, RequestPayloadError, ConnectionError))


_T = TypeVar("_T")
_LOGGER = logging.getLogger("afterclose.server")
_LOGGER.addFilter(_is_ours)
_KEEP_ALIVE = 75.0
"""Seconds that a connection stays open for a next request."""
_LINGERING = 2.0
"""Seconds that the rest of a body is read which nobody wants any more."""
_PATIENCE = 10.0
"""Seconds that a connection may be open without a request; up to twice as long in fact."""


def _one_of(kind: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise ValueError(f"no {kind} {name}; known: {', '.join(known)}")


class PortInUseError(Exception):
    """The port cannot be had; the message is for the user."""


class MockServer:
    """The mock auth server with its demo applications, as a context manager.

    >>> with MockServer() as server:
    ...     server.url.startswith("http://localhost:")
    True

    `async with` runs it in the event loop that is there. It listens on loopback unless `host` says
    otherwise; `port` 0 takes a free one. `https` makes a certificate authority for this run.
    `state` names an SQLite file that keeps sessions, policies and codes. A connection that asks for
    nothing is closed after `patience` seconds. Hosts are below `domain`, a name that leads here
    with all names below it, and the first environment is at `aliases`, too. Where there is a
    `desk`, for somebody who is guided, the control API answers this machine alone. Raises
    PortInUseError if the port cannot be had, StateError if the file cannot be used, ValueError for
    settings whose cookie domain does not fit the host of an environment.
    """

    def __init__(
        self,
        environments: Sequence[Environment] = DEFAULT_ENVIRONMENTS,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        https: bool = False,
        clock: Clock | None = None,
        settings: Settings | None = None,
        state: Path | None = None,
        patience: float = _PATIENCE,
        domain: str = "localhost",
        aliases: Sequence[str] = (),
        desk: Desk | None = None,
    ) -> None:
        for environment in environments:
            (settings or Settings()).check_host(environment.name)
        self._environments = environments
        self._host = host
        self._port = port
        self._https = https
        self._clock = clock or Clock()
        self._settings = settings or Settings()
        self._state = state
        self._patience = patience
        self._domain = domain
        self._aliases = tuple(aliases)
        self._desk = desk
        self._hanging_up: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._runner: web.AppRunner | None = None
        self._listener: socket.socket | None = None
        self._authority: trustme.CA | None = None
        self._site: Site | None = None
        self.url = ""
        """Base address; the first environment's auth server answers there."""

    @property
    def site(self) -> Site:
        """What is served; raise RuntimeError before the start."""
        if self._site is None:
            raise RuntimeError("the server has not been started")
        return self._site

    def reset(self) -> None:
        """Nobody signed in, configured policies, real time, an empty log."""
        self._call(self.site.reset)

    def advance(self, time: timedelta) -> None:
        """Move the server's clock; raise ValueError for a negative time, or one beyond a hundred
        years."""
        self._call(lambda: self.site.move_clock(time.total_seconds()))

    def show(self, notice: Notice) -> None:
        """Tell whoever is guided what to do now."""
        if self._desk is not None:
            desk = self._desk
            self._call(lambda: desk.show(notice))

    def sessions(self, environment: str) -> tuple[Session, ...]:
        """Copies of the environment's live sessions, oldest first. This and what follows raise
        ValueError for a name that nothing has, and RuntimeError in `async with`, where the tenants
        of `site` do it."""
        tenant = self._tenant(environment)

        async def listed() -> tuple[Session, ...]:
            return tuple([replace(session) async for session in tenant.alive()])

        return self._wait_for(listed)

    def revoke_sessions(self, environment: str) -> int:
        """End them from the outside; how many they were."""
        return self._wait_for(self._tenant(environment).revoke)

    def change_policy(self, environment: str, policy: Policy) -> None:
        """Set the environment's policy, until the next reset."""
        tenant = self._tenant(environment)
        self._wait_for(lambda: tenant.change_policy(policy))

    def change_override(self, environment: str, org_code: str, override: Override) -> None:
        """Set an organization's override, until the next reset."""
        tenant = self._tenant(environment)
        _one_of("organization", org_code, tenant.organizations)
        self._wait_for(lambda: tenant.change_override(org_code, override))

    def arm(self, fault: Fault | str, environment: str) -> None:
        """Let something go wrong there once."""
        _one_of("fault", fault, list(Fault))
        name = self._tenant(environment).name
        self._call(lambda: self.site.faults.arm(name, Fault(fault)))

    def _tenant(self, environment: str) -> Tenant:
        _one_of("environment", environment, self.site.tenants)
        return self.site.tenants[environment]

    def _call(self, change: Callable[[], None]) -> None:
        """Change something in the thread that the server runs in."""

        async def do() -> None:
            change()

        if self._loop is None:
            change()
        else:
            self._wait_for(do)

    def _wait_for(self, do: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """What takes turns with requests, in the thread that the server runs in."""
        if self._loop is None:
            raise RuntimeError("the server runs in this event loop: its site's tenants do that")
        return asyncio.run_coroutine_threadsafe(do(), self._loop).result()

    @property
    def ca_pem(self) -> bytes:
        """The certificate authority that clients must trust, in PEM; raise RuntimeError without
        `https` or before the start."""
        if self._authority is None:
            raise RuntimeError("the server does not speak https")
        return self._authority.cert_pem.bytes()

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

    async def __aenter__(self) -> "MockServer":
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def _stop_thread(self) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
        self._loop = self._thread = None

    async def start(self) -> None:
        """Listen, in the running event loop; raise PortInUseError or StateError."""
        scheme = "https" if self._https else "http"
        context = await asyncio.to_thread(self._server_context) if self._https else None
        loop = asyncio.get_running_loop()
        # The port must be known before the addresses are, so the socket comes first.
        try:
            listening = await loop.create_server(
                asyncio.Protocol, self._host, self._port, start_serving=False
            )
        except OSError as error:
            of_the_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
            option = "--port" if of_the_port else "--host"
            raise PortInUseError(
                f"cannot listen on {self._host}:{self._port}: {error.strerror}; "
                f"choose another with {option}"
            ) from None
        port = listening.sockets[0].getsockname()[1]
        listener: socket.socket = listening.sockets[0].dup()
        listening.close()
        try:
            self._site = await self._prepared(port, scheme)
        except BaseException:
            listener.close()
            raise
        routes = Routes(self._site)
        self._runner = web.AppRunner(
            routes.application(),
            access_log=None,
            handle_signals=False,
            keepalive_timeout=_KEEP_ALIVE,
            lingering_time=_LINGERING,
            logger=_LOGGER,
            shutdown_timeout=1,
        )
        await self._runner.setup()
        if (server := self._runner.server) is not None:
            server.request_handler = routes.normalizing(server.request_handler)
        await web.SockSite(self._runner, listener, ssl_context=context).start()
        self._site.backchannel.begin()
        self._listener = listener
        self._hanging_up = asyncio.create_task(self._hang_up(routes.heard))
        self.url = f"{scheme}://localhost:{port}"

    async def _prepared(self, port: int, scheme: str) -> Site:
        """What is to be served, with what was kept."""
        state = await asyncio.to_thread(FileState, self._state) if self._state else State()
        try:
            site = Site(
                self._environments,
                port=port,
                scheme=scheme,
                clock=self._clock,
                settings=self._settings,
                state=state,
                domain=self._domain,
                aliases=self._aliases,
                desk=self._desk,
            )
            await site.key.check()
        except BaseException:
            await state.close()
            raise
        return site

    def _server_context(self) -> ssl.SSLContext:
        """TLS for every environment's hosts, by a certificate authority made for this run."""
        import trustme

        self._authority = trustme.CA()
        today = datetime.now(UTC)
        names = ["localhost", "127.0.0.1", self._domain, *self._aliases]
        certificate = self._authority.issue_cert(
            *dict.fromkeys(names),
            *(f"*.{kind}.{self._domain}" for kind in ("idp", "app")),
            # Apple's browsers take no certificate that is good for longer.
            not_before=today - timedelta(days=1),
            not_after=today + timedelta(days=365),
        )
        if self._desk is not None:
            self._desk.authority = self.ca_pem
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context

    async def _hang_up(self, heard: set[web.RequestHandler]) -> None:
        """Close what has been open for a while and has not asked for anything."""
        silent: set[web.RequestHandler] = set()
        while self._runner is not None and self._runner.server is not None:
            await asyncio.sleep(self._patience)
            connections = set(self._runner.server.connections)
            heard &= connections
            for connection in silent & connections - heard:
                if connection.transport is not None:
                    connection.transport.abort()
            silent = connections - heard

    async def stop(self) -> None:
        """Stop listening, close every connection, and let go of the state file."""
        if self._runner is None or self._listener is None:
            return
        if self._hanging_up is not None:
            self._hanging_up.cancel()
        # asyncio drops, unclosed, what it has accepted but not yet handed over when a server closes
        # (`Server._attach` asserts in `_accept_connection2`). So accept nothing more, let what is
        # under way arrive, and close then; a transport is gone a turn after it was closed.
        asyncio.get_running_loop().remove_reader(self._listener)
        await _turns()
        server = self._runner.server
        transports = [connection.transport for connection in server.connections] if server else []
        await self._runner.cleanup()
        await _turns()
        # A TLS connection would wait half a minute for the other side's goodbye.
        for transport in transports:
            if transport is not None:
                transport.abort()
        await _turns()
        self._runner = self._listener = None


async def _turns() -> None:
    for _ in range(6):
        await asyncio.sleep(0)
