"""SSO sessions, and the one function that says why a session is over."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from harness.policy import Persistence
from harness.state import State

__all__ = ["EndReason", "Session", "SessionStore", "UserAgent", "end_reason"]


class EndReason(StrEnum):
    """Why nobody is signed in."""

    NO_COOKIE = "no_cookie"
    """The browser sent no session cookie."""
    UNKNOWN = "unknown"
    """The cookie names no session that this server has issued."""
    SIGNED_OUT = "signed_out"
    INACTIVE = "inactive"
    REVOKED = "revoked"
    REPLACED = "replaced"
    """Somebody signed in again with the same browser."""
    POLICY_CHANGED = "policy_changed"
    """An administrator changed the policy, and the server is set to end sessions then."""


@dataclass(frozen=True, kw_only=True)
class UserAgent:
    """Who sent a request: its address and its `User-Agent`."""

    ip_address: str
    name: str


@dataclass(kw_only=True)
class Session:
    """The server's record of a sign-in. Closing a browser never touches it. Times in seconds."""

    id: str
    """What the management API and the console call it; of no use as a cookie."""
    cookie: str
    """The cookie's value: whoever has it is signed in."""
    user_id: str
    org_code: str
    client_id: str
    connection_id: str
    persistence: Persistence
    """What the cookie was made by."""
    started: float
    last_activity: float
    initial_ip_address: str
    initial_user_agent: str
    last_ip_address: str
    last_user_agent: str
    ended: EndReason | None = None
    relying_parties: dict[str, str] = field(default_factory=dict)
    """The applications that were given an ID token in it, and the issuer that each was told."""

    def __post_init__(self) -> None:
        self.persistence = Persistence(self.persistence)
        self.ended = self.ended and EndReason(self.ended)


def end_reason(session: Session | None, now: float, inactivity_timeout: float) -> EndReason | None:
    """Why `session` is over at `now`, or None while it is alive.

    The only place that decides. `inactivity_timeout` is in seconds and the one in force now, not
    the one at the sign-in.
    """
    if session is None:
        return EndReason.UNKNOWN
    if session.ended is not None:
        return session.ended
    if now - session.last_activity >= inactivity_timeout:
        return EndReason.INACTIVE
    return None


class SessionStore:
    """The sessions of one environment; `ended` is called with each that this server ends."""

    def __init__(
        self, environment: str, state: State, ended: Callable[[Session], None]
    ) -> None:
        self._environment = environment
        self._state = state
        self._ended = ended
        self._by_cookie: dict[str, Session] = {}
        self._by_id: dict[str, Session] = {}
        for record in state.records(environment, "session").values():
            self._add(Session(**record))

    def __iter__(self) -> Iterator[Session]:
        return iter(self._by_id.values())

    def by_cookie(self, value: str) -> Session | None:
        """The session whose cookie has that value, over or not; None if there never was one."""
        return self._by_cookie.get(value)

    def by_id(self, session_id: str) -> Session | None:
        """The session of that id, over or not; None if there never was one."""
        return self._by_id.get(session_id)

    def start(
        self,
        *,
        user_id: str,
        org_code: str,
        client_id: str,
        connection_id: str,
        persistence: Persistence,
        now: float,
        agent: UserAgent,
    ) -> Session:
        """Record a sign-in, always under a new id (session fixation: OWASP ASVS 5.0, 7.2.4)."""
        session = Session(
            id=f"session_0x{secrets.token_hex(16)}",
            cookie=secrets.token_urlsafe(32),
            user_id=user_id,
            org_code=org_code,
            client_id=client_id,
            connection_id=connection_id,
            persistence=persistence,
            started=now,
            last_activity=now,
            initial_ip_address=agent.ip_address,
            initial_user_agent=agent.name,
            last_ip_address=agent.ip_address,
            last_user_agent=agent.name,
        )
        self._add(session)
        self.save(session)
        return session

    def end(self, session: Session, reason: EndReason) -> None:
        """End a session for good; the first reason stays."""
        if session.ended is None:
            session.ended = reason
            self.save(session)
            self._ended(session)

    def note_relying_party(self, session: Session, client_id: str, issuer: str) -> None:
        """Remember that an application was given an ID token (Back-Channel Logout, 2.3)."""
        if session.relying_parties.get(client_id) != issuer:
            session.relying_parties[client_id] = issuer
            self.save(session)

    def save(self, session: Session) -> None:
        """Keep a session as it is now."""
        self._state.put(self._environment, "session", session.id, vars(session))

    def clear(self) -> None:
        """Forget every session."""
        self._by_cookie.clear()
        self._by_id.clear()

    def _add(self, session: Session) -> None:
        self._by_cookie[session.cookie] = self._by_id[session.id] = session
