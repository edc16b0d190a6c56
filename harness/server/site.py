"""The whole site: which host answers what, behind one port."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from harness.apps.demo import DemoApp
from harness.clock import Clock
from harness.config import DEFAULT_COOKIE_NAME
from harness.policy import Environment
from harness.server.control import Control
from harness.server.exchanges import Exchange, ExchangeLog, shorten_cookie
from harness.server.management import Management
from harness.server.oauth import OAuth
from harness.server.observing import Observing
from harness.server.pages import error_page
from harness.server.signing_in import SignIn
from harness.server.tenants import Tenant
from harness.server.tokens import SigningKey

__all__ = ["MAX_BODY", "Site"]

MAX_BODY = 64 * 1024
"""Bytes of a request's body; more is answered with 413."""

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
        scheme: str = "http",
        clock: Clock | None = None,
        cookie_name: str = DEFAULT_COOKIE_NAME,
        key: SigningKey | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.log = ExchangeLog()
        self._key = key = key or SigningKey()
        self.tenants: dict[str, Tenant] = {}
        self.apps: dict[str, DemoApp] = {}
        self._tenant_of_host: dict[str, Tenant] = {}
        self._app_of_host: dict[str, DemoApp] = {}
        for environment in environments:
            name = environment.name
            idp, app = (f"{name}.{kind}.localhost:{port}" for kind in ("idp", "app"))
            tenant = Tenant(
                environment=environment,
                clock=self.clock,
                key=key,
                issuer=f"{scheme}://{idp}",
                app_url=f"{scheme}://{app}",
            )
            client = tenant.clients[f"demo_{name}"]
            self.tenants[name] = self._tenant_of_host[idp] = tenant
            self.apps[name] = self._app_of_host[app] = DemoApp(
                name=name,
                issuer=tenant.issuer,
                url=tenant.app_url,
                client_id=client.id,
                client_secret=client.secret,
                org_code=tenant.organization.code,
                clock=self.clock,
                connect_to=f"{scheme}://127.0.0.1:{port}",
            )
        first = self.tenants[environments[0].name]
        self._tenant_of_host[f"localhost:{port}"] = first
        self._tenant_of_host[f"127.0.0.1:{port}"] = first
        self._sign_in = SignIn(cookie_name=cookie_name, secure=scheme == "https")
        self._observing = Observing(self.tenants, self.apps, self.log, cookie_name)

    def application(self) -> web.Application:
        """The aiohttp application that serves all of it."""
        application = web.Application(
            middlewares=[self._record, _errors], client_max_size=MAX_BODY
        )
        application.add_routes([*self._idp_routes(), *self._app_routes(), *self._control_routes()])
        application.on_cleanup.append(self._close)
        return application

    def _idp_routes(self) -> list[web.RouteDef]:
        oauth, management = OAuth(self._sign_in), Management()
        idp = self._at_idp
        return [
            web.get("/.well-known/openid-configuration", idp(oauth.discovery)),
            web.get("/.well-known/jwks", idp(oauth.jwks)),
            web.get("/.well-known/jwks.json", idp(oauth.jwks)),
            web.get("/oauth2/auth", idp(oauth.authorize)),
            web.post("/oauth2/token", idp(oauth.token)),
            web.post("/sign-in", idp(oauth.sign_in)),
            web.get("/logout", idp(oauth.logout)),
            web.patch(
                "/api/v1/organizations/{org_code}/sessions",
                idp(management.update_organization_sessions),
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

    def _control_routes(self) -> list[web.RouteDef]:
        control = Control(self.tenants, self.apps, self.clock, self.log, self._observing)
        observing, ticket = self._observing, "/_afterclose/observe/{ticket}"
        return [
            web.get("/_afterclose/environments", control.environments),
            web.get("/_afterclose/clock", control.clock),
            web.post("/_afterclose/clock", control.clock),
            web.post("/_afterclose/reset", control.reset),
            web.get("/_afterclose/sessions", control.sessions),
            web.delete("/_afterclose/sessions", control.sessions),
            web.get("/_afterclose/exchanges", control.exchanges),
            web.post("/_afterclose/observations", control.begin_observation),
            web.get("/_afterclose/observations/{ticket}", control.observation),
            web.get("/_afterclose/peek", self._at_idp(self._peek)),
            web.get(ticket, self._observe),
            web.get(f"{ticket}/frames", self._at_app(observing.frames)),
            web.get(f"{ticket}/storage", self._at_app(observing.storage_frame)),
            web.post(f"{ticket}/storage", self._at_app(observing.observe_storage)),
        ]

    def _at_idp(self, handler: _IdpHandler) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            tenant = self._tenant_of_host.get(request.host)
            if tenant is None:
                raise web.HTTPNotFound()
            return await handler(request, tenant)

        return handle

    def _at_app(self, handler: _AppHandler) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            app = self._app_of_host.get(request.host)
            if app is None:
                raise web.HTTPNotFound()
            return await handler(request, app)

        return handle

    async def _peek(self, request: web.Request, tenant: Tenant) -> web.Response:
        """The state of the session that the cookie names. Does not count as activity."""
        cookie = request.cookies.get(self._sign_in.cookie_name)
        session, reason = tenant.session_of(cookie)
        body: dict[str, object] = {"signed_in": reason is None, "end_reason": reason}
        if session is not None:
            timeout = tenant.policy(session.org_code).inactivity_timeout
            idle = self.clock.now() - session.last_activity
            body |= {"idle": idle, "inactivity_timeout": timeout}
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    async def _observe(self, request: web.Request) -> web.StreamResponse:
        if request.host in self._app_of_host:
            return await self._at_app(self._observing.observe_app)(request)
        return await self._at_idp(self._observing.observe_sso)(request)

    async def _close(self, application: web.Application) -> None:
        for app in self.apps.values():
            await app.close()

    @web.middleware
    async def _record(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        await self._key.ready()
        response = await handler(request)
        headers = [morsel.OutputString() for morsel in response.cookies.values()]
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
        return response


@web.middleware
async def _errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer refusals in the shape the caller reads: JSON for APIs, a page for people."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400 or error.content_type == "application/json":
            headers = {k: v for k, v in error.headers.items() if k in ("Location", "Allow")}
            return web.Response(
                status=error.status,
                text=error.text,
                headers=headers,
                content_type=error.content_type,
            )
        if request.path.startswith(("/api/", "/_afterclose/")):
            code = error.reason.upper().replace(" ", "_")
            body: object = {"errors": [{"code": code, "message": error.text or error.reason}]}
            return web.json_response(body, status=error.status)
        if request.path == "/oauth2/token":
            body = {"error": "invalid_request", "error_description": error.reason}
            return web.json_response(body, status=error.status)
        return error_page(f"{error.status}: {error.reason}", status=error.status)
    except ValueError:
        # aiohttp raises it for a body that is not what its Content-Type says.
        return error_page("The request cannot be read.", status=400)
