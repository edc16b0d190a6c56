"""What the engine does with Firefox's files and tabs."""

import time
from pathlib import Path
from typing import Any

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.driver import Driver
from harness.engines.firefox_profile import cookie_rows
from harness.scenario import Step
from harness.setup import Setup
from tests.judged import FOUR
from tests.patience import PATIENCE

pytestmark = pytest.mark.browser


def test_a_crash_finds_no_cookie_that_was_deleted_before_it(pool: BrowserPool) -> None:
    """Firefox deletes each at once. One environment: of several, those that are signed
    out of first have the time of the others."""
    setup = Setup(engine="firefox", preset="default", environments=FOUR[:1])
    with Driver(pool, ENGINES["firefox"], setup) as driver:
        for verb in ("sign_in", "settle"):
            driver.perform(Step(verb))
        assert cookie_rows(driver._process.profile)
        for verb in ("sign_out", "crash"):
            driver.perform(Step(verb))
        assert cookie_rows(driver._process.profile) == set()


def test_a_crash_finds_cookies_as_they_were_renewed_before_it(pool: BrowserPool) -> None:
    """Of one that is renewed the expiry alone is another."""
    setup = Setup(engine="firefox", preset="default", environments=FOUR[:1])
    with Driver(pool, ENGINES["firefox"], setup) as driver:
        cookie = {"name": "renewed", "value": "x", "domain": ".example.com", "path": "/"}
        for lifetime, verb in ((1000, "settle"), (2000, "crash")):
            expires = time.time() + lifetime
            renewed: Any = {**cookie, "expires": expires}
            pool.run(driver._open().add_cookies([renewed]), 30)
            driver.perform(Step(verb))
        ((*_, written),) = cookie_rows(driver._process.profile)
        assert abs(written - expires) <= 1


def test_the_tab_that_is_opened_is_no_other_that_firefox_opens(pool: BrowserPool) -> None:
    """It opens its own first window again, too, when the session before is restored, and Playwright
    hears of it some time later."""
    setup = Setup(engine="firefox", preset="default", environments=FOUR[:1])
    with Driver(pool, ENGINES["firefox"], setup) as driver:
        for verb in ("sign_in", "quit", "start", "restore_previous_session", "open_tab"):
            driver.perform(Step(verb))
        assert driver._page.url == "about:blank"


def test_a_profile_of_an_earlier_run_has_its_caches_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Firefox removes the folder where it takes them for another program's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept: set[Path] = set()
    for _ in range(2):
        pool = BrowserPool("http://localhost:1", Options())
        try:
            profile = pool.run(pool.new_profile(ENGINES["firefox"], "default"), PATIENCE)
            mark = profile / "startupCache" / "mark"
            mark.touch()
            pool.run(pool.launch(ENGINES["firefox"], profile, "default"), PATIENCE)
            assert mark.exists()
        finally:
            pool.close()
        kept.update((tmp_path / "afterclose").iterdir())
    assert len(kept) == 1, "the second run has made none"
