"""A reference site: the contract read a second time, in memory, sharing no bug with the server
under test.

An auth server and an application for each environment, as they are configured: what they set in a
browser's stores when somebody signs in, visits or signs out, and what they make of it when somebody
looks. Nothing here is asked of the server, and nothing of its code is used; `EffectivePolicy` is
not, either.

Sources: docs.kinde.com, session-management (persistence, inactivity, organization's overrides),
build/tokens/configure-tokens (an access token lives a day); `KINDE_COOKIE_MAX_AGE` of Kinde's SDKs
(29 days); docs/server.md for what they leave open.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from harness.model.agent import Stores, Tab
from harness.model.cookies import Request
from harness.policy import Environment, Persistence
from harness.settings import ATTRIBUTE_KINDS, Activity, PolicyChange, Settings

__all__ = ["ReferenceSite"]

_TOKEN_LIFETIME = 86_400
_LOGIN_LIFETIME = 29 * 86_400
"""Seconds that an application keeps a login, in its cookie and in its records."""
_SSO = "sso"
_ATTRIBUTES = {
    "secure_cookie": "; Secure; SameSite=None",
    "strict_cookie": "; SameSite=Strict",
    "partitioned_cookie": "; Secure; SameSite=None; Partitioned",
    "domain_cookie": "; SameSite=Lax; Domain=app.localhost",
}
_COOKIE_KINDS = ("ksp_cookie", "long_cookie", "session_cookie", *ATTRIBUTE_KINDS)
_TOKEN = "token"
"""What a token is stored under."""


@dataclass(kw_only=True)
class _Session:
    """What the auth server knows of a sign-in."""

    persistence: Persistence
    active: float
    over: bool = False


@dataclass(kw_only=True)
class _Login:
    """What the application knows of one."""

    expires: float
    over: bool = False


@dataclass(kw_only=True)
class _Tenant:
    """One environment."""

    environment: Environment
    override: Persistence | None = None
    """What an administrator has overridden the organization's persistence with."""
    sessions: dict[str, _Session] = field(default_factory=dict)
    logins: dict[str, _Login] = field(default_factory=dict)

    @property
    def persistence(self) -> Persistence:
        """An organization's goes before its environment's, where its switch is on."""
        if self.override is not None:
            return self.override
        of_organization = self.environment.organizations[0].override
        if of_organization.use_persistence and of_organization.persistence is not None:
            return of_organization.persistence
        return self.environment.policy.persistence

    @property
    def timeout(self) -> int:
        """Likewise, with a switch of its own."""
        of_organization = self.environment.organizations[0].override
        if of_organization.use_inactivity_timeout and of_organization.inactivity_timeout:
            return of_organization.inactivity_timeout
        return self.environment.policy.inactivity_timeout

    @property
    def idp(self) -> str:
        return f"http://{self.environment.name}.idp.localhost"

    @property
    def app(self) -> str:
        return f"http://{self.environment.name}.app.localhost"


