"""An environment while the server runs: its settings now, applications, users and codes."""

import hashlib
import secrets
from dataclasses import dataclass, field

from harness.clock import Clock
from harness.policy import Environment, Organization, Override, Policy
from harness.server.sessions import EndReason, Session, SessionStore, end_reason
from harness.server.tokens import SigningKey

__all__ = ["CODE_LIFETIME", "AuthorizationCode", "Client", "Tenant", "User"]

CODE_LIFETIME = 60
"""Seconds; RFC 6749 section 4.1.2 allows ten minutes at most."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """An application registered with the environment."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    """Scopes it may have for itself, by client credentials."""


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who can sign in."""

    id: str
    email: str
    password: str
    given_name: str
    family_name: str


@dataclass(kw_only=True)
class AuthorizationCode:
    """What a code stands for until it is exchanged; kept afterwards to refuse a replay."""

    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    challenge: str | None
    session_id: str
    expires: float
    used: bool = False


@dataclass(kw_only=True)
class Tenant:
    """One environment's state. `issuer`, `app_url` are base addresses without a last slash."""

    environment: Environment
    clock: Clock
    key: SigningKey
    issuer: str
    app_url: str
    sessions: SessionStore = field(default_factory=SessionStore)
    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    overrides: dict[str, Override] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Back to how the environment is configured, nobody signed in."""
        self.sessions.clear()
        self.codes.clear()
        self.overrides = {org.code: org.override for org in self.environment.organizations}

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.environment.name

    @property
    def organization(self) -> Organization:
        """The organization that the demo application signs in to."""
        return self.environment.organization

    @property
    def api_audience(self) -> str:
        """The audience of the management API's tokens."""
        return f"{self.issuer}/api"

    @property
    def user(self) -> User:
        """The one user of the environment; the sign-in page names the password."""
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:32]
        return User(
            id=f"kp_{digest}",
            email="ada@example.com",
            password="correct horse",
            given_name="Ada",
            family_name="Lovelace",
        )

    @property
    def clients(self) -> dict[str, Client]:
        """The applications, by client id: the demo application, and one for administration."""
        demo = Client(
            id=f"demo_{self.name}",
            secret=f"demo-secret-{self.name}",
            redirect_uris=(f"{self.app_url}/callback",),
            logout_uris=(f"{self.app_url}/",),
        )
        admin = Client(
            id=f"admin_{self.name}",
            secret=f"admin-secret-{self.name}",
            scopes=("read:organizations", "update:organizations"),
        )
        return {client.id: client for client in (demo, admin)}

    def policy(self, org_code: str) -> Policy:
        """The policy in force for an organization; raise KeyError if there is none such."""
        return self.overrides[org_code].apply(self.environment.policy)

    def end_reason(self, session: Session | None) -> EndReason | None:
        """Why a session is over now, or None while it is alive."""
        timeout = self.policy(session.org_code).inactivity_timeout if session else 0
        return end_reason(session, self.clock.now(), timeout)

    def session_of(self, cookie: str | None) -> tuple[Session | None, EndReason | None]:
        """The session that a cookie's value names, and why it is over if it is."""
        if not cookie:
            return None, EndReason.NO_COOKIE
        session = self.sessions.get(cookie)
        return session, self.end_reason(session)

    def issue_code(self, code: AuthorizationCode) -> str:
        """Keep what a new code stands for and return the code."""
        value = secrets.token_urlsafe(32)
        self.codes[value] = code
        return value

    def revoke(self) -> int:
        """End every session from the outside; return how many were alive."""
        alive = [session for session in self.sessions if self.end_reason(session) is None]
        for session in alive:
            self.sessions.end(session, EndReason.REVOKED)
        return len(alive)
