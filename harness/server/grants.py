"""What a client may exchange for tokens: authorization codes and refresh tokens."""

import secrets
from dataclasses import dataclass, replace

from harness.state import State

__all__ = ["CODE_LIFETIME", "AuthorizationCode", "GrantStore", "RefreshToken"]

CODE_LIFETIME = 60
"""Seconds; RFC 6749 section 4.1.2 allows ten minutes at most."""


@dataclass(kw_only=True)
class AuthorizationCode:
    """What a code stands for until it is exchanged; kept afterwards to refuse a replay."""

    client_id: str
    redirect_uri: str
    scope: str
    audiences: list[str]
    nonce: str | None
    challenge: str | None
    session_id: str
    expires: float
    used: bool = False


@dataclass(kw_only=True)
class RefreshToken:
    """What a refresh token stands for. Each exchange makes a new one of the same family."""

    value: str
    family: str
    client_id: str
    session_id: str
    scope: str
    audiences: list[str]
    expires: float
    exchanged: float | None = None
    """When it was exchanged for the next, in seconds; None for the latest of its family."""
    revoked: bool = False


class GrantStore:
    """The codes and refresh tokens of one environment, and the access tokens taken back."""

    def __init__(self, environment: str, state: State) -> None:
        self._environment = environment
        self._state = state
        kept = state.records
        self._codes = {
            key: AuthorizationCode(**value) for key, value in kept(environment, "code").items()
        }
        self._refresh = {
            key: RefreshToken(**value) for key, value in kept(environment, "refresh_token").items()
        }
        self._revoked_access = set(kept(environment, "revoked_access_token"))

    def clear(self) -> None:
        """Forget everything."""
        self._codes.clear()
        self._refresh.clear()
        self._revoked_access.clear()

    def issue_code(self, code: AuthorizationCode) -> str:
        """Keep what a new code stands for and return the code."""
        value = secrets.token_urlsafe(32)
        self._codes[value] = code
        self._state.put(self._environment, "code", value, vars(code))
        return value

    def code(self, value: str) -> AuthorizationCode | None:
        """What a code stands for, used or not."""
        return self._codes.get(value)

    def use_code(self, value: str) -> None:
        """Mark a code as exchanged."""
        code = self._codes[value]
        code.used = True
        self._state.put(self._environment, "code", value, vars(code))

    def issue_refresh_token(
        self,
        *,
        client_id: str,
        session_id: str,
        scope: str,
        audiences: list[str],
        expires: float,
    ) -> RefreshToken:
        """The first refresh token of a family."""
        value = secrets.token_urlsafe(32)
        token = RefreshToken(
            value=value,
            family=value,
            client_id=client_id,
            session_id=session_id,
            scope=scope,
            audiences=audiences,
            expires=expires,
        )
        self._save(token)
        return token

    def rotate(self, token: RefreshToken, *, now: float, expires: float) -> RefreshToken:
        """Exchange a refresh token for the next of its family."""
        if token.exchanged is None:
            token.exchanged = now
            self._save(token)
        following = replace(
            token, value=secrets.token_urlsafe(32), expires=expires, exchanged=None
        )
        self._save(following)
        return following

    def refresh_token(self, value: str) -> RefreshToken | None:
        """What a refresh token stands for, still good or not."""
        return self._refresh.get(value)

    def revoke_family(self, token: RefreshToken) -> None:
        """Take a refresh token back, with all that came of it."""
        for other in self._refresh.values():
            if other.family == token.family and not other.revoked:
                other.revoked = True
                self._save(other)

    def revoke_access_token(self, jti: str) -> None:
        """Take an access token back; it is known by its `jti`."""
        self._revoked_access.add(jti)
        self._state.put(self._environment, "revoked_access_token", jti, {})

    def is_revoked(self, jti: object) -> bool:
        """Whether an access token has been taken back."""
        return jti in self._revoked_access

    def _save(self, token: RefreshToken) -> None:
        self._refresh[token.value] = token
        self._state.put(self._environment, "refresh_token", token.value, vars(token))
