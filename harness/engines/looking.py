"""Showing every surface to the server, in a tab that is borrowed or opened for it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page

from harness.engines.engine import SHOW_FRAMES, Engine
from harness.engines.target import Target, TargetError

__all__ = ["look"]

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
        await page.goto(ticket.url, wait_until="commit")
        if ticket.tab_frames and not borrowed:
            _check_site(in_use.url, ticket.tab_frames[0])
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


def _check_site(url: str, frame: str) -> None:
    """Frames see the tab's storages only on a page of their own site."""
    site = ".".join((urlsplit(frame).hostname or "").split(".")[-2:])
    if not (urlsplit(url).hostname or "").endswith(f".{site}"):
        raise TargetError(f"the tab in use shows {url}, where no application can look at it")
