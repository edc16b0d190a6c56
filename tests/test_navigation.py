import asyncio

import pytest
from playwright.async_api import Error as PlaywrightError

from harness.engines.navigation import go_to, leave

ADDRESS = "http://app.localhost/observe/1/tab"


class Interrupted:
    """Where a navigation ends as Playwright said, and where the tab gets to."""

    def __init__(self, by: str) -> None:
        self.by = by
        self.waited_for = ""

    async def goto(self, address: str, *, wait_until: str) -> None:
        raise PlaywrightError(
            f'Page.goto: Navigation to "{address}" is interrupted by another navigation to '
            f'"{self.by}"'
        )

    async def wait_for_url(self, address: str, *, wait_until: str) -> None:
        self.waited_for = address


def test_a_navigation_that_goes_on_in_another_process() -> None:
    """Firefox, on the way from one site to another."""
    tab = Interrupted(by=ADDRESS)
    asyncio.run(go_to(tab, ADDRESS))  # type: ignore[arg-type]
    assert tab.waited_for == ADDRESS


def test_a_navigation_that_ends_elsewhere() -> None:
    with pytest.raises(PlaywrightError, match="interrupted"):
        asyncio.run(go_to(Interrupted(by="about:blank"), ADDRESS))  # type: ignore[arg-type]


def test_a_borrowed_tab_that_empties_itself() -> None:
    """Firefox, whose own start is not over."""
    tab = Interrupted(by="about:blank")
    asyncio.run(leave(tab, borrowed=True))  # type: ignore[arg-type]
    assert tab.waited_for == "about:blank"
