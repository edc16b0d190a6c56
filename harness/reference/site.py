"""The sites of all environments: what they set in a browser's stores when somebody signs in, visits
or signs out, and what they make of it when somebody looks.

What Kinde's documentation leaves open is as docs/server.md has it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from harness.model.agent import Stores, Tab
from harness.model.cookies import LIFETIME_CAP
from harness.model.family import Family
from harness.model.trail import Decision, local_thing, tab_thing
from harness.people import FIRST
from harness.policy import Environment, Persistence
from harness.presets import Choices
from harness.reference.browser import ReferenceBrowser
from harness.reference.habits import (
    CAPPED,
    COOKIE_LASTS,
    COOKIE_NEVER_LASTS,
    COOKIE_NOT_PROLONGED,
    EXPIRED,
    GOES_ON_AS_BEFORE,
    IN_LOCAL_STORAGE,
    IN_ONE_TAB,
    INACTIVITY_NOT_TOLD,
    NOT_TOLD,
    OLD_COOKIE_STAYS,
    OTHER_TAB_NOT_TOLD,
    REMOVAL_NOT_WRITTEN,
    SHADOWED,
    SIGN_OUT_MISSED,
)
from harness.reference.kinds import (
    COOKIE_KINDS,
    KSP_KINDS,
    LOGIN_LIFETIME,
    TOKEN_LIFETIME,
    attributes_of,
    cookie_name,
)
from harness.reference.surfaces import SSO, Surfaces
from harness.reference.tenant import Login, Over, Session, Tenant
from harness.settings import Activity, PolicyChange, Settings

__all__ = ["ReferenceSite", "Sight"]

_AUTHORIZE, _FORM, _LOGOUT = "/oauth2/auth", "/sign-in", "/logout"
"""Where the auth server gets its cookie, or does not."""
_Trail = Sequence[Decision]
_NOBODY: frozenset[str] = frozenset()
_TOKEN, _LOGIN = "token", "login"
"""What a token's expiry, and the id of its login, are stored under."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one surface shows, and what became of the thing that it rests on."""

    who: frozenset[str]
    """As whom somebody is signed in there, by the names of scenarios; nobody where it is empty."""
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
        https: bool = False,
    ) -> None:
        self._settings = settings
        self._kinds = kinds
        self._stores = stores
        self._time = began
        """On the server."""
        self._browser = ReferenceBrowser(stores, now, family, choices)
        self._tenants = [
            Tenant(
                environment=environment, settings=settings, browser=self._browser, https=https
            )
            for environment in environments
        ]
        self._person = FIRST
        self._ids = (str(number) for number in count())
        self.surfaces = Surfaces(stores, self._browser)

    def sign_in(self, tab: Tab, person: str | None) -> None:
        """With a password where there is no session, and without where there is one, unless it is
        somebody else who signs in: they replace whoever was signed in."""
        self._person = person or self._person
        for tenant in self._tenants:
            tenant.displace(self._person)
            session = self._alive(tenant)
            if session is None or person is not None:
                replaced = self._alive(tenant, _FORM)
                if replaced is not None:
                    replaced.over = Over.REPLACED
                session = tenant.begin(self._person, next(self._ids), self._time)
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

    def refresh_tokens(self, tab: Tab) -> None:
        """By an open page, whose application has a login: the auth server's cookie stays."""
        for tenant in self._tenants:
            sent = self._browser.first(f"{tenant.app}/")
            login = tenant.logins.get(sent.get(cookie_name("refreshing", tenant.name), ""))
            if login is not None:
                tenant.refresh(login, self._time)

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
                tenant.count(session, Activity.SIGN_IN, self._time)
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
                tenant.end_sessions(self._time)

    def revoke_sessions(self) -> None:
        """All of them."""
        for tenant in self._tenants:
            tenant.end_sessions(self._time)

    def change_cookie_scope(self) -> None:
        """At the next occasion."""
        for tenant in self._tenants:
            tenant.scope_to_change, tenant.scope_mended = True, False

    def mend_cookie_scope(self) -> None:
        """The cookie of the scope before is deleted, too, from now on."""
        for tenant in self._tenants:
            tenant.scope_to_change, tenant.scope_mended = False, True

    def look(self, in_use: Tab, others: Sequence[Tab]) -> Mapping[tuple[str, str], Sight]:
        """What each surface of each environment shows. What belongs to a tab is looked at in the
        tab in use and in the others."""
        seen: dict[tuple[str, str], Sight] = {}
        for tenant in self._tenants:
            sso = self._look_at_sso(tenant)
            surfaces = {SSO: sso}
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

    def _look_at_sso(self, tenant: Tenant) -> Sight:
        alive, said = self._alive(tenant), self.surfaces.trail(tenant, SSO)
        cookie = self.surfaces.cookie(tenant, SSO)
        there = {kept.identity for kept in self._stores.cookies}
        if cookie is not None and alive and cookie.identity not in there:
            said += (OLD_COOKIE_STAYS,)
        if cookie is not None and self._browser.expired(cookie):
            session = tenant.sessions.get(cookie.value)
            if cookie.expiry == cookie.created + LIFETIME_CAP:
                said += (CAPPED,)
            elif session is not None and not tenant.over(session, self._time):
                said += (COOKIE_NOT_PROLONGED,)
        return Sight(who=frozenset({alive.person} if alive else ()), trail=said)

    def _look_at_local_storage(self, tenant: Tenant) -> Sight:
        token = self._stores.local_storage.get(tenant.app, {})
        trail = self.surfaces.trail(tenant, "local_storage")
        if not self._holds_token(token):
            return Sight(who=_NOBODY, trail=(*trail, *((EXPIRED,) if token else ())))
        login = tenant.logins[token[_LOGIN]]
        said = (REMOVAL_NOT_WRITTEN,) if login.left else self._not_told(tenant, login)
        return Sight(who=login.who, trail=(*trail, *said))

    def _look_at_tabs(self, tenant: Tenant, tabs: Sequence[Tab]) -> Sight:
        tokens = [(tab, token) for tab in tabs if (token := tab.session_storage.get(tenant.app))]
        held = [
            (tab, tenant.logins[token[_LOGIN]])
            for tab, token in tokens
            if self._holds_token(token)
        ]
        if not held:
            trail = self.surfaces.trail(tenant, "session_storage")
            return Sight(who=_NOBODY, trail=(*trail, *((EXPIRED,) if tokens else ())))
        tab, login = min(held, key=lambda pair: (not pair[1].displaced, pair[1].left))
        said = self._not_told(tenant, login)
        if login.left and not login.displaced:
            dropped = tab.key in login.dropped_in
            said = (REMOVAL_NOT_WRITTEN,) if dropped else (OTHER_TAB_NOT_TOLD,)
        trail = self._stores.trails.of(tab_thing(tab.key, tenant.app))
        who = frozenset(one.session.person for _, one in held)
        return Sight(who=who, trail=(*trail, *said))

    def _look_at_cookie(self, tenant: Tenant, kind: str, sent: Mapping[str, str]) -> Sight:
        trail = self.surfaces.trail(tenant, kind)
        login = tenant.logins.get(sent.get(cookie_name(kind, tenant.name), ""))
        lapsed = login is not None and self._time >= login.lapses(kind)
        if login and not lapsed and not login.over and not login.heard_of_end(kind):
            return Sight(who=login.who, trail=(*trail, *self._not_told(tenant, login, kind)))
        cookie = self.surfaces.cookie(tenant, kind)
        if self._browser.expired(cookie) or lapsed:
            trail += (EXPIRED,)
        elif login is None and cookie is not None and self._browser.has(cookie):
            trail += (self._browser.kept_back,)
        return Sight(who=_NOBODY, trail=trail)

    def _not_told(self, tenant: Tenant, login: Login, kind: str = "") -> tuple[Decision, ...]:
        why = INACTIVITY_NOT_TOLD if kind == "backchannel_cookie" else NOT_TOLD
        over = (why,) if tenant.over(login.session, self._time) else ()
        return (*over, *((GOES_ON_AS_BEFORE,) if login.displaced else ()))

    def _holds_token(self, storage: Mapping[str, str]) -> bool:
        return _TOKEN in storage and self._time < float(storage[_TOKEN])

    # The auth server

    def _alive(self, tenant: Tenant, path: str = _AUTHORIZE) -> Session | None:
        """The session of the first cookie that comes there, if it is not over."""
        first, *others = tenant.sent_to(path, self._time) or [None]
        if first is None and any(others) and self.surfaces.trail(tenant, SSO)[-1:] != (SHADOWED,):
            self.surfaces.touch(tenant, SSO, SHADOWED)
        return first

    def _use(self, tenant: Tenant, session: Session) -> None:
        before = session.persistence
        counted = tenant.count(session, Activity.SIGN_IN, self._time)
        if counted and Persistence.PERSISTENT in (before, session.persistence):
            self._set_sso(tenant, session, _AUTHORIZE, self.surfaces.trail(tenant, SSO))

    def _set_sso(self, tenant: Tenant, session: Session, at: str, since: _Trail = ()) -> None:
        """A lifetime where it is persistent, none where it is not."""
        (value,) = (key for key, known in tenant.sessions.items() if known is session)
        persistent = session.persistence is Persistence.PERSISTENT
        lifetime = f"; Max-Age={tenant.lifetime(session, self._time)}" if persistent else ""
        self.surfaces.set_cookie(tenant, SSO, tenant.set_cookie(at, value, lifetime), since)

    # The application

    def _keep(self, tenant: Tenant, session: Session, tab: Tab) -> None:
        """In every way that is chosen. What has become of the session is behind it, too."""
        value, since = next(self._ids), self.surfaces.trail(tenant, SSO)
        tenant.logins[value] = Login.of(session, self._time, LOGIN_LIFETIME)
        persistent = session.persistence is Persistence.PERSISTENT
        for kind in self._kinds:
            if kind in COOKIE_KINDS:
                lasts = kind == "long_cookie" or (kind in KSP_KINDS and persistent)
                lifetime = f"; Max-Age={LOGIN_LIFETIME}" if lasts else ""
                attributes = f"{attributes_of(kind, https=tenant.https)}{lifetime}"
                habits = (COOKIE_LASTS if lasts else COOKIE_NEVER_LASTS,)
                self.surfaces.set_cookie(
                    tenant,
                    kind,
                    f"{value}; Path=/; HttpOnly{attributes}",
                    [*since, *(() if lasts is persistent else habits)],
                )
        token = {_TOKEN: str(int(self._time) + TOKEN_LIFETIME), _LOGIN: value}
        if "local_storage" in self._kinds:
            self._stores.local_storage[tenant.app] = token
            thing = local_thing(tenant.app)
            self.surfaces.store(tenant, "local_storage", thing, *since, IN_LOCAL_STORAGE)
        if "session_storage" in self._kinds:
            tab.session_storage[tenant.app] = dict(token)
            tab.unused.discard(tenant.app)
            thing = tab_thing(tab.key, tenant.app)
            self.surfaces.store(tenant, "session_storage", thing, *since, IN_ONE_TAB)

    def _sign_out(self, tenant: Tenant, tab: Tab) -> None:
        sent = self._browser.first(f"{tenant.app}/")
        for kind in self._kinds:
            if kind in COOKIE_KINDS:
                login = tenant.logins.get(sent.get(cookie_name(kind, tenant.name), ""))
                if login is not None:
                    login.over = True
                attributes = attributes_of(kind, https=tenant.https)
                self.surfaces.set_cookie(tenant, kind, f"; Max-Age=0; Path=/; HttpOnly{attributes}")
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
        self.surfaces.set_cookie(tenant, SSO, tenant.set_cookie(_LOGOUT, "", "; Max-Age=0"), since)

    def _arrive(self, tab: Tab) -> None:
        """At the last application's home."""
        tab.history.append(f"{self._tenants[-1].app}/")
