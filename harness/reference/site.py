"""The sites of all environments: what they set in a browser's stores when somebody signs in, visits
or signs out, and what they make of it when somebody looks.

What Kinde's documentation leaves open is as docs/server.md has it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from harness.model.agent import Stores, Tab
from harness.model.cookies import LIFETIME_CAP, Cookie
from harness.model.family import Family
from harness.model.trail import Decision, Thing, cookie_thing, local_thing, tab_thing
from harness.policy import Environment, Persistence
from harness.presets import Choices
from harness.reference.browser import ReferenceBrowser
from harness.reference.habits import (
    CAPPED,
    COOKIE_LASTS,
    COOKIE_NEVER_LASTS,
    EXPIRED,
    IN_LOCAL_STORAGE,
    IN_ONE_TAB,
    NOT_TOLD,
    OLD_COOKIE_STAYS,
    OTHER_TAB_NOT_TOLD,
    REMOVAL_NOT_WRITTEN,
    SHADOWED,
    SIGN_OUT_MISSED,
)
from harness.reference.kinds import (
    COOKIE_KINDS,
    LOGIN_LIFETIME,
    TOKEN_LIFETIME,
    attributes_of,
    cookie_name,
)
from harness.reference.tenant import Login, Over, Session, Tenant
from harness.settings import Activity, PolicyChange, Settings

__all__ = ["ReferenceSite", "Shown"]

_SSO = "sso"
_AUTHORIZE, _FORM, _LOGOUT = "/oauth2/auth", "/sign-in", "/logout"
"""Where the auth server gets its cookie, or does not."""
_Trail = Sequence[Decision]
_TOKEN, _LOGIN = "token", "login"
"""What a token's expiry, and the id of its login, are stored under."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What one surface shows, and what became of the thing that it rests on."""

    signed_in: bool
    trail: tuple[Decision, ...]


