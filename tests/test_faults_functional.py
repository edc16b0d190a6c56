"""The control API's faults and holds."""

import asyncio
import json
from collections.abc import Mapping

import pytest

from harness.server.holds import Holds
from tests.client import Client


def post(client: Client, path: str, body: Mapping[str, object]) -> int:
    url = client.url("persistent", f"/_afterclose/{path}")
    headers = {"Content-Type": "application/json"}
    return client.request("POST", url, body=json.dumps(body).encode(), headers=headers).status


def listed(client: Client) -> dict[str, dict[str, list[str]]]:
    answer = client.request("GET", client.url("persistent", "/_afterclose/faults")).json
    return {entry.pop("environment"): entry for entry in answer["faults"]}


def test_a_fault_is_armed_everywhere_or_in_one_environment(client: Client) -> None:
    post(client, "faults", {"fault": "twin_cookie", "environment": "persistent"})
    post(client, "faults", {"fault": "late_renewal"})
    faults = listed(client)
    assert faults["persistent"] == {
        "armed": ["late_renewal", "twin_cookie"], "struck": [], "mended": [],
    }
    assert faults["non_persistent"]["armed"] == ["late_renewal"]
    post(client, "reset", {})
    assert listed(client)["persistent"] == {"armed": [], "struck": [], "mended": []}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("faults", {"fault": "no_such"}, 400),
        ("faults", {}, 400),
        ("faults", {"fault": "twin_cookie", "environment": "nowhere"}, 404),
        ("holds", {"environment": "nowhere"}, 404),
        ("holds", {}, 400),
    ],
)
def test_what_does_not_fit_is_refused(
    client: Client, path: str, body: dict[str, str], status: int
) -> None:
    assert post(client, path, body) == status


def test_applications_keep_more_until_the_reset(client: Client) -> None:
    assert post(client, "apps", {"apps": ["no_such"]}) == 404
    assert post(client, "apps", {"apps": ["secure_cookie", "domain_cookie"]}) == 200
    client.sign_in("persistent")
    page = client.get(client.url("persistent", "/", "app")).text
    assert "secure_cookie: signed in" in page
    assert post(client, "reset", {}) == 200
    assert "secure_cookie" not in client.get(client.url("persistent", "/", "app")).text


def test_an_answer_is_held_until_it_is_released() -> None:
    async def hold() -> list[str]:
        holds = Holds()
        order: list[str] = []
        holds.arm("one")

        async def answering() -> None:
            assert await holds.hold("one")
            order.append("answered")

        task = asyncio.ensure_future(answering())
        await holds.reached("one")
        order.append("held")
        holds.release("one")
        await task
        assert not await holds.hold("one")
        with pytest.raises(KeyError):
            holds.release("one")
        return order

    assert asyncio.run(hold()) == ["held", "answered"]
