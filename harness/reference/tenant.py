"""One environment: its policy as it is configured, its sessions, and the logins of its application.

Sources: docs.kinde.com, session-management (persistence, inactivity, organization's overrides).
The absolute limit is this mock's own (docs/server.md).
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from harness.model.trail import Decision
from harness.policy import Environment, Persistence
from harness.reference.browser import ReferenceBrowser
from harness.reference.habits import BEGUN_ANEW, COUNTED_FROM_BEFORE
from harness.reference.kinds import REFRESH_LIFETIME, TOKEN_LIFETIME
from harness.settings import Activity, PolicyChange, Settings

__all__ = ["Login", "Over", "Session", "Tenant"]


class Over(Enum):
    """How a session ended that did not just go inactive."""

    SIGNED_OUT = auto()
    REPLACED = auto()
    BY_AN_ADMINISTRATOR = auto()


@dataclass(kw_only=True)
class Session:
    """What the auth server knows of a sign-in. Times are the server's, in seconds."""

    person: str
    """Whose it is, by the name that scenarios know them by."""
    persistence: Persistence
    began: float
    active: float
    since: float
    """When the person first signed in who has been signed in since, as far as the server knows: the
    browser may have lost the session that began then."""
    again: bool = False
    """Whether they have signed in once more, and went on with it."""
    over: Over | None = None


@dataclass(kw_only=True)
class Login:
    """What the application knows of one."""

    session: Session
    expires: float
    token_expires: float
    refresh_expires: float
    over: bool = False
    left: bool = False
    """Whether the person has signed out since, in whatever tab."""
    displaced: bool = False
    """Whether somebody else is the last to have signed in."""
    dropped_in: set[int] = field(default_factory=set)
    """The keys of the tabs that have dropped its token."""

    @classmethod
    def of(cls, session: Session, time: float, lifetime: float) -> "Login":
        """A new one, which the application keeps for a lifetime."""
        login = cls(session=session, expires=time + lifetime, token_expires=0, refresh_expires=0)
        login.take_tokens(time)
        return login

    @property
    def who(self) -> frozenset[str]:
        """Whose it is."""
        return frozenset({self.session.person})

    def take_tokens(self, time: float) -> None:
        """From the auth server."""
        self.token_expires, self.refresh_expires = time + TOKEN_LIFETIME, time + REFRESH_LIFETIME

    def lapses(self, kind: str) -> float:
        """When a kind of application takes it for over by itself."""
        return min(self.expires, self.token_expires) if kind == "refreshing" else self.expires

    def heard_of_end(self, kind: str) -> bool:
        """Whether a kind of application was told that the session has been ended."""
        return kind == "backchannel_cookie" and self.session.over is not None


