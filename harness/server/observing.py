"""Looking at every surface of every environment, without touching anything.

A browser is sent to the first auth server, which notes the SSO cookie and answers as it would a
silent sign-in, and on to that environment's application, which notes its cookies and takes the code
as it would in a silent sign-in; then to the next environment. The last page reads its own
`localStorage`, and shows frames of the other applications, which are of the same site, that read
theirs. What belongs to one tab (`sessionStorage`) is read there as well, if it is the tab in use
that came here; else the driver puts frames for it into that.

Nothing of it sets a cookie, writes a storage or counts as activity. One observation looks at eight
environments at most: browsers follow twenty redirects. It can be of a part alone: the cookies, what
the browser keeps for all tabs, or what the tab keeps.
"""

import asyncio
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from harness.apps.demo import DemoApp
from harness.apps.kind import AppKind, CookieKind, Standing, StorageKind, in_script
from harness.apps.memory import Memory
from harness.apps.relying_party import SignInRefusedError
from harness.apps.session_storage import SessionStorage
from harness.ledger import Latest
from harness.received import Part, Received
from harness.sent_cookies import SentCookies
from harness.server.authorizing import Authorizing
from harness.server.exchanges import ExchangeLog
from harness.server.incoming import json_of
from harness.server.signing_in import SignIn
from harness.server.tenants import Tenant

if TYPE_CHECKING:
    from harness.server.control_models import Ticket

__all__ = ["IDP_PATH", "PATH", "Observing"]

PATH = "/_afterclose/observe"
IDP_PATH = f"/oauth2/auth{PATH}"
"""At an auth server: below the authorization endpoint, so that the cookies come that come there."""


@dataclass(kw_only=True)
class _Visit:
    environments: Sequence[str]
    surfaces: Mapping[str, Part]
    """What is looked at, and the part of the browser that it belongs to."""
    frames: Collection[Part]
    """What the last page shows frames for."""
    then: str = ""
    """Where the browser goes once it has shown everything: then it shows the storages of each
    application on a page of its own, and no frames."""
    seen: dict[str, dict[str, Received]] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    awaited: set[tuple[str, str]] = field(init=False)
    """What has not been seen yet: environment and surface."""

    def __post_init__(self) -> None:
        self.awaited = {(e, surface) for e in self.environments for surface in self.surfaces}

    def add(self, environment: str, surface: str, **result: Any) -> None:
        """Note what was seen of a surface."""
        received = Received(part=self.surfaces.get(surface), **result)
        self.seen.setdefault(environment, {})[surface] = received
        self.awaited.discard((environment, surface))
        if not self.awaited:
            self.complete.set()

    @property
    def missing(self) -> list[str]:
        """What has not been seen yet."""
        return sorted(f"{environment}/{surface}" for environment, surface in self.awaited)


