"""The server as a browser and an API client see it."""

import socket
import time
from urllib.parse import urlencode, urlsplit

import jwt
import pytest

from harness.clock import Clock
from harness.server.running import MockServer, PortInUseError
from tests.client import Client
from tests.oauth import authorize, callback, code, exchange, sso_cookie

ENVIRONMENTS = ["persistent", "non_persistent", "org_persistent", "org_non_persistent"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_cookie_follows_the_effective_policy(client: Client, environment: str) -> None:
    cookie = sso_cookie(client.sign_in(environment)).lower()
    persistent = environment in ("persistent", "org_persistent")
    assert ("max-age=86400" in cookie) == persistent
    assert "expires" not in cookie
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert client.peek(environment)["signed_in"] is True


def test_https_makes_cookies_secure() -> None:
    with MockServer(https=True) as server:
        assert server.url.startswith("https://")
        assert server.site is not None
        assert server.site.tenants["persistent"].issuer.startswith("https://persistent.idp.")
        assert server.site.sign_in._secure


def test_discovery_and_both_key_sets(client: Client) -> None:
    url = client.url("persistent", "/.well-known/openid-configuration")
    document = client.get(url).json
    assert document["issuer"] == client.url("persistent")
    assert client.get(document["jwks_uri"]).json == client.get(f"{document['jwks_uri']}.json").json


def test_tokens_are_what_clients_expect(client: Client, clock: Clock) -> None:
    tokens = exchange(client, code(client, "org_persistent"), "org_persistent").json
    keys = client.get(client.url("org_persistent", "/.well-known/jwks")).json["keys"]
    key = jwt.PyJWK(keys[0]).key
    access = jwt.decode(
        tokens["access_token"],
        key,
        ["RS256"],
        options={"verify_exp": False, "verify_iat": False, "verify_aud": False},
    )
    assert access["ksp"] == {"persistent": True}
    assert access["org_code"] == "org_persistent"
    assert access["iss"] == client.url("org_persistent")
    assert access["exp"] - access["iat"] == tokens["expires_in"] == 86_400
    identity = jwt.decode(
        tokens["id_token"],
        key,
        ["RS256"],
        audience="demo_org_persistent",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert identity["nonce"] == "n1"
    other = exchange(client, code(client, "non_persistent"), "non_persistent").json
    claims = jwt.decode(other["access_token"], options={"verify_signature": False})
    assert claims["ksp"] == {"persistent": False}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"redirect_uri": "http://elsewhere/"}, "invalid_grant"),
        ({"code": "nonsense"}, "invalid_grant"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_what_the_token_endpoint_refuses(
    client: Client, changes: dict[str, str], error: str
) -> None:
    answer = exchange(client, code(client), **changes)
    assert answer.json["error"] == error
    assert answer.status == (401 if error == "invalid_client" else 400)


def test_a_code_works_once_and_not_for_long(client: Client, clock: Clock) -> None:
    value = code(client)
    assert exchange(client, value).status == 200
    assert exchange(client, value).json["error"] == "invalid_grant"
    late = callback(authorize(client, "persistent"))["code"]
    clock.advance(60)
    assert exchange(client, late).json["error_description"] == "the code has expired"


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "nobody"}, {"client_id": None}, {"redirect_uri": "http://evil.example/"},
     {"redirect_uri": None}, {"client_id": "admin_persistent"}],
)
def test_unknown_client_or_redirect_gets_a_page_never_a_redirect(
    client: Client, changes: dict[str, str | None]
) -> None:
    answer = authorize(client, "persistent", **changes)
    assert answer.status == 400
    assert answer.header("Location") is None
    assert "<h1>" in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"audience": "https://elsewhere.example/api"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"org_code": "nowhere"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_other_mistakes_go_back_to_the_application(
    client: Client, changes: dict[str, str | None], error: str
) -> None:
    values = callback(authorize(client, "persistent", **changes))
    assert (values["error"], values["state"]) == (error, "s1")


def test_prompt(client: Client) -> None:
    client.sign_in("persistent")
    assert "code" in callback(authorize(client, "persistent", prompt="none"))
    assert authorize(client, "persistent", prompt="login").status == 200


def test_each_sign_in_has_a_new_session(client: Client) -> None:
    first = sso_cookie(client.sign_in("persistent"))
    again = client.submit("persistent", authorize(client, "persistent", prompt="login"))
    assert sso_cookie(again).split(";")[0] != first.split(";")[0]
    listed = client.control("GET", "sessions?environment=persistent")["sessions"]
    assert [session["end_reason"] for session in listed] == ["replaced", None]


def test_a_planted_session_id_is_not_taken_over(client: Client) -> None:
    host = urlsplit(client.url("persistent")).netloc
    client.jar[host] = {"sso_session": "planted"}
    assert client.peek("persistent")["end_reason"] == "unknown"
    assert "=planted" not in sso_cookie(client.sign_in("persistent"))


