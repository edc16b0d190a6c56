"""One environment: its policy as it is configured, its sessions, and the logins of its application.

Sources: docs.kinde.com, session-management (persistence, inactivity, organization's overrides).
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from harness.policy import Environment, Persistence
from harness.reference.kinds import REFRESH_LIFETIME, TOKEN_LIFETIME
from harness.settings import Activity, PolicyChange, Settings

__all__ = ["Login", "Over", "Session", "Tenant"]


class Over(Enum):
    """How a session ended that did not just go inactive."""

    SIGNED_OUT = auto()
    BY_AN_ADMINISTRATOR = auto()


@dataclass(kw_only=True)
class Session:
    """What the auth server knows of a sign-in. Times are the server's, in seconds."""

    persistence: Persistence
    active: float
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
    dropped_in: set[int] = field(default_factory=set)
    """The keys of the tabs that have dropped its token."""

    @classmethod
    def of(cls, session: Session, time: float, lifetime: float) -> "Login":
        """A new one, which the application keeps for a lifetime."""
        login = cls(session=session, expires=time + lifetime, token_expires=0, refresh_expires=0)
        login.take_tokens(time)
        return login

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
    override: Persistence | None = None
    """What an administrator has overridden the organization's persistence with."""
    sessions: dict[str, Session] = field(default_factory=dict)
    logins: dict[str, Login] = field(default_factory=dict)

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

    def over(self, session: Session, time: float) -> bool:
        """Whether the server takes the session for ended at that time."""
        return session.over is not None or time - session.active >= self.timeout

    def end_sessions(self, time: float) -> None:
        """An administrator ends all that are alive."""
        for session in self.sessions.values():
            if not self.over(session, time):
                session.over = Over.BY_AN_ADMINISTRATOR

    def count(self, session: Session, activity: Activity, time: float, settings: Settings) -> bool:
        """As activity, if it is any."""
        if activity not in settings.activity:
            return False
        session.active = time
        if settings.policy_change is PolicyChange.NEXT_ACTIVITY:
            session.persistence = self.persistence
        return True

    def refresh(self, login: Login, time: float, settings: Settings) -> None:
        """The application exchanges its refresh token, and drops its tokens if that is refused."""
        if login.over or time >= login.expires or time >= login.refresh_expires:
            login.token_expires = min(login.token_expires, time)
        elif self.over(login.session, time):
            login.token_expires = login.refresh_expires = time
        else:
            self.count(login.session, Activity.REFRESH, time, settings)
            login.take_tokens(time)

    @property
    def idp(self) -> str:
        return f"http://{self.name}.idp.localhost"

    @property
    def app(self) -> str:
        return f"http://{self.name}.app.localhost"
