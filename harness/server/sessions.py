"""SSO sessions, and the one function that says why a session is over."""

import math
import secrets
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harness.ledger import Ledger
from harness.policy import Limits, Persistence
from harness.state import State

__all__ = ["EndReason", "Session", "SessionStore", "UserAgent", "end_of", "end_reason"]


class EndReason(StrEnum):
    """Why nobody is signed in."""

    NO_COOKIE = "no_cookie"
    """The browser sent no session cookie."""
    UNKNOWN = "unknown"
    """The cookie names no session that this server has issued."""
    SIGNED_OUT = "signed_out"
    INACTIVE = "inactive"
    EXPIRED = "expired"
    """Its absolute limit has passed, however active somebody was."""
    REVOKED = "revoked"
    REPLACED = "replaced"
    """Somebody signed in again with the same browser."""
    POLICY_CHANGED = "policy_changed"
    """An administrator changed the policy, and the server is set to end sessions then."""
    ORGANIZATION_GONE = "organization_gone"
    """There is no such organization any more: it has left the configuration."""


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
    number: int
    """Which one of its environment's it is, counted from 1: the order of lists."""
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


def end_reason(session: Session | None, now: float, limits: Limits | None) -> EndReason | None:
    """Why `session` is over at `now`, or None while it is alive.

    The only place that decides. The limits are those in force now, not those at the sign-in, and
    None where there is no such organization; where both have passed, the one that came first is the
    reason.
    """
    if session is None:
        return EndReason.UNKNOWN
    if session.ended is not None:
        return session.ended
    if limits is None:
        return EndReason.ORGANIZATION_GONE
    inactive, expired = _ends(session, limits)
    if now < min(inactive, expired):
        return None
    return EndReason.INACTIVE if inactive <= expired else EndReason.EXPIRED


def end_of(session: Session, limits: Limits) -> float:
    """When a session ends in which nobody is active any more, in seconds since the epoch."""
    return min(_ends(session, limits))


def _ends(session: Session, limits: Limits) -> tuple[float, float]:
    """By inactivity, and by the absolute limit, which no activity moves."""
    expired = math.inf if limits.absolute is None else session.started + limits.absolute
    return session.last_activity + limits.inactivity, expired


class SessionStore:
    """The sessions of one environment; of those that are over, the latest ten thousand. `ended` is
    called with each that this server ends."""

    def __init__(
        self,
        environment: str,
        state: State,
        *,
        is_over: Callable[[Session], bool],
        ended: Callable[[Session], None],
    ) -> None:
        self._ended = ended
        self._by_cookie: dict[str, Session] = {}
        self._by_user: dict[str, dict[str, Session]] = {}
        self._in_order: list[Session] = []
        self._by_id = Ledger(
            state,
            environment,
            "session",
            Session,
            is_over=is_over,
            age=_number,
            dropped=self._dropped,
        )
        for session in self._by_id:
            self._index(session)

    def __iter__(self) -> Iterator[Session]:
        """All of them, oldest first."""
        return iter(self._in_order)

    def page(self, number: int, size: int) -> Sequence[Session]:
        """`size` sessions at most, from the one of that number on, or from the next that is there;
        oldest first."""
        start = bisect_left(self._in_order, number, key=_number)
        return self._in_order[start : start + size]

    def of(self, user_id: str | None) -> Sequence[Session]:
        """A user's sessions as they are now, oldest first; everybody's for None."""
        if user_id is None:
            return list(self._in_order)
        return list(self._by_user.get(user_id, {}).values())

    def by_cookie(self, value: str) -> Session | None:
        """The session whose cookie has that value, over or not; None if there is none."""
        return self._by_cookie.get(value)

    def by_id(self, session_id: str) -> Session | None:
        """The session of that id, over or not; None if there is none."""
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
            number=self._in_order[-1].number + 1 if self._in_order else 1,
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
        self._index(session)
        self._by_id.put(session.id, session)
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
        """Keep a session as it is now, unless it has been forgotten meanwhile."""
        if session.id in self._by_id:
            self._by_id.put(session.id, session)

    def clear(self) -> None:
        """Forget every session."""
        self._by_cookie.clear()
        self._by_user.clear()
        self._in_order.clear()
        self._by_id.clear()

    def _index(self, session: Session) -> None:
        self._by_cookie[session.cookie] = session
        self._by_user.setdefault(session.user_id, {})[session.id] = session
        self._in_order.append(session)

    def _dropped(self, session: Session) -> None:
        del self._by_cookie[session.cookie]
        del self._in_order[bisect_left(self._in_order, session.number, key=_number)]
        of_user = self._by_user[session.user_id]
        del of_user[session.id]
        if not of_user:
            del self._by_user[session.user_id]


def _number(session: Session) -> int:
    return session.number