class ReferenceSite:
    """The sites of all environments, for one browser's stores.

    `kinds` are the ways in which applications keep a login.
    """

    def __init__(
        self,
        environments: Sequence[Environment],
        settings: Settings,
        kinds: Sequence[str],
        stores: Stores,
        *,
        began: float,
        now: Callable[[], float],
        family: Family,
        choices: Choices,
    ) -> None:
        self._settings = settings
        self._kinds = kinds
        self._stores = stores
        self._time = began
        """On the server."""
        self._browser = ReferenceBrowser(stores, now, family, choices)
        self._tenants = [
            Tenant(environment=environment, settings=settings, browser=self._browser)
            for environment in environments
        ]
        self._ids = (str(number) for number in count())
        self.set_cookies: dict[tuple[str, str], str] = {}
        """The latest `Set-Cookie` of what each surface of each environment rests on."""
        self._cookies: dict[tuple[str, str], Cookie] = {}
        """The latest cookie likewise."""
        self._things: dict[tuple[str, str], Thing] = {}
        """What each surface of each environment rests on, or last did."""

    def sign_in(self, tab: Tab) -> None:
        """With a password where there is no session, and without where there is one."""
        for tenant in self._tenants:
            session = self._alive(tenant)
            if session is None:
                session = tenant.begin(next(self._ids), self._time)
                self._set_sso(tenant, session, _FORM)
            else:
                self._use(tenant, session)
                session.again = True
            self._keep(tenant, session, tab)
        self._arrive(tab)

    def visit(self, tab: Tab) -> None:
        """An application that is told nothing new keeps what it has."""
        for tenant in self._tenants:
            session = self._alive(tenant)
            if session is not None:
                self._use(tenant, session)
                self._keep(tenant, session, tab)
        self._arrive(tab)

    def sign_out(self, tab: Tab) -> None:
        """At the application, in this tab, and at the auth server."""
        for tenant in self._tenants:
            self._sign_out(tenant, tab)
        self._arrive(tab)

    def sign_out_during_visit(self, tab: Tab) -> None:
        """The visit's answer comes last: it may bring the cookie back, and no session unless the
        sign-out has ended none."""
        for tenant in self._tenants:
            session = self._alive(tenant)
            before = session.persistence if session else None
            if session is not None:
                self._count(tenant, session)
            renewed = session and Persistence.PERSISTENT in (before, session.persistence)
            if renewed:
                tenant.strike(_AUTHORIZE)
            self._sign_out(tenant, tab)
            if session is not None and renewed:
                said = () if session.over else (SIGN_OUT_MISSED,)
                self._set_sso(tenant, session, _AUTHORIZE, said)
            if session is not None and not session.over:
                self._keep(tenant, session, Tab())
        self._arrive(tab)

    def wait(self, seconds: float) -> None:
        """On the server."""
        self._time += seconds

    def override_session_policy(self) -> None:
        """With the persistence that does not hold now."""
        for tenant in self._tenants:
            tenant.override = tenant.persistence.opposite
            if self._settings.policy_change is PolicyChange.END_SESSIONS:
                tenant.end_sessions()

    def revoke_sessions(self) -> None:
        """All of them."""
        for tenant in self._tenants:
            tenant.end_sessions()

    def change_cookie_scope(self) -> None:
        """At the next occasion."""
        for tenant in self._tenants:
            tenant.scope_to_change, tenant.scope_mended = True, False

    def mend_cookie_scope(self) -> None:
        """The cookie of the scope before is deleted, too, from now on."""
        for tenant in self._tenants:
            tenant.scope_to_change, tenant.scope_mended = False, True

    def look(self, in_use: Tab, others: Sequence[Tab]) -> Mapping[tuple[str, str], Shown]:
        """What each surface of each environment shows. What belongs to a tab is looked at in the
        tab in use and in the others."""
        seen: dict[tuple[str, str], Shown] = {}
        for tenant in self._tenants:
            sso = self._look_at_sso(tenant)
            surfaces = {_SSO: sso}
            sent = self._browser.first(f"{tenant.app}/", redirected=True)
            for kind in self._kinds:
                if kind == "memory":
                    shown = sso
                elif kind == "local_storage":
                    shown = self._look_at_local_storage(tenant)
                elif kind == "session_storage":
                    shown = self._look_at_tabs(tenant, [in_use, *others])
                else:
                    shown = self._look_at_cookie(tenant, kind, sent)
                surfaces[f"app:{kind}"] = shown
            # Before all else, so that it is the reason only where nothing else is.
            counting = tenant.counting(self._time)
            for surface, shown in surfaces.items():
                trail = (*counting, *shown.trail)
                seen[tenant.name, surface] = replace(shown, trail=trail)
        for tab in (in_use, *others):
            tab.unused.clear()
            tab.pending = False
        return seen

    def _look_at_sso(self, tenant: Tenant) -> Shown:
        signed_in, said = self._alive(tenant) is not None, self._trail(tenant, _SSO)
        cookie = self._cookies.get((tenant.name, _SSO))
        there = {kept.identity for kept in self._stores.cookies}
        if cookie is not None and signed_in and cookie.identity not in there:
            said += (OLD_COOKIE_STAYS,)
        capped = cookie is not None and cookie.expiry == cookie.created + LIFETIME_CAP
        if capped and self._browser.expired(cookie):
            said += (CAPPED,)
        return Shown(signed_in=signed_in, trail=said)

    def _look_at_local_storage(self, tenant: Tenant) -> Shown:
        token = self._stores.local_storage.get(tenant.app, {})
        trail = self._trail(tenant, "local_storage")
        if not self._holds_token(token):
            return Shown(signed_in=False, trail=(*trail, *((EXPIRED,) if token else ())))
        login = tenant.logins[token[_LOGIN]]
        said = (REMOVAL_NOT_WRITTEN,) if login.left else self._not_told(tenant, login)
        return Shown(signed_in=True, trail=(*trail, *said))

    def _look_at_tabs(self, tenant: Tenant, tabs: Sequence[Tab]) -> Shown:
        tokens = [(tab, token) for tab in tabs if (token := tab.session_storage.get(tenant.app))]
        held = [
            (tab, tenant.logins[token[_LOGIN]])
            for tab, token in tokens
            if self._holds_token(token)
        ]
        if not held:
            trail = self._trail(tenant, "session_storage")
            return Shown(signed_in=False, trail=(*trail, *((EXPIRED,) if tokens else ())))
        tab, login = min(held, key=lambda pair: pair[1].left)
        said = self._not_told(tenant, login)
        if login.left:
            dropped = tab.key in login.dropped_in
            said = (REMOVAL_NOT_WRITTEN,) if dropped else (OTHER_TAB_NOT_TOLD,)
        trail = self._stores.trails.of(tab_thing(tab.key, tenant.app))
        return Shown(signed_in=True, trail=(*trail, *said))

    def _look_at_cookie(self, tenant: Tenant, kind: str, sent: Mapping[str, str]) -> Shown:
        trail = self._trail(tenant, kind)
        login = tenant.logins.get(sent.get(cookie_name(kind, tenant.name), ""))
        if login is not None and not login.over and self._time < login.expires:
            return Shown(signed_in=True, trail=(*trail, *self._not_told(tenant, login)))
        cookie = self._cookies.get((tenant.name, f"app:{kind}"))
        if self._browser.expired(cookie) or (login is not None and self._time >= login.expires):
            trail += (EXPIRED,)
        elif login is None and cookie is not None and self._browser.has(cookie):
            trail += (self._browser.kept_back,)
        return Shown(signed_in=False, trail=trail)

    def _not_told(self, tenant: Tenant, login: Login) -> tuple[Decision, ...]:
        return (NOT_TOLD,) if tenant.over(login.session, self._time) else ()

    def _trail(self, tenant: Tenant, kind: str) -> tuple[Decision, ...]:
        surface = kind if kind == _SSO else f"app:{kind}"
        thing = self._things.get((tenant.name, surface))
        return () if thing is None else self._stores.trails.of(thing)

    def _holds_token(self, storage: Mapping[str, str]) -> bool:
        return _TOKEN in storage and self._time < float(storage[_TOKEN])

    # The auth server

    def _alive(self, tenant: Tenant, path: str = _AUTHORIZE) -> Session | None:
        """The session of the first cookie that comes there, if it is not over."""
        first, *others = tenant.sent_to(path, self._time) or [None]
        if first is None and any(others) and self._trail(tenant, _SSO)[-1:] != (SHADOWED,):
            self._stores.trails.touch([self._things[tenant.name, _SSO]], SHADOWED)
        return first

    def _use(self, tenant: Tenant, session: Session) -> None:
        before = session.persistence
        if self._count(tenant, session) and Persistence.PERSISTENT in (before, session.persistence):
            self._set_sso(tenant, session, _AUTHORIZE, self._trail(tenant, _SSO))

    def _count(self, tenant: Tenant, session: Session) -> bool:
        """As activity, if it is any."""
        if Activity.SIGN_IN not in self._settings.activity:
            return False
        session.active = self._time
        if self._settings.policy_change is PolicyChange.NEXT_ACTIVITY:
            session.persistence = tenant.persistence
        return True

    def _set_sso(self, tenant: Tenant, session: Session, at: str, since: _Trail = ()) -> None:
        """A lifetime where it is persistent, none where it is not."""
        (value,) = (key for key, known in tenant.sessions.items() if known is session)
        persistent = session.persistence is Persistence.PERSISTENT
        lifetime = f"; Max-Age={tenant.lifetime(session, self._time)}" if persistent else ""
        self._set(tenant, _SSO, tenant.set_cookie(at, value, lifetime), since)

    # The application

    def _keep(self, tenant: Tenant, session: Session, tab: Tab) -> None:
        """In every way that is chosen. What has become of the session is behind it, too."""
        value, since = next(self._ids), self._trail(tenant, _SSO)
        tenant.logins[value] = Login(session=session, expires=self._time + LOGIN_LIFETIME)
        persistent = session.persistence is Persistence.PERSISTENT
        for kind in self._kinds:
            if kind in COOKIE_KINDS:
                lasts = kind == "long_cookie" or (kind == "ksp_cookie" and persistent)
                lifetime = f"; Max-Age={LOGIN_LIFETIME}" if lasts else ""
                attributes = f"{attributes_of(kind)}{lifetime}"
                habits = (COOKIE_LASTS if lasts else COOKIE_NEVER_LASTS,)
                self._set(
                    tenant,
                    kind,
                    f"{value}; Path=/; HttpOnly{attributes}",
                    [*since, *(() if lasts is persistent else habits)],
                )
        token = {_TOKEN: str(int(self._time) + TOKEN_LIFETIME), _LOGIN: value}
        if "local_storage" in self._kinds:
            self._stores.local_storage[tenant.app] = token
            thing = local_thing(tenant.app)
            self._store(tenant, "app:local_storage", thing, *since, IN_LOCAL_STORAGE)
        if "session_storage" in self._kinds:
            tab.session_storage[tenant.app] = dict(token)
            tab.unused.discard(tenant.app)
            thing = tab_thing(tab.key, tenant.app)
            self._store(tenant, "app:session_storage", thing, *since, IN_ONE_TAB)

    def _store(self, tenant: Tenant, surface: str, thing: Thing, *decisions: Decision) -> None:
        self._stores.trails.begin(thing, *decisions)
        self._things[tenant.name, surface] = thing

    def _sign_out(self, tenant: Tenant, tab: Tab) -> None:
        sent = self._browser.first(f"{tenant.app}/")
        for kind in self._kinds:
            if kind in COOKIE_KINDS:
                login = tenant.logins.get(sent.get(cookie_name(kind, tenant.name), ""))
                if login is not None:
                    login.over = True
                attributes = attributes_of(kind)
                self._set(tenant, kind, f"; Max-Age=0; Path=/; HttpOnly{attributes}")
        self._stores.local_storage.pop(tenant.app, None)
        token = tab.session_storage.pop(tenant.app, {})
        tab.unused.discard(tenant.app)
        if token:
            tenant.logins[token[_LOGIN]].dropped_in.add(tab.key)
        for login in tenant.logins.values():
            login.left = True
        session = self._alive(tenant, _LOGOUT)
        if session is not None:
            session.over = Over.SIGNED_OUT
        missed = session is None and any(tenant.sent_to(_AUTHORIZE, self._time))
        since = (SIGN_OUT_MISSED,) if missed else ()
        self._set(tenant, _SSO, tenant.set_cookie(_LOGOUT, "", "; Max-Age=0"), since)

    def _arrive(self, tab: Tab) -> None:
        """At the last application's home."""
        tab.history.append(f"{self._tenants[-1].app}/")

    # The browser

    def _set(self, tenant: Tenant, kind: str, rest: str, decisions: _Trail = ()) -> None:
        """Set the cookie of the auth server, or of a kind of application."""
        of_idp = kind == _SSO
        header = f"{tenant.cookie if of_idp else cookie_name(kind, tenant.name)}={rest}"
        surface = _SSO if of_idp else f"app:{kind}"
        self.set_cookies[tenant.name, surface] = header
        cookie = self._browser.take(f"{tenant.idp if of_idp else tenant.app}/", header)
        if cookie is None:
            refused = self._browser.refused
            self._store(tenant, surface, ("cookie", (tenant.name, surface)), refused)
            return
        self._cookies[tenant.name, surface] = cookie
        self._store(tenant, surface, cookie_thing(cookie), *decisions)
