"""The whole site: which host answers what, behind one port."""

import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from importlib.metadata import version
from typing import Any

from aiohttp import web

from harness.apps import KINDS
from harness.apps.demo import DemoApp
from harness.apps.kind import AppKind
from harness.apps.relying_party import RelyingParty
from harness.clock import Clock
from harness.policy import Environment
from harness.server import cross_origin
from harness.server.account import account
from harness.server.authorizing import Authorizing
from harness.server.console import Console
from harness.server.control import Control
from harness.server.control_faults import fault_operations
from harness.server.exchanges import Exchange, ExchangeLog, shorten_cookie
from harness.server.faults import Faults
from harness.server.granting import Granting
from harness.server.holds import Holds
from harness.server.management import management_operations
from harness.server.oauth import OAuth
from harness.server.observing import Observing
from harness.server.openapi import document
from harness.server.pages import error_page
from harness.server.signing_in import SignIn
from harness.server.state import State, StateError
from harness.server.tenants import Tenant
from harness.server.tokens import SigningKey
from harness.settings import Settings

__all__ = ["MAX_BODY", "VERSION", "Site"]

MAX_BODY = 64 * 1024
"""Bytes of a request's body; more is answered with 413."""

# Read at import: nothing may read files in the event loop.
VERSION = version("afterclose")

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_IdpHandler = Callable[[web.Request, Tenant], Awaitable[web.StreamResponse]]
_AppHandler = Callable[[web.Request, DemoApp], Awaitable[web.StreamResponse]]


