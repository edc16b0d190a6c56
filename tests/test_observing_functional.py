"""Looking at a browser as a whole, or at a part of it."""

import re
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest

from harness.clock import Clock
from harness.server.running import MockServer
from harness.settings import Settings
from tests.client import Client

COOKIES = {"sso", "app:ksp_cookie", "app:long_cookie", "app:session_cookie", "app:memory"}


def begin(client: Client, *parts: str, tab_in_use: bool = True) -> Any:
    asked = {"environments": ["persistent"], "parts": list(parts), "tab_in_use": tab_in_use}
    return client.control("POST", "observations", asked)


def visit(client: Client, ticket: Any) -> list[str]:
    """Go where the ticket says, and send what the page there reads; of which parts."""
    page = client.follow(ticket["url"])
    read: list[str] = re.findall(r'fetch\("([^"]+)"', page.text)
    for path in read:
        parts = path.rpartition("/")[2].split("-")
        storages = {"browser": "local_storage", "tab": "session_storage"}
        client.json("POST", urljoin(page.url, path), {storages[part]: None for part in parts})
    return [path.rpartition("/")[2] for path in read]


@pytest.mark.parametrize(
    ("parts", "shown", "surfaces"),
    [
        (("cookies",), [], COOKIES),
        (("browser",), ["browser"], {"app:local_storage"}),
        (("tab",), ["tab"], {"app:session_storage"}),
        (("browser", "cookies"), ["browser"], {*COOKIES, "app:local_storage"}),
        (("browser", "tab"), ["browser-tab"], {"app:local_storage", "app:session_storage"}),
    ],
)
def test_a_part_is_looked_at_alone(
    client: Client, parts: tuple[str, ...], shown: list[str], surfaces: set[str]
) -> None:
    client.sign_in("persistent")
    ticket = begin(client, *parts)
    assert visit(client, ticket) == shown
    seen = client.control("GET", f"observations/{ticket['ticket']}")["seen"]["persistent"]
    assert set(seen) == surfaces
    assert all(seen[surface]["signed_in"] for surface in surfaces & COOKIES)
    assert {result["part"] for result in seen.values()} == set(parts)


def test_the_tab_in_use_shows_frames_only_where_it_is_asked_for(client: Client) -> None:
    assert begin(client, "cookies", "browser", tab_in_use=False)["tab_frames"] == []
    ticket = begin(client, "cookies", "browser", "tab", tab_in_use=False)
    (address,) = ticket["tab_frames"]
    assert visit(client, ticket) == ["browser"]
    client.json("POST", address, {"session_storage": None})
    seen = client.control("GET", f"observations/{ticket['ticket']}")["seen"]["persistent"]
    assert set(seen) == {*COOKIES, "app:local_storage", "app:session_storage"}


@pytest.mark.parametrize("parts", [[], ["history"]])
def test_what_is_no_part_is_refused(client: Client, parts: list[str]) -> None:
    assert "parts" in begin(client, *parts)["error"]


@pytest.mark.parametrize("where", [None, "http://elsewhere.localhost/callback"])
def test_a_look_gives_no_code_for_an_address_that_is_not_registered(
    client: Client, where: str | None
) -> None:
    client.sign_in("persistent")
    ticket = begin(client, "cookies")["ticket"]
    query = {"response_type": "code"} | ({"redirect_uri": where} if where else {})
    path = f"/oauth2/auth/_afterclose/observe/{ticket}?{urlencode(query)}"
    answer = client.get(client.url("persistent", path))
    assert answer.status == 302
    location = answer.header("Location") or ""
    assert location.startswith(client.url("persistent", "/", "app"))
    assert location.partition("?")[2] == "error=invalid_request&state="


def test_a_look_is_not_shown_what_it_is_not_about(client: Client) -> None:
    ticket = begin(client, "cookies")["ticket"]
    for kind, path in (("idp", "/oauth2/auth"), ("app", "")):
        address = client.url("non_persistent", f"{path}/_afterclose/observe/{ticket}", kind)
        assert client.get(address).status == 404


def look(client: Client, environment: str, *, tab_in_use: bool = True) -> dict[str, Any]:
    """Go through an observation as a browser does that keeps nothing in its storages."""
    asked = {"environments": [environment], "tab_in_use": tab_in_use}
    begun = client.control("POST", "observations", asked)
    page = client.follow(begun["url"])
    (path,) = re.findall(r'fetch\("([^"]+)"', page.text)
    for address in {urljoin(page.url, path), *begun["tab_frames"]}:
        kinds = re.findall(r'"(\w+_storage)": ', client.get(address).text)
        assert len(kinds) == (2 if tab_in_use and address not in begun["tab_frames"] else 1)
        assert client.json("POST", address, dict.fromkeys(kinds)).status == 204
    seen = client.control("GET", f"observations/{begun['ticket']}")["seen"]
    return dict(seen[environment])


@pytest.mark.parametrize("tab_in_use", [True, False])
def test_observing_disturbs_nothing(client: Client, clock: Clock, tab_in_use: bool) -> None:
    client.sign_in("non_persistent")
    clock.advance(100)
    before = {host: dict(cookies) for host, cookies in client.jar.items() if cookies}
    seen = look(client, "non_persistent", tab_in_use=tab_in_use)
    assert {surface: result["signed_in"] for surface, result in seen.items()} == {
        "sso": True,
        "app:ksp_cookie": True,
        "app:long_cookie": True,
        "app:session_cookie": True,
        "app:local_storage": False,
        "app:session_storage": False,
        "app:memory": True,
    }
    assert seen["app:ksp_cookie"]["persistent_claim"] is False
    assert seen["app:memory"]["persistent_claim"] is False
    assert {host: cookies for host, cookies in client.jar.items() if cookies} == before
    assert client.peek("non_persistent")["idle"] == 100


@pytest.mark.parametrize("body", [b"[]", b"{", b"null"])
def test_what_no_frame_of_ours_would_send(client: Client, body: bytes) -> None:
    begun = client.control("POST", "observations", {"environments": ["persistent"]})
    headers = {"Content-Type": "application/json"}
    answer = client.request("POST", begun["tab_frames"][0], body=body, headers=headers)
    assert answer.status == 400


def test_an_observation_of_nobody(client: Client) -> None:
    seen = look(client, "persistent")
    assert not any(result["signed_in"] for result in seen.values())
    assert seen["sso"]["reason"] == "no_cookie"
    assert seen["app:memory"]["reason"] == "login_required"
    assert seen["app:local_storage"]["reason"] == "no_token"


def test_only_the_kinds_that_are_chosen(clock: Clock) -> None:
    settings = Settings(apps=("long_cookie",))
    with MockServer(clock=clock, settings=settings) as server:
        client = Client(server)
        client.sign_in("persistent")
        asked = {"environments": ["persistent"]}
        begun = client.control("POST", "observations", asked)
        assert begun["tab_frames"] == []
        client.follow(begun["url"])
        seen = client.control("GET", f"observations/{begun['ticket']}")["seen"]["persistent"]
    assert {surface: result["signed_in"] for surface, result in seen.items()} == {
        "sso": True, "app:long_cookie": True,
    }