class ReferenceSite:
    """The sites of all environments, for one browser's stores.

    `kinds` are the ways in which applications keep a login; `redirects_count` and
    `trusts_localhost` are the browser's.
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
        redirects_count: bool,
        trusts_localhost: bool,
    ) -> None:
        self._tenants = [_Tenant(environment=environment) for environment in environments]
        self._settings = settings
        self._kinds = kinds
        self._stores = stores
        self._time = began
        """On the server."""
        self._now = now
        self._redirects_count = redirects_count
        self._trusts_localhost = trusts_localhost
        self._ids = (str(number) for number in count())
        self.set_cookies: dict[tuple[str, str], str] = {}
        """The latest `Set-Cookie` of what each surface of each environment rests on."""

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
                self._count(tenant, session)
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
                self._end_all(tenant)

    def revoke_sessions(self) -> None:
        """All of them."""
        for tenant in self._tenants:
            self._end_all(tenant)

    def look(self, in_use: Tab, others: Sequence[Tab]) -> Mapping[tuple[str, str], bool]:
        """Whether somebody is signed in, by environment and surface. What belongs to a tab is
        looked at in the tab in use and in the others."""
        seen: dict[tuple[str, str], bool] = {}
        for tenant in self._tenants:
            name = tenant.environment.name
            alive = self._alive(tenant) is not None
            seen[name, _SSO] = alive
            sent = self._sent_to_app(tenant, redirected=True)
            for kind in self._kinds:
                seen[name, f"app:{kind}"] = self._signed_in(
                    tenant, kind, alive=alive, sent=sent, tabs=[in_use, *others]
                )
        for tab in (in_use, *others):
            tab.unused.clear()
            tab.pending = False
        return seen

    def _signed_in(
        self,
        tenant: _Tenant,
        kind: str,
        *,
        alive: bool,
        sent: Mapping[str, str],
        tabs: Sequence[Tab],
    ) -> bool:
        if kind == "memory":
            return alive
        if kind == "local_storage":
            return self._holds_token(self._stores.local_storage.get(tenant.app, {}))
        if kind == "session_storage":
            return any(self._holds_token(tab.session_storage.get(tenant.app, {})) for tab in tabs)
        login = tenant.logins.get(sent.get(_cookie_of(kind, tenant), ""))
        return login is not None and not login.over and self._time < login.expires

    def _holds_token(self, storage: Mapping[str, str]) -> bool:
        return _TOKEN in storage and self._time < float(storage[_TOKEN])

    # The auth server

    def _alive(self, tenant: _Tenant) -> _Session | None:
        """The session that the browser has a cookie of, if it is not over."""
        sent = self._sent(self._request(f"{tenant.idp}/"))
        session = tenant.sessions.get(sent.get(_SSO, ""))
        idle = session is not None and self._time - session.active >= tenant.timeout
        return None if session is None or session.over or idle else session

    def _begin(self, tenant: _Tenant) -> _Session:
        session = _Session(persistence=tenant.persistence, active=self._time)
        tenant.sessions[next(self._ids)] = session
        self._set_sso(tenant, session)
        return session

    def _use(self, tenant: _Tenant, session: _Session) -> None:
        before = session.persistence
        if self._count(tenant, session) and Persistence.PERSISTENT in (before, session.persistence):
            self._set_sso(tenant, session)

    def _count(self, tenant: _Tenant, session: _Session) -> bool:
        """As activity, if it is any."""
        if Activity.SIGN_IN not in self._settings.activity:
            return False
        session.active = self._time
        if self._settings.policy_change is PolicyChange.NEXT_ACTIVITY:
            session.persistence = tenant.persistence
        return True

    def _set_sso(self, tenant: _Tenant, session: _Session) -> None:
        """A lifetime where it is persistent, none where it is not."""
        (value,) = (key for key, known in tenant.sessions.items() if known is session)
        persistent = session.persistence is Persistence.PERSISTENT
        lifetime = f"; Max-Age={tenant.timeout}" if persistent else ""
        self._set(tenant, _SSO, f"{value}; Path=/; HttpOnly; SameSite=Lax{lifetime}")

    def _end_all(self, tenant: _Tenant) -> None:
        for session in tenant.sessions.values():
            session.over = True

    # The application

    def _keep(self, tenant: _Tenant, session: _Session, tab: Tab) -> None:
        """In every way that is chosen."""
        value = next(self._ids)
        tenant.logins[value] = _Login(expires=self._time + _LOGIN_LIFETIME)
        persistent = session.persistence is Persistence.PERSISTENT
        for kind in self._kinds:
            if kind in _COOKIE_KINDS:
                lasts = kind == "long_cookie" or (kind == "ksp_cookie" and persistent)
                lifetime = f"; Max-Age={_LOGIN_LIFETIME}" if lasts else ""
                attributes = f"{_ATTRIBUTES.get(kind, '; SameSite=Lax')}{lifetime}"
                self._set(tenant, kind, f"{value}; Path=/; HttpOnly{attributes}")
        token = {_TOKEN: str(int(self._time) + _TOKEN_LIFETIME)}
        if "local_storage" in self._kinds:
            self._stores.local_storage[tenant.app] = token
        if "session_storage" in self._kinds:
            tab.session_storage[tenant.app] = dict(token)
            tab.unused.discard(tenant.app)

    def _sign_out(self, tenant: _Tenant, tab: Tab) -> None:
        sent = self._sent_to_app(tenant, redirected=False)
        for kind in self._kinds:
            if kind in _COOKIE_KINDS:
                login = tenant.logins.get(sent.get(_cookie_of(kind, tenant), ""))
                if login is not None:
                    login.over = True
                attributes = _ATTRIBUTES.get(kind, "; SameSite=Lax")
                self._set(tenant, kind, f"; Max-Age=0; Path=/; HttpOnly{attributes}")
        self._stores.local_storage.pop(tenant.app, None)
        tab.session_storage.pop(tenant.app, None)
        tab.unused.discard(tenant.app)
        session = self._alive(tenant)
        if session is not None:
            session.over = True
        self._set(tenant, _SSO, "; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")

    def _arrive(self, tab: Tab) -> None:
        """At the last application's home."""
        tab.history.append(f"{self._tenants[-1].app}/")

    # The browser

    def _request(self, url: str, *, crossed: bool = False) -> Request:
        return Request(url=url, crossed=crossed, trusts_localhost=self._trusts_localhost)

    def _sent_to_app(self, tenant: _Tenant, *, redirected: bool) -> Mapping[str, str]:
        """`redirected`: by the auth server, which is another site."""
        crossed = redirected and self._redirects_count
        return self._sent(self._request(f"{tenant.app}/", crossed=crossed))

    def _sent(self, request: Request) -> Mapping[str, str]:
        header = self._stores.cookies.header(request, self._now())
        return dict(pair.split("=", 1) for pair in header.split("; ") if pair)

    def _set(self, tenant: _Tenant, kind: str, rest: str) -> None:
        """Set the cookie of the auth server, or of a kind of application."""
        of_idp = kind == _SSO
        header = f"{_SSO if of_idp else _cookie_of(kind, tenant)}={rest}"
        url = tenant.idp if of_idp else tenant.app
        self._stores.cookies.take(self._request(f"{url}/"), header, self._now())
        surface = _SSO if of_idp else f"app:{kind}"
        self.set_cookies[tenant.environment.name, surface] = header


def _cookie_of(kind: str, tenant: _Tenant) -> str:
    """One that every host of the domain has is named after its environment."""
    return f"{kind}_{tenant.environment.name}" if kind == "domain_cookie" else kind
