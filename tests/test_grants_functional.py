"""What is taken back together, and whom a hint is about."""

from urllib.parse import urlencode

import pytest

from harness.clock import Clock
from tests.client import Answer, Client, secret
from tests.oauth import authorize, callback, code, exchange, refresh, tokens


def active(client: Client, token: str) -> bool:
    name = "admin_persistent"
    body = {"token": token, "client_id": name, "client_secret": secret(name)}
    found: bool = client.post(client.url("persistent", "/oauth2/introspect"), body).json["active"]
    return found


def test_a_code_that_is_used_twice_takes_its_tokens_down(client: Client) -> None:
    """RFC 6749 section 4.1.2; RFC 9700 section 2.1.1."""
    value = code(client, scope="openid offline")
    first = exchange(client, value).json
    following = refresh(client, first["refresh_token"]).json
    others = tokens(client)
    assert exchange(client, value).json["error"] == "invalid_grant"
    for token in (first["access_token"], following["access_token"], following["refresh_token"]):
        assert not active(client, token)
    assert active(client, others["access_token"])
    assert active(client, others["refresh_token"])


def revoke(client: Client, token: str, name: str = "demo_persistent") -> Answer:
    body = {"token": token, "client_id": name, "client_secret": secret(name)}
    return client.post(client.url("persistent", "/oauth2/revoke"), body)


def test_a_revoked_refresh_token_takes_its_access_tokens_along(client: Client) -> None:
    """RFC 7009 section 2.1; an access token goes alone."""
    first = tokens(client)
    following = refresh(client, first["refresh_token"]).json
    assert revoke(client, following["access_token"]).status == 200
    assert active(client, first["access_token"])
    assert not active(client, following["access_token"])
    assert revoke(client, following["refresh_token"]).status == 200
    assert not active(client, first["access_token"])
    assert refresh(client, following["refresh_token"]).json["error"] == "invalid_grant"


def test_no_client_revokes_what_is_anothers(client: Client) -> None:
    """RFC 7009 section 2.1."""
    theirs = tokens(client)
    for token in (theirs["access_token"], theirs["refresh_token"]):
        answer = revoke(client, token, "admin_persistent")
        assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
        assert active(client, token)


def hint(client: Client, email: str = "ada@example.com") -> str:
    """An ID token of somebody, who is signed in now."""
    client.jar.clear()
    page = authorize(client, prompt="login" if email.startswith("ada") else "create")
    form = {"login": page.field("login"), "csrf": page.field("csrf"), "email": email}
    answer = client.post(
        client.url("persistent", "/sign-in"), {**form, "password": "correct horse"}
    )
    token: str = exchange(client, callback(answer)["code"]).json["id_token"]
    return token


def test_a_hint_of_another_person_gets_no_code(client: Client) -> None:
    """OpenID Connect Core 1.0 section 3.1.2.1."""
    grace, ada = hint(client, "grace@example.com"), hint(client)
    assert "code" in callback(authorize(client, prompt="none", id_token_hint=ada))
    silent = authorize(client, prompt="none", id_token_hint=grace)
    assert callback(silent)["error"] == "login_required"
    page = authorize(client, id_token_hint=grace)
    refused = client.submit("persistent", page)
    assert (refused.status, "somebody else" in refused.text) == (401, True)
    assert client.peek("persistent")["signed_in"] is True
    nonsense = authorize(client, id_token_hint="nonsense")
    assert callback(nonsense)["error"] == "invalid_request"


def test_a_hint_may_have_expired(client: Client, clock: Clock) -> None:
    ada = hint(client)
    clock.advance(3_601)
    assert "code" in callback(authorize(client, prompt="none", id_token_hint=ada))


@pytest.mark.parametrize(
    ("named", "whose", "ends"),
    [
        ("demo_persistent", "ada", True),
        (None, "ada", True),
        ("admin_persistent", "ada", False),
        ("demo_persistent", "grace", False),
        ("demo_persistent", "nobody", False),
        ("unheard_of", "", False),
    ],
)
def test_a_logout_whose_client_hint_and_person_disagree_ends_nothing(
    client: Client, named: str | None, whose: str, ends: bool
) -> None:
    """OpenID Connect RP-Initiated Logout 1.0 section 2."""
    hints = {"grace": hint(client, "grace@example.com"), "ada": hint(client), "nobody": "x", "": ""}
    query = {"id_token_hint": hints[whose]} | ({"client_id": named} if named else {})
    answer = client.get(client.url("persistent", f"/logout?{urlencode(query)}"))
    assert (answer.status, client.peek("persistent")["signed_in"]) == (
        (200, False) if ends else (400, True)
    )


def test_a_hint_names_the_application_whose_addresses_are_allowed(client: Client) -> None:
    ada = hint(client)
    query = {"id_token_hint": ada, "redirect": client.url("persistent", "/", "app")}
    answer = client.get(client.url("persistent", f"/logout?{urlencode(query)}"))
    assert answer.status == 302