class Site:
    """Auth servers on `<environment>.idp.localhost`, applications on `<environment>.app.localhost`.

    The first environment also answers at plain `localhost`, for clients that do not resolve names
    below it by themselves.
    """

    def __init__(
        self,
        environments: Sequence[Environment],
        *,
        port: int,
        scheme: str,
        clock: Clock,
        settings: Settings,
        state: State,
    ) -> None:
        self._port = port
        self._scheme = scheme
        self._settings = settings
        self._state = state
        self.clock = clock
        self.log = ExchangeLog()
        self.faults = Faults()
        self.holds = Holds()
        self._key = SigningKey(state)
        self.tenants: dict[str, Tenant] = {}
        self.apps: dict[str, DemoApp] = {}
        self._tenant_of_host: dict[str, Tenant] = {}
        self._app_of_host: dict[str, DemoApp] = {}
        offset = state.records("", "clock").get("", {}).get("offset", 0.0)
        clock.advance(max(0.0, offset - clock.offset))
        for number, environment in enumerate(environments):
            self._add(environment, first=number == 0)
        self._sign_in = SignIn(
            cookie_name=settings.cookie_name, secure=scheme == "https", faults=self.faults
        )
        self._authorizing = Authorizing(self._sign_in, holds=self.holds, faults=self.faults)
        self.observing = Observing(
            self.tenants, self.apps, self.log, self._sign_in, self._authorizing
        )
        control = Control(self, version=VERSION)
        self._control = [*control.operations(), *fault_operations(self)]
        self._management = management_operations()

    def _add(self, environment: Environment, *, first: bool) -> None:
        name, scheme, port = environment.name, self._scheme, self._port
        idp, app = (f"{name}.{kind}.localhost:{port}" for kind in ("idp", "app"))
        hosts = [idp, *([f"localhost:{port}", f"127.0.0.1:{port}"] if first else [])]
        tenant = Tenant(
            environment=environment,
            clock=self.clock,
            key=self._key,
            bases=tuple(f"{scheme}://{host}" for host in hosts),
            app_url=f"{scheme}://{app}",
            settings=self._settings,
            state=self._state,
        )
        self.tenants[name] = tenant
        self._tenant_of_host |= dict.fromkeys(hosts, tenant)
        client = tenant.applications[f"demo_{name}"]
        self.apps[name] = self._app_of_host[app] = DemoApp(
            name=name,
            url=tenant.app_url,
            relying_party=RelyingParty(
                issuer=tenant.issuer,
                redirect_uri=client.redirect_uris[0],
                client_id=client.id,
                client_secret=client.secret or "",
                org_code=environment.organization.code,
                connect_to=f"{scheme}://127.0.0.1:{port}",
            ),
            kinds=self._kinds(name, self._settings.apps),
            clock=self.clock,
            state=self._state,
            faults=self.faults,
        )

    @staticmethod
    def _kinds(environment: str, names: Iterable[str]) -> dict[str, AppKind]:
        return {name: KINDS[name](name, environment) for name in names}

    def add_apps(self, names: Iterable[str]) -> tuple[str, ...]:
        """Let the applications keep logins in these ways too, until the next reset; all of them."""
        kinds = tuple(dict.fromkeys([*self._settings.apps, *names]))
        for app in self.apps.values():
            app.kinds = self._kinds(app.name, kinds)
        return kinds

    def reset(self) -> None:
        """Nobody signed in, configured policies, real time, an empty log."""
        for tenant in self.tenants.values():
            tenant.reset()
        for app in self.apps.values():
            app.reset()
        self.add_apps(())
        self.faults.clear()
        self.holds.clear()
        self.clock.reset()
        self._keep_clock()
        self.log.clear()

    def move_clock(self, seconds: float) -> None:
        """Let time pass; raise ValueError for less than nothing or too much."""
        self.clock.advance(seconds)
        self._keep_clock()

    def _keep_clock(self) -> None:
        self._state.put("", "clock", "", {"offset": self.clock.offset})

    def application(self) -> web.Application:
        """The aiohttp application that serves all of it."""
        application = web.Application(
            middlewares=[self._record, self._errors], client_max_size=MAX_BODY
        )
        application.add_routes(
            [
                *self._idp_routes(),
                *self._app_routes(),
                *self._observing_routes(),
                *(
                    web.route(o.method, o.path, self._at_idp(o.handler))
                    for o in self._management
                ),
                *(web.route(o.method, o.path, self._at_any(o.handler)) for o in self._control),
                web.get("/_afterclose/openapi.json", self._at_any(self._openapi)),
            ]
        )
        application.on_cleanup.append(self._close)
        return application

    def _idp_routes(self) -> list[web.RouteDef]:
        oauth, granting = OAuth(self._sign_in), Granting()
        console = Console(secure=self._scheme == "https")
        idp = self._at_idp
        return [
            web.get("/.well-known/openid-configuration", idp(oauth.discovery, signing=False)),
            web.get("/.well-known/jwks", idp(oauth.jwks)),
            web.get("/.well-known/jwks.json", idp(oauth.jwks)),
            web.get("/oauth2/auth", idp(self._authorize, signing=False)),
            web.post("/oauth2/token", idp(granting.token)),
            web.get("/oauth2/v2/user_profile", idp(oauth.user_profile)),
            web.post("/oauth2/introspect", idp(oauth.introspect)),
            web.post("/oauth2/revoke", idp(oauth.revoke)),
            web.get("/account_api/v1/{what}", idp(account)),
            web.post("/sign-in", idp(self._authorizing.sign_in)),
            web.get("/logout", idp(oauth.logout)),
            *(
                web.route(method, f"/admin{path}", idp(handler))
                for method, path, handler in console.routes()
            ),
        ]

    def _app_routes(self) -> list[web.RouteDef]:
        app = self._at_app
        return [
            web.get("/", app(lambda request, demo: demo.home(request))),
            web.get("/login", app(lambda request, demo: demo.login(request))),
            web.get("/callback", app(lambda request, demo: demo.callback(request))),
            web.get("/sign-out", app(lambda request, demo: demo.sign_out(request))),
        ]

    def _observing_routes(self) -> list[web.RouteDef]:
        observing, ticket = self.observing, "/_afterclose/observe/{ticket}"
        part = f"{ticket}/{{part:browser|tab}}"
        return [
            web.get(ticket, self._observe),
            web.get(f"{ticket}/frames", self._at_app(observing.frames)),
            web.get(part, self._at_app(observing.frame)),
            web.post(part, self._at_app(observing.stored)),
        ]

    def _at_idp(self, handler: _IdpHandler, *, signing: bool = True) -> _Handler:
        """At an auth server's hosts; `signing`: once it can sign and verify."""

        async def handle(request: web.Request) -> web.StreamResponse:
            tenant = self._tenant_of_host.get(request.host)
            if tenant is None:
                raise web.HTTPNotFound()
            if signing:
                await self._key.ready()
            return await handler(request, tenant)

        return handle

    def _at_app(self, handler: _AppHandler) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            app = self._app_of_host.get(request.host)
            if app is None:
                raise web.HTTPNotFound()
            return await handler(request, app)

        return handle

    def _at_any(self, handler: _Handler) -> _Handler:
        """At every host of ours and no other: a name that somebody points at this address (DNS
        rebinding) reaches nothing."""

        async def handle(request: web.Request) -> web.StreamResponse:
            if request.host not in self._tenant_of_host and request.host not in self._app_of_host:
                raise web.HTTPNotFound()
            return await handler(request)

        return handle

    async def _authorize(self, request: web.Request, tenant: Tenant) -> web.StreamResponse:
        # The key is made while the person is at the sign-in page.
        self._key.begin()
        return await self._authorizing.authorize(request, tenant)

    async def _observe(self, request: web.Request) -> web.StreamResponse:
        if request.host in self._app_of_host:
            return await self._at_app(self.observing.at_app)(request)
        return await self._at_idp(self.observing.at_idp)(request)

    async def peek(self, request: web.Request) -> web.Response:
        """The state of the session that the cookie names. Does not count as activity."""
        tenant = self._tenant_of_host.get(request.host)
        if tenant is None:
            raise web.HTTPNotFound()
        session, reason = tenant.session_of(self._sign_in.cookie_of(request, tenant))
        body: dict[str, Any] = {"signed_in": reason is None, "end_reason": reason}
        if session is not None:
            idle = self.clock.now() - session.last_activity
            body |= {"idle": idle, "inactivity_timeout": tenant.timeout(session)}
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    async def _openapi(self, request: web.Request) -> web.Response:
        """The document of the management and control APIs."""
        return web.json_response(
            document(
                [*self._management, *self._control],
                title="Afterclose mock: management and control",
                version=VERSION,
                url=f"{self._scheme}://{request.host}",
            )
        )

    async def _close(self, application: web.Application) -> None:
        for app in self.apps.values():
            await app.close()
        await self._state.close()

    @web.middleware
    async def _record(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        before = self._state.version
        tenant = self._tenant_of_host.get(request.host)
        response = cross_origin.preflight(request, tenant) or await handler(request)
        cross_origin.allow(request, tenant, response)
        headers = [morsel.OutputString() for morsel in response.cookies.values()]
        headers += response.headers.getall("Set-Cookie", [])
        self.log.add(
            Exchange(
                time=self.clock.now(),
                host=request.host,
                method=request.method,
                path=request.path,
                status=response.status,
                cookies_in=sorted(request.cookies),
                cookies_out=[shorten_cookie(header) for header in headers],
            )
        )
        if self._state.version != before:
            try:
                await self._state.commit()
            except StateError as error:
                print(f"afterclose: {error}", file=sys.stderr, flush=True)
                return _refusal(request, web.HTTPInternalServerError(reason="State is not kept"))
        return response

    @web.middleware
    async def _errors(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Answer refusals in the shape the caller reads: JSON for APIs, a page for people."""
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _refusal(request, error)
        except (ValueError, ConnectionError):
            # The body is not what its Content-Type says, or the client has gone before its end.
            return _refusal(request, web.HTTPBadRequest(reason="The request cannot be read"))


def _refusal(request: web.Request, error: web.HTTPException) -> web.Response:
    headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
    message = error.reason if error.status != 404 else "There is nothing here"
    body: object
    if request.path.startswith(("/api/", "/account_api/")):
        item = {"code": error.reason.upper().replace(" ", "_"), "message": message}
        body = {"errors": item if error.status == 404 else [item]}
    elif request.path.startswith("/_afterclose/"):
        body = {"error": message}
    elif request.path.startswith(("/oauth2/", "/.well-known/")) and request.method == "POST":
        body = {"error": "invalid_request", "error_description": message}
    else:
        page = error_page(f"{error.status}: {message}", status=error.status)
        page.headers.update(headers)
        return page
    return web.json_response(body, status=error.status, headers=headers)
