"""Showing every surface to the server, in a tab that is borrowed or opened for it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page

from harness.engines.control_client import ControlClient, ServedEnvironment
from harness.engines.engine import SHOW_FRAMES, Engine, HiddenTab
from harness.engines.navigation import go_to, leave, visit
from harness.engines.tabs import in_any_tab
from harness.received import Seen

__all__ = ["look"]

_EMPTY = "about:blank"


async def look(
    control: ControlClient,
    engine: Engine,
    context: BrowserContext,
    in_use: Page,
    environments: Sequence[ServedEnvironment],
    *,
    preset: str,
    restored: Sequence[Page],
    hidden_tabs: AbstractAsyncContextManager[Sequence[HiddenTab]],
) -> Seen:
    """What the server received, by environment and surface.

    An empty tab in use is borrowed and left empty. Beside any other a new one is opened, and what
    belongs to the tab in use is read in frames that are put there and taken away again, with all
    that applications keep if it shows one of them; likewise in every tab that session restore
    brought back, be there a page for it (`restored`) or not.
    """
    names = [environment.name for environment in environments]
    borrowed = in_use.url == _EMPTY
    in_frames = _same_site(in_use.url, environments[0].app_url)
    page = in_use if borrowed else await engine.new_tab(context, in_use, preset)
    async with hidden_tabs as hidden:
        shown_by_playwright = [
            _PageTab(tab)
            for tab in restored
            if tab is not in_use and not tab.is_closed() and tab.url.startswith("http")
        ]
        ticket = await control.begin_observation(names, tab_in_use=borrowed, in_frames=in_frames)
        await visit(page, ticket.url)
        if ticket.tab_frames and not borrowed:
            await _PageTab(in_use).show(ticket.tab_frames)
        seen = await control.observation(ticket.id)
        others = [
            *shown_by_playwright,
            # A page of another site does not see the storages of its frames' own.
            *(tab for tab in hidden if _same_site(tab.url, environments[0].app_url)),
        ]
        told = [(tab.url, await _look_in(control, tab, names)) for tab in others]
    await leave(page, borrowed=borrowed)
    return in_any_tab(seen, told)


async def _look_in(
    control: ControlClient, tab: "HiddenTab | _PageTab", names: Sequence[str]
) -> Seen:
    """What belongs to a tab, all of it at once: a restored one may lose it when it is left."""
    ticket = await control.begin_observation(names, tab_in_use=False, parts=("tab",))
    if ticket.tab_frames:
        await tab.show(ticket.tab_frames)
    return await control.observation(ticket.id)


class _PageTab:
    """A tab that Playwright has a page for."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.url = page.url

    async def show(self, addresses: Sequence[str]) -> None:
        if _same_site(self._page.url, addresses[0]):
            script = f"addresses => ({SHOW_FRAMES})(window, addresses)"
            await self._page.evaluate(script, list(addresses))
        else:
            await _go_through(self._page, addresses)


def _same_site(url: str, application: str) -> bool:
    """Whether applications' frames see there what they would as pages: only on their own site."""
    site = ".".join((urlsplit(application).hostname or "").split(".")[-2:])
    return (urlsplit(url).hostname or "").endswith(f".{site}")


async def _go_through(tab: Page, addresses: Sequence[str]) -> None:
    """Show the addresses in the tab itself, and then again what it showed: a sign-in page, say,
    where the browser was ended too soon to remember where the person had come to."""
    shown = tab.url
    for address in addresses:
        async with tab.expect_response(lambda response: response.request.method == "POST"):
            await go_to(tab, address)
    await go_to(tab, shown)
