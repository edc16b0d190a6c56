"""The sites of all environments: what they set in a browser's stores when somebody signs in, visits
or signs out, and what they make of it when somebody looks.

What Kinde's documentation leaves open is as docs/server.md has it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from harness.model.agent import Stores, Tab
from harness.model.cookies import LIFETIME_CAP, Cookie, Request
from harness.model.family import Facts, Family, Question
from harness.model.trail import Decision, Thing, cookie_thing, local_thing, tab_thing
from harness.policy import Environment, Persistence
from harness.presets import Choices
from harness.reference.habits import (
    CAPPED,
    COOKIE_LASTS,
    COOKIE_NEVER_LASTS,
    COOKIE_NOT_PROLONGED,
    EXPIRED,
    IN_LOCAL_STORAGE,
    IN_ONE_TAB,
    INACTIVITY_NOT_TOLD,
    NOT_TOLD,
    OTHER_TAB_NOT_TOLD,
    REMOVAL_NOT_WRITTEN,
)
from harness.reference.kinds import (
    COOKIE_KINDS,
    KSP_KINDS,
    LOGIN_LIFETIME,
    TOKEN_LIFETIME,
    attributes_of,
    cookie_name,
)
from harness.reference.tenant import Login, Over, Session, Tenant
from harness.settings import Activity, PolicyChange, Settings

__all__ = ["ReferenceSite", "Shown"]

_SSO = "sso"
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
        self._tenants = [Tenant(environment=environment) for environment in environments]
        self._settings = settings
        self._kinds = kinds
        self._stores = stores
        self._time = began
        """On the server."""
        self._now = now
        facts = Facts(choices=choices)
        self._redirects_count = family.decide(Question.REDIRECTS_COUNT, facts)
        self._trusts_localhost = family.decide(Question.TRUSTS_LOCALHOST, facts)
        self._say = family.say
        self._ids = (str(number) for number in count())
        self.set_cookies: dict[tuple[str, str], str] = {}
        """The latest `Set-Cookie` of what each surface of each environment rests on."""
        self._requests: dict[tuple[str, bool], Request] = {}
        self._cookies: dict[tuple[str, str], Cookie] = {}
        """The latest cookie likewise."""
        self._things: dict[tuple[str, str], Thing] = {}
        """What each surface of each environment rests on, or last did."""

    def sign_in(self, tab: Tab) -> None:
        """With a password where there is no session, and without where there is one."""
        for tenant in self._tenants:
            session = self._alive(tenant)
            if session is None:
                session = self._begin(tenant)
            else:
                self._use(tenant, session)
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
            sent = self._sent_to_app(tenant, redirected=False)
            login = tenant.logins.get(sent.get("refreshing", ""))
            if login is not None:
                tenant.refresh(login, self._time, self._settings)

    def sign_out(self, tab: Tab) -> None:
        """At the application, in this tab, and at the auth server."""
        for tenant in self._tenants:
            self._sign_out(tenant, tab)
        self._arrive(tab)

    def sign_out_during_visit(self, tab: Tab) -> None:
        """The visit's answer comes last: it may bring the cookie back, and no session."""
        for tenant in self._tenants:
            session = self._alive(tenant)
            before = session.persistence if session else None
            if session is not None:
                tenant.count(session, Activity.SIGN_IN, self._time, self._settings)
            self._sign_out(tenant, tab)
            if session is not None and Persistence.PERSISTENT in (before, session.persistence):
                self._set_sso(tenant, session)
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

    def look(self, in_use: Tab, others: Sequence[Tab]) -> Mapping[tuple[str, str], Shown]:
        """What each surface of each environment shows. What belongs to a tab is looked at in the
        tab in use and in the others."""
        seen: dict[tuple[str, str], Shown] = {}
        for tenant in self._tenants:
            sso = self._look_at_sso(tenant)
            seen[tenant.name, _SSO] = sso
            sent = self._sent_to_app(tenant, redirected=True)
            for kind in self._kinds:
                if kind == "memory":
                    shown = sso
                elif kind == "local_storage":
                    shown = self._look_at_local_storage(tenant)
                elif kind == "session_storage":
                    shown = self._look_at_tabs(tenant, [in_use, *others])
                else:
                    shown = self._look_at_cookie(tenant, kind, sent)
                seen[tenant.name, f"app:{kind}"] = shown
        for tab in (in_use, *others):
            tab.unused.clear()
            tab.pending = False
        return seen

    def _look_at_sso(self, tenant: Tenant) -> Shown:
        cookie, trail = self._cookies.get((tenant.name, _SSO)), self._trail(tenant, _SSO)
        if cookie is not None and self._expired(cookie):
            session = tenant.sessions.get(cookie.value)
            if cookie.expiry == cookie.created + LIFETIME_CAP:
                trail += (CAPPED,)
            elif session is not None and not tenant.over(session, self._time):
                trail += (COOKIE_NOT_PROLONGED,)
        return Shown(signed_in=self._alive(tenant) is not None, trail=trail)

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
        lapsed = login is not None and self._time >= login.lapses(kind)
        if login and not lapsed and not login.over and not login.heard_of_end(kind):
            return Shown(signed_in=True, trail=(*trail, *self._not_told(tenant, login, kind)))
        cookie = self._cookies.get((tenant.name, f"app:{kind}"))
        if self._expired(cookie) or lapsed:
            trail += (EXPIRED,)
        elif login is None and cookie is not None and cookie in set(self._stores.cookies):
            trail += (self._say(self._redirects_count),)
        return Shown(signed_in=False, trail=trail)

    def _not_told(self, tenant: Tenant, login: Login, kind: str = "") -> tuple[Decision, ...]:
        why = INACTIVITY_NOT_TOLD if kind == "backchannel_cookie" else NOT_TOLD
        return (why,) if tenant.over(login.session, self._time) else ()

    def _expired(self, cookie: Cookie | None) -> bool:
        """On the person's computer."""
        return cookie is not None and cookie.expiry is not None and cookie.expiry <= self._now()

    def _trail(self, tenant: Tenant, kind: str) -> tuple[Decision, ...]:
        surface = kind if kind == _SSO else f"app:{kind}"
        thing = self._things.get((tenant.name, surface))
        return () if thing is None else self._stores.trails.of(thing)

    def _holds_token(self, storage: Mapping[str, str]) -> bool:
        return _TOKEN in storage and self._time < float(storage[_TOKEN])

    # The auth server

    def _alive(self, tenant: Tenant) -> Session | None:
        """The session that the browser has a cookie of, if it is not over."""
        sent = self._sent(self._request(f"{tenant.idp}/"))
        session = tenant.sessions.get(sent.get(_SSO, ""))
        return None if session is None or tenant.over(session, self._time) else session

    def _begin(self, tenant: Tenant) -> Session:
        session = Session(persistence=tenant.persistence, active=self._time)
        tenant.sessions[next(self._ids)] = session
        self._set_sso(tenant, session)
        return session

    def _use(self, tenant: Tenant, session: Session) -> None:
        before = session.persistence
        counted = tenant.count(session, Activity.SIGN_IN, self._time, self._settings)
        if counted and Persistence.PERSISTENT in (before, session.persistence):
            self._set_sso(tenant, session, self._trail(tenant, _SSO))

    def _set_sso(
        self, tenant: Tenant, session: Session, since: Sequence[Decision] = ()
    ) -> None:
        """A lifetime where it is persistent, none where it is not."""
        (value,) = (key for key, known in tenant.sessions.items() if known is session)
        persistent = session.persistence is Persistence.PERSISTENT
        lifetime = f"; Max-Age={tenant.timeout}" if persistent else ""
        self._set(tenant, _SSO, f"{value}; Path=/; HttpOnly; SameSite=Lax{lifetime}", since)

    # The application

    def _keep(self, tenant: Tenant, session: Session, tab: Tab) -> None:
        """In every way that is chosen. What has become of the session is behind it, too."""
        value, since = next(self._ids), self._trail(tenant, _SSO)
        tenant.logins[value] = Login.of(session, self._time, LOGIN_LIFETIME)
        persistent = session.persistence is Persistence.PERSISTENT
        for kind in self._kinds:
            if kind in COOKIE_KINDS:
                lasts = kind == "long_cookie" or (kind in KSP_KINDS and persistent)
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
        sent = self._sent_to_app(tenant, redirected=False)
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
        session = self._alive(tenant)
        if session is not None:
            session.over = Over.SIGNED_OUT
        self._set(tenant, _SSO, "; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")

    def _arrive(self, tab: Tab) -> None:
        """At the last application's home."""
        tab.history.append(f"{self._tenants[-1].app}/")

    # The browser

    def _request(self, url: str, *, crossed: bool = False) -> Request:
        asked = url, crossed
        if asked not in self._requests:
            trusts = bool(self._trusts_localhost.answer)
            self._requests[asked] = Request(url=url, crossed=crossed, trusts_localhost=trusts)
        return self._requests[asked]

    def _sent_to_app(self, tenant: Tenant, *, redirected: bool) -> Mapping[str, str]:
        """`redirected`: by the auth server, which is another site."""
        crossed = redirected and bool(self._redirects_count.answer)
        return self._sent(self._request(f"{tenant.app}/", crossed=crossed))

    def _sent(self, request: Request) -> Mapping[str, str]:
        header = self._stores.cookies.header(request, self._now())
        return dict(pair.split("=", 1) for pair in header.split("; ") if pair)

    def _set(
        self, tenant: Tenant, kind: str, rest: str, decisions: Sequence[Decision] = ()
    ) -> None:
        """Set the cookie of the auth server, or of a kind of application."""
        of_idp = kind == _SSO
        header = f"{_SSO if of_idp else cookie_name(kind, tenant.name)}={rest}"
        surface = _SSO if of_idp else f"app:{kind}"
        self.set_cookies[tenant.name, surface] = header
        request = self._request(f"{tenant.idp if of_idp else tenant.app}/")
        cookie = self._stores.cookies.take(request, header, self._now())
        if cookie is None:
            refused = self._say(self._trusts_localhost)
            self._store(tenant, surface, ("cookie", (tenant.name, surface)), refused)
            return
        self._cookies[tenant.name, surface] = cookie
        self._store(tenant, surface, cookie_thing(cookie), *decisions)
