"""Authlib as a relying party."""

from typing import Any

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from harness.server.running import MockServer
from tests.client import Client
from tests.clients.conftest import CALLBACK, SECRET

VERIFIER = "a-verifier-that-is-longer-than-forty-three-characters"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_code_flow_with_pkce_refresh_and_revocation(acme: MockServer, method: str) -> None:
    browser = Client(acme)
    metadata = browser.get(f"{acme.url}/.well-known/openid-configuration").json
    session: Any = OAuth2Session(
        "web",
        SECRET,
        redirect_uri=CALLBACK,
        scope="openid profile email offline",
        token_endpoint=metadata["token_endpoint"],
        token_endpoint_auth_method=method,
        code_challenge_method="S256",
    )
    with session:
        url, state = session.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=VERIFIER, nonce="n"
        )
        assert create_s256_code_challenge(VERIFIER) in url
        token = session.fetch_token(
            authorization_response=browser.sign_in_at(url), state=state, code_verifier=VERIFIER
        )
        profile = session.get(metadata["userinfo_endpoint"]).json()
        assert profile["email"] == "ada@example.com"
        before = token["refresh_token"]
        token = session.refresh_token(metadata["token_endpoint"])
        assert token["refresh_token"] != before
        known = session.introspect_token(
            metadata["introspection_endpoint"], token["access_token"]
        ).json()
        assert known["active"] is True
        session.revoke_token(metadata["revocation_endpoint"], token["access_token"])
        known = session.introspect_token(
            metadata["introspection_endpoint"], token["access_token"]
        ).json()
        assert known == {"active": False}
        assert session.get(metadata["userinfo_endpoint"]).status_code == 403
