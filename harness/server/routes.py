"""Which host answers what, behind one port."""

import sys
import traceback
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import get_args

from aiohttp import web

from harness.apps.demo import DemoApp
from harness.received import Part
from harness.sent_cookies import SentCookies
from harness.server import cross_origin
from harness.server.account import account
from harness.server.control import Control
from harness.server.control_faults import fault_operations
from harness.server.exchanges import Exchange, shorten_cookie
from harness.server.granting import Granting
from harness.server.incoming import check_host, form_of, is_loopback, normalized
from harness.server.management import management_operations
from harness.server.oauth import OAuth
from harness.server.observing import IDP_PATH, PATH
from harness.server.openapi import document
from harness.server.pages import error_page
from harness.server.site import Site
from harness.server.tenants import Tenant
from harness.state import StateError

__all__ = ["MAX_BODY", "VERSION", "Routes"]

MAX_BODY = 64 * 1024
"""Bytes of a request's body; more is answered with 413."""

# Read at import: nothing may read files in the event loop.
VERSION = version("afterclose")

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_RawHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
_IdpHandler = Callable[[web.Request, Tenant], Awaitable[web.StreamResponse]]
_AppHandler = Callable[[web.Request, DemoApp], Awaitable[web.StreamResponse]]


class Routes:
    """The aiohttp application that serves a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.heard: set[web.RequestHandler] = set()
        """The connections that a request has come over; whoever watches them drops the others."""
        control = Control(site, version=VERSION)
        self._control = [*control.operations(), *fault_operations(site)]
        self._management = management_operations()

    def normalizing(self, handler: _RawHandler) -> _RawHandler:
        """Before a request is looked at in any way, it is made fit to be."""

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            self.heard.add(request.protocol)
            return await handler(normalized(request))

        return handle

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
                *(web.route(o.method, o.path, self._at_idp(o.handler)) for o in self._management),
                *(web.route(o.method, o.path, self._controlled(o.handler)) for o in self._control),
                web.get("/_afterclose/openapi.json", self._at_any(self._openapi)),
                *self._desk_routes(),
            ]
        )
        application.on_cleanup.append(self._close)
        return application

    def _idp_routes(self) -> list[web.RouteDef]:
        oauth, granting = OAuth(self._site.sign_in), Granting()
        idp = self._at_idp

        def both(path: str, handler: _Handler) -> list[web.RouteDef]:
            return [web.get(path, handler), web.post(path, handler)]

        return [
            web.get("/.well-known/openid-configuration", idp(oauth.discovery, signing=False)),
            web.get("/.well-known/jwks", idp(oauth.jwks)),
            web.get("/.well-known/jwks.json", idp(oauth.jwks)),
            *both("/oauth2/auth", idp(self._authorize, signing=False)),
            web.post("/oauth2/token", idp(granting.token)),
            *both("/oauth2/v2/user_profile", idp(oauth.user_profile)),
            web.post("/oauth2/introspect", idp(oauth.introspect)),
            web.post("/oauth2/revoke", idp(oauth.revoke)),
            web.get("/account_api/v1/{what}", idp(account)),
            web.post("/sign-in", idp(self._site.authorizing.sign_in)),
            *both("/logout", idp(oauth.logout)),
            *(
                web.route(method, f"/admin{path}", idp(handler))
                for method, path, handler in self._site.console.routes()
            ),
        ]

    def _app_routes(self) -> list[web.RouteDef]:
        app = self._at_app
        return [
            web.get("/", app(lambda request, demo: demo.home(request))),
            web.get("/onward", app(lambda request, demo: demo.onward(request))),
            web.get("/login", app(lambda request, demo: demo.login(request))),
            web.get("/callback", app(lambda request, demo: demo.callback(request))),
            web.get("/sign-out", app(lambda request, demo: demo.sign_out(request))),
            web.post("/refresh", app(lambda request, demo: demo.refresh(request))),
            web.post("/backchannel-logout", app(self._backchannel_logout)),
        ]

    def _observing_routes(self) -> list[web.RouteDef]:
        observing, ticket = self._site.observing, f"{PATH}/{{ticket}}"
        shown = "|".join(get_args(Part))
        part = f"{ticket}/{{parts:(?:{shown})(?:-(?:{shown}))*}}"
        return [
            web.get(f"{IDP_PATH}/{{ticket}}", self._at_idp(self._look_at_idp)),
            web.get(ticket, self._at_app(observing.at_app)),
            web.get(part, self._at_app(observing.frame)),
            web.post(part, self._at_app(observing.stored)),
        ]

    def _desk_routes(self) -> list[web.RouteDef]:
        routes = self._site.desk.routes() if self._site.desk else []
        return [web.route(r.method, r.path, self._at_any(r.handler)) for r in routes]

    def _at_idp(self, handler: _IdpHandler, *, signing: bool = True) -> _Handler:
        """At an auth server's hosts; `signing`: once it can sign and verify."""

        async def handle(request: web.Request) -> web.StreamResponse:
            tenant = self._site.tenant_of_host.get(request.host)
            if tenant is None:
                raise web.HTTPNotFound()
            if signing:
                await self._site.key.ready()
            return await handler(request, tenant)

        return handle

    def _at_app(self, handler: _AppHandler) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            app = self._site.app_of_host.get(request.host)
            if app is None:
                raise web.HTTPNotFound()
            return await handler(request, app)

        return handle

    def _at_any(self, handler: _Handler) -> _Handler:
        """At every host of ours and no other: a name that somebody points at this address (DNS
        rebinding) reaches nothing."""

        async def handle(request: web.Request) -> web.StreamResponse:
            host, site = request.host, self._site
            if host not in site.tenant_of_host and host not in site.app_of_host:
                raise web.HTTPNotFound()
            return await handler(request)

        return handle

    def _controlled(self, handler: _Handler) -> _Handler:
        """At every host of ours; where somebody is guided, who may come from the network, for this
        machine alone."""

        async def handle(request: web.Request) -> web.StreamResponse:
            if self._site.desk is not None and not is_loopback(request.remote):
                raise web.HTTPForbidden(reason="Only the machine that guides may call this")
            return await handler(request)

        return self._at_any(handle)

    async def _authorize(self, request: web.Request, tenant: Tenant) -> web.StreamResponse:
        # The key is made while the person is at the sign-in page.
        self._site.key.begin()
        return await self._site.authorizing.authorize(request, tenant)

    async def _backchannel_logout(self, request: web.Request, demo: DemoApp) -> web.Response:
        form = await form_of(request)
        return await demo.backchannel_logout(form.get("logout_token", ""))

    async def _look_at_idp(self, request: web.Request, tenant: Tenant) -> web.StreamResponse:
        # Looked up at each request: faults are built in while the server runs.
        return await self._site.observing.at_idp(request, tenant)

    async def _openapi(self, request: web.Request) -> web.Response:
        """The document of the management and control APIs."""
        return web.json_response(
            document(
                [*self._management, *self._control],
                title="Afterclose mock: management and control",
                version=VERSION,
                url=f"{self._site.scheme}://{request.host}",
            )
        )

    async def _close(self, application: web.Application) -> None:
        await self._site.backchannel.close()
        for app in self._site.apps.values():
            await app.close()
        await self._site.state.close()

    @web.middleware
    async def _record(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        before = self._site.state.version
        tenant = self._site.tenant_of_host.get(request.host)
        response = cross_origin.preflight(request, tenant) or await handler(request)
        cross_origin.allow(request, tenant, response)
        sent = SentCookies.of(request)
        headers = [morsel.OutputString() for morsel in response.cookies.values()]
        headers += response.headers.getall("Set-Cookie", [])
        self._site.log.add(
            Exchange(
                time=self._site.clock.now(),
                host=request.host,
                method=request.method,
                path=request.path,
                status=response.status,
                cookies_in=sent.names,
                duplicates=sent.duplicates,
                cookies_out=tuple(map(shorten_cookie, headers)),
            )
        )
        if self._site.state.version != before:
            try:
                await self._site.state.commit()
            except StateError as error:
                print(f"afterclose: {error}", file=sys.stderr, flush=True)
                return _refusal(request, web.HTTPInternalServerError(reason="State is not kept"))
        return response

    @web.middleware
    async def _errors(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Answer refusals in the shape the caller reads: JSON for APIs, a page for people."""
        try:
            check_host(request)
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _refusal(request, error)
        except Exception:
            # Answered here, so that the log of exchanges has it.
            traceback.print_exc()
            return _refusal(request, web.HTTPInternalServerError())


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
