"""Tabs of Firefox: the one that a page has opened, and one of the browser's own pages."""

import asyncio
import secrets

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from harness.engines.firefox_scripts import OWN_PAGE

__all__ = ["opened_by", "own_page"]

_ATTEMPTS, _ANSWER_TIMEOUT = 8, 3.0
_OPEN = "name => { window.open('about:blank', name, 'noopener') }"
_IS_CALLED = "name => window.name === name && ((window.name = ''), true)"


async def opened_by(context: BrowserContext, page: Page, *, among_others: bool) -> Page:
    """An empty tab beside a page, which opens it by itself. `among_others`: where Firefox has
    restored a session, Playwright may hear of those tabs as late as now. The one that is meant is
    known by its name then, which takes a tenth of a second."""
    name = f"tab-{secrets.token_hex(4)}"
    opened: asyncio.Queue[Page] = asyncio.Queue()
    put = opened.put_nowait
    context.on("page", put)
    try:
        await page.evaluate(_OPEN, name)
        while True:
            tab = await opened.get()
            if not among_others:
                return tab
            called = await _answer(tab, _IS_CALLED, name)
            if called:
                return tab
            if called is None and not tab.is_closed():
                put(tab)
    finally:
        context.remove_listener("page", put)


async def own_page(context: BrowserContext) -> Page:
    """One of Firefox's own, where scripts may do what its menus do, in a window of its own. Raises
    TimeoutError."""
    page = await context.new_page()
    # The first visit moves the tab to another process, and a script that Playwright sends
    # meanwhile may never be answered: so ask, and visit again, until one is.
    for attempt in range(_ATTEMPTS):
        await page.goto(f"{OWN_PAGE}?{attempt}", wait_until="commit")
        if attempt and await _answer(page, "() => true"):
            return page
    raise TimeoutError(f"{OWN_PAGE} answers no script")


async def _answer(page: Page, script: str, argument: str = "") -> bool | None:
    """What a script finds; None where it is not answered."""
    try:
        return bool(await asyncio.wait_for(page.evaluate(script, argument), _ANSWER_TIMEOUT))
    except (TimeoutError, PlaywrightError):
        return None
