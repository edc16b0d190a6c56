"""The application whose page exchanges its refresh token while it is open."""

from typing import Any

import pytest

from harness.clock import Clock
from tests.client import Client

HOUR = 3600
NAME = "persistent"


@pytest.fixture
def opened(client: Client) -> Client:
    """Signed in at the application, whose page is open."""
    client.control("POST", "apps", {"apps": ["refreshing"]})
    client.sign_in(NAME)
    assert standing(client) == "signed in"
    return client


def standing(client: Client) -> str:
    text = client.get(client.url(NAME, "/", "app")).text
    return text.partition("<li>refreshing: ")[2].partition("</li>")[0]


def refresh(client: Client) -> None:
    answer = client.request("POST", client.url(NAME, "/refresh", "app"))
    assert (answer.status, answer.cookies) == (204, [])


def exchanged(client: Client) -> list[Any]:
    listed = client.control("GET", "exchanges")["exchanges"]
    return [e for e in listed if e["path"] == "/oauth2/token"]


def session(client: Client) -> Any:
    (found,) = client.control("GET", "sessions")["sessions"]
    return found


def test_a_refresh_prolongs_the_record_and_not_the_cookie(opened: Client, clock: Clock) -> None:
    """At 47 hours the server has a session, and the browser no cookie of it."""
    clock.advance(23 * HOUR)
    refresh(opened)
    clock.advance(23.9 * HOUR)
    assert session(opened)["end_reason"] is None
    assert standing(opened) == "signed in"
    answers = opened.control("GET", "exchanges")["exchanges"]
    headers = [header for e in answers for header in e["cookies_out"]]
    (at_the_sign_in,) = [header for header in headers if header.startswith("sso_session=")]
    assert "Max-Age=86400" in at_the_sign_in
    clock.advance(0.2 * HOUR)
    assert session(opened)["end_reason"] == "inactive"


def test_each_exchange_brings_the_next_refresh_token(opened: Client, clock: Clock) -> None:
    for _ in range(5):
        clock.advance(20 * HOUR)
        refresh(opened)
    assert len(exchanged(opened)) == 6
    assert standing(opened) == "signed in"


def test_without_a_refresh_the_token_expires(opened: Client, clock: Clock) -> None:
    clock.advance(24 * HOUR)
    assert standing(opened) == "signed out (expired)"


def test_a_refresh_that_is_refused_ends_the_login(opened: Client) -> None:
    opened.control("DELETE", "sessions")
    assert standing(opened) == "signed in"
    refresh(opened)
    assert standing(opened) == "signed out (refused)"
    refresh(opened)
    assert len(exchanged(opened)) == 2, "it is not asked for again"


def test_whoever_is_not_signed_in_refreshes_nothing(opened: Client) -> None:
    stranger = Client(opened.server)
    refresh(stranger)
    opened.get(opened.url(NAME, "/sign-out", "app"))
    refresh(opened)
    assert len(exchanged(opened)) == 1


def test_only_an_application_that_refreshes_asks_for_a_refresh_token(client: Client) -> None:
    location = client.get(client.url(NAME, "/login", "app")).header("Location") or ""
    assert "offline" not in location
    refresh(client)
    client.control("POST", "apps", {"apps": ["refreshing"]})
    location = client.get(client.url(NAME, "/login", "app")).header("Location") or ""
    assert "offline" in location


def test_to_look_issues_no_refresh_token(opened: Client) -> None:
    body = {"environments": [NAME], "parts": ["cookies"], "tab_in_use": False}
    ticket = opened.control("POST", "observations", body)
    assert "offline" not in ticket["url"]
    opened.follow(ticket["url"])
    seen = opened.control("GET", f"observations/{ticket['ticket']}")["seen"][NAME]
    assert seen["app:refreshing"]["signed_in"]
    assert "demo_refreshing" in seen["app:refreshing"]["set_cookie"][0]
