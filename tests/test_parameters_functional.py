"""Parameters of OAuth requests: without a value, given twice, by POST, in the wrong shape."""

import base64
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

import pytest

from harness.server.running import MockServer
from tests.acme import ACME
from tests.client import Answer, Client, secret
from tests.oauth import CHALLENGE, authorize, callback, code, exchange, refresh, tokens

# Without a value: as if omitted (RFC 6749 sections 3.1 and 3.2)


def credentials(client: Client, **more: str) -> Answer:
    name = "admin_persistent"
    body = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret(name)}
    return client.post(client.url("persistent", "/oauth2/token"), {**body, **more})


@pytest.mark.parametrize("value", ["", " "])
def test_a_scope_without_a_value_is_all_that_is_allowed(client: Client, value: str) -> None:
    """`@kinde/management-api-js` always sends `scope=""`."""
    assert "read:organizations" in credentials(client, scope=value).json["scope"].split()


@pytest.mark.parametrize("name", ["audience", "client_assertion", "grant_type"])
def test_other_parameters_of_the_token_endpoint(client: Client, name: str) -> None:
    answer = credentials(client, **{name: ""})
    if name == "grant_type":
        assert answer.json["error_description"] == "grant_type is missing"
    else:
        assert answer.status == 200


@pytest.mark.parametrize(
    "name",
    ["scope", "max_age", "response_mode", "prompt", "audience", "org_code", "login_hint", "nonce"],
)
def test_parameters_of_an_authorization_request(client: Client, name: str) -> None:
    client.sign_in("persistent")
    answer = callback(authorize(client, **{name: ""}))
    assert set(answer) == {"code", "state", "scope"}
    assert answer["scope"] == "openid"


def test_without_pkce_all_its_parameters_may_be_empty(client: Client) -> None:
    value = code(client, code_challenge="", code_challenge_method="")
    assert exchange(client, value, code_verifier="").status == 200


def test_a_refresh_with_an_empty_scope_keeps_what_was_granted(client: Client) -> None:
    token = tokens(client, scope="openid email offline")["refresh_token"]
    assert refresh(client, token, scope="").json["scope"] == "openid email offline"


def test_an_empty_state_is_none(client: Client) -> None:
    client.sign_in("persistent")
    assert "state" not in callback(authorize(client, state=""))


# Given twice


@pytest.mark.parametrize(("name", "value"), [("state", "s2"), ("scope", "email"), ("prompt", "")])
def test_no_parameter_is_given_twice(client: Client, name: str, value: str) -> None:
    client.sign_in("persistent")
    url = asked(client) + f"&{urlencode({name: 'login'})}&{urlencode({name: value or 'none'})}"
    answer = callback(client.get(url))
    assert (answer["error"], answer["error_description"]) == (
        "invalid_request",
        f"{name} is given more than once",
    )


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "response_mode"])
def test_what_decides_where_to_is_not_given_twice(client: Client, name: str) -> None:
    url = asked(client) + f"&{urlencode({name: 'query'})}" * 2
    answer = client.get(url)
    assert (answer.status, answer.header("Location")) == (400, None)


