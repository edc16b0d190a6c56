"""Which tabs Chromium has, and which of them came back: as the protocol tells it, and the page of
Chromium's own that searches tabs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page
from playwright.async_api import Error as PlaywrightError

from harness.engines.control_client import OBSERVE_PATH
from harness.engines.engine import RETITLE

__all__ = ["page_of", "reopen_closed_tabs", "restored_tabs"]

_TAB_SEARCH = "chrome://tab-search.top-chrome/"
_OPEN, _RECENTLY_CLOSED = 1, 2
"""`TabItemType` of Tab Search (`tab_data.ts`)."""
_TIMEOUT = 5.0
"""Seconds until Playwright, or Tab Search, knows of a tab that is there."""
_POLL = 0.02
_POPUP_AFTER = 1.0
"""Seconds after which a tab that Tab Search does not list is one of a popup."""
_NAVIGATED_BY = "() => performance.getEntriesByType('navigation')[0]?.type"
_LAST_ACTIVE = """items => items.filter(item => item.data.type === OPEN).map(item => [
  item.data.tab.title, Number(item.data.tab.lastActiveTimeTicks.internalValue)])""".replace(
    "OPEN", str(_OPEN)
)


async def page_of(context: BrowserContext, target: str) -> Page:
    """Playwright's page for a target of the protocol."""
    async with asyncio.timeout(_TIMEOUT):
        while True:
            for page in context.pages:
                # A popup may close while it is asked.
                with contextlib.suppress(PlaywrightError):
                    about = await _ask(context, page, "Target.getTargetInfo", "targetInfo")
                    if about["targetId"] == target:
                        return page
            await asyncio.sleep(_POLL)


async def restored_tabs(context: BrowserContext) -> list[Page]:
    """The tabs that came back at this start, once they show what they showed, the one in front
    last."""
    await _all_attached(context)
    tabs = []
    for page in context.pages:
        if page.url.startswith("chrome://flags"):
            # By which it was told to restart.
            await page.close()
        elif await _came_back(page):
            await page.wait_for_load_state("domcontentloaded")
            tabs.append(page)
    return tabs if len(tabs) < 2 else await _in_order(context, tabs)


async def reopen_closed_tabs(context: BrowserContext) -> list[Page]:
    """Open every tab again that Tab Search lists as recently closed; those that show something, the
    one in front last."""
    opened: list[Page] = []
    async with _tab_search(context) as (_, items):
        for index in reversed(range(await items.count())):
            item = items.nth(index)
            kind, url = await item.evaluate("item => [item.data.type, item.data.tab?.url ?? '']")
            # Nobody would ask for the tab of a check, or of the driver, which are listed there too.
            if kind == _RECENTLY_CLOSED and OBSERVE_PATH not in url and "chrome://" not in url:
                async with context.expect_page() as reopened:
                    await item.evaluate("item => item.click()")
                page = await reopened.value
                await page.wait_for_load_state("domcontentloaded")
                if page.url.startswith("http"):
                    opened.append(page)
    return opened


async def _all_attached(context: BrowserContext) -> None:
    assert context.browser is not None
    session = await context.browser.new_browser_cdp_session()
    # Those of a private window are not listed.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_TIMEOUT):
            while True:
                targets = (await session.send("Target.getTargets"))["targetInfos"]
                if sum(target["type"] == "page" for target in targets) == len(context.pages):
                    break
                await asyncio.sleep(_POLL)
    await session.detach()


async def _came_back(page: Page) -> bool:
    """An empty tab that came back, as a popup may, knows that nobody navigated to it."""
    if page.url == "about:blank":
        return bool(await page.evaluate(_NAVIGATED_BY) == "back_forward")
    return page.url.startswith("http")


async def _in_order(context: BrowserContext, tabs: Sequence[Page]) -> list[Page]:
    """By when they were last in front: those of the window in front, where Chromium opens the page
    that is asked, after all others, and popups after them. Titles tell the tabs apart meanwhile."""
    titles = [await tab.evaluate(RETITLE, _token(number)) for number, tab in enumerate(tabs)]
    async with _tab_search(context) as (search, items):
        active = await _last_active(items, [_token(number) for number in range(len(tabs))])
        front = await _window(context, search)
        windows = [await _window(context, tab) for tab in tabs]
    for tab, title in zip(tabs, titles, strict=True):
        await tab.evaluate(RETITLE, title)

    def place(number: int) -> tuple[bool, bool, float]:
        token = _token(number)
        return token not in active, windows[number] == front, active.get(token, 0)

    return [tabs[number] for number in sorted(range(len(tabs)), key=place)]


async def _last_active(items: Locator, titles: Sequence[str]) -> dict[str, float]:
    """When the tabs of these titles were last in front. Tab Search takes a moment to list them, and
    never lists a popup (measured): what is not there after a while is one, and lies above the
    windows."""
    waited = 0.0
    async with asyncio.timeout(_TIMEOUT):
        while True:
            active: dict[str, float] = dict(await items.evaluate_all(_LAST_ACTIVE))
            missing = [title for title in titles if title not in active]
            if not missing or waited > _POPUP_AFTER:
                return active
            waited += _POLL
            await asyncio.sleep(_POLL)


def _token(number: int) -> str:
    return f"tab {number}"


async def _window(context: BrowserContext, page: Page) -> Any:
    return await _ask(context, page, "Browser.getWindowForTarget", "windowId")


async def _ask(context: BrowserContext, page: Page, method: str, key: str) -> Any:
    session = await context.new_cdp_session(page)
    answer = await session.send(method)
    await session.detach()
    return answer[key]


@contextlib.asynccontextmanager
async def _tab_search(context: BrowserContext) -> AsyncIterator[tuple[Page, Locator]]:
    page = await context.new_page()
    await page.goto(_TAB_SEARCH)
    items = page.locator("tab-search-item")
    await items.first.wait_for(state="attached")
    yield page, items
    await page.close()
