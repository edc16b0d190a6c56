"""Somebody for whom an identity provider vouches."""

import json
from typing import Any

import jwt
import pytest

from harness.people import PEOPLE
from tests.client import Answer, Client
from tests.oauth import authorize, callback, code, exchange

BOTH = ("persistent", "non_persistent")
FORM = "<h1>Sign in</h1>"


def connect(client: Client, **asked: object) -> Answer:
    url = client.url("persistent", "/_afterclose/connections")
    headers = {"Content-Type": "application/json"}
    return client.request("POST", url, body=json.dumps(asked).encode(), headers=headers)


def connection(client: Client, **asked: object) -> str:
    return str(connect(client, **asked).json["connection_id"])


def sessions(client: Client) -> list[dict[str, Any]]:
    listed = client.get(client.url("persistent", "/_afterclose/sessions")).json["sessions"]
    return list(listed)


def test_whoever_comes_is_signed_in_as_the_form_would(client: Client) -> None:
    """The cookie is the one that the form makes, but for its value."""
    asked = connection(client, person="bob", environments=["persistent"])
    vouched = authorize(client, connection_id=asked, scope="openid email")
    made = exchange(client, callback(vouched)["code"]).json
    assert jwt.decode(made["id_token"], options={"verify_signature": False})["email"] == (
        PEOPLE["bob"].email
    )
    filled_in = Client(client.server)
    by_form = filled_in.submit("persistent", authorize(filled_in, connection_id=asked))

    def sso(answer: Answer) -> list[str]:
        (header,) = (cookie for cookie in answer.cookies if "csrf" not in cookie)
        return [part for part in header.split("; ") if not part.startswith("sso_session=")]

    assert sso(vouched) == sso(by_form) != []


def test_it_vouches_once_in_each_environment_that_is_named(client: Client) -> None:
    asked = connection(client, person="ada", environments=["persistent"])
    assert "code" in callback(authorize(client, connection_id=asked))
    for environment in BOTH:
        other = Client(client.server)
        assert FORM in authorize(other, environment, connection_id=asked).text
    everywhere = connection(client, person="ada")
    for environment in BOTH:
        other = Client(client.server)
        assert "code" in callback(authorize(other, environment, connection_id=everywhere))


def test_what_it_does_not_answer(client: Client) -> None:
    """What asks for another page, for no page, or for somebody else."""
    hint = exchange(client, code(client)).json["id_token"]

    def asked(**changes: str) -> Answer:
        bob = connection(client, person="bob")
        return authorize(Client(client.server), connection_id=bob, **changes)

    assert callback(asked(prompt="none"))["error"] == "login_required"
    assert "Create your account" in asked(prompt="create").text
    assert FORM in asked(id_token_hint=hint).text
    assert FORM in authorize(Client(client.server), connection_id="conn_unknown").text


def test_whoever_is_signed_in_already_goes_on(client: Client) -> None:
    client.sign_in("persistent")
    (before,) = sessions(client)
    asked = connection(client, person="bob")
    authorize(client, connection_id=asked)
    assert [session["session_id"] for session in sessions(client)] == [before["session_id"]]
    authorize(client, connection_id=asked, prompt="login")
    assert [session["end_reason"] for session in sessions(client)] == ["replaced", None]


def test_a_reset_forgets_it(client: Client) -> None:
    asked = connection(client, person="ada")
    client.post(client.url("persistent", "/_afterclose/reset"), {})
    assert FORM in authorize(client, connection_id=asked).text


@pytest.mark.parametrize(
    ("asked", "status", "message"),
    [
        ({"person": "eve"}, 404, "nobody is called eve; known: ada, bob"),
        ({"person": "ada", "environments": ["nowhere"]}, 404, "no environment nowhere; known: "),
        ({}, 400, "person"),
    ],
)
def test_what_does_not_fit_is_refused(
    client: Client, asked: dict[str, object], status: int, message: str
) -> None:
    answer = connect(client, **asked)
    assert (answer.status, message in answer.json["error"]) == (status, True), answer.json
