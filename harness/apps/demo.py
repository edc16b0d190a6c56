"""The demo application: one for each environment, on a site of its own.

It keeps every sign-in in all the ways that are chosen (`kind.py`), which lets one lifecycle show
what becomes of each.

`return_to` may be repeated: where to go after this page, and after that, among the addresses of
the same site. So one visit takes a person through the logins of many environments. `beside`,
likewise, are applications of the same site that the home shows in frames of its own: one page for
all of them, which keep in their storages what they would as pages.
"""

import secrets
from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from harness.apps.kind import AppKind, CookieKind, Login, Record, Standing, in_script
from harness.apps.logins import Logins
from harness.apps.logout_token import LogoutRefusedError
from harness.apps.long_cookie import COOKIE_LIFETIME
from harness.apps.refreshing import Refreshing
from harness.apps.relying_party import RelyingParty, SignInRefusedError
from harness.clock import Clock
from harness.faults import Fault, Faults
from harness.ledger import Latest
from harness.sent_cookies import SentCookies
from harness.state import State

__all__ = ["DemoApp"]

_ATTEMPT_COOKIE = "demo_login_"
"""And the `state` of the sign-in: those begun in two tabs do not get into each other's way."""
_HANDOVER_COOKIE = "demo_handover"
_PASSED_ON = ("prompt", "login_hint", "connection_id")
"""Parameters of `/login` that are for the auth server."""


