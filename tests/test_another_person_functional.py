"""Two people at one server: who is signed in, wherever it says that somebody is."""

from urllib.parse import urlencode

from harness.people import PEOPLE
from tests.client import Client
from tests.test_observing_functional import begin

ADA, BOB = PEOPLE["ada"], PEOPLE["bob"]


def looked_at(client: Client) -> dict[str, object]:
    """Who is signed in at each surface that goes by cookies."""
    ticket = begin(client, "cookies")
    client.follow(ticket["url"])
    seen = client.control("GET", f"observations/{ticket['ticket']}")["seen"]["persistent"]
    return {surface: shown["who"] for surface, shown in seen.items()}


def test_who_is_signed_in_is_told(client: Client) -> None:
    assert client.peek("persistent").get("who") is None
    assert set(map(str, looked_at(client).values())) == {"[]"}
    client.sign_in("persistent")
    assert client.peek("persistent")["who"] == ADA.email
    assert set(map(str, looked_at(client).values())) == {f"['{ADA.email}']"}


def test_somebody_else_replaces_whoever_is_signed_in(client: Client) -> None:
    client.sign_in("persistent")
    client.sign_in("persistent", BOB, prompt="login", login_hint=BOB.email)
    assert client.peek("persistent")["who"] == BOB.email
    assert set(map(str, looked_at(client).values())) == {f"['{BOB.email}']"}
    sessions = client.control("GET", "sessions?environment=persistent")["sessions"]
    assert [session["end_reason"] for session in sessions] == ["replaced", None]


def test_without_being_asked_whoever_is_signed_in_goes_on(client: Client) -> None:
    client.sign_in("persistent", BOB)
    page = client.follow(client.url("persistent", "/login", "app"))
    assert page.status == 200
    assert client.peek("persistent")["who"] == BOB.email


def test_the_page_suggests_whom_the_application_names(client: Client) -> None:
    query = urlencode({"prompt": "login", "login_hint": BOB.email})
    page = client.follow(client.url("persistent", f"/login?{query}", "app"))
    assert f'value="{BOB.email}"' in page.text
    refused = client.submit("persistent", page, password=ADA.password, email=BOB.email)
    assert refused.status == 401


def test_an_application_that_signs_out_one_session_keeps_no_other(client: Client) -> None:
    """R15: person 1, then signed out, then person 2, in one browser."""
    client.sign_in("persistent")
    client.get(client.url("persistent", "/sign-out", "app"))
    client.get(client.url("persistent", "/logout"))
    client.sign_in("persistent", BOB)
    assert set(map(str, looked_at(client).values())) == {f"['{BOB.email}']"}


def test_everybody_who_can_sign_in_is_listed(client: Client) -> None:
    listed = client.control("GET", "environments")["environments"][0]
    assert {name: user["email"] for name, user in listed["people"].items()} == {
        name: person.email for name, person in PEOPLE.items()
    }
    assert listed["user"]["email"] == ADA.email
