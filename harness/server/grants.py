"""What a client may exchange for tokens: authorization codes and refresh tokens."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from harness.ledger import Ledger
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


@dataclass(frozen=True, kw_only=True)
class _Revoked:
    """An access token or a grant that was taken back; once it `expires` nobody needs to know."""

    expires: float


class GrantStore:
    """The codes and refresh tokens of one environment, and the access tokens taken back.

    `now` tells the time, and `session_over` whether what was issued for a session is worth nothing
    any more; a refresh token works for `refresh_overlap` after it was exchanged. Times in seconds.
    Of what is over, the latest ten thousand are kept.
    """

    def __init__(
        self,
        environment: str,
        state: State,
        *,
        now: Callable[[], float],
        session_over: Callable[[str], bool],
        refresh_overlap: int,
    ) -> None:
        self._codes = Ledger(
            state,
            environment,
            "code",
            AuthorizationCode,
            # One that was used is kept until it would have expired, to know it again.
            is_over=lambda code: code.expires <= now(),
            age=lambda code: code.expires,
        )
        self._refresh = Ledger(
            state,
            environment,
            "refresh_token",
            RefreshToken,
            # One that was exchanged is kept to know it again: it takes its grant down.
            is_over=lambda token: (
                self.is_revoked(token.grant)
                or token.expires <= now()
                or (token.exchanged is not None and token.exchanged + refresh_overlap <= now())
                or session_over(token.session_id)
            ),
            age=lambda token: token.expires,
        )
        self._revoked = Ledger(
            state,
            environment,
            "revoked",
            _Revoked,
            is_over=lambda revoked: revoked.expires <= now(),
            age=lambda revoked: revoked.expires,
        )

    def clear(self) -> None:
        """Forget everything."""
        self._codes.clear()
        self._refresh.clear()
        self._revoked.clear()

    def issue_code(self, code: AuthorizationCode) -> str:
        """Keep what a new code stands for and return the code."""
        value = secrets.token_urlsafe(32)
        self._codes.put(value, code)
        return value

    def code(self, value: str) -> AuthorizationCode | None:
        """What a code stands for, used or not."""
        return self._codes.get(value)

    def use_code(self, value: str) -> None:
        """Mark a code as exchanged; raise KeyError for an unknown one."""
        code = self._codes[value]
        code.used = True
        self._codes.put(value, code)

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

    def revoke(self, grant_or_token: str, *, expires: float) -> None:
        """Take an access token back, by its `jti`; or all that came of a grant. `expires` is when
        it would have been worth nothing anyway."""
        self._revoked.put(grant_or_token, _Revoked(expires=expires))

    def is_revoked(self, grant_or_token: str) -> bool:
        """Whether an access token or a grant has been taken back; of one that has expired nobody
        asks."""
        return grant_or_token in self._revoked or grant_or_token[:GRANT_LENGTH] in self._revoked

    def _save(self, token: RefreshToken) -> None:
        self._refresh.put(token.value, token)
