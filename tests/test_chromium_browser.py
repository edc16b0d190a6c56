"""What the engine does with Chromium's files."""

from typing import Any

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool
from harness.engines.chromium import cookie_rows
from harness.engines.driver import Driver
from harness.scenario import Step
from harness.setup import Setup
from tests.judged import FOUR

pytestmark = pytest.mark.browser

OPERATIONS = 512
"""As many make Chromium write its cookies."""
A_SIGN_IN = 64
"""More than what one at four environments changes, which may be left over."""


async def written_at_once(driver: Driver) -> int:
    """Cookies are set, a few at a time, until some are on disk: how many are."""
    context, profile = driver._open(), driver._process.profile
    before = cookie_rows(profile)
    for first in range(0, 2 * OPERATIONS, 8):
        await context.add_cookies(
            [
                {"name": "x", "value": "x", "url": f"http://{first + number}.localhost/"}
                for number in range(8)
            ]
        )
        if new := cookie_rows(profile) - before:
            return len(new)
    raise AssertionError("none was written")


def test_what_changes_after_settling_is_not_on_disk_at_once(pool: BrowserPool) -> None:
    """Settling makes Chromium write by many changes. As many are needed for the next time, too, or
    chance decides what of the next step a crash takes."""
    setup = Setup(engine="chromium", preset="default", environments=FOUR)
    with Driver(pool, ENGINES["chromium"], setup) as driver:
        driver.perform(Step("sign_in"))
        driver.perform(Step("settle"))
        assert driver._run("count", written_at_once(driver)) >= OPERATIONS - A_SIGN_IN


async def targets(driver: Driver) -> list[dict[str, Any]]:
    """All that Chromium shows, its own pages too."""
    browser = driver._open().browser
    assert browser is not None
    session = await browser.new_browser_cdp_session()
    answer = await session.send("Target.getTargets", {"filter": [{}]})
    listed: list[dict[str, Any]] = answer["targetInfos"]
    return listed


def test_the_address_bar_draws_no_page_of_its_own(pool: BrowserPool) -> None:
    """It would compute at each start beside what is looked at."""
    setup = Setup(engine="chromium", preset="default", environments=FOUR[:1])
    with Driver(pool, ENGINES["chromium"], setup) as driver:
        for _ in range(2):
            shown = driver._run("targets", targets(driver))
            assert "page" in {target["type"] for target in shown}
            assert not [target["url"] for target in shown if "omnibox" in target["url"]]
            driver.perform(Step("quit"))
            driver.perform(Step("start"))


POPUPS = """() => {
  let left = 20;
  const more = setInterval(() => {
    const popup = open('about:blank');
    setTimeout(() => popup.close(), 50);
    if (!--left) { clearInterval(more); }
  }, 5);
}"""


def test_the_window_that_is_opened_is_no_other_that_appears_meanwhile(pool: BrowserPool) -> None:
    async def opened(driver: Driver) -> Any:
        await driver._page.evaluate(POPUPS)
        page = await driver._engine.new_window(driver._open(), driver._page, "default")
        return await page.opener()

    setup = Setup(engine="chromium", preset="default", environments=FOUR[:1])
    with Driver(pool, ENGINES["chromium"], setup) as driver:
        assert driver._run("open", opened(driver)) is None
