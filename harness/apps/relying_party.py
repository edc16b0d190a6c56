"""The OpenID Connect side of the demo application: a client like any other.

It talks to the auth server over HTTP and checks what it gets.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from harness.apps.kind import Login, Standing
from harness.apps.logout_token import LoggedOut, LogoutRefusedError, check_logout_token
from harness.ledger import Latest

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

__all__ = ["Attempt", "RelyingParty", "SignInRefusedError"]

_REMEMBERED = 256
"""Tokens whose signature is not checked again."""


class SignInRefusedError(Exception):
    """A sign-in that came to nothing; the message is for the page."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A sign-in under way."""

    state: str
    nonce: str
    verifier: str
    return_to: tuple[str, ...] = ()


class RelyingParty:
    """Authorization requests, code exchange and token checks.

    `connect_to` is the address behind the issuer's name.
    """

    def __init__(
        self,
        *,
        issuer: str,
        redirect_uri: str,
        client_id: str,
        client_secret: str,
        org_code: str,
        connect_to: str,
    ) -> None:
        self.issuer = issuer
        self._redirect_uri = redirect_uri
        self._client_id = client_id
        self._client_secret = client_secret
        self._org_code = org_code
        self._connect_to = connect_to
        self._attempts = Latest[Attempt]()
        self._http: aiohttp.ClientSession | None = None
        self._keys: KeySet | None = None
        # A token says the same for as long as it lives, and is shown again and again.
        self._verified = lru_cache(maxsize=_REMEMBERED)(self._verify)

    def reset(self) -> None:
        """Forget every sign-in under way."""
        self._attempts.clear()

    async def close(self) -> None:
        """Close the connections to the auth server."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def begin(
        self,
        *,
        asked: Mapping[str, str],
        return_to: tuple[str, ...] = (),
        offline: bool = False,
    ) -> dict[str, str]:
        """A new sign-in: the query for the authorization endpoint, with what is `asked` beside
        PKCE, `state` and `nonce` (`prompt`, say); an `offline` one asks for a refresh token."""
        attempt = Attempt(
            state=secrets.token_urlsafe(16),
            nonce=secrets.token_urlsafe(16),
            verifier=secrets.token_urlsafe(48),
            return_to=return_to,
        )
        self._attempts[attempt.state] = attempt
        digest = hashlib.sha256(attempt.verifier.encode()).digest()
        return {
            **asked,
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "response_type": "code",
            "scope": f"openid profile email{' offline' if offline else ''}",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "org_code": self._org_code,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }

    def attempt(self, state: str) -> Attempt | None:
        """The sign-in that was begun with this `state`; it can be taken up once."""
        return self._attempts.pop(state, None)

    async def exchange(self, attempt: Attempt, code: str) -> Login:
        """Exchange the code and check the ID token; raise SignInRefusedError."""
        tokens = await self._token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=self._redirect_uri,
            code_verifier=attempt.verifier,
        )
        if not {"access_token", "id_token"} <= tokens.keys():
            raise SignInRefusedError("The auth server refused the code, or gave no ID token.")
        identity = await self._claims(tokens["id_token"])
        if (
            identity.get("iss") != self.issuer
            or self._client_id not in identity.get("aud", [])
            or identity.get("nonce") != attempt.nonce
        ):
            raise SignInRefusedError("The ID token is not for this sign-in.")
        return Login(
            id=secrets.token_urlsafe(24),
            access_token=tokens["access_token"],
            access=await self._claims(tokens["access_token"]),
            identity=identity,
            refresh_token=tokens.get("refresh_token"),
        )

    async def refresh(self, refresh_token: str) -> tuple[str, Mapping[str, Any]] | None:
        """Exchange a refresh token for the next, and the claims of a new access token; None if
        the auth server refuses."""
        tokens = await self._token(grant_type="refresh_token", refresh_token=refresh_token)
        if "access_token" not in tokens:
            return None
        return tokens["refresh_token"], await self._claims(tokens["access_token"])

    async def logout(self, token: str, now: float) -> LoggedOut:
        """What a logout token says; raise LogoutRefusedError unless it is one for this
        application. `now` is in seconds."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            decoded = jwt.decode(token, await self._key_set(), algorithms=["RS256"])
        except (JoseError, ValueError):
            raise LogoutRefusedError("the auth server did not sign this") from None
        return check_logout_token(
            decoded.header,
            decoded.claims,
            issuer=self.issuer,
            client_id=self._client_id,
            now=now,
        )

    async def standing(self, token: str, now: float) -> tuple[Standing, Mapping[str, Any]]:
        """What the application says to a request with this bearer token, and its claims."""
        from joserfc.errors import JoseError

        if not token:
            return Standing(signed_in=False, reason="no_token"), {}
        try:
            claims = await self._claims(token)
        except (JoseError, ValueError):
            return Standing(signed_in=False, reason="unknown"), {}
        if claims.get("iss") != self.issuer or claims.get("azp") != self._client_id:
            return Standing(signed_in=False, reason="unknown"), {}
        if now >= claims.get("exp", 0):
            return Standing(signed_in=False, reason="expired"), claims
        return Standing(signed_in=True, reason=None, sub=claims.get("sub", "")), claims

    async def _token(self, **grant: str) -> Mapping[str, Any]:
        """What the token endpoint answers."""
        client = {"client_id": self._client_id, "client_secret": self._client_secret}
        async with self._client().post(
            f"{self._connect_to}/oauth2/token", headers=self._host_header(), data=grant | client
        ) as answer:
            tokens: Mapping[str, Any] = await answer.json()
        return tokens

    async def _claims(self, token: str) -> Mapping[str, Any]:
        await self._key_set()
        return self._verified(token)

    async def _key_set(self) -> "KeySet":
        from joserfc.jwk import KeySet

        if self._keys is None:
            address = f"{self._connect_to}/.well-known/jwks.json"
            async with self._client().get(address, headers=self._host_header()) as answer:
                self._keys = KeySet.import_key_set(await answer.json())
        return self._keys

    def _verify(self, token: str) -> Mapping[str, Any]:
        from joserfc import jwt

        assert self._keys is not None
        return MappingProxyType(jwt.decode(token, self._keys, algorithms=["RS256"]).claims)

    def _client(self) -> aiohttp.ClientSession:
        if self._http is None:
            # The address is this very server's; with https its certificate is its own too.
            self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False))
        return self._http

    def _host_header(self) -> dict[str, str]:
        return {"Host": urlsplit(self.issuer).netloc}
