"""Whether a page still waits for something: what somebody has pressed there is done once it does
not."""

import asyncio
import time
from types import TracebackType

from playwright.async_api import Page, Request

__all__ = ["Traffic"]

_QUIET = 0.5
"""Seconds without a request after which Playwright, too, calls the network idle."""
_AT_MOST = 10.0
"""Seconds: some pages never stop asking."""
_LOOK_EVERY = 0.05


class Traffic:
    """Counts the requests of a page while it lasts. A context manager."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._open: set[Request] = set()
        self._latest = 0.0

    async def __aenter__(self) -> "Traffic":
        self._page.on("request", self._went)
        self._page.on("requestfinished", self._ended)
        self._page.on("requestfailed", self._ended)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._page.remove_listener("request", self._went)
        self._page.remove_listener("requestfinished", self._ended)
        self._page.remove_listener("requestfailed", self._ended)

    async def settled(self) -> None:
        """Wait until nothing has been under way for a moment. Playwright itself does not wait for
        what a click has set off."""
        began = self._latest = time.monotonic()
        while (now := time.monotonic()) < began + _AT_MOST:
            if not self._open and now - self._latest >= _QUIET:
                break
            await asyncio.sleep(_LOOK_EVERY)
        await self._page.wait_for_load_state()

    def _went(self, request: Request) -> None:
        if request.redirected_from is not None:
            self._open.discard(request.redirected_from)
        self._open.add(request)
        self._latest = time.monotonic()

    def _ended(self, request: Request) -> None:
        self._open.discard(request)
        self._latest = time.monotonic()
