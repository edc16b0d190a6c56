"""Tabs that go on by themselves, and tabs that are left, in a real browser."""

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Error as PlaywrightError

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.navigation import follow, go_to, leave, visit
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.server.running import MockServer
from tests.patience import PATIENCE

pytestmark = pytest.mark.browser
OFTEN = 40
"""Without waiting, a tab in forty stayed."""


@pytest.fixture
def pool() -> Iterator[BrowserPool]:
    with MockServer(environments=DEFAULT_ENVIRONMENTS[:1]) as server:
        pool = BrowserPool(server.url, Options())
        yield pool
        pool.close()


def test_a_tab_is_gone_when_it_is_left(pool: BrowserPool) -> None:
    """Even one that has just come to a page of another process."""
    chromium = ENGINES["chromium"]

    async def come_and_go() -> int:
        async with pool.beside(chromium) as context:
            in_use = context.pages[0]
            (environment,) = await pool.control.environments([DEFAULT_ENVIRONMENTS[0].name])
            await in_use.goto(environment.app_url)
            for _ in range(OFTEN):
                tab = await chromium.new_tab(context, in_use, "default")
                ticket = await pool.control.begin_observation(
                    [environment.name], tab_in_use=False, parts=("cookies",)
                )
                await go_to(tab, ticket.url)
                await pool.control.observation(ticket.id)
                await leave(tab, borrowed=False)
            return len(context.pages)

    assert pool.run(come_and_go(), PATIENCE) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tab_that_is_shown_no_page_stays_as_it_was(pool: BrowserPool, engine: str) -> None:
    """The auth server has been asked all the same, by a page's navigation; and what is no answer is
    still an error."""

    async def come_and_go() -> None:
        async with pool.beside(ENGINES[engine]) as context:
            in_use = context.pages[0]
            (environment,) = await pool.control.environments([DEFAULT_ENVIRONMENTS[0].name])
            await in_use.goto(environment.app_url)
            for _ in range(3):
                tab = await ENGINES[engine].new_tab(context, in_use, "default")
                ticket = await pool.control.begin_observation(
                    [environment.name], tab_in_use=False, in_frames=True, parts=("cookies",)
                )
                await visit(tab, ticket.url)
                assert tab.url == "about:blank"
                await leave(tab, borrowed=False)
                assert context.pages == [in_use]
            with pytest.raises(PlaywrightError):
                await visit(in_use, "http://localhost:9/")

    pool.run(come_and_go(), PATIENCE)


def test_a_navigation_that_is_overtaken_is_followed(pool: BrowserPool) -> None:
    """Firefox calls the first one failed: here an answer that does not come, and a page that goes
    on by itself meanwhile."""

    async def overtaken() -> str:
        async with pool.beside(ENGINES["firefox"]) as context:
            (environment,) = await pool.control.environments([DEFAULT_ENVIRONMENTS[0].name])
            (page,) = context.pages
            home = f"{environment.app_url}/"
            await page.goto(home)
            await pool.control.hold(environment)
            following = asyncio.ensure_future(
                follow(page, f"{home}login?prompt=none", lambda url: url == f"{home}?came", "load")
            )
            await pool.control.held(environment)
            await page.evaluate("() => { location.href = '/?came'; }")
            await following
            await pool.control.release(environment)
            return page.url

    assert pool.run(overtaken(), PATIENCE).endswith("/?came")
