"""The faults: each is a bug that real products had, or could have, as small as it can be."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from harness.apps.kind import CookieKind, StorageKind
from harness.apps.ksp_cookie import KspCookie
from harness.apps.logins import Logins
from harness.apps.long_cookie import LongCookie
from harness.apps.session_cookie import SessionCookie
from harness.policy import EffectivePolicy, Limits, Override, Persistence
from harness.server import granting, tenants
from harness.server.authorizing import Authorizing
from harness.server.backchannel import BackchannelLogout
from harness.server.observing import Observing
from harness.server.policies import TokenSettings
from harness.server.sessions import EndReason, Session, SessionStore, end_reason
from harness.server.signing_in import SignIn
from harness.server.sso_cookie import SsoCookie
from harness.server.tenants import Tenant
from harness.server.tokens import SigningKey
from harness.settings import Activity, PolicyChange

__all__ = ["FAULTS"]

Build = Callable[[pytest.MonkeyPatch], None]
FAULTS: dict[str, Build] = {}
"""Builds each fault in, by its name in words."""


def fault(name: str) -> Callable[[Build], Build]:
    def note(build: Build) -> Build:
        FAULTS[name] = build
        return build

    return note


def _cookie(name: str, change: Callable[[Any, Tenant], None]) -> None:
    """A fault of the SSO cookie: `change` is given the cookie that is about to be sent."""

    def build(patch: pytest.MonkeyPatch) -> None:
        original = SsoCookie.set

        def broken(
            self: SsoCookie, request: Any, tenant: Tenant, session: Any, response: web.Response
        ) -> None:
            original(self, request, tenant, session, response)
            change(response.cookies[self.name(tenant)], tenant)

        patch.setattr(SsoCookie, "set", broken)

    FAULTS[name] = build


def _set(**attributes: Any) -> Callable[[Any, Tenant], None]:
    def change(morsel: Any, tenant: Tenant) -> None:
        for key, value in attributes.items():
            morsel[key.replace("_", "-")] = value

    return change


def _max_age(of: Callable[[int], int]) -> Callable[[Any, Tenant], None]:
    def change(morsel: Any, tenant: Tenant) -> None:
        if morsel.get("max-age"):
            morsel["max-age"] = of(int(morsel["max-age"]))

    return change


_cookie("persistence ignored: the cookie always lasts", _set(max_age=86_400))
_cookie("persistence ignored: the cookie never lasts", _set(max_age=""))
_cookie("Max-Age in milliseconds", _max_age(lambda seconds: seconds * 1000))
_cookie("Max-Age in minutes", _max_age(lambda seconds: seconds // 60))
_cookie("Max-Age is half the timeout", _max_age(lambda seconds: seconds // 2))
_cookie("Max-Age is ten minutes too long", _max_age(lambda seconds: seconds + 600))
_cookie("Max-Age is always a year", _max_age(lambda seconds: 365 * 86_400))
_cookie("the cookie is not HttpOnly", _set(httponly=False))
_cookie("SameSite=None without Secure", _set(samesite="None"))
_cookie("SameSite=Strict", _set(samesite="Strict"))
_cookie("no SameSite", _set(samesite=""))
_cookie("the cookie is Secure although the server speaks http", _set(secure=True))
_cookie("the cookie is scoped to a path", _set(path="/oauth2"))
_cookie("the cookie is scoped to the parent domain", _set(domain="idp.localhost"))


@fault("Max-Age is absent on renewal")
def _(patch: pytest.MonkeyPatch) -> None:
    original = SignIn.resume

    def broken(self: SignIn, request: Any, tenant: Tenant, *asked: Any) -> None:
        original(self, request, tenant, *asked)
        cookie = asked[-1].cookies.get(self.cookie.name(tenant))
        if cookie is not None:
            cookie["max-age"] = ""

    patch.setattr(SignIn, "resume", broken)


@fault("the cookie is not renewed by activity")
def _(patch: pytest.MonkeyPatch) -> None:
    original = SignIn.resume

    def broken(self: SignIn, request: Any, tenant: Tenant, *asked: Any) -> None:
        original(self, request, tenant, *asked)
        asked[-1].cookies.pop(self.cookie.name(tenant), None)

    patch.setattr(SignIn, "resume", broken)


@fault("the cookie is renewed on every response, with a lifetime")
def _(patch: pytest.MonkeyPatch) -> None:
    original = Observing.at_idp

    async def broken(self: Observing, request: Any, tenant: Tenant) -> web.Response:
        response = await original(self, request, tenant)
        value = self._sign_in.cookie.read(request, tenant)
        if value:
            name = self._sign_in.cookie.name(tenant)
            response.set_cookie(name, value, max_age=86_400, httponly=True)
        return response

    patch.setattr(Observing, "at_idp", broken)


def _timeout(name: str, of: Callable[[int], int]) -> None:
    """A fault of the server's inactivity timeout; the cookie's lifetime stays right."""

    def build(patch: pytest.MonkeyPatch) -> None:
        def broken(session: Any, now: float, limits: Limits | None) -> EndReason | None:
            if limits is not None:
                limits = replace(limits, inactivity=of(limits.inactivity))
            return end_reason(session, now, limits)

        patch.setattr(tenants, "end_reason", broken)

    FAULTS[name] = build


_timeout("inactivity never ends a session", lambda seconds: 10**12)
_timeout("the inactivity timeout is doubled", lambda seconds: 2 * seconds)
_timeout("the inactivity timeout has ten minutes of grace", lambda seconds: seconds + 600)
_timeout("the inactivity timeout strikes ten minutes early", lambda seconds: seconds - 600)
_timeout("the inactivity timeout is in minutes", lambda seconds: seconds // 60)


@fault("inactivity is counted from the sign-in")
def _(patch: pytest.MonkeyPatch) -> None:
    original = Tenant.note_activity

    def broken(self: Tenant, session: Any, kind: Any, agent: Any) -> bool:
        before = session.last_activity
        counted = original(self, session, kind, agent)
        session.last_activity = before
        return counted

    patch.setattr(Tenant, "note_activity", broken)


@fault("inactivity is reset by a peek")
def _(patch: pytest.MonkeyPatch) -> None:
    original = Observing.at_idp

    async def broken(self: Observing, request: Any, tenant: Tenant) -> web.Response:
        response = await original(self, request, tenant)
        session = self._sign_in.current(request, tenant)
        if session is not None:
            session.last_activity = tenant.clock.now()
        return response

    patch.setattr(Observing, "at_idp", broken)


def _limit(name: str, change: Callable[[Session, Limits], tuple[Session, Limits]]) -> None:
    """A fault of the server's absolute limit; the cookie's lifetime stays right."""

    def build(patch: pytest.MonkeyPatch) -> None:
        def broken(session: Any, now: float, limits: Limits | None) -> EndReason | None:
            if session is not None and limits is not None:
                session, limits = change(session, limits)
            return end_reason(session, now, limits)

        patch.setattr(tenants, "end_reason", broken)

    FAULTS[name] = build


_limit(
    "the absolute limit never ends a session",
    lambda session, limits: (session, replace(limits, absolute=None)),
)
_limit(
    "the absolute limit is counted from the last activity",
    lambda session, limits: (replace(session, started=session.last_activity), limits),
)


@fault("the cookie outlives the absolute limit")
def _(patch: pytest.MonkeyPatch) -> None:
    def broken(self: Tenant, session: Session) -> int:
        limits = self.limits(session)
        assert limits is not None
        return limits.inactivity

    patch.setattr(Tenant, "cookie_lifetime", broken)


@fault("a sign-in again begins the absolute limit anew")
def _(patch: pytest.MonkeyPatch) -> None:
    original = Tenant.note_activity

    def broken(self: Tenant, session: Any, kind: Any, agent: Any) -> bool:
        session.started = self.clock.now()
        return original(self, session, kind, agent)

    patch.setattr(Tenant, "note_activity", broken)


@fault("a session ends twelve hours after the sign-in, active or not")
def _(patch: pytest.MonkeyPatch) -> None:
    original = Tenant.end_reason

    def broken(self: Tenant, session: Any) -> EndReason | None:
        late = session is not None and self.clock.now() - session.started >= 43_200
        return EndReason.INACTIVE if late else original(self, session)

    patch.setattr(Tenant, "end_reason", broken)


def _override(name: str, change: Callable[[Override], Override]) -> None:
    """A fault in what becomes of an organization's override."""

    def build(patch: pytest.MonkeyPatch) -> None:
        original = EffectivePolicy.of

        def broken(cls: type, environment: Any, override: Override, timeout: Any = None) -> Any:
            return original(environment, change(override), timeout)

        patch.setattr(EffectivePolicy, "of", classmethod(broken))

    FAULTS[name] = build