def test_the_token_endpoint_refuses_it_too(client: Client) -> None:
    body = urlencode([("grant_type", "client_credentials"), ("grant_type", "refresh_token")])
    answer = client.request(
        "POST", client.url("persistent", "/oauth2/token"), body=body.encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


def asked(client: Client) -> str:
    query = {
        "client_id": "demo_persistent",
        "redirect_uri": client.url("persistent", "/callback", "app"),
        "response_type": "code",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
    }
    return client.url("persistent", f"/oauth2/auth?{urlencode(query)}")


# GET and POST (OpenID Connect Core 1.0 sections 3.1.2.1 and 5.3.1, RP-Initiated Logout 1.0 2)


def test_an_authorization_request_may_be_posted(client: Client) -> None:
    url, _, query = asked(client).partition("?")
    page = client.post(url, dict(parse_qsl(query)))
    assert "<h1>Sign in</h1>" in page.text
    assert "code" in callback(client.submit("persistent", page))
    answer = client.post(url, dict(parse_qsl(query)))
    assert (answer.status, "code" in callback(answer)) == (303, True)
    refused = client.post(url, {**dict(parse_qsl(query)), "prompt": "nonsense"})
    assert (refused.status, callback(refused)["error"]) == (303, "invalid_request")


def test_the_user_profile_may_be_posted_for(client: Client) -> None:
    url = client.url("persistent", "/oauth2/v2/user_profile")
    headers = {"Authorization": f"Bearer {tokens(client)['access_token']}"}
    assert client.post(url, {}, headers=headers).json == client.get(url, headers=headers).json


def test_a_logout_may_be_posted(client: Client) -> None:
    client.sign_in("persistent")
    target = client.url("persistent", "/", "app")
    form = {"post_logout_redirect_uri": target, "client_id": "demo_persistent", "state": "x"}
    answer = client.post(client.url("persistent", "/logout"), form)
    assert (answer.status, answer.header("Location")) == (302, f"{target}?state=x")
    assert client.peek("persistent")["signed_in"] is False


# Clients that authenticate

@pytest.mark.parametrize("quoted", ["a+client:a%2Bb+c%25d%3A%C3%A9", "a%20client:a%2bb%20c%25d:é"])
def test_http_basic_is_form_encoded(quoted: str) -> None:
    """RFC 6749 section 2.3.1."""
    with MockServer([ACME]) as server:
        answer = Client(server).post(
            f"{server.url}/oauth2/token",
            {"grant_type": "client_credentials"},
            headers={"Authorization": f"Basic {base64.b64encode(quoted.encode()).decode()}"},
        )
    assert answer.status == 200


def test_a_client_authenticates_in_one_way(client: Client) -> None:
    """RFC 6749 section 2.3."""
    name = "admin_persistent"
    basic = base64.b64encode(f"{name}:{secret(name)}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    url, grant = client.url("persistent", "/oauth2/token"), {"grant_type": "client_credentials"}
    twice = client.post(url, {**grant, "client_secret": secret(name)}, headers=headers)
    assert (twice.status, twice.json["error"]) == (400, "invalid_request")
    other = client.post(url, {**grant, "client_id": "demo_persistent"}, headers=headers)
    assert (other.status, other.json["error"]) == (400, "invalid_request")
    assert client.post(url, {**grant, "client_id": name}, headers=headers).status == 200
    broken = client.post(url, grant, headers={"Authorization": "Basic é"})
    assert (broken.status, broken.header("WWW-Authenticate")) == (401, 'Basic realm="oauth2"')


def test_a_registered_address_keeps_its_own_query() -> None:
    """RFC 6749 section 3.1.2."""
    with MockServer([ACME]) as server:
        client = Client(server)
        (redirect,), (bye,) = (ACME.applications[0].redirect_uris, ACME.applications[0].logout_uris)
        query = {
            "client_id": "a client", "redirect_uri": redirect, "response_type": "code",
            "prompt": "none", "state": "s 1",
        }  # fmt: skip
        answer = client.get(f"{server.url}/oauth2/auth?{urlencode(query)}")
        location = answer.header("Location") or ""
        assert location.startswith(f"{redirect}&error=login_required&")
        assert location.endswith("&state=s+1")
        answer = client.get(f"{server.url}/oauth2/auth?{urlencode(query)}&response_mode=fragment")
        assert (answer.header("Location") or "").startswith(f"{redirect}#error=login_required&")
        answer = client.get(f"{server.url}/logout?{urlencode({'redirect': bye, 'state': 'x'})}")
        assert answer.header("Location") == f"{bye}&state=x"


# What is not supported, and what is malformed


@pytest.mark.parametrize("name", ["request", "request_uri", "registration"])
def test_request_objects_are_refused_not_ignored(client: Client, name: str) -> None:
    """OpenID Connect Core 1.0 section 3.1.2.6."""
    client.sign_in("persistent")
    assert callback(authorize(client, **{name: "x"}))["error"] == f"{name}_not_supported"


@pytest.mark.parametrize("challenge", ["abc", "x" * 42, "x" * 44, "x" * 42 + "="])
def test_a_challenge_has_43_characters(client: Client, challenge: str) -> None:
    client.sign_in("persistent")
    answer = callback(authorize(client, code_challenge=challenge))
    assert (answer["error"], "43" in answer["error_description"]) == ("invalid_request", True)


def test_a_verifier_has_43_characters_at_least(client: Client) -> None:
    """RFC 7636 section 4.1: whatever its digest is."""
    digest = base64.urlsafe_b64encode(sha256(b"abc").digest()).rstrip(b"=").decode()
    answer = exchange(client, code(client, code_challenge=digest), code_verifier="abc")
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
