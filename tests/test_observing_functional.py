"""Looking at a browser as a whole, or at a part of it."""

import re
from typing import Any
from urllib.parse import urlencode, urljoin

import pytest

from harness.clock import Clock
from harness.server.running import MockServer
from harness.settings import Settings
from tests.client import Client, storages

COOKIES = {"sso", "app:ksp_cookie", "app:long_cookie", "app:session_cookie", "app:memory"}


def begin(client: Client, *parts: str, tab_in_use: bool = True, **more: bool) -> Any:
    asked = {"environments": ["persistent"], "parts": list(parts), "tab_in_use": tab_in_use}
    return client.control("POST", "observations", asked | more)


def visit(client: Client, ticket: Any) -> list[str]:
    """Go where the ticket says, and send what the page there reads; of which parts."""
    page = client.follow(ticket["url"])
    read: list[str] = re.findall(r'fetch\("([^"]+)"', page.text)
    for path in read:
        client.json("POST", urljoin(page.url, path), dict.fromkeys(storages(path)))
    return [path.rpartition("/")[2] for path in read]


def shown_in_frames(client: Client, addresses: list[str]) -> None:
    """Show each of them, and send what it reads."""
    for address in addresses:
        read = re.findall(r'"(\w+_storage)": ', client.get(address).text)
        assert read == storages(address)
        if read:
            assert client.json("POST", address, dict.fromkeys(read)).status == 204


@pytest.mark.parametrize(
    ("parts", "shown", "surfaces"),
    [
        (("cookies",), [], COOKIES),
        (("browser",), ["browser"], {"app:local_storage"}),
        (("tab",), ["tab"], {"app:session_storage"}),
        (("browser", "cookies"), ["cookies-browser"], {*COOKIES, "app:local_storage"}),
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
    assert visit(client, ticket) == ["cookies-browser"]
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
    client.follow(client.url("persistent", path))
    seen = client.control("GET", f"observations/{ticket}")["seen"]["persistent"]
    assert seen["sso"]["signed_in"]
    assert seen["app:memory"]["reason"] == "invalid_request"


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
    assert storages(path) == ["local_storage", "session_storage"][: 2 if tab_in_use else 1]
    client.json("POST", urljoin(page.url, path), dict.fromkeys(storages(path)))
    shown_in_frames(client, [] if tab_in_use else begun["tab_frames"])
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


def test_the_other_applications_are_shown_in_frames(client: Client) -> None:
    """Of the last page, which is the first application's: one redirect for each auth server."""
    names = ["persistent", "non_persistent", "org_persistent"]
    for name in names[:2]:
        client.sign_in(name)
    begun = client.control("POST", "observations", {"environments": names, "tab_in_use": True})
    page = client.follow(begun["url"])
    assert page.url.startswith(client.url("persistent", "/", "app"))
    (path,) = re.findall(r'fetch\("([^"]+)"', page.text)
    client.json("POST", urljoin(page.url, path), dict.fromkeys(storages(path)))
    frames = re.findall(r'<iframe src="([^"]+)"', page.text)
    assert frames == [client.url(name, path, "app") for name in names[1:]]
    shown_in_frames(client, frames)
    seen = client.control("GET", f"observations/{begun['ticket']}")["seen"]
    assert {
        name: {surface for surface in COOKIES if seen[name][surface]["signed_in"]} for name in names
    } == {"persistent": COOKIES, "non_persistent": COOKIES, "org_persistent": set()}


def test_a_tab_that_shows_an_application_shows_all_in_frames(client: Client) -> None:
    """The browser has been to the auth servers before, and was shown no page."""
    client.sign_in("persistent")
    begun = begin(client, "cookies", "browser", "tab", tab_in_use=False, in_frames=True)
    assert client.follow(begun["url"]).status == 204
    assert [storages(address) for address in begun["tab_frames"]] == [
        ["local_storage", "session_storage"]
    ]
    shown_in_frames(client, begun["tab_frames"])
    seen = client.control("GET", f"observations/{begun['ticket']}")["seen"]["persistent"]
    assert set(seen) == {*COOKIES, "app:local_storage", "app:session_storage"}
    assert all(seen[surface]["signed_in"] for surface in COOKIES)


@pytest.mark.parametrize("in_frames", [True, False])
def test_what_minds_how_a_page_was_come_to_is_shown_as_one(
    client: Client, in_frames: bool
) -> None:
    """From its own auth server, each application after the other."""
    names = ["persistent", "non_persistent"]
    client.control("POST", "apps", {"apps": ["strict_cookie"]})
    for name in names:
        client.sign_in(name)
    asked = {"environments": names, "tab_in_use": False, "in_frames": in_frames}
    begun = client.control("POST", "observations", asked)
    entrance, shown = begun["url"], []
    while entrance:
        assert "/oauth2/auth/_afterclose/" in entrance
        page = client.follow(entrance)
        assert "<iframe" not in page.text
        shown.append(page.url)
        (path,) = re.findall(r'fetch\("([^"]+)"', page.text)
        client.json("POST", urljoin(page.url, path), dict.fromkeys(storages(path)))
        entrance = next(iter(re.findall(r'location\.replace\("([^"]+)"', page.text)), None)
    assert [url.partition("/_afterclose")[0] for url in shown] == [
        client.url(name, "", "app") for name in names
    ]
    shown_in_frames(client, begun["tab_frames"])
    seen = client.control("GET", f"observations/{begun['ticket']}")["seen"]
    assert all(seen[name]["app:strict_cookie"]["signed_in"] for name in names)