_override("the override is ignored", lambda override: Override())
_override(
    "the override of the persistence is ignored", lambda o: replace(o, use_persistence=False)
)
_override(
    "the override of the timeout is ignored", lambda o: replace(o, use_inactivity_timeout=False)
)
_override(
    "the persistence is overridden with its switch off", lambda o: replace(o, use_persistence=True)
)
_override(
    "the timeout is overridden with its switch off",
    lambda o: replace(o, use_inactivity_timeout=True),
)
_override(
    "the override of the absolute limit is ignored",
    lambda o: replace(o, use_absolute_timeout=False),
)
_override(
    "the absolute limit is overridden with its switch off",
    lambda o: replace(o, use_absolute_timeout=True),
)


def _opposite(override: Override) -> Override:
    persistence = override.persistence.opposite if override.persistence else None
    return replace(override, persistence=persistence)


_override("the override of the persistence means its opposite", _opposite)


@fault("a changed override is not read")
def _(patch: pytest.MonkeyPatch) -> None:
    async def broken(self: Tenant, org_code: str, override: Override) -> None:
        pass

    patch.setattr(Tenant, "change_override", broken)


@fault("a changed policy ends the sessions that are alive")
def _(patch: pytest.MonkeyPatch) -> None:
    original = Tenant.change_override

    async def broken(self: Tenant, org_code: str, override: Override) -> None:
        settings = self.settings
        self.settings = replace(settings, policy_change=PolicyChange.END_SESSIONS)
        await original(self, org_code, override)
        self.settings = settings

    patch.setattr(Tenant, "change_override", broken)


