"""OAuth 2 and OpenID Connect, as clients see them: what `test_server_functional` leaves."""

import html
import json
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from harness.clock import Clock
from harness.server.running import MockServer
from harness.settings import Settings
from tests.client import Client, secret
from tests.oauth import authorize, callback, code, exchange, refresh, sso_cookie, tokens


def claims(token: str) -> dict[str, object]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def profile(client: Client, token: str) -> int:
    url = client.url("persistent", "/oauth2/v2/user_profile")
    return client.get(url, headers={"Authorization": f"Bearer {token}"}).status


def test_a_refresh_token_is_given_for_the_scope_offline_only(client: Client) -> None:
    assert "refresh_token" not in tokens(client, scope="openid offline_access")
    assert "refresh_token" in tokens(client, scope="openid offline")


def test_without_openid_there_is_no_id_token(client: Client) -> None:
    assert "id_token" not in tokens(client, scope="offline")


def test_refresh_tokens_rotate_and_an_old_one_takes_the_family_down(
    client: Client, clock: Clock
) -> None:
    first = tokens(client)["refresh_token"]
    second = refresh(client, first).json["refresh_token"]
    clock.advance(29)
    assert refresh(client, first).status == 200
    clock.advance(1)
    answer = refresh(client, first)
    assert answer.json["error"] == "invalid_grant"
    assert "already" in answer.json["error_description"]
    assert "revoked" in refresh(client, second).json["error_description"]


def test_the_overlap_is_a_setting(clock: Clock) -> None:
    with MockServer(clock=clock, settings=Settings(refresh_overlap=0)) as server:
        client = Client(server)
        first = tokens(client)["refresh_token"]
        assert refresh(client, first).status == 200
        assert refresh(client, first).status == 400


def test_the_refresh_grant_keeps_a_session_alive_and_fails_once_it_is_over(
    client: Client, clock: Clock
) -> None:
    token = tokens(client)["refresh_token"]
    for _ in range(3):
        clock.advance(86_399)
        token = refresh(client, token).json["refresh_token"]
    clock.advance(86_400)
    answer = refresh(client, token)
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
    assert "inactive" in answer.json["error_description"]


def test_a_refresh_may_ask_for_less_not_for_more(client: Client) -> None:
    token = tokens(client, scope="openid email offline")["refresh_token"]
    assert refresh(client, token, scope="openid").json["scope"] == "openid"
    assert refresh(client, token, scope="openid profile").json["error"] == "invalid_scope"


def test_another_clients_refresh_token_is_refused(client: Client) -> None:
    token = tokens(client)["refresh_token"]
    admin = {"client_id": "admin_persistent", "client_secret": secret("admin_persistent")}
    assert refresh(client, token, **admin).json["error"] == "invalid_grant"


def test_max_age(client: Client, clock: Clock) -> None:
    client.sign_in("persistent")
    clock.advance(100)
    assert "code" in callback(authorize(client, prompt="none", max_age="100"))
    assert callback(authorize(client, prompt="none", max_age="99"))["error"] == "login_required"
    assert "<h1>Sign in</h1>" in authorize(client, max_age="0").text


def test_login_hint_fills_the_form_in(client: Client) -> None:
    page = authorize(client, login_hint='grace@example.com"><script>')
    assert 'value="grace@example.com&#34;&gt;&lt;script&gt;"' in page.text


def test_signing_up(client: Client) -> None:
    page = authorize(client, prompt="create", scope="openid profile email")
    assert "Create your account" in page.text
    form = {"login": page.field("login"), "csrf": page.field("csrf")}
    url = client.url("persistent", "/sign-in")
    taken = client.post(url, {**form, "email": "ADA@example.com", "password": "x"})
    assert taken.status == 401
    assert "already" in taken.text
    form = {"login": taken.field("login"), "csrf": taken.field("csrf")}
    person = {"email": "grace@example.com", "given_name": "Grace", "password": "hopper"}
    answer = client.post(url, {**form, **person})
    identity = claims(exchange(client, callback(answer)["code"]).json["id_token"])
    assert (identity["email"], identity["given_name"]) == ("grace@example.com", "Grace")
    client.jar.clear()
    page = authorize(client)
    form = {"login": page.field("login"), "csrf": page.field("csrf")}
    assert client.post(url, {**form, **person}).status == 303


def test_from_signing_in_to_signing_up_and_back(client: Client) -> None:
    url = client.url("persistent", "/sign-in")
    page = authorize(client)
    for title in ("Create your account", "Sign in"):
        form = {"login": page.field("login"), "csrf": page.field("csrf"), "other": "x"}
        page = client.post(url, form)
        assert f"<h1>{title}</h1>" in page.text


