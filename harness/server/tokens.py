"""Tokens signed with RS256 by a key that lives as long as the server."""

import asyncio
import secrets
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

__all__ = [
    "ACCESS_TOKEN_LIFETIME",
    "ID_TOKEN_LIFETIME",
    "SigningKey",
    "TokenError",
]

ACCESS_TOKEN_LIFETIME = 86_400
"""Seconds; Kinde's default (`build/tokens/configure-tokens.mdx`)."""
ID_TOKEN_LIFETIME = 3_600
"""Seconds; Kinde's default, same page."""


class TokenError(Exception):
    """A token that this server did not issue, or that has expired."""


class SigningKey:
    """An RSA key, made in the background so that the server answers at once.

    A new one for each server: a key shipped with the package would let anybody forge tokens for
    whoever is careless enough to trust a mock.
    """

    def __init__(self) -> None:
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="signing-key")
        self._future: Future[RSAKey] = executor.submit(_generate)
        executor.shutdown(wait=False)

    async def ready(self) -> None:
        """Return once the key has been made."""
        if not self._future.done():
            await asyncio.wrap_future(self._future)

    @property
    def key(self) -> RSAKey:
        """The key, once it is ready."""
        return self._future.result(timeout=0)

    def jwks(self) -> dict[str, Any]:
        """The public half as a JWK Set (RFC 7517)."""
        public = {**self.key.as_dict(private=False), "use": "sig", "alg": "RS256"}
        return {"keys": [public]}

    def sign(self, claims: Mapping[str, Any], *, now: float, lifetime: int) -> str:
        """Sign claims, with `iat`, `exp` and `jti` added; times in seconds."""
        stamped = {
            **claims,
            "iat": int(now),
            "exp": int(now) + lifetime,
            "jti": secrets.token_hex(16),
        }
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, stamped, self.key)

    def verify(self, token: str, *, issuer: str, audience: str, now: float) -> dict[str, Any]:
        """The claims of an access token; raise TokenError unless all of it holds."""
        try:
            claims = jwt.decode(token, self.key, algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            raise TokenError("the token was not signed by this server") from None
        if claims.get("iss") != issuer:
            raise TokenError("the token was issued by another environment")
        if audience not in claims.get("aud", []):
            raise TokenError(f"the token is not meant for {audience}")
        if claims.get("exp", 0) <= now:
            raise TokenError("the token has expired")
        return claims


def _generate() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)
