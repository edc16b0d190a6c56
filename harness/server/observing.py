"""Looking at every surface of every environment, without touching anything.

A browser is sent from one auth server to the next, each of which notes the SSO cookie and what it
would answer a silent sign-in, and then to the first application. That notes its cookies, takes the
code as it would in a silent sign-in, and reads its `localStorage`; so do frames of the other
applications, which are of the same site: browsers send and show them what they would as pages. What
belongs to one tab (`sessionStorage`) is read there as well, if it is the tab in use that came here;
else the driver puts frames for it into that. Where the tab in use shows an application, all of them
can be shown in frames there, once the browser has been to the auth servers and was shown no page.

Where frames may be shown less, each application is shown as a page, which the browser comes to from
its auth server, and goes on from to the next.

Nothing of it sets a cookie, writes a storage or counts as activity. One observation looks at
sixteen environments at most: browsers follow twenty redirects. It can be of a part alone: the
cookies, what the browser keeps for all tabs, or what the tab keeps.
"""

import asyncio
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args
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
    shown: Collection[Part]
    """What the applications show where the browser comes in."""
    no_page: bool = False
    """Whether it ends at the last auth server."""
    one_by_one: bool = False
    """Whether each application is shown as a page, and none in a frame."""
    then: str = ""
    """Where the browser goes once it has shown everything."""
    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)
    """What each auth server would answer a silent sign-in."""
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
        in_frames: bool = False,
        then: str = "",
    ) -> "Ticket":
        """Where to send the browser to look at these parts of it; `tab_in_use`: whether it will
        come in the tab that the person has in use; `in_frames`: or whether that can show frames of
        every application, as far as frames will do; `then`: where it goes after that by itself,
        having shown each application on a page of its own."""
        from harness.server.control_models import Ticket

        first, apps = self._apps[environments[0]], [self._apps[name] for name in environments]
        part_of = {f"app:{name}": _part_of(kind) for name, kind in first.kinds.items()}
        surfaces: dict[str, Part] = {"sso": "cookies", **part_of}
        ticket = secrets.token_urlsafe(12)
        kept = [part for part in get_args(Part) if part in parts and part in part_of.values()]
        # Not every browser shows a frame what the same page has as a page.
        one_by_one = bool(then) or any(kind.minds_redirects for kind in first.kinds.values())
        in_frames = in_frames and not one_by_one
        in_tab = kept if in_frames else [part for part in kept if part == "tab"]
        visit = self._visits[ticket] = _Visit(
            environments=environments,
            surfaces={surface: part for surface, part in surfaces.items() if part in parts},
            shown=[part for part in kept if tab_in_use or part not in in_tab],
            no_page=in_frames,
            one_by_one=one_by_one,
            then=then,
        )
        if not visit.surfaces:
            visit.complete.set()
        frames = [f"{app.url}{PATH}/{ticket}/{'-'.join(in_tab)}" for app in apps]
        return Ticket(
            ticket=ticket,
            url=self._entrance(ticket, visit, first),
            tab_frames=frames if in_tab else [],
        )

    def _entrance(self, ticket: str, visit: _Visit, app: DemoApp) -> str:
        """Where to look at an environment from the start."""
        if "cookies" not in visit.surfaces.values():
            return f"{app.url}{PATH}/{ticket}"
        query = app.relying_party.begin(asked={"prompt": "none"})
        return f"{self._tenants[app.name].issuer}{IDP_PATH}/{ticket}?{urlencode(query)}"

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
        """Note what the SSO cookie is worth; on to the next auth server, or to an application."""
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
        visit.outcomes[tenant.name] = self._authorizing.silent(request, tenant)
        ticket, following = request.match_info["ticket"], self._next(visit, tenant.name)
        if visit.one_by_one:
            return _redirect(f"{tenant.app_url}{PATH}/{ticket}")
        if following is not None:
            return _redirect(self._entrance(ticket, visit, following))
        if visit.no_page:
            return web.Response(status=204)
        return _redirect(f"{self._apps[visit.environments[0]].url}{PATH}/{ticket}")

    async def at_app(self, request: web.Request, app: DemoApp) -> web.Response:
        """An application as a page, with the others in frames of it, or before them."""
        visit, ticket = self._visit(request, app.name), request.match_info["ticket"]
        path = f"{PATH}/{ticket}/{'-'.join(visit.shown)}"
        sending = await self._sending(request, visit, app, path)
        if not visit.one_by_one:
            others = [name for name in visit.environments if name != app.name]
            urls = [f"{self._apps[name].url}{path}" for name in (others if visit.shown else ())]
            frames = "".join(f'<iframe src="{url}"></iframe>' for url in urls)
            return _html(f"{frames}<script>{sending};</script>")
        following = self._next(visit, app.name)
        onward = self._entrance(ticket, visit, following) if following else visit.then
        going = f".then(() => location.replace({in_script(onward)}))" if onward else ""
        return _html(f"<script>{sending}{going};</script>")

    async def frame(self, request: web.Request, app: DemoApp) -> web.Response:
        """An application in a frame, which says when it has shown what it was asked for."""
        visit = self._visit(request, app.name)
        sending = await self._sending(request, visit, app, request.path)
        return _html(f"<script>{sending}.finally(() => parent.postMessage('shown', '*'));</script>")

    async def _sending(
        self, request: web.Request, visit: _Visit, app: DemoApp, path: str
    ) -> str:
        """Note what cookies have come, if they are looked at; an expression: the promise to have
        sent what is in the storages that are."""
        parts = path.rpartition("/")[2].split("-")
        if "cookies" in parts:
            await self._note_cookies(request, visit, app)
        reading = ", ".join(
            f"{json.dumps(kind.name)}: {kind.read_script()}"
            for kind in app.kinds.values()
            if isinstance(kind, StorageKind) and _part_of(kind) in parts
        )
        if not reading:
            return "Promise.resolve()"
        return (
            f"fetch({json.dumps(path)}, {{method: 'POST', headers: "
            f"{{'Content-Type': 'application/json'}}, body: JSON.stringify({{{reading}}})}})"
        )

    async def _note_cookies(self, request: web.Request, visit: _Visit, app: DemoApp) -> None:
        """Note what the application's cookies, and its silent sign-in, are worth."""
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
                outcome = visit.outcomes.get(app.name, {})
                visit.add(app.name, f"app:{kind.name}", **await self._silently(outcome, app))

    def _next(self, visit: _Visit, environment: str) -> DemoApp | None:
        """The application of the environment after this one."""
        later = visit.environments[visit.environments.index(environment) + 1 :]
        return self._apps[later[0]] if later else None

    async def _silently(self, outcome: Mapping[str, str], app: DemoApp) -> dict[str, Any]:
        attempt = app.relying_party.attempt(outcome.get("state", ""))
        if attempt is None or "code" not in outcome:
            return {"signed_in": False, "reason": outcome.get("error", "unknown")}
        try:
            login = await app.relying_party.exchange(attempt, outcome["code"])
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

    def _set_cookie(self, url: str, cookie: str) -> tuple[str, ...]:
        header = self._log.set_cookie(url.partition("://")[2], cookie)
        return (header,) if header else ()


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