def test_the_sign_in_form_is_bound_to_the_browser(client: Client) -> None:
    page = authorize(client, "persistent")
    stranger = Client(client.server)
    assert stranger.submit("persistent", page).status == 403
    wrong = client.submit("persistent", page, password="guess")
    assert wrong.status == 401
    assert client.submit("persistent", wrong).status == 303
    assert client.submit("persistent", wrong).status == 403


def test_pages_may_not_be_framed(client: Client) -> None:
    page = authorize(client, "persistent")
    assert page.header("X-Frame-Options") == "DENY"
    policy = page.header("Content-Security-Policy") or ""
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("environment", ["persistent", "non_persistent"])
def test_inactivity_is_measured_on_the_server(
    client: Client, clock: Clock, environment: str
) -> None:
    client.sign_in(environment)
    clock.advance(86_399)
    assert client.peek(environment)["signed_in"] is True
    clock.advance(1)
    assert client.peek(environment)["end_reason"] == "inactive"


def test_peeking_is_no_activity_but_authorizing_is(client: Client, clock: Clock) -> None:
    client.sign_in("persistent")
    clock.advance(86_399)
    client.peek("persistent")
    answer = authorize(client, "persistent", prompt="none")
    assert "Max-Age=86400" in sso_cookie(answer)
    clock.advance(86_399)
    assert client.peek("persistent")["signed_in"] is True


def test_signing_out_ends_the_session_and_goes_where_it_is_allowed(client: Client) -> None:
    client.sign_in("persistent")
    evil = client.get(client.url("persistent", "/logout?redirect=http://evil.example/"))
    assert evil.status == 400
    assert client.peek("persistent")["signed_in"] is True
    home = client.url("persistent", "/", "app")
    kept = dict(client.jar[urlsplit(client.url("persistent")).netloc])
    answer = client.get(client.url("persistent", f"/logout?{urlencode({'redirect': home})}"))
    assert answer.header("Location") == home
    client.jar[urlsplit(client.url("persistent")).netloc] = kept
    assert client.peek("persistent")["end_reason"] == "signed_out"


def test_bad_requests_are_never_a_server_error(client: Client) -> None:
    host = urlsplit(client.url("persistent")).netloc
    client.jar[host] = {}
    for cookie in ("=;;=", "sso_session", "sso_session=\x80\xff", "a=b; sso_session=" + "x" * 4000):
        answer = client.get(
            client.url("persistent", "/_afterclose/peek"),
            headers={"Cookie": cookie.encode("latin-1").decode("latin-1")},
        )
        assert answer.status == 200
        assert answer.json["signed_in"] is False
    big = b"x" * 200_000
    refused = client.request(
        "POST", client.url("persistent", "/oauth2/token"), body=big,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (refused.status, refused.json["error"]) == (413, "invalid_request")
    broken = client.request(
        "POST", client.url("persistent", "/oauth2/token"), body=b"x",
        headers={"Content-Type": "multipart/form-data"},
    )
    assert broken.status == 400
    token = client.admin_token("org_persistent").json["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = client.url("org_persistent", "/api/v1/organizations/org_persistent/sessions")
    answer = client.request("PATCH", url, body=b"{", headers=headers)
    assert (answer.status, answer.json["errors"][0]["message"]) == (400, "The body is not JSON")
    assert client.get(client.url("nowhere", "/oauth2/auth")).status == 404
    assert client.get(client.url("persistent", "/nothing")).status == 404


def test_a_client_that_breaks_its_request_off_is_no_error(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    address = urlsplit(client.url("persistent", "/oauth2/token"))
    with socket.create_connection(("127.0.0.1", address.port or 0)) as connection:
        connection.sendall(
            f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nExpect: 100-continue\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n".encode()
        )
        assert b"100 Continue" in connection.recv(1000)
    statuses: list[int] = []
    ends = time.monotonic() + 20
    while not statuses and time.monotonic() < ends:
        log = client.control("GET", f"exchanges?host={address.netloc}")["exchanges"]
        statuses = [entry["status"] for entry in log]
    assert statuses == [400]
    assert caplog.records == []


def test_the_first_environment_answers_at_plain_localhost(client: Client) -> None:
    document = client.get(f"{client.server.url}/.well-known/openid-configuration").json
    assert document["issuer"] == client.server.url
    assert document["token_endpoint"] == f"{client.server.url}/oauth2/token"


def test_listens_on_loopback_and_says_when_it_cannot(server: MockServer) -> None:
    port = urlsplit(server.url).port
    assert port is not None
    with pytest.raises(PortInUseError, match=f"127.0.0.1:{port}.*--port"), MockServer(port=port):
        pass
