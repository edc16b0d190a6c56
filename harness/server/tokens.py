"""Tokens signed with RS256 by a key that lives as long as the server, or as its state."""

import asyncio
import secrets
from collections.abc import Container, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from harness.state import State, StateError

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

__all__ = ["SigningKey", "TokenError"]


class TokenError(Exception):
    """A token that this server did not issue, or that has expired."""


class SigningKey:
    """An RSA key, made in the background when somebody begins to sign in.

    A new one for each server (or for each state file): a key shipped with the package would let
    anybody forge tokens for whoever is careless enough to trust a mock.
    """

    def __init__(self, state: State) -> None:
        self._kept = state.records("", "signing_key", dict[str, str]).get("")
        self._state = state
        self._saved = self._kept is not None
        self._future: Future[RSAKey] | None = None

    def begin(self) -> "Future[RSAKey]":
        """Have the key made, if nobody has yet."""
        if self._future is None:
            executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="signing-key")
            self._future = executor.submit(_generate, self._kept)
            executor.shutdown(wait=False)
        return self._future

    async def ready(self) -> None:
        """Return once the key has been made."""
        future = self.begin()
        if not future.done():
            await asyncio.wrap_future(future)
        if not self._saved:
            self._state.put("", "signing_key", "", self.key.as_dict(private=True))
            self._saved = True

    async def check(self) -> None:
        """Raise StateError if a key was kept and is damaged."""
        if self._kept is None:
            return
        from joserfc.errors import JoseError

        try:
            await self.ready()
            # What a key is made of is not looked at before it is used.
            self.sign({}, now=0, lifetime=0)
        except (JoseError, ValueError, TypeError):
            raise StateError(
                f"{self._state.name}: the signing_key '' is damaged; choose another file with "
                "--state"
            ) from None

    @property
    def key(self) -> "RSAKey":
        """The key, once it is ready."""
        return self.begin().result(timeout=0)

    def jwks(self) -> dict[str, Any]:
        """The public half as a JWK Set (RFC 7517)."""
        public = {**self.key.as_dict(private=False), "use": "sig", "alg": "RS256"}
        return {"keys": [public]}

    def sign(
        self, claims: Mapping[str, Any], *, now: float, lifetime: int, typ: str = "JWT"
    ) -> str:
        """Sign claims, with `iat`, `exp` and, unless given, `jti` added; times in seconds. `typ`
        is the header that tells one kind of token from another (RFC 8725 section 3.11)."""
        from joserfc import jwt

        stamped = {
            "jti": secrets.token_hex(16),
            **claims,
            "iat": int(now),
            "exp": int(now) + lifetime,
        }
        header = {"alg": "RS256", "kid": self.key.kid, "typ": typ}
        return jwt.encode(header, stamped, self.key)

    def verify(self, token: str, *, issuers: Container[str], now: float | None) -> dict[str, Any]:
        """The claims of a token; raise TokenError unless this server signed it, for one of the
        issuers, and it has not expired, where that matters: a hint may have (`now` None)."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            claims = jwt.decode(token, self.key, algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            raise TokenError("the token was not signed by this server") from None
        if claims.get("iss") not in issuers:
            raise TokenError("the token was issued by another environment")
        if now is not None and claims.get("exp", 0) <= now:
            raise TokenError("the token has expired")
        return claims


def _generate(kept: Mapping[str, Any] | None) -> "RSAKey":
    # Imported here, beside the event loop: a server that has just been started answers before.
    from joserfc.jwk import RSAKey

    if kept is not None:
        return RSAKey.import_key(dict(kept))
    return RSAKey.generate_key(2048, auto_kid=True)
