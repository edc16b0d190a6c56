"""PyJWT with PyJWKClient: an independent check of every kind of token."""

import base64
import json
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from harness.server.running import MockServer
from tests.client import Client
from tests.clients.conftest import CALLBACK, SECRET


@pytest.fixture
def tokens(acme: MockServer) -> dict[str, str]:
    browser = Client(acme)
    query = urlencode(
        {
            "client_id": "web",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid profile email offline",
            "nonce": "n-1",
            "audience": f"{acme.url}/api",
        }
    )
    callback = browser.sign_in_at(f"{acme.url}/oauth2/auth?{query}")
    code = parse_qs(urlsplit(callback).query)["code"][0]
    client = {"client_id": "web", "client_secret": SECRET}
    endpoint = f"{acme.url}/oauth2/token"
    first = browser.post(
        endpoint,
        {**client, "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK},
    ).json
    second = browser.post(
        endpoint,
        {**client, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]},
    ).json
    machine = browser.post(
        endpoint,
        {"client_id": "m2m", "client_secret": SECRET, "grant_type": "client_credentials"},
    ).json
    return {
        "access": first["access_token"],
        "id": first["id_token"],
        "refreshed access": second["access_token"],
        "refreshed id": second["id_token"],
        "machine": machine["access_token"],
    }


def test_every_token_verifies(acme: MockServer, tokens: dict[str, str]) -> None:
    for path in ("/.well-known/jwks", "/.well-known/jwks.json"):
        keys = jwt.PyJWKClient(f"{acme.url}{path}")
        for name, token in tokens.items():
            claims = jwt.decode(
                token,
                keys.get_signing_key_from_jwt(token).key,
                ["RS256"],
                audience="web" if name.endswith("id") else f"{acme.url}/api",
                issuer=acme.url,
                options={"require": ["exp", "iat", "iss", "jti", "azp", "aud"]},
            )
            assert isinstance(claims["aud"], list)
            if name != "machine":
                assert claims["sub"].startswith("kp_")
            if name.endswith("access"):
                assert claims["scp"] == ["openid", "profile", "email", "offline"]
                assert claims["permissions"] == []
                assert claims["feature_flags"] == {}
                assert claims["ksp"] == {"persistent": False}
            if name == "id":
                assert claims["nonce"] == "n-1"
                assert claims["org_codes"] == ["org_acme"]


def test_the_key_is_as_kindes_clients_need_it(acme: MockServer, tokens: dict[str, str]) -> None:
    (key,) = Client(acme).get(f"{acme.url}/.well-known/jwks").json["keys"]
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
    assert "d" not in key
    header = tokens["id"].partition(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["kid"] == key["kid"]