@fault("a changed policy reaches a session at its next activity")
def _(patch: pytest.MonkeyPatch) -> None:
    original = Tenant.note_activity

    def broken(self: Tenant, session: Any, kind: Any, agent: Any) -> bool:
        counted = original(self, session, kind, agent)
        session.persistence = self.effective_policy(session.org_code).persistence
        return counted

    patch.setattr(Tenant, "note_activity", broken)


@fault("a sign-out deletes the cookie and keeps the session")
def _(patch: pytest.MonkeyPatch) -> None:
    original = SessionStore.end

    def broken(self: SessionStore, session: Any, reason: EndReason) -> None:
        if reason is not EndReason.SIGNED_OUT:
            original(self, session, reason)

    patch.setattr(SessionStore, "end", broken)


def _sign_out(name: str, change: Callable[[str, web.Response], None], *, ends: bool) -> None:
    def build(patch: pytest.MonkeyPatch) -> None:
        original, original_end = SignIn.end, SessionStore.end

        async def broken(
            self: SignIn, request: Any, tenant: Tenant, target: Any, **how: Any
        ) -> Any:
            response = await original(self, request, tenant, target, **how)
            change(self.cookie.name(tenant), response)
            return response

        def kept(self: SessionStore, session: Any, reason: EndReason) -> None:
            if reason is not EndReason.SIGNED_OUT:
                original_end(self, session, reason)

        patch.setattr(SignIn, "end", broken)
        if not ends:
            patch.setattr(SessionStore, "end", kept)

    FAULTS[name] = build