def test_an_organization_is_created_for_whoever_asks(client: Client) -> None:
    form = authorize(client, is_create_org="true", org_name="Analytical Engines")
    value = callback(client.submit("persistent", form))["code"]
    org_code = str(claims(exchange(client, value).json["access_token"])["org_code"])
    organizations = client.server.site.tenants["persistent"].organizations
    assert organizations[org_code].name == "Analytical Engines"


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_response_modes(client: Client, mode: str) -> None:
    client.sign_in("persistent")
    answer = authorize(client, response_mode=mode)
    if mode == "form_post":
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
        action = re.search(r'action="([^"]*)"', answer.text)
        assert action is not None
        assert html.unescape(action[1]) == client.url("persistent", "/callback", "app")
    else:
        parts = urlsplit(answer.header("Location") or "")
        given = parse_qs(getattr(parts, mode))
        fields = {name: values[0] for name, values in given.items()}
    assert fields["state"] == "s1"
    assert exchange(client, fields["code"]).status == 200


def test_unknown_response_mode_is_not_redirected(client: Client) -> None:
    assert authorize(client, response_mode="pigeon").status == 400


def test_parameters_that_sdks_send_are_ignored(client: Client) -> None:
    names = ("lang", "has_success_page", "workflow_deployment_id", "supports_reauth",
             "reauth_state", "plan_interest", "pricing_table_key", "invitation_code", "pages_mode")
    assert authorize(client, **dict.fromkeys(names, "x")).status == 200


def test_audiences_are_in_the_access_token(client: Client) -> None:
    audience = f"{client.url('persistent')}/api"
    value = code(client, audience=audience)
    assert claims(exchange(client, value).json["access_token"])["aud"] == [audience]


def test_client_credentials_for_an_audience(client: Client) -> None:
    own = f"{client.url('persistent')}/api"
    token = client.admin_token("persistent", audience=own).json["access_token"]
    assert claims(token)["aud"] == [own]
    other = client.admin_token("persistent", audience=f"{client.url('non_persistent')}/api")
    assert (other.status, other.json["error"]) == (400, "invalid_request")
    assert client.admin_token("persistent", scope="all:things").json["error"] == "invalid_scope"
    demo = {"client_id": "demo_persistent", "client_secret": secret("demo_persistent")}
    assert client.admin_token("persistent", **demo).json["error"] == "unauthorized_client"


def introspect(client: Client, token: str) -> object:
    credentials = {"client_id": "demo_persistent", "client_secret": secret("demo_persistent")}
    url = client.url("persistent", "/oauth2/introspect")
    return client.post(url, {"token": token, **credentials}).json


def revoke(client: Client, token: str) -> int:
    credentials = {"client_id": "demo_persistent", "client_secret": secret("demo_persistent")}
    url = client.url("persistent", "/oauth2/revoke")
    return client.post(url, {"token": token, **credentials}).status


def test_introspection(client: Client, clock: Clock) -> None:
    given = tokens(client)
    answer = introspect(client, given["access_token"])
    assert isinstance(answer, dict)
    assert set(answer) == {"active", "aud", "client_id", "exp", "iat"}
    assert introspect(client, "nonsense") == {"active": False}
    assert isinstance(fresh := introspect(client, given["refresh_token"]), dict)
    assert fresh["active"] is True
    clock.advance(86_400)
    assert introspect(client, given["access_token"]) == {"active": False}
    assert introspect(client, given["refresh_token"]) == {"active": False}
    url = client.url("persistent", "/oauth2/introspect")
    stranger = client.post(url, {"token": given["access_token"]})
    assert (stranger.status, set(stranger.json)) == (401, {"error", "error_description"})


def test_revocation(client: Client) -> None:
    given = tokens(client)
    assert revoke(client, "unknown") == 200
    assert profile(client, given["access_token"]) == 200
    assert revoke(client, given["access_token"]) == 200
    assert profile(client, given["access_token"]) == 403
    assert revoke(client, given["refresh_token"]) == 200
    assert "revoked" in refresh(client, given["refresh_token"]).json["error_description"]
    assert client.peek("persistent")["signed_in"] is True


def test_an_access_token_works_on_when_the_session_is_over(client: Client, clock: Clock) -> None:
    given = tokens(client)
    client.control("DELETE", "sessions")
    assert profile(client, given["access_token"]) == 200
    clock.advance(86_400)
    assert profile(client, given["access_token"]) == 403


def test_the_user_profile(client: Client) -> None:
    url = client.url("persistent", "/oauth2/v2/user_profile")
    token = tokens(client)["access_token"]
    answer = client.get(url, headers={"Authorization": f"Bearer {token}"}).json
    assert set(answer) == {
        "sub", "id", "name", "given_name", "family_name", "email", "email_verified", "picture",
        "preferred_username", "provided_id", "updated_at",
    }
    assert isinstance(answer["updated_at"], int)
    machine = client.admin_token("persistent").json["access_token"]
    assert profile(client, machine) == 403


