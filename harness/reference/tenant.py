"""One environment: its policy as it is configured, its sessions, and the logins of its application.

Sources: docs.kinde.com, session-management (persistence, inactivity, organization's overrides).
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from harness.policy import Environment, Persistence

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
    over: bool = False
    left: bool = False
    """Whether the person has signed out since, in whatever tab."""
    dropped_in: set[int] = field(default_factory=set)
    """The keys of the tabs that have dropped its token."""


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

    def end_sessions(self) -> None:
        """An administrator ends all of them."""
        for session in self.sessions.values():
            session.over = session.over or Over.BY_AN_ADMINISTRATOR

    @property
    def idp(self) -> str:
        return f"http://{self.name}.idp.localhost"

    @property
    def app(self) -> str:
        return f"http://{self.name}.app.localhost"
