"""Looking at a browser as a whole, or at a part of it."""

import re
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest

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
