"""What a client may exchange for tokens: authorization codes and refresh tokens."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from harness.ledger import Ledger
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


@dataclass(frozen=True, kw_only=True)
class _RevokedAccessToken:
    """An access token that was taken back; once it `expires` nobody needs to know."""

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
            # One that was exchanged is kept to know it again: it takes its family down.
            is_over=lambda token: (
                token.revoked
                or token.expires <= now()
                or (token.exchanged is not None and token.exchanged + refresh_overlap <= now())
                or session_over(token.session_id)
            ),
            age=lambda token: token.expires,
            dropped=self._dropped,
        )
        self._families: dict[str, dict[str, RefreshToken]] = {}
        for token in self._refresh:
            self._families.setdefault(token.family, {})[token.value] = token
        self._revoked_access = Ledger(
            state,
            environment,
            "revoked_access_token",
            _RevokedAccessToken,
            is_over=lambda token: token.expires <= now(),
            age=lambda token: token.expires,
            kept=0,
        )

    def clear(self) -> None:
        """Forget everything."""
        self._codes.clear()
        self._refresh.clear()
        self._families.clear()
        self._revoked_access.clear()

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
        for other in list(self._families.get(token.family, {}).values()):
            if not other.revoked:
                other.revoked = True
                self._save(other)

    def revoke_access_token(self, jti: str, expires: float) -> None:
        """Take an access token back that would have expired then; it is known by its `jti`."""
        self._revoked_access.put(jti, _RevokedAccessToken(expires=expires))

    def is_revoked(self, jti: object) -> bool:
        """Whether an access token has been taken back; of one that has expired nobody asks."""
        return jti in self._revoked_access

    def _save(self, token: RefreshToken) -> None:
        self._families.setdefault(token.family, {})[token.value] = token
        self._refresh.put(token.value, token)

    def _dropped(self, token: RefreshToken) -> None:
        family = self._families[token.family]
        del family[token.value]
        if not family:
            del self._families[token.family]
