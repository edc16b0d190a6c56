"""What the demo application makes of a logout token."""

import json
from typing import Any

import jwt
import pytest

from harness.server.backchannel import LOGOUT_EVENT
from tests.client import Client
from tests.oauth import claims_of

STANDING = ("ksp_cookie", "backchannel_cookie")


def standing(client: Client) -> dict[str, str]:
    """What the demo application says on its page, of the kinds that are of interest here."""
    text = client.get(client.url("persistent", "/", "app")).text
    rows = [row.partition("</li>")[0].partition(": ") for row in text.split("<li>")[1:]]
    return {kind: said for kind, _, said in rows if kind in STANDING}


@pytest.fixture
def obeying(client: Client) -> Client:
    """Signed in at the demo application, which keeps the login in every way asked about."""
    client.control("POST", "apps", {"apps": ["backchannel_cookie"]})
    client.sign_in("persistent")
    assert standing(client) == dict.fromkeys(STANDING, "signed in")
    return client


def test_only_what_heeds_it_is_signed_out(obeying: Client) -> None:
    obeying.control("DELETE", "sessions")
    obeying.control("POST", "clock", {"advance": 0})
    assert standing(obeying) == {
        "ksp_cookie": "signed in", "backchannel_cookie": "signed out (logged_out)",
    }  # fmt: skip


def test_another_sessions_end_is_none_of_its_business(obeying: Client) -> None:
    elsewhere = Client(obeying.server)
    elsewhere.sign_in("persistent")
    elsewhere.get(elsewhere.url("persistent", "/logout"))
    obeying.control("POST", "clock", {"advance": 0})
    assert standing(obeying)["backchannel_cookie"] == "signed in"
    assert standing(elsewhere)["backchannel_cookie"] == "signed out (logged_out)"


def test_who_was_signed_out_signs_in_again(obeying: Client) -> None:
    obeying.control("DELETE", "sessions")
    obeying.sign_in("persistent")
    obeying.control("POST", "clock", {"advance": 0})
    assert standing(obeying)["backchannel_cookie"] == "signed in"


def logout_token(client: Client, *, typ: str = "logout+jwt", **changes: Any) -> str:
    """One that the server signs; a claim that is None is left out."""
    site = client.server.site
    (session,) = client.control("GET", "sessions")["sessions"]
    claims = {
        "iss": client.url("persistent"),
        "aud": ["demo_persistent"],
        "sub": session["user_id"],
        "sid": session["session_id"],
        "events": {LOGOUT_EVENT: {}},
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return site.key.sign(kept, now=site.clock.now() + kept.pop("later", 0),
                         lifetime=kept.pop("lifetime", 60), typ=typ)  # fmt: skip


def tell(client: Client, token: str) -> tuple[int, str]:
    answer = client.post(
        client.url("persistent", "/backchannel-logout", "app"), {"logout_token": token}
    )
    assert answer.header("Cache-Control") == "no-store"
    said = json.loads(answer.body)["error_description"] if answer.body else ""
    return answer.status, said.rpartition(": ")[2]


@pytest.mark.parametrize("changes", [{}, {"sid": None}, {"sub": None}, {"aud": "demo_persistent"}])
def test_a_logout_token_is_heeded(obeying: Client, changes: dict[str, Any]) -> None:
    assert tell(obeying, logout_token(obeying, **changes)) == (200, "")
    assert standing(obeying)["backchannel_cookie"] == "signed out (logged_out)"


@pytest.mark.parametrize("changes", [{"sid": "session_0x1"}, {"sub": "kp_1", "sid": None}])
def test_one_about_others_is_heeded_and_concerns_nobody_here(
    obeying: Client, changes: dict[str, Any]
) -> None:
    assert tell(obeying, logout_token(obeying, **changes)) == (200, "")
    assert standing(obeying)["backchannel_cookie"] == "signed in"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"typ": "JWT"}, "typ"),
        ({"iss": "http://elsewhere.localhost"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": ["shop"]}, "aud"),
        ({"aud": None}, "aud"),
        ({"later": 3600}, "iat"),
        ({"lifetime": 0}, "exp"),
        ({"sub": None, "sid": None}, "sub"),
        ({"sub": 1}, "sub"),
        ({"sid": 1}, "sid"),
        ({"events": None}, "events"),
        ({"events": {}}, "events"),
        ({"events": {LOGOUT_EVENT: True}}, "events"),
        ({"events": [LOGOUT_EVENT]}, "events"),
        ({"nonce": "n"}, "nonce"),
    ],
)
def test_what_is_no_logout_token_is_refused(
    obeying: Client, changes: dict[str, Any], wrong: str
) -> None:
    assert tell(obeying, logout_token(obeying, **changes)) == (400, wrong)
    assert standing(obeying)["backchannel_cookie"] == "signed in"


def test_what_the_auth_server_did_not_sign_is_refused(obeying: Client) -> None:
    good = logout_token(obeying)
    claims = claims_of(obeying, good, "demo_persistent")
    forged = [
        "",
        "no token",
        good[:-8] + "AAAAAAAA",
        jwt.encode(claims, "", "none", {"typ": "logout+jwt"}),
        jwt.encode(claims, "k" * 32, "HS256", {"typ": "logout+jwt"}),
    ]
    for token in forged:
        status, said = tell(obeying, token)
        assert (status, said) == (400, "the auth server did not sign this")
    other = obeying.post(obeying.url("persistent", "/backchannel-logout", "app"), {"token": good})
    assert other.status == 400
    assert standing(obeying)["backchannel_cookie"] == "signed in"
