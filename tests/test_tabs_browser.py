"""Several tabs and windows in real browsers: all of them come back, each is looked at, and driving
the browser changes nothing of it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lz4.block
import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool
from harness.engines.driver import Driver
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.records import Observation, Verdict
from harness.scenario import Browser
from harness.setup import Setup
from tests.judged import browser_of

pytestmark = pytest.mark.browser
_TIMEOUT = 60.0


def setup_of(engine: str, preset: str) -> Setup:
    return Setup(engine=engine, preset=preset, environments=DEFAULT_ENVIRONMENTS[:2])


@contextlib.contextmanager
def driven(
    pool: BrowserPool, engine: str, preset: str, observations: list[Observation]
) -> Iterator[tuple[Driver, Browser]]:
    setup = setup_of(engine, preset)
    with Driver(pool, ENGINES[engine], setup) as driver:
        yield driver, browser_of(driver, setup, observations.append)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_tab_that_came_back_is_looked_at(pool: BrowserPool, engine: str) -> None:
    """Signed out in the last of three: the first two still have their tokens."""
    observations: list[Observation] = []
    with driven(pool, engine, "continue", observations) as (_, browser):
        browser.sign_in()
        browser.open_tab()
        browser.visit()
        browser.open_window()
        browser.visit()
        browser.sign_out()
        browser.quit()
        browser.start()
        browser.check("in the restored tabs")
    (found,) = (
        o
        for o in observations
        if (o.policy, o.surface) == ("persistent", "app:session_storage")
    )
    assert found.signed_in
    assert sum(": signed in as " in text for text in found.evidence.tabs) == 2
    assert sum(": signed out" in text for text in found.evidence.tabs) >= 1
    assert not [o for o in observations if o.verdict is Verdict.UNEXPECTED]


def test_the_tab_in_use_is_the_one_in_front(pool: BrowserPool) -> None:
    """In Chromium, which shows the tabs that came back; Firefox has the driver's own in front."""
    with driven(pool, "chromium", "continue", []) as (driver, browser):
        for others in range(2):
            browser.sign_in()
            browser.open_tab()
            browser.visit()
            (browser.open_window if others else browser.open_tab)()
            pool.run(driver._page.goto(f"{driver._site.origins[0]}/?{others}"), 30)
            browser.quit()
            browser.start()
            assert driver._page.url.endswith(f"/?{others}")
            assert len(driver._process.restored) == 3 + 2 * others
            assert all(not page.url.startswith("chrome:") for page in driver._open().pages)


def test_a_driven_firefox_keeps_of_its_tabs_what_an_undriven_one_keeps(
    pool: BrowserPool, tmp_path: Path
) -> None:
    """Cookies, tabs and the storages of those that nobody has looked at, in the session file: a
    driven Firefox has to make tabs behind others at once, and puts them off again.

    What is written of the tab in front is left out: an undriven Firefox keeps its storage in some
    starts (2 of 12 on a busy machine) and not in others."""
    with driven(pool, "firefox", "continue", []) as (driver, browser):
        browser.sign_in()
        browser.open_tab()
        browser.visit()
        browser.quit()
        profile = driver._process.profile
        before = _kept(_session(profile / "sessionstore.jsonlz4"))
        undriven = tmp_path / "undriven"
        shutil.copytree(profile, undriven, symlinks=True)
        browser.start()
        browser.settle()
        of_driven = _kept(_session(profile / "sessionstore-backups" / "recovery.jsonlz4"))
        assert any("put off" in note for note in driver._process.notes)
        installation = pool.run(pool.find(ENGINES["firefox"]), 60)
    assert installation is not None
    of_undriven = _restored_by(installation.path, undriven, tabs=len(before["tabs"]))
    assert of_driven["cookies"] == of_undriven["cookies"] == before["cookies"]
    (behind, front), (same_behind, same_front) = of_driven["tabs"], of_undriven["tabs"]
    assert behind == same_behind == before["tabs"][0]
    assert behind[1], "it had a storage"
    assert front[0] == same_front[0] == before["tabs"][1][0]


def test_nothing_is_written_before_the_tabs_are_put_off(pool: BrowserPool) -> None:
    """However long a start takes: else a tab that is there for a while loses its storage."""
    with driven(pool, "firefox", "continue", []) as (driver, browser):
        browser.sign_in()
        browser.open_tab()
        browser.visit()
        browser.quit()
        browser.start()
        settings = (driver._process.profile / "user.js").read_text(encoding="utf-8")
        browser.quit()
        left = (driver._process.profile / "prefs.js").read_text(encoding="utf-8")
    interval = "browser.sessionstore.interval"
    assert f'user_pref("{interval}", 3600000);' in settings
    assert interval not in left.replace(f"{interval}.idle", ""), "in force for that while alone"


def _restored_by(program: Path, profile: Path, *, tabs: int) -> dict[str, Any]:
    """What is in the session file of a Firefox that nobody drives, once it has so many tabs."""
    settings = profile / "user.js"
    ours = ("restore_tabs_lazily", "browser.sessionstore.interval")
    lines = [
        line
        for line in settings.read_text(encoding="utf-8").splitlines()
        if not any(name in line for name in ours)
    ]
    lines.append('user_pref("browser.sessionstore.interval", 500);')
    settings.write_text("\n".join(lines), encoding="utf-8")
    file = profile / "sessionstore-backups" / "recovery.jsonlz4"
    assert not file.exists(), "it is written by a running Firefox"
    process = subprocess.Popen(
        [program, "--headless", "--no-remote", "--profile", profile],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + _TIMEOUT
    kept = None
    try:
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, lz4.block.LZ4BlockError):
                kept = _kept(_session(file))
                if len(kept["tabs"]) == tabs:
                    return kept
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
                pytest.fail("Firefox ended by itself")
        pytest.fail(f"Firefox has not brought back {tabs} tabs; its session file: {kept}")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _session(file: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(lz4.block.decompress(file.read_bytes()[8:]))
    return state


def _kept(session: dict[str, Any]) -> dict[str, Any]:
    """The cookies, and each tab of an application with the origins in its storage."""
    tabs = [tab for window in session["windows"] for tab in window["tabs"] if tab["entries"]]
    return {
        "cookies": sorted((c["host"], c["name"], c["value"]) for c in session.get("cookies", [])),
        "tabs": [
            (tab["entries"][-1]["url"], sorted(tab.get("storage") or {}))
            for tab in tabs
            if tab["entries"][-1]["url"].startswith("http")
        ],
    }
