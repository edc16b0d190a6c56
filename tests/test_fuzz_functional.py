"""Two thousand random requests: no 5xx, no late answer, no traceback, and all of it still works."""

import asyncio
import re

import pytest

from benchmarks.fuzz import fuzz
from benchmarks.fuzzing.campaign import LATE, Campaign
from benchmarks.fuzzing.operations import OPERATIONS
from benchmarks.fuzzing.serving import serving
from harness.server.routes import Routes
from harness.server.running import MockServer

REQUESTS = 2_000
SEED = 20_261_126


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    with serving(state=True) as served:
        return asyncio.run(fuzz(served, requests=REQUESTS, seed=SEED))


def test_no_random_request_harms_the_server(campaign: Campaign) -> None:
    assert campaign.statuses.total() == REQUESTS
    # Late once and not again: the machine was busy.
    told = [
        fault.told()
        for kind, fault in campaign.faults.by_kind.items()
        if kind != LATE or fault.smallest is not None
    ]
    assert not told, "\n\n".join(told)


def test_requests_get_past_the_first_checks(campaign: Campaign) -> None:
    wanted = {"auth", "sign_in", "token.code", "token.refresh", "token.machine", "user_profile"}
    wanted |= {"introspect", "organization.sessions", "console.organization", "app.callback"}
    wanted |= {"observe.app", "observe.browser.stored", "peek", "exchanges"}
    assert {name for name, count in campaign.reached.items() if count} >= wanted


def test_no_route_is_left_out() -> None:
    with MockServer() as server:
        router = Routes(server.site).application().router
    requests = {(operation.method, operation.path) for operation in OPERATIONS}
    left_out = [
        (route.method, route.resource.canonical)
        for route in router.routes()
        if route.resource is not None
        and route.method != "HEAD"
        # A part of a path that varies is any part.
        and not any(
            method == route.method
            and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route.resource.canonical), path)
            for method, path in requests
        )
    ]
    assert not left_out
