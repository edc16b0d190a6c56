"""Looking at every surface of every environment in one visit, without touching anything.

A browser is sent to the first host; each answers with a redirect to the next, having written down
which cookies came and what they are worth. The last page reads each application's `localStorage`
in frames of the applications' own site. Nothing of it sets a cookie, writes a storage or counts as
activity. One visit looks at eight environments at most: browsers follow twenty redirects.
"""

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from harness.apps.demo import COOKIE, STORAGE_KEY, DemoApp
from harness.server.exchanges import ExchangeLog
from harness.server.tenants import Tenant

__all__ = ["MAX_ENVIRONMENTS", "SURFACES", "Observing"]

MAX_ENVIRONMENTS = 8
SURFACES = ("sso", "app:cookie", "app:local_storage")
_PATH = "/_afterclose/observe"


@dataclass(kw_only=True)
class _Ticket:
    environments: Sequence[str]
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, environment: str, surface: str, result: dict[str, Any]) -> None:
        self.seen.setdefault(environment, {})[surface] = result
        if sum(map(len, self.seen.values())) == len(self.environments) * len(SURFACES):
            self.complete.set()


class Observing:
    """The observations under way. The browser only ever sees the redirects."""

    def __init__(
        self,
        tenants: Mapping[str, Tenant],
        apps: Mapping[str, DemoApp],
        log: ExchangeLog,
        cookie_name: str,
    ) -> None:
        self._tenants = tenants
        self._apps = apps
        self._log = log
        self._cookie_name = cookie_name
        self._tickets: dict[str, _Ticket] = {}

    def begin(self, environments: Sequence[str]) -> tuple[str, str]:
        """A ticket, and the address to send the browser to."""
        ticket = secrets.token_urlsafe(12)
        self._tickets[ticket] = _Ticket(environments=environments)
        return ticket, f"{self._tenants[environments[0]].issuer}{_PATH}/{ticket}"

    async def result(self, ticket: str, timeout: float) -> dict[str, dict[str, Any]]:
        """What was seen, by environment and surface; raise KeyError for an unknown ticket and
        TimeoutError if the browser has not shown everything after `timeout` seconds."""
        pending = self._tickets[ticket]
        async with asyncio.timeout(timeout):
            await pending.complete.wait()
        del self._tickets[ticket]
        return pending.seen

    async def observe_sso(self, request: web.Request, tenant: Tenant) -> web.Response:
        """Note what the SSO cookie is worth; on to the next host."""
        ticket = self._ticket(request)
        _, reason = tenant.session_of(request.cookies.get(self._cookie_name))
        ticket.add(
            tenant.name,
            "sso",
            self._seen(request, reason is None, reason, tenant.issuer, self._cookie_name),
        )
        return self._next(request, ticket, "idp", tenant.name)

    async def observe_app(self, request: web.Request, app: DemoApp) -> web.Response:
        """Note what the application's cookie is worth; on to the next host."""
        ticket = self._ticket(request)
        state = app.state_by_cookie(request)
        url = self._tenants[app.name].app_url
        ticket.add(
            app.name,
            "app:cookie",
            self._seen(request, state.signed_in, state.reason, url, COOKIE),
        )
        return self._next(request, ticket, "app", app.name)

    async def frames(self, request: web.Request, app: DemoApp) -> web.Response:
        """The last page of the visit: a frame for each application."""
        ticket = self._ticket(request)
        frames = (
            f'<iframe src="{self._tenants[name].app_url}{request.path[: -len("/frames")]}/storage">'
            "</iframe>"
            for name in ticket.environments
        )
        return _html("".join(frames))

    async def storage_frame(self, request: web.Request, app: DemoApp) -> web.Response:
        """Reads the application's `localStorage` and sends the token, as the application would."""
        return _html(
            "<script>"
            f"const token = localStorage.getItem({json.dumps(STORAGE_KEY)});"
            "fetch(location.pathname, {method: 'POST', headers: "
            "token ? {Authorization: 'Bearer ' + token} : {}});"
            "</script>"
        )

    async def observe_storage(self, request: web.Request, app: DemoApp) -> web.Response:
        """Note what the token that came is worth."""
        ticket = self._ticket(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        state = await app.state_by_token(token)
        ticket.add(
            app.name,
            "app:local_storage",
            {
                "signed_in": state.signed_in,
                "reason": state.reason,
                "cookies_sent": [],
                "set_cookie": [],
            },
        )
        return web.Response(status=204)

    def _ticket(self, request: web.Request) -> _Ticket:
        ticket = self._tickets.get(request.match_info["ticket"])
        if ticket is None:
            raise web.HTTPNotFound(text="This observation is over.")
        return ticket

    def _seen(
        self, request: web.Request, signed_in: bool, reason: str | None, url: str, cookie: str
    ) -> dict[str, Any]:
        host = url.partition("://")[2]
        header = self._log.set_cookie(host, cookie)
        return {
            "signed_in": signed_in,
            "reason": reason,
            "cookies_sent": sorted(request.cookies),
            "set_cookie": [header] if header else [],
        }

    def _next(
        self, request: web.Request, ticket: _Ticket, place: str, name: str
    ) -> web.Response:
        path = request.path
        index = ticket.environments.index(name) + 1
        if index < len(ticket.environments):
            tenant = self._tenants[ticket.environments[index]]
            target = tenant.issuer if place == "idp" else tenant.app_url
        else:
            target = self._tenants[ticket.environments[0]].app_url
            path = path if place == "idp" else f"{path}/frames"
        headers = {"Location": f"{target}{path}", "Cache-Control": "no-store"}
        return web.Response(status=302, headers=headers)


def _html(body: str) -> web.Response:
    return web.Response(
        text=f'<!doctype html><meta charset=utf-8><link rel=icon href="data:,">{body}',
        content_type="text/html",
        headers={"Cache-Control": "no-store"},
    )