class Observing:
    """The observations under way."""

    def __init__(
        self,
        tenants: Mapping[str, Tenant],
        apps: Mapping[str, DemoApp],
        log: ExchangeLog,
        sign_in: SignIn,
        authorizing: Authorizing,
    ) -> None:
        self._tenants = tenants
        self._apps = apps
        self._log = log
        self._sign_in = sign_in
        self._authorizing = authorizing
        self._visits = Latest[_Visit]()

    def begin(
        self,
        environments: Sequence[str],
        *,
        parts: Collection[Part],
        tab_in_use: bool,
        then: str = "",
    ) -> "Ticket":
        """Where to send the browser to look at these parts of it; `tab_in_use`: whether it will
        come in the tab that the person has in use; `then`: where it goes after that by itself,
        having shown each application on a page of its own."""
        from harness.server.control_models import Ticket

        first = self._apps[environments[0]]
        part_of = {f"app:{name}": _part_of(kind) for name, kind in first.kinds.items()}
        surfaces: dict[str, Part] = {"sso": "cookies", **part_of}
        ticket = secrets.token_urlsafe(12)
        visit = self._visits[ticket] = _Visit(
            environments=environments,
            surfaces={surface: part for surface, part in surfaces.items() if part in parts},
            frames=[
                part
                for part in ("browser", "tab")
                if part in parts and part in part_of.values() and (tab_in_use or part != "tab")
            ],
            then=then,
        )
        if not visit.surfaces:
            visit.complete.set()
        frames = [f"{self._apps[name].url}{PATH}/{ticket}/tab" for name in environments]
        return Ticket(
            ticket=ticket,
            url=(
                self._idp_hop(ticket, first.name)
                if "cookies" in parts
                else f"{first.url}{PATH}/{ticket}/frames"
            ),
            tab_frames=frames if "tab" in parts and "tab" in part_of.values() else [],
        )

    async def result(self, ticket: str, timeout: float) -> dict[str, dict[str, Received]]:
        """What was seen, by environment and surface; raise KeyError for an unknown ticket, and
        TimeoutError naming what the browser has not shown after `timeout` seconds."""
        visit = self._visits[ticket]
        try:
            async with asyncio.timeout(timeout):
                await visit.complete.wait()
        except TimeoutError:
            raise TimeoutError(", ".join(visit.missing)) from None
        self._visits.pop(ticket, None)
        return visit.seen

    async def at_idp(self, request: web.Request, tenant: Tenant) -> web.Response:
        """Note what the SSO cookie is worth; on to the application with the outcome."""
        visit = self._visit(request, tenant.name)
        sent = SentCookies.of(request)
        session, reason = tenant.session_of(self._sign_in.cookie.read(request, tenant))
        visit.add(
            tenant.name,
            "sso",
            signed_in=reason is None,
            who=self._who(tenant.name, session.user_id) if session and reason is None else (),
            reason=reason,
            cookies_sent=sent.names,
            duplicates=sent.duplicates,
            set_cookie=self._set_cookie(tenant.issuer, self._sign_in.cookie.name(tenant)),
        )
        outcome = urlencode(self._authorizing.silent(request, tenant))
        ticket = request.match_info["ticket"]
        return _redirect(f"{tenant.app_url}{PATH}/{ticket}?{outcome}")

    async def at_app(self, request: web.Request, app: DemoApp) -> web.Response:
        """Note what the application's cookies, and its silent sign-in, are worth; on to the next
        environment."""
        visit = self._visit(request, app.name)
        sent = SentCookies.of(request)
        for kind in app.kinds.values():
            if isinstance(kind, CookieKind):
                standing, claim = app.standing(request, kind)
                visit.add(
                    app.name,
                    f"app:{kind.name}",
                    **self._told(app.name, standing),
                    cookies_sent=sent.names,
                    duplicates=sent.duplicates,
                    set_cookie=self._set_cookie(app.url, kind.cookie),
                    persistent_claim=claim,
                )
            elif isinstance(kind, Memory):
                visit.add(app.name, f"app:{kind.name}", **await self._silently(request, app))
        if visit.then:
            return self._alone(request, visit, app)
        onward = self._next(visit, app)
        if onward is not None:
            return _redirect(self._idp_hop(request.match_info["ticket"], onward))
        return _redirect(f"{app.url}{request.path}/frames") if visit.frames else _html("")

    def _alone(self, request: web.Request, visit: _Visit, app: DemoApp) -> web.Response:
        """Read the storages on a page of the application's own, which then goes on to the next one:
        not every browser shows a frame what the same page has as a page."""
        ticket, following = request.match_info["ticket"], self._next(visit, app)
        if following is None:
            onward = visit.then
        elif "cookies" in visit.surfaces.values():
            onward = self._idp_hop(ticket, following)
        else:
            onward = f"{self._apps[following].url}{PATH}/{ticket}/frames"
        if not visit.frames:
            return _redirect(onward)
        sending = self._sending(ticket, visit, app)
        going = f"() => location.replace({in_script(onward)})"
        return _html(f"<script>{sending}.then({going});</script>")

    @staticmethod
    def _next(visit: _Visit, app: DemoApp) -> str | None:
        """The environment after this one."""
        return next(iter(visit.environments[visit.environments.index(app.name) + 1 :]), None)

    async def _silently(self, request: web.Request, app: DemoApp) -> dict[str, Any]:
        attempt = app.relying_party.attempt(request.query.get("state", ""))
        if attempt is None or "code" not in request.query:
            reason = request.query.get("error", "unknown")
            return {"signed_in": False, "reason": reason}
        try:
            login = await app.relying_party.exchange(attempt, request.query["code"])
        except SignInRefusedError as error:
            return {"signed_in": False, "reason": str(error)}
        claim = login.access.get("ksp", {}).get("persistent")
        who = self._who(app.name, login.identity["sub"])
        return {"signed_in": True, "who": who, "persistent_claim": claim}

    def _told(self, environment: str, standing: Standing) -> dict[str, Any]:
        who = self._who(environment, standing.sub) if standing.signed_in else ()
        return {"signed_in": standing.signed_in, "who": who, "reason": standing.reason}

    def _who(self, environment: str, user_id: str) -> tuple[str, ...]:
        """Somebody's address, or their id where they are gone."""
        return (self._tenants[environment].people.email_of(user_id) or user_id,)

    async def frames(self, request: web.Request, app: DemoApp) -> web.Response:
        """The last page of the visit, for what is in the applications' storages: its own, and
        those of the others in frames."""
        visit, ticket = self._visit(request, app.name), request.match_info["ticket"]
        if visit.then:
            return self._alone(request, visit, app)
        path = f"{PATH}/{ticket}/{'-'.join(visit.frames)}"
        others = (self._apps[name].url for name in visit.environments if name != app.name)
        frames = "".join(f'<iframe src="{url}{path}"></iframe>' for url in others)
        return _html(f"{frames}<script>{self._sending(ticket, visit, app)};</script>")

    def _sending(self, ticket: str, visit: _Visit, app: DemoApp) -> str:
        """An expression: the promise to have sent what an application has in the storages that are
        looked at."""
        path = f"{PATH}/{ticket}/{'-'.join(visit.frames)}"
        return _sending(path, self._reading(app, visit.frames))

    async def frame(self, request: web.Request, app: DemoApp) -> web.Response:
        """Reads the storages of the browser, or of the tab, and sends the tokens that are there,
        as the application would."""
        reading = self._reading(app, request.match_info["parts"].split("-"))
        sending = _sending(request.path, reading)
        return _html(f"<script>{sending}.finally(() => parent.postMessage('shown', '*'));</script>")

    def _reading(self, app: DemoApp, parts: Collection[str]) -> str:
        """An expression: what an application has in the storages of those parts."""
        reading = ", ".join(
            f"{json.dumps(kind.name)}: {kind.read_script()}"
            for kind in app.kinds.values()
            if isinstance(kind, StorageKind) and _part_of(kind) in parts
        )
        return f"{{{reading}}}"

    async def stored(self, request: web.Request, app: DemoApp) -> web.Response:
        """Note what the tokens that came are worth."""
        visit = self._visit(request, app.name)
        tokens = await json_of(request)
        if not isinstance(tokens, dict):
            raise web.HTTPBadRequest()
        for name, token in tokens.items():
            kind = app.kinds.get(name)
            if isinstance(kind, StorageKind) and (token is None or isinstance(token, str)):
                standing, claims = await app.relying_party.standing(
                    token or "", self._tenants[app.name].clock.now()
                )
                visit.add(
                    app.name,
                    f"app:{name}",
                    **self._told(app.name, standing),
                    persistent_claim=claims.get("ksp", {}).get("persistent"),
                )
        return web.Response(status=204)

    def _visit(self, request: web.Request, environment: str) -> _Visit:
        visit = self._visits.get(request.match_info["ticket"])
        if visit is None or environment not in visit.environments:
            raise web.HTTPNotFound(text="This observation is over, or of other environments.")
        return visit

    def _idp_hop(self, ticket: str, name: str) -> str:
        query = self._apps[name].relying_party.begin(asked={"prompt": "none"})
        return f"{self._tenants[name].issuer}{IDP_PATH}/{ticket}?{urlencode(query)}"

    def _set_cookie(self, url: str, cookie: str) -> tuple[str, ...]:
        header = self._log.set_cookie(url.partition("://")[2], cookie)
        return (header,) if header else ()


def _sending(path: str, reading: str) -> str:
    """An expression: the promise to have sent there what was read."""
    return (
        f"fetch({json.dumps(path)}, {{method: 'POST', headers: "
        f"{{'Content-Type': 'application/json'}}, body: JSON.stringify({reading})}})"
    )


def _part_of(kind: AppKind) -> Part:
    if isinstance(kind, StorageKind):
        return "tab" if isinstance(kind, SessionStorage) else "browser"
    return "cookies"


def _redirect(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


def _html(body: str) -> web.Response:
    return web.Response(
        text=f'<!doctype html><meta charset=utf-8><link rel=icon href="data:,">{body}',
        content_type="text/html",
        headers={"Cache-Control": "no-store"},
    )
