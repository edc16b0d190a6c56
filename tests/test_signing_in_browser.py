"""Signing in everywhere: at the form of the first auth server, and vouched for at the others."""

import time
from typing import Any

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool
from harness.engines.driver import Driver
from harness.policy import Environment
from harness.scenario import Step
from harness.setup import Setup
from tests.judged import FOUR

pytestmark = pytest.mark.browser

PERSISTENT = (FOUR[0], FOUR[2])
NON_PERSISTENT = (FOUR[1], FOUR[3])
"""Two environments of one effective policy."""
SAME = ("path", "httpOnly", "secure", "sameSite")
A_MINUTE = 60


def cookies_of(driver: Driver, environment: Environment) -> set[tuple[object, ...]]:
    """What the browser has of an environment, but for the values and the environment's name."""
    context = driver._open()
    listed: list[Any] = driver._run("cookies", context.cookies())
    found = set()
    for cookie in listed:
        name, _, place = cookie["domain"].partition(".")
        if name == environment.name:
            lasts = cookie["expires"] != -1 and round((cookie["expires"] - time.time()) / A_MINUTE)
            about = tuple(cookie[key] for key in SAME)
            found.add((place, cookie["name"].replace(name, ""), lasts, *about))
    return found


def forms(driver: Driver, pool: BrowserPool) -> list[str]:
    """The hosts at which one was sent."""
    log = driver._run("exchanges", pool.control._control("GET", "exchanges"))["exchanges"]
    return [
        exchange["host"].partition(":")[0]
        for exchange in log
        if (exchange["method"], exchange["path"]) == ("POST", "/sign-in")
    ]


@pytest.mark.parametrize("environments", [PERSISTENT, NON_PERSISTENT])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_browser_keeps_the_same_of_both(
    pool: BrowserPool, engine: str, environments: tuple[Environment, Environment]
) -> None:
    setup = Setup(engine=engine, preset="default", environments=environments)
    with Driver(pool, ENGINES[engine], setup) as driver:
        driver.perform(Step("sign_in"))
        assert forms(driver, pool) == [f"{environments[0].name}.idp.localhost"]
        by_form, vouched = (cookies_of(driver, environment) for environment in environments)
        assert by_form == vouched
        assert {place for place, *_ in vouched} == {"idp.localhost", "app.localhost"}
        assert {bool(lasts) for place, _, lasts, *_ in vouched if place == "idp.localhost"} == {
            environments is PERSISTENT
        }