def _keep_cookie(cookie: str, response: web.Response) -> None:
    response.cookies.pop(cookie, None)


def _wrong_path(cookie: str, response: web.Response) -> None:
    response.cookies[cookie]["path"] = "/logout"


_sign_out("a sign-out ends the session and keeps the cookie", _keep_cookie, ends=True)
_sign_out("a sign-out deletes the cookie at another path", _wrong_path, ends=True)
_sign_out("a sign-out at the auth server does nothing", _keep_cookie, ends=False)
_sign_out("a sign-out keeps the session, and the cookie by its path", _wrong_path, ends=False)


@fault("a sign-out keeps the application's cookies")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CookieKind, "drop", lambda self, response, *, secure: None)


@fault("a sign-out keeps the application's cookies and logins")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CookieKind, "drop", lambda self, response, *, secure: None)
    original = Logins.save

    def broken(self: Logins, login: Any) -> None:
        login.signed_out = False
        original(self, login)

    patch.setattr(Logins, "save", broken)


@fault("a sign-out keeps the tokens")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StorageKind, "drop_script", lambda self: "")


@fault("a revocation does nothing")
def _(patch: pytest.MonkeyPatch) -> None:
    async def broken(self: Tenant, user_id: str | None = None) -> int:
        return 0

    patch.setattr(Tenant, "revoke", broken)


@fault("a session that is over still gives a code")
def _(patch: pytest.MonkeyPatch) -> None:
    def broken(self: Authorizing, request: Any, tenant: Tenant, login: Any) -> Any:
        session, _ = tenant.session_of(self._sign_in.cookie.read(request, tenant))
        return session

    patch.setattr(Authorizing, "_usable", broken)
    patch.setattr(granting, "_alive", lambda tenant, key: tenant.sessions.by_id(key))


@fault("nobody is signed in silently")
def _(patch: pytest.MonkeyPatch) -> None:
    original = Authorizing._usable

    def broken(self: Authorizing, request: Any, tenant: Tenant, login: Any) -> Any:
        silent = "none" in request.query.get("prompt", "")
        return None if silent else original(self, request, tenant, login)

    patch.setattr(Authorizing, "_usable", broken)


