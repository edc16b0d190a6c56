"""The demo application: how it keeps its logins."""

from urllib.parse import urlencode

import pytest

from tests.client import Client


@pytest.mark.parametrize(
    ("environment", "cookies"),
    [
        ("persistent", {"ksp_cookie": True, "long_cookie": True, "session_cookie": False}),
        ("non_persistent", {"ksp_cookie": False, "long_cookie": True, "session_cookie": False}),
    ],
)
def test_each_kind_of_application_makes_its_own_cookie(
    client: Client, environment: str, cookies: dict[str, bool]
) -> None:
    form = client.follow(client.url(environment, "/login", "app"))
    callback = client.submit(environment, form).header("Location")
    assert callback is not None
    made = {header.split("=")[0]: header for header in client.get(callback).cookies}
    for kind, lasts in cookies.items():
        assert ("Max-Age=2505600" in made[f"demo_{kind}"]) == lasts


def test_the_application_returns_to_its_own_site_only(client: Client) -> None:
    evil = urlencode({"return_to": "http://evil.example/"})
    page = client.follow(client.url("persistent", f"/?{evil}", "app"))
    assert "evil" not in page.text