@pytest.mark.parametrize(
    "what", ["permissions", "roles", "feature_flags", "properties", "entitlements", "entitlement"]
)
def test_the_account_api(client: Client, what: str) -> None:
    url = client.url("persistent", f"/account_api/v1/{what}")
    token = tokens(client)["access_token"]
    answer = client.get(url, headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 200
    assert answer.json["data"]["org_code"] == "org_persistent"
    assert client.get(url).status == 403


@pytest.mark.parametrize("name", ["redirect", "redirect_uri", "post_logout_redirect_uri"])
def test_logout_knows_three_names_for_where_to_go(client: Client, name: str) -> None:
    client.sign_in("persistent")
    home = client.url("persistent", "/", "app")
    query = urlencode({name: home, "state": "x", "client_id": "demo_persistent"})
    answer = client.get(client.url("persistent", f"/logout?{query}"))
    assert answer.header("Location") == f"{home}?state=x"
    assert client.peek("persistent")["signed_in"] is False


def test_logout_of_all_sessions(client: Client) -> None:
    other = Client(client.server)
    other.sign_in("persistent")
    client.sign_in("persistent")
    client.get(client.url("persistent", "/logout"))
    assert other.peek("persistent")["signed_in"] is True
    client.sign_in("persistent")
    client.get(client.url("persistent", "/logout?all_sessions=true"))
    assert other.peek("persistent")["end_reason"] == "signed_out"


def test_cross_origin_calls(client: Client) -> None:
    url = client.url("persistent", "/oauth2/token")
    origin = client.url("persistent", "", "app")
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    preflight = client.request("OPTIONS", url, headers=asked)
    assert preflight.status == 204
    assert preflight.header("Access-Control-Allow-Origin") == origin
    assert preflight.header("Access-Control-Allow-Credentials") == "true"
    answer = client.post(url, {}, headers={"Origin": origin})
    assert answer.status == 401
    assert answer.header("Access-Control-Allow-Origin") == origin
    assert answer.header("Vary") == "Origin"
    for stranger in ("http://evil.example", "null", f"{origin}.evil.example"):
        answer = client.post(url, {}, headers={"Origin": stranger})
        assert answer.header("Access-Control-Allow-Origin") is None
        assert answer.header("Vary") == "Origin"
    elsewhere = client.get(client.url("persistent", "/admin"), headers={"Origin": origin})
    assert elsewhere.header("Access-Control-Allow-Origin") is None


def test_the_cookie_lasts_as_long_again_after_a_silent_sign_in(
    client: Client, clock: Clock
) -> None:
    client.sign_in("persistent")
    clock.advance(1000)
    assert "Max-Age=86400" in sso_cookie(authorize(client, prompt="none"))


def test_discovery_is_kindes(client: Client) -> None:
    base = client.url("persistent")
    document = client.get(f"{base}/.well-known/openid-configuration").json
    assert {
        name: value.removeprefix(base)
        for name, value in document.items()
        if isinstance(value, str) and value.startswith(base)
    } == {
        "issuer": "",
        "authorization_endpoint": "/oauth2/auth",
        "token_endpoint": "/oauth2/token",
        "userinfo_endpoint": "/oauth2/v2/user_profile",
        "jwks_uri": "/.well-known/jwks",
        "introspection_endpoint": "/oauth2/introspect",
        "revocation_endpoint": "/oauth2/revoke",
        "end_session_endpoint": "/logout",
    }
    assert json.dumps(document["request_uri_parameter_supported"]) == "false"
    assert document["introspection_endpoint_auth_methods_supported"] == [
        "client_secret_post",
        "client_secret_basic",
    ]


def test_without_a_token_nothing_is_said_to_be_wrong_with_it(client: Client) -> None:
    """RFC 6750 section 3.1; the status is Kinde's."""
    url = client.url("persistent", "/oauth2/v2/user_profile")
    asked = [client.get(url), client.get(url, headers={"Authorization": "Bearer x"})]
    assert [(a.status, a.header("WWW-Authenticate")) for a in asked] == [
        (403, "Bearer"),
        (403, 'Bearer error="invalid_token"'),
    ]


def test_nothing_of_a_client_is_read_from_the_address(client: Client) -> None:
    """RFC 6749 section 2.3.1; nor a token, RFC 6750 section 2.3."""
    name = "admin_persistent"
    query = urlencode({"client_id": name, "client_secret": secret(name)})
    url = client.url("persistent", f"/oauth2/token?{query}")
    assert client.post(url, {"grant_type": "client_credentials"}).status == 401
    token = tokens(client)["access_token"]
    url = client.url("persistent", f"/oauth2/v2/user_profile?access_token={token}")
    assert client.get(url).status == 403


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"])
def test_what_changes_something_takes_post_alone(client: Client, path: str) -> None:
    """RFC 6749 section 3.2, RFC 7009 section 2.1, RFC 7662 section 2.1."""
    answer = client.get(client.url("persistent", path))
    assert (answer.status, answer.header("Allow")) == (405, "POST")
