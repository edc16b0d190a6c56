"""Sign-in pages beside each other in one browser, and organizations one after the other."""

from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt

from harness.server.running import MockServer
from harness.settings import OrganizationSwitch, Settings
from tests.acme import ACME
from tests.client import Answer, Client
from tests.oauth import authorize, callback


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_two_sign_in_pages_in_one_browser(client: Client) -> None:
    first, second = authorize(client, state="one"), authorize(client, state="two")
    assert callback(client.submit("persistent", first))["state"] == "one"
    assert callback(client.submit("persistent", second))["state"] == "two"
    assert client.submit("persistent", first).status == 403, "each page is good once"
    left = client.jar[urlsplit(client.url("persistent")).netloc]
    assert set(left) == {"sso_session"}, "their cookies are taken back"


def test_a_page_is_good_in_its_own_browser_alone(client: Client) -> None:
    stranger = Client(client.server)
    page = authorize(stranger)
    authorize(client)
    assert client.submit("persistent", page).status == 403
    assert stranger.submit("persistent", page).status == 303


def test_two_sign_ins_begun_at_the_application(client: Client) -> None:
    forms = [client.follow(client.url("persistent", "/login", "app")) for _ in range(2)]
    for form in forms:
        location = client.submit("persistent", form).header("Location")
        assert location is not None
        assert client.get(location).status == 302
        assert client.get(location).status == 400, "it comes back once"
    left = client.jar[urlsplit(client.url("persistent", "", "app")).netloc]
    assert not [name for name in left if name.startswith("demo_login")]


def at(client: Client, org_code: str, **more: str) -> Answer:
    query = {
        "client_id": "a client", "redirect_uri": ACME.applications[0].redirect_uris[0],
        "response_type": "code", "org_code": org_code, "scope": "openid offline", **more,
    }  # fmt: skip
    return client.get(f"{client.server.url}/oauth2/auth?{urlencode(query)}")


def signed_in(client: Client, org_code: str) -> dict[str, Any]:
    page = at(client, org_code)
    form = {"login": page.field("login"), "csrf": page.field("csrf")}
    person = {"email": "ada@example.com", "password": "correct horse"}
    answer = client.post(f"{client.server.url}/sign-in", {**form, **person})
    return redeemed(client, answer)


def redeemed(client: Client, answer: Answer) -> dict[str, Any]:
    application = ACME.applications[0]
    found: dict[str, Any] = client.post(
        f"{client.server.url}/oauth2/token",
        {
            "grant_type": "authorization_code", "code": callback(answer)["code"],
            "redirect_uri": application.redirect_uris[0], "client_id": application.id,
            "client_secret": application.secret or "",
        },
    ).json  # fmt: skip
    return found


def test_a_member_goes_on_to_another_organization_without_a_page() -> None:
    with MockServer([ACME]) as server:
        client = Client(server)
        tenant = server.site.tenants["acme"]
        first = signed_in(client, "org_a")
        (before,) = tenant.sessions
        pending = at(client, "org_a")
        answer = at(client, "org_b", prompt="none")
        (cookie,) = answer.cookies
        assert ("Max-Age" in cookie, before.org_code) == (False, "org_b")
        assert claims(redeemed(client, answer)["access_token"])["org_code"] == "org_b"
        assert claims(redeemed(client, pending)["access_token"])["org_code"] == "org_a"
        renewed = client.post(
            f"{server.url}/oauth2/token",
            {
                "grant_type": "refresh_token", "refresh_token": first["refresh_token"],
                "client_id": "a client", "client_secret": ACME.applications[0].secret or "",
            },
        )  # fmt: skip
        assert claims(renewed.json["access_token"])["org_code"] == "org_a"
        (back,) = at(client, "org_a").cookies
        assert "Max-Age=86400" in back
        assert list(tenant.sessions) == [before]


def test_or_signs_in_anew_where_it_is_set_so() -> None:
    settings = Settings(organization_switch=OrganizationSwitch.SIGN_IN)
    with MockServer([ACME], settings=settings) as server:
        client = Client(server)
        signed_in(client, "org_a")
        assert callback(at(client, "org_b", prompt="none"))["error"] == "login_required"
        assert "code" in callback(at(client, "org_a", prompt="none"))
        signed_in(client, "org_b")
        reasons = [s["end_reason"] for s in client.control("GET", "sessions")["sessions"]]
        assert reasons == ["replaced", None]


def test_an_organization_is_created_at_the_page_not_in_passing(client: Client) -> None:
    client.sign_in("persistent")
    page = authorize(client, is_create_org="true", org_name="New")
    assert "<h1>Sign in</h1>" in page.text
    silent = authorize(client, is_create_org="true", prompt="none")
    assert callback(silent)["error"] == "login_required"
