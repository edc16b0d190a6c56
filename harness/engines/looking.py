"""Showing every surface to the server, in a tab that is borrowed or opened for it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from harness.engines.engine import SHOW_FRAMES, Engine
from harness.engines.target import Target

__all__ = ["go_to", "look"]

_EMPTY = "about:blank"


async def look(
    target: Target,
    engine: Engine,
    context: BrowserContext,
    in_use: Page,
    batches: Sequence[Sequence[str]],
    *,
    preset: str,
    may_be_restored: bool,
) -> dict[str, dict[str, dict[str, Any]]]:
    """What the server received, by environment and surface.

    An empty tab in use is borrowed and left empty. Beside any other a new one is opened, and what
    belongs to the tab in use is read in frames that are put there and taken away again; likewise
    where session restore brought back a tab that Playwright does not show (`may_be_restored`).
    """
    borrowed = in_use.url == _EMPTY
    page = in_use if borrowed else await engine.new_tab(context, in_use, preset)
    seen: dict[str, dict[str, dict[str, Any]]] = {}
    for names in batches:
        hidden = borrowed and may_be_restored
        ticket = await target.begin_observation(names, tab_in_use=borrowed and not hidden)
        await go_to(page, ticket.url)
        if ticket.tab_frames and not borrowed and not _same_site(in_use.url, ticket.tab_frames):
            await _go_through(in_use, ticket.tab_frames)
        elif ticket.tab_frames and not borrowed:
            await in_use.evaluate(
                f"addresses => ({SHOW_FRAMES})(window, addresses)", list(ticket.tab_frames)
            )
        elif (
            ticket.tab_frames
            and hidden
            and not await engine.frame_in_restored_tab(context, ticket.tab_frames)
        ):
            # Nothing was restored, so the tab in use is the one that came.
            await page.evaluate(
                f"addresses => ({SHOW_FRAMES})(window, addresses)", list(ticket.tab_frames)
            )
        seen |= await target.observation(ticket.id)
    await (page.goto(_EMPTY) if borrowed else page.close())
    return seen


def _same_site(url: str, frames: Sequence[str]) -> bool:
    """Whether frames see the tab's storages there: only on a page of their own site."""
    site = ".".join((urlsplit(frames[0]).hostname or "").split(".")[-2:])
    return (urlsplit(url).hostname or "").endswith(f".{site}")


async def _go_through(tab: Page, addresses: Sequence[str]) -> None:
    """Show the addresses in the tab itself, and then again what it showed: a sign-in page, say,
    where the browser was ended too soon to remember where the person had come to."""
    shown = tab.url
    for address in addresses:
        async with tab.expect_response(lambda response: response.request.method == "POST"):
            await go_to(tab, address)
    await go_to(tab, shown)


async def go_to(tab: Page, address: str) -> None:
    """Show an address in a tab. Firefox moves the tab of another site to another process, and goes
    on there; Playwright may take that for another navigation, to the same address."""
    try:
        await tab.goto(address, wait_until="commit")
    except PlaywrightError as error:
        if f'is interrupted by another navigation to "{address}"' not in error.message:
            raise
        await tab.wait_for_url(address, wait_until="commit")
