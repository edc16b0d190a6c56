"""What a driver does when a browser, or Playwright, does not do what it should."""

import asyncio
import contextlib
import gc
import os
import signal
import time
from functools import partial

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserDiedError, BrowserPool, Options
from harness.engines.control_client import ServedEnvironment
from harness.engines.driver import DriverError
from harness.engines.processes import group_members
from harness.scenario import Step, UnsupportedVerbError
from harness.server.running import MockServer
from tests.judged import FOUR, Drive, driving
from tests.patience import PATIENCE

pytestmark = pytest.mark.browser


@pytest.fixture
def drive(pool: BrowserPool) -> Drive:
    return partial(driving, pool)


def test_a_browser_that_dies_is_an_error_and_leaves_nothing(drive: Drive) -> None:
    with drive() as (driver, browser):
        leader, profile = driver._process._leader, driver._process.profile
        assert leader is not None
        assert profile is not None
        os.killpg(leader, signal.SIGKILL)
        with pytest.raises(BrowserDiedError, match="sign_in: Chromium: it has ended by itself"):
            browser.sign_in()
    assert not group_members(leader)
    assert not profile.exists()


async def forever(*_: object) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
@pytest.mark.parametrize("victim", ["browser", "driver"])
def test_what_died_is_not_waited_for(
    drive: Drive, pool: BrowserPool, monkeypatch: pytest.MonkeyPatch, engine: str, victim: str
) -> None:
    """Be it that something waits for the disk, or for an event that nobody tells any more."""
    with drive(engine) as (driver, _):
        leader = driver._process._leader
        pid = leader if victim == "browser" else pool._driver
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        monkeypatch.setattr(ENGINES[engine], "settle", forever)
        driver._verbs["visit"] = forever
        began = time.monotonic()
        with pytest.raises(BrowserDiedError, match="ended by itself"):
            driver.perform(Step("settle" if victim == "browser" else "visit"))
        assert time.monotonic() - began < 10
        assert leader is not None
        assert not group_members(leader)
    with drive(engine) as (_, browser):
        browser.sign_in()


def test_what_a_driver_had_begun_that_died_is_not_heard_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In the middle of a sign-in, say; in a pool of its own, for some of it is said at its end."""
    killing: list[asyncio.Future[None]] = []

    async def hold() -> ServedEnvironment:
        (environment,) = await pool.control.environments([FOUR[0].name])
        await pool.control.hold(environment)
        killing.append(asyncio.ensure_future(kill(environment)))
        return environment

    async def kill(environment: ServedEnvironment) -> None:
        await pool.control.held(environment)
        assert pool._driver is not None
        os.kill(pool._driver, signal.SIGKILL)

    with (
        MockServer() as server,
        contextlib.closing(BrowserPool(server.url, Options())) as pool,
        driving(pool) as (driver, _),
    ):
        held = pool.run(hold(), PATIENCE)
        with pytest.raises(BrowserDiedError, match="sign_in: Chromium: Playwright's driver"):
            driver.perform(Step("sign_in"))
        pool.run(pool.control.release(held), PATIENCE)
    gc.collect()
    assert killing[0].done()
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


def test_a_browser_that_hangs_is_an_error_and_leaves_nothing(
    drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with drive() as (driver, browser):
        leader = driver._process._leader
        assert leader is not None
        os.killpg(leader, signal.SIGSTOP)
        monkeypatch.setattr("harness.engines.driver._STEP_TIMEOUT", 2.0)
        with pytest.raises(DriverError, match="sign_in: Chromium did not finish in time"):
            browser.sign_in()
    assert not group_members(leader)


@pytest.mark.parametrize(
    ("engine", "cause"), [("chromium", "ERR_UNSAFE_PORT"), ("firefox", "deniedPortAccess")]
)
def test_an_error_is_told_with_its_cause(drive: Drive, engine: str, cause: str) -> None:
    with drive(engine) as (driver, _):

        async def visit(_: Step) -> None:
            await driver._page.goto("http://localhost:1/")

        driver._verbs["visit"] = visit
        with pytest.raises(DriverError, match=f"visit: .*{cause}") as raised:
            driver.perform(Step("visit"))
    assert "\n" not in str(raised.value)


def test_what_an_engine_cannot_do_has_a_typed_error(drive: Drive) -> None:
    with drive("chromium", "private") as (_, browser), pytest.raises(UnsupportedVerbError):
        browser.open_window()