class DemoApp:
    """One environment's application."""

    def __init__(
        self,
        *,
        name: str,
        url: str,
        relying_party: RelyingParty,
        kinds: Mapping[str, AppKind],
        clock: Clock,
        state: State,
        faults: Faults,
    ) -> None:
        self.name = name
        self.url = url
        self.kinds = kinds
        self.relying_party = relying_party
        self._clock = clock
        self._faults = faults
        self._secure = url.startswith("https:")
        self._logins = Logins(state, name, now=clock.now)
        self._handovers = Latest[str]()
        self._signing_out = Latest[tuple[str, ...]]()
        """Where whoever signs out goes after that, by the `state` of the sign-out."""

    def reset(self) -> None:
        """Forget every login."""
        self.relying_party.reset()
        self._logins.clear()
        self._handovers.clear()
        self._signing_out.clear()

    async def close(self) -> None:
        """Close the connections to the auth server."""
        await self.relying_party.close()

    def standing(self, request: web.Request, kind: CookieKind) -> tuple[Standing, bool | None]:
        """What the application says to a request with these cookies, and what the policy's claim
        said when somebody signed in."""
        value = _cookie(request, kind.cookie)
        if not value:
            return Standing(signed_in=False, reason="no_cookie"), None
        login = self._logins.get(value)
        if login is None:
            return Standing(signed_in=False, reason="unknown"), None
        reason = kind.over(login, self._clock.now())
        standing = Standing(signed_in=reason is None, reason=reason, sub=login.sub)
        return standing, login.persistent_claim

    async def home(self, request: web.Request) -> web.Response:
        """`/`: says what is kept in the cookies, and lets the page keep a new token."""
        onward = self._onward(
            self._signing_out.pop(request.query.get("state", ""), ())
            or self._on_this_site(request, "return_to")
        )
        beside = self._on_this_site(request, "beside")
        handover = _cookie(request, _HANDOVER_COOKIE)
        token = self._handovers.pop(handover, None) if handover else None
        script = ""
        if token is not None:
            script = "".join(kind.keep_script(token) for kind in self.kinds.values())
        if beside:
            # Whoever comes back to this page comes to one application.
            script += "history.replaceState(null, '', '/');"
        if onward is not None:
            script += f"location.replace({in_script(onward)});"
        rows = "".join(self._row(request, kind) for kind in self.kinds.values())
        response = _page(
            f"<ul>{rows}</ul><p><a href='/login'>Sign in</a> · "
            "<a href='/login?prompt=none'>Sign in silently</a> · "
            "<a href='/login?prompt=login'>Sign in as somebody else</a> · "
            "<a href='/sign-out'>Sign out</a></p>"
            + "".join(f'<iframe hidden src="{escape(address)}"></iframe>' for address in beside),
            script=script,
            site=self._site,
        )
        if handover:
            response.del_cookie(_HANDOVER_COOKIE, path="/")
        return response

    async def onward(self, request: web.Request) -> web.Response:
        """`/onward`: a page that goes on by itself to `return_to`: browsers follow twenty
        redirects, and then want a page."""
        onward = self._onward(self._on_this_site(request, "return_to"))
        if onward is None:
            raise web.HTTPNotFound()
        return _page("<p>Going on.</p>", script=f"location.replace({in_script(onward)});")

    def _row(self, request: web.Request, kind: AppKind) -> str:
        if not isinstance(kind, CookieKind):
            return f"<li>{kind.name}: known to the page alone</li>"
        standing, _ = self.standing(request, kind)
        said = "signed in" if standing.signed_in else f"signed out ({standing.reason})"
        return f"<li>{kind.name}: {said}</li>"

    async def login(self, request: web.Request) -> web.Response:
        """`/login`: off to the auth server; with `prompt=none`, without a page for anybody, and
        with `prompt=login` for whoever is to sign in instead of those who are."""
        query = self.relying_party.begin(
            asked={name: request.query[name] for name in _PASSED_ON if name in request.query},
            return_to=self._on_this_site(request, "return_to"),
            offline=self._refreshing is not None,
        )
        response = _redirect(f"{self.relying_party.issuer}/oauth2/auth?{urlencode(query)}")
        response.set_cookie(
            f"{_ATTEMPT_COOKIE}{query['state']}",
            "begun",
            path="/callback",
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )
        return response

    async def callback(self, request: web.Request) -> web.Response:
        """`/callback`: exchange the code, and keep the login in every way that is chosen."""
        state = request.query.get("state", "")
        if not state or f"{_ATTEMPT_COOKIE}{state}" not in request.cookies:
            return _page("<p>This sign-in was not started in this browser.</p>", status=400)
        response = await self._finish(request, state)
        response.del_cookie(f"{_ATTEMPT_COOKIE}{state}", path="/callback")
        return response

    async def _finish(self, request: web.Request, state: str) -> web.Response:
        attempt = self.relying_party.attempt(state)
        if attempt is None:
            return _page("<p>This sign-in was used already.</p>", status=400)
        onward = self._onward(attempt.return_to) or f"{self.url}/"
        if "error" in request.query:
            # Whoever the auth server does not know keeps what the application has of its own.
            return _redirect(onward)
        try:
            login = await self.relying_party.exchange(attempt, request.query.get("code", ""))
        except SignInRefusedError as error:
            return _page(f"<p>{error}</p>", status=400)
        response = _redirect(onward)
        self._keep(login, response)
        return response

    def _keep(self, login: Login, response: web.Response) -> None:
        record = Record(
            id=login.id,
            expires=self._clock.now() + COOKIE_LIFETIME,
            persistent_claim=login.access.get("ksp", {}).get("persistent"),
            sub=login.identity.get("sub", ""),
            sid=login.identity.get("sid", ""),
            token_expires=login.access["exp"],
            refresh_token=login.refresh_token,
        )
        self._logins.add(record)
        for kind in self.kinds.values():
            kind.keep(login, response, secure=self._secure)
        handover = secrets.token_urlsafe(16)
        self._handovers[handover] = login.access_token
        response.set_cookie(
            _HANDOVER_COOKIE, handover, path="/", httponly=True, samesite="Lax", secure=self._secure
        )

    async def sign_out(self, request: web.Request) -> web.Response:
        """`/sign-out`: forget the login here, then end the session at the auth server."""
        for kind in self.kinds.values():
            if isinstance(kind, CookieKind):
                value = _cookie(request, kind.cookie) or ""
                login = self._logins.get(value)
                if login is not None:
                    login.signed_out = True
                    self._logins.save(login)
        asked = {"redirect": f"{self.url}/"}
        return_to = self._on_this_site(request, "return_to")
        if return_to:
            asked["state"] = secrets.token_urlsafe(8)
            self._signing_out[asked["state"]] = return_to
        target = f"{self.relying_party.issuer}/logout?{urlencode(asked)}"
        dropped = "".join(kind.drop_script() for kind in self.kinds.values())
        if self._faults.strikes(self.name, Fault.SIGN_OUT_KEEPS_TOKEN):
            dropped = ""
        response = _page(
            "<p>Signing out.</p>", script=f"{dropped}location.replace({in_script(target)});"
        )
        for kind in self.kinds.values():
            kind.drop(response, secure=self._secure)
        return response

    @property
    def _refreshing(self) -> Refreshing | None:
        return next((kind for kind in self.kinds.values() if isinstance(kind, Refreshing)), None)

    async def refresh(self, request: web.Request) -> web.Response:
        """`POST /refresh`: an open page has its refresh token exchanged. 204 whatever came of it,
        for the page has nothing to show of it."""
        kind = self._refreshing
        value = _cookie(request, kind.cookie) if kind else None
        login = self._logins.get(value or "")
        kept = login is not None and not login.signed_out and self._clock.now() < login.expires
        if login is not None and kept and login.refresh_token is not None:
            given = await self.relying_party.refresh(login.refresh_token)
            login.refresh_token, access = given or (None, {})
            login.token_expires = access.get("exp", 0)
            self._logins.save(login)
        return web.Response(status=204)

    async def backchannel_logout(self, token: str) -> web.Response:
        """`POST /backchannel-logout`: the auth server tells that a session is over. Whoever signed
        in with it is signed out in the ways of keeping a login that heed it."""
        headers = {"Cache-Control": "no-store"}
        try:
            told = await self.relying_party.logout(token, self._clock.now())
        except LogoutRefusedError as error:
            body = {"error": "invalid_request", "error_description": str(error)}
            return web.json_response(body, status=400, headers=headers)
        for login in self._logins.concerned(told):
            login.logged_out = True
            self._logins.save(login)
        return web.Response(headers=headers)

    @property
    def _site(self) -> str:
        """What the hosts of all environments' applications end with."""
        return f".{urlsplit(self.url).netloc.partition('.')[2]}"

    def _on_this_site(self, request: web.Request, name: str) -> tuple[str, ...]:
        """The addresses that a parameter has, if all of them are on this site and can be sent as
        a header; else none (open redirect)."""
        asked = tuple(request.query.getall(name, []))
        here, site = urlsplit(self.url), self._site
        for address in asked:
            try:
                parts = urlsplit(address)
            except ValueError:
                return ()
            if parts.scheme != here.scheme or not parts.netloc.endswith(site):
                return ()
            if "@" in parts.netloc or "\\" in address or not address.isprintable():
                return ()
        return asked

    def _onward(self, return_to: tuple[str, ...]) -> str | None:
        if not return_to:
            return None
        first, *rest = return_to
        if not rest:
            return first
        separator = "&" if urlsplit(first).query else "?"
        return f"{first}{separator}{urlencode([('return_to', address) for address in rest])}"


def _cookie(request: web.Request, name: str) -> str | None:
    return SentCookies.of(request).first(name)


def _redirect(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


def _page(body: str, *, script: str = "", status: int = 200, site: str = "") -> web.Response:
    """A page; that of a `site` may be framed by it, and no other by anybody."""
    framing = f"http://*{site} https://*{site}" if site else "'none'"
    return web.Response(
        text="<!doctype html><html lang=en><meta charset=utf-8><title>Demo application</title>"
        f'<link rel=icon href="data:,"><h1>Demo application</h1>{body}<script>{script}</script>',
        status=status,
        content_type="text/html",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": f"frame-ancestors {framing}",
        },
    )
