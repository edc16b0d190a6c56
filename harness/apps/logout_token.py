"""What an auth server tells an application when a session is over.

Source: OpenID Connect Back-Channel Logout 1.0, section 2.6, whose optional steps are left out: a
token that comes twice changes nothing the second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["LoggedOut", "LogoutRefusedError", "check_logout_token"]

_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class LogoutRefusedError(Exception):
    """A logout token that is none; the message says why."""


@dataclass(frozen=True, kw_only=True)
class LoggedOut:
    """Whose sessions are over, and which; None: any. One of the two is always given."""

    sub: str | None
    sid: str | None

    def concerns(self, sub: str, sid: str) -> bool:
        """Whether a session of somebody is among them."""
        return self.sub in (None, sub) and self.sid in (None, sid)


def check_logout_token(
    header: Mapping[str, Any], claims: Mapping[str, Any], *, issuer: str, client_id: str, now: float
) -> LoggedOut:
    """What a token says whose signature is good; raise LogoutRefusedError unless it is a logout
    token for this application. `now` is in seconds."""
    sub, sid = claims.get("sub"), claims.get("sid")
    events, audience = claims.get("events"), claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    wrong = {
        # Not asked for by section 2.6: so that no other kind of token is taken for one (section 4).
        "typ": header.get("typ") != "logout+jwt",
        "iss": claims.get("iss") != issuer,
        "aud": client_id not in audiences,
        "iat": not _is_time(claims.get("iat")) or claims["iat"] > now,
        "exp": not _is_time(claims.get("exp")) or claims["exp"] <= now,
        "sub": not isinstance(sub, str | None) or (sub is None and sid is None),
        "sid": not isinstance(sid, str | None),
        "events": not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict),
        "nonce": "nonce" in claims,
    }
    found = ", ".join(name for name, bad in wrong.items() if bad)
    if found:
        raise LogoutRefusedError(f"this is no logout token for this application: {found}")
    return LoggedOut(sub=sub, sid=sid)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
