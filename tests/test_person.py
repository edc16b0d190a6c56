"""Where a visit to the applications goes."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.engines.person import visit_of

REDIRECTS = 20
"""What browsers follow before they want a page."""
FOR_A_SIGN_IN = 3
"""Redirects of a silent one: to the auth server, back, and on."""


def stops(address: str) -> Iterator[str]:
    yield address.partition("?return_to=")[0].partition("&return_to=")[0]
    yield from parse_qs(urlsplit(address).query)["return_to"]


@pytest.mark.parametrize("number", [1, 4, 6, 7, 16, 40])
def test_a_visit_goes_everywhere_and_shows_all(number: int) -> None:
    applications = [f"http://a{n}.app.localhost:1" for n in range(number)]
    *visited, home = stops(visit_of(applications, "/login?prompt=none", after="/login?b=2"))
    logins = ["/login?prompt=none", *["/login?b=2"] * (number - 1)]
    assert [stop for stop in visited if "/login" in stop] == [
        f"{application}{login}" for application, login in zip(applications, logins, strict=True)
    ]
    assert home.partition("?")[0] == f"{applications[-1]}/"
    shown = parse_qs(urlsplit(home).query).get("beside", [])
    assert shown == [f"{application}/" for application in applications[:-1]]
    in_a_row = 0
    for stop in visited:
        in_a_row = 0 if stop.endswith("/onward") else in_a_row + 1
        assert in_a_row * FOR_A_SIGN_IN < REDIRECTS


def test_all_logins_are_alike_unless_another_is_named() -> None:
    *visited, _ = stops(visit_of(["http://a", "http://b"], "/login"))
    assert visited == ["http://a/login", "http://b/login"]