@dataclass(kw_only=True)
class Tenant:
    """One environment."""

    environment: Environment
    settings: Settings
    browser: ReferenceBrowser
    override: Persistence | None = None
    """What an administrator has overridden the organization's persistence with."""
    sessions: dict[str, Session] = field(default_factory=dict)
    logins: dict[str, Login] = field(default_factory=dict)
    https: bool = False
    scope_to_change: bool = False
    """Whether its cookie has another domain from the next time on that somebody who has one is
    given another, or told to drop it."""
    scope_changed: bool = False
    scope_mended: bool = False
    """Whether the cookie of the scope before is deleted, too."""

    @property
    def name(self) -> str:
        return self.environment.name

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
    def limit(self) -> int | None:
        """Likewise, of the time since the sign-in."""
        of_organization = self.environment.organizations[0].override
        if of_organization.use_absolute_timeout and of_organization.absolute_timeout:
            return of_organization.absolute_timeout
        return self.environment.policy.absolute_timeout

    def over(self, session: Session, time: float) -> bool:
        """Whether the server takes the session for ended at that time."""
        inactive = time - session.active >= self.timeout
        return session.over is not None or inactive or self.expired(session, time)

    def expired(self, session: Session, time: float) -> bool:
        """Whether its absolute limit has passed, whatever else has ended it."""
        return self.limit is not None and time - session.began >= self.limit

    def lifetime(self, session: Session, time: float) -> int:
        """Of a persistent cookie that is set at that time."""
        if self.limit is None:
            return self.timeout
        return min(self.timeout, int(session.began + self.limit - time))

    def begin(self, person: str, value: str, time: float) -> Session:
        """Somebody signs in with a password; `value` is their cookie's."""
        last, since = self.latest, time
        if last is not None and last.person == person and not self.over(last, time):
            since = last.since
        session = Session(
            person=person, persistence=self.persistence, began=time, active=time, since=since
        )
        self.sessions[value] = session
        return session

    def displace(self, person: str) -> None:
        """They are the last to sign in."""
        for login in self.logins.values():
            login.displaced = login.session.person != person

    @property
    def latest(self) -> Session | None:
        """The session that began last."""
        return next(reversed(self.sessions.values()), None)

    def counting(self, time: float) -> tuple[Decision, ...]:
        """Why the absolute limit has passed sooner, or later, than whoever signed in thinks."""
        session = self.latest
        if session is None or self.limit is None:
            return ()
        if self.expired(session, time):
            return (COUNTED_FROM_BEFORE,) if session.again else ()
        return (BEGUN_ANEW,) if time - session.since >= self.limit else ()

    def sent_to(self, path: str, time: float) -> list[Session | None]:
        """The session of each cookie of that name that comes there, None where it is over."""
        sessions = [self.sessions.get(value) for value in self._values_at(path)]
        return [s if s is not None and not self.over(s, time) else None for s in sessions]

    def _values_at(self, path: str) -> list[str]:
        sent = self.browser.sent(f"{self.idp}{path}")
        return [value for name, value in sent if name == self.cookie]

    def strike(self, path: str) -> None:
        """The scope changes for somebody who sends a cookie there."""
        if self.scope_to_change and self._values_at(path):
            self.scope_to_change, self.scope_changed = False, True

    def set_cookie(self, path: str, value: str, lifetime: str) -> str:
        """Value and attributes that it sets its cookie with in an answer there."""
        self.strike(path)
        if self.scope_mended:
            stale = f"{self.cookie}=; Max-Age=0{self._scope(other=True)}"
            self.browser.take(f"{self.idp}{path}", stale)
        secure = "; Secure" if self.https else ""
        return f"{value}{self._scope()}; HttpOnly; SameSite=Lax{secure}{lifetime}"

    def end_sessions(self, time: float) -> None:
        """An administrator ends all that are alive."""
        for session in self.sessions.values():
            if not self.over(session, time):
                session.over = Over.BY_AN_ADMINISTRATOR

    def count(self, session: Session, activity: Activity, time: float) -> bool:
        """As activity, if it is any."""
        if activity not in self.settings.activity:
            return False
        session.active = time
        if self.settings.policy_change is PolicyChange.NEXT_ACTIVITY:
            session.persistence = self.persistence
        return True

    def refresh(self, login: Login, time: float) -> None:
        """The application exchanges its refresh token, and drops its tokens if that is refused."""
        if login.over or time >= login.expires or time >= login.refresh_expires:
            login.token_expires = min(login.token_expires, time)
        elif self.over(login.session, time):
            login.token_expires = login.refresh_expires = time
        else:
            self.count(login.session, Activity.REFRESH, time)
            login.take_tokens(time)

    @property
    def cookie(self) -> str:
        """What its cookie is called: where every environment gets it, after its own."""
        shared = self.settings.cookie_domain not in (None, self.host)
        return f"sso_{self.name}" if shared else "sso"

    def _scope(self, *, other: bool = False) -> str:
        """Its cookie's `Path` and `Domain`; `other`: on the other side of the change. What had no
        domain has its own host's after it, and the other way round."""
        domain = self.settings.cookie_domain
        if self.scope_changed is not other:
            domain = self.host if domain is None else None
        path = f"; Path={self.settings.cookie_path}"
        return path if domain is None else f"{path}; Domain={domain}"

    @property
    def host(self) -> str:
        return f"{self.name}.idp.localhost"

    @property
    def idp(self) -> str:
        return f"{self._scheme}://{self.host}"

    @property
    def app(self) -> str:
        return f"{self._scheme}://{self.name}.app.localhost"

    @property
    def _scheme(self) -> str:
        return "https" if self.https else "http"