def _token_lifetime(name: str, seconds: int) -> None:
    def build(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(
            Tenant,
            "token_settings",
            property(
                lambda self: {key: TokenSettings(access_token_lifetime=seconds)
                              for key in self.applications},
                lambda self, value: None,
            ),
            raising=False,
        )  # fmt: skip

    FAULTS[name] = build


_token_lifetime("an access token lives for thirty years", 30 * 365 * 86_400)
_token_lifetime("an access token lives for an hour", 3600)


def _claim(name: str, ksp: Mapping[str, bool] | None) -> None:
    def build(patch: pytest.MonkeyPatch) -> None:
        original = SigningKey.sign

        def broken(self: SigningKey, claims: Any, **how: Any) -> str:
            claims = {key: value for key, value in claims.items() if key != "ksp"}
            return original(self, claims | ({} if ksp is None else {"ksp": ksp}), **how)

        patch.setattr(SigningKey, "sign", broken)

    FAULTS[name] = build


_claim("the token's ksp.persistent is always true", {"persistent": True})
_claim("the token's ksp.persistent is always false", {"persistent": False})
_claim("the token has no ksp", None)


def _kind(name: str, kind: type[CookieKind], seconds: int | None) -> None:
    def build(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(kind, "max_age", lambda self, access: seconds)

    FAULTS[name] = build


_kind("the application that follows the policy has a cookie that always lasts", KspCookie, 86_400)
_kind("the application that follows the policy has a cookie that never lasts", KspCookie, None)
_kind("the application's lasting cookie does not last", LongCookie, None)
_kind("the application's lasting cookie lasts for a year", LongCookie, 365 * 86_400)
_kind("the application's session cookie lasts", SessionCookie, 86_400)


@fault("an application's login never expires")
def _(patch: pytest.MonkeyPatch) -> None:
    original = Logins.add

    def broken(self: Logins, login: Any) -> None:
        login.expires = 10.0**12
        original(self, login)

    patch.setattr(Logins, "add", broken)


@fault("every session is persistent on the server, the token says so, and the cookie lasts")
def _(patch: pytest.MonkeyPatch) -> None:
    original = SessionStore.start

    def broken(self: SessionStore, **about: Any) -> Any:
        return original(self, **about | {"persistence": Persistence.PERSISTENT})

    patch.setattr(SessionStore, "start", broken)


@fault("no logout token is sent")
def _(patch: pytest.MonkeyPatch) -> None:
    async def broken(self: BackchannelLogout, tenant: Tenant, uri: str, claims: Any) -> None:
        pass

    patch.setattr(BackchannelLogout, "_tell", broken)


def _logout_token(name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """A fault in what a logout token says."""

    def build(patch: pytest.MonkeyPatch) -> None:
        original = SigningKey.sign

        def broken(self: SigningKey, claims: Any, **how: Any) -> str:
            claims = dict(claims)
            if "events" in claims:
                change(claims)
            return original(self, claims, **how)

        patch.setattr(SigningKey, "sign", broken)

    FAULTS[name] = build


_logout_token("a logout token names another session", lambda c: c.update(sid="session_0x1"))
_logout_token("a logout token is for another application", lambda c: c.update(aud=["other"]))
_logout_token("a logout token carries a nonce", lambda c: c.update(nonce="n"))


@fault("an ID token names no session")
def _(patch: pytest.MonkeyPatch) -> None:
    original = SigningKey.sign

    def broken(self: SigningKey, claims: Any, **how: Any) -> str:
        kept = {k: v for k, v in claims.items() if k != "sid" or "events" in claims}
        return original(self, kept, **how)

    patch.setattr(SigningKey, "sign", broken)


@fault("a refresh does not count as activity")
def _(patch: pytest.MonkeyPatch) -> None:
    original = Tenant.note_activity

    def broken(self: Tenant, session: Any, kind: Any, agent: Any) -> bool:
        return kind is not Activity.REFRESH and original(self, session, kind, agent)

    patch.setattr(Tenant, "note_activity", broken)


@fault("a refresh token works although the session is over")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(granting, "_alive", lambda tenant, key: tenant.sessions.by_id(key))


@fault("a refresh revives a session that is over")
def _(patch: pytest.MonkeyPatch) -> None:
    def broken(tenant: Tenant, key: str) -> Any:
        session = tenant.sessions.by_id(key)
        if session is not None:
            session.ended, session.last_activity = None, tenant.clock.now()
        return session

    patch.setattr(granting, "_alive", broken)


@fault("prompt=login is ignored: whoever is signed in goes on")
def _ignore_prompt(patch: pytest.MonkeyPatch) -> None:
    original = Authorizing._usable
    patch.setattr(
        Authorizing,
        "_usable",
        lambda self, request, tenant, login: original(
            self, request, tenant, replace(login, asks=False)
        ),
    )


@fault("whoever signs in is taken for the first user")
def _first_user(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SignIn, "_user", lambda self, tenant, login, form: tenant.people.first)


@fault("a sign-in leaves the session that it replaces alive")
def _leave_replaced(patch: pytest.MonkeyPatch) -> None:
    original = SessionStore.end

    def end(self: SessionStore, session: Session, reason: EndReason) -> None:
        if reason is not EndReason.REPLACED:
            original(self, session, reason)

    patch.setattr(SessionStore, "end", end)
