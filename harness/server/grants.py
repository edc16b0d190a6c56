"""What a client may exchange for tokens: authorization codes and refresh tokens."""

import secrets
from dataclasses import dataclass, field, replace

from harness.state import State

__all__ = [
    "CODE_LIFETIME",
    "AuthorizationCode",
    "GrantStore",
    "RefreshToken",
    "token_id",
]

CODE_LIFETIME = 60
"""Seconds; RFC 6749 section 4.1.2 allows ten minutes at most."""

GRANT_LENGTH = 16
"""Characters that name a grant, the first of the `jti` of its access tokens."""


def token_id(grant: str | None = None) -> str:
    """A new `jti` of an access token, which tells the server what grant it came of, and nobody
    else anything."""
    return f"{grant or secrets.token_hex(GRANT_LENGTH // 2)}{secrets.token_hex(8)}"


@dataclass(kw_only=True)
class AuthorizationCode:
    """What a code stands for until it is exchanged; kept afterwards to refuse a replay.

    All that comes of a code is one grant, and can be taken back together.
    """

    grant: str = field(default_factory=lambda: secrets.token_hex(GRANT_LENGTH // 2))

    client_id: str
    redirect_uri: str
    scope: str
    audiences: list[str]
    nonce: str | None
    challenge: str | None
    org_code: str
    """The one that was signed in to: the session may have gone on to another since."""
    session_id: str
    expires: float
    used: bool = False


@dataclass(kw_only=True)
class RefreshToken:
    """What a refresh token stands for. Each exchange makes a new one of the same grant."""

    value: str
    grant: str
    client_id: str
    org_code: str
    session_id: str
    scope: str
    audiences: list[str]
    expires: float
    exchanged: float | None = None
    """When it was exchanged for the next, in seconds; None for the latest of its grant."""


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
        self._revoked = set(kept(environment, "revoked"))

    def clear(self) -> None:
        """Forget everything."""
        self._codes.clear()
        self._refresh.clear()
        self._revoked.clear()

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

    def issue_refresh_token(self, code: AuthorizationCode, *, expires: float) -> RefreshToken:
        """The first refresh token of a grant."""
        token = RefreshToken(
            value=secrets.token_urlsafe(32),
            grant=code.grant,
            client_id=code.client_id,
            org_code=code.org_code,
            session_id=code.session_id,
            scope=code.scope,
            audiences=code.audiences,
            expires=expires,
        )
        self._save(token)
        return token

    def rotate(self, token: RefreshToken, *, now: float, expires: float) -> RefreshToken:
        """Exchange a refresh token for the next of its grant."""
        if token.exchanged is None:
            token.exchanged = now
            self._save(token)
        following = replace(token, value=secrets.token_urlsafe(32), expires=expires, exchanged=None)
        self._save(following)
        return following

    def refresh_token(self, value: str) -> RefreshToken | None:
        """What a refresh token stands for, still good or not."""
        return self._refresh.get(value)

    def revoke(self, grant_or_token: str) -> None:
        """Take an access token back, by its `jti`; or all that came of a grant."""
        self._revoked.add(grant_or_token)
        self._state.put(self._environment, "revoked", grant_or_token, {})

    def is_revoked(self, token: str) -> bool:
        """Whether an access token or a grant has been taken back."""
        return token in self._revoked or token[:GRANT_LENGTH] in self._revoked

    def _save(self, token: RefreshToken) -> None:
        self._refresh[token.value] = token
        self._state.put(self._environment, "refresh_token", token.value, vars(token))
