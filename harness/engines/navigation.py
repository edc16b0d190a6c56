"""Bringing a tab to a page, and away from it, where the browser meanwhile goes on by itself."""

from collections.abc import Callable
from typing import Literal

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame, Page

__all__ = ["follow", "go_to", "leave", "visit"]

_EMPTY = "about:blank"
_OVERTAKEN = "NS_BINDING_ABORTED"
_ABORTED = ("net::ERR_ABORTED", _OVERTAKEN)
"""What Chromium and Firefox call a navigation that was answered without a page (204)."""
_ARRIVES_WITHIN = 40_000
"""Milliseconds for the first page and for all that follow it."""


async def go_to(tab: Page, address: str) -> None:
    """Show an address in a tab. Firefox moves the tab of another site to another process, and goes
    on there; Playwright may take that for another navigation, to the same address."""
    try:
        await tab.goto(address, wait_until="commit")
    except PlaywrightError as error:
        if f'is interrupted by another navigation to "{address}"' not in error.message:
            raise
        await tab.wait_for_url(address, wait_until="commit")


async def visit(tab: Page, address: str) -> None:
    """Go to an address that may lead to an answer without a page: the tab stays as it was then."""
    try:
        await go_to(tab, address)
    except PlaywrightError as error:
        if not any(aborted in error.message for aborted in _ABORTED):
            raise


async def follow(
    tab: Page,
    address: str,
    arrived: Callable[[str], bool],
    state: Literal["domcontentloaded", "load"],
) -> None:
    """Open an address that goes on by itself, and wait until the tab has come to a page whose
    address is where that ends, and the page to a state.

    Firefox calls the first of these navigations failed where it hears of the next before it knows
    that the first has its page (`#awaitNavigation` in its browsingContext.sys.mjs; on a busy
    machine, once in 520 items).
    """

    def is_there(frame: Frame) -> bool:
        return frame == tab.main_frame and arrived(frame.url)

    async with tab.expect_event("framenavigated", is_there, timeout=_ARRIVES_WITHIN):
        try:
            await tab.goto(address, wait_until="commit")
        except PlaywrightError as error:
            if _OVERTAKEN not in error.message:
                raise
    await tab.wait_for_load_state(state)


async def leave(tab: Page, *, borrowed: bool) -> None:
    """Empty a tab that was borrowed, close one that was opened."""
    if borrowed:
        # Firefox goes there by itself at its start, on a busy machine as late as now.
        await go_to(tab, _EMPTY)
        return
    # While a page comes in from another process, Chromium answers that it has closed the tab, and
    # the tab stays (measured: one in forty that were closed as soon as they had been seen).
    if tab.url != _EMPTY:
        await tab.wait_for_load_state("domcontentloaded")
    await tab.close()
