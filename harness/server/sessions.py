"""SSO sessions, and the one function that says why a session is over."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from harness.policy import Persistence

__all__ = ["EndReason", "Session", "SessionStore", "end_reason"]


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


@dataclass(kw_only=True)
class Session:
    """The server's record of a sign-in. Closing a browser never touches it. Times in seconds."""

    id: str
    user_id: str
    org_code: str
    client_id: str
    persistence: Persistence
    """As it was at the sign-in; the cookie was made by it."""
    started: float
    last_activity: float
    ended: EndReason | None = None


def end_reason(session: Session | None, now: float, inactivity_timeout: int) -> EndReason | None:
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
    """The sessions of one environment."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def __iter__(self) -> Iterator[Session]:
        return iter(self._sessions.values())

    def get(self, session_id: str) -> Session | None:
        """The session of that id, over or not; None if there never was one."""
        return self._sessions.get(session_id)

    def start(
        self,
        *,
        user_id: str,
        org_code: str,
        client_id: str,
        persistence: Persistence,
        now: float,
    ) -> Session:
        """Record a sign-in, always under a new id (session fixation: OWASP ASVS 5.0, 7.2.4)."""
        session = Session(
            id=secrets.token_urlsafe(32),
            user_id=user_id,
            org_code=org_code,
            client_id=client_id,
            persistence=persistence,
            started=now,
            last_activity=now,
        )
        self._sessions[session.id] = session
        return session

    def end(self, session: Session, reason: EndReason) -> None:
        """End a session for good; the first reason stays."""
        if session.ended is None:
            session.ended = reason

    def clear(self) -> None:
        """Forget every session."""
        self._sessions.clear()
