"""What functional tests of the OAuth endpoints share."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

from tests.client import Answer, Client, secret

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")


def authorize(client: Client, environment: str = "persistent", **changes: str | None) -> Answer:
    """The answer to an authorization request of the demo application."""
    query = {
        "client_id": f"demo_{environment}",
        "redirect_uri": client.url(environment, "/callback", "app"),
        "response_type": "code",
        "scope": "openid",
        "state": "s1",
        "nonce": "n1",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
        **changes,
    }
    asked = {name: value for name, value in query.items() if value is not None}
    return client.get(client.url(environment, f"/oauth2/auth?{urlencode(asked)}"))


def callback(answer: Answer) -> dict[str, str]:
    """The query that the application is called back with."""
    location = answer.header("Location")
    assert location is not None, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def code(client: Client, environment: str = "persistent", **changes: str | None) -> str:
    """A code, after the sign-in page if it comes up."""
    answer = authorize(client, environment, **changes)
    if answer.header("Location") is None:
        answer = client.submit(environment, answer)
    return callback(answer)["code"]


def exchange(client: Client, value: str, environment: str = "persistent", **changes: str) -> Answer:
    """Exchange a code at the demo application's."""
    return client.post(
        client.url(environment, "/oauth2/token"),
        {
            "grant_type": "authorization_code",
            "client_id": f"demo_{environment}",
            "client_secret": secret(f"demo_{environment}"),
            "code": value,
            "redirect_uri": client.url(environment, "/callback", "app"),
            "code_verifier": VERIFIER,
            **changes,
        },
    )


def tokens(client: Client, environment: str = "persistent", scope: str = "openid offline") -> Any:
    """Sign in, for tokens."""
    return exchange(client, code(client, environment, scope=scope), environment).json


def refresh(client: Client, token: str, environment: str = "persistent", **changes: str) -> Answer:
    """Exchange a refresh token at the demo application's."""
    return client.post(
        client.url(environment, "/oauth2/token"),
        {
            "grant_type": "refresh_token",
            "client_id": f"demo_{environment}",
            "client_secret": secret(f"demo_{environment}"),
            "refresh_token": token,
            **changes,
        },
    )


def sso_cookie(answer: Answer) -> str:
    """The `Set-Cookie` of the SSO session."""
    return next(cookie for cookie in answer.cookies if cookie.startswith("sso_session="))


def claims_of(client: Client, token: str, audience: str) -> dict[str, Any]:
    """What a token says that the auth server signed, by another library than its own."""
    keys = client.get(client.url("persistent", "/.well-known/jwks")).json
    key = jwt.PyJWKSet.from_dict(keys).keys[0]
    # The server's clock is not the one that PyJWT asks.
    claims: dict[str, Any] = jwt.decode(
        token, key, ["RS256"], audience=audience, options={"verify_exp": False, "verify_iat": False}
    )
    return claims
