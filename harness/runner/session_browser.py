"""The browser of a test of one's own: a lifecycle as in scenarios, and Playwright's pages of it.

The driver has the browser in an event loop of its own, and a test wants the synchronous objects
that `expect`, locators and routes work with. So a second Playwright, the test's, connects to the
browser that the first one drives (`Browser.bind`), and has objects of its own for the same tabs.
"""

import contextlib
import time
from collections.abc import Callable, Collection

from playwright.sync_api import Browser as PlaywrightBrowser
from playwright.sync_api import BrowserContext, Page, Playwright
from playwright.sync_api import Error as PlaywrightError

from harness.engines.browser_pool import BrowserPool
from harness.engines.driver import Driver, DriverError
from harness.judging import Acting
from harness.policy import Limits
from harness.scenario import Browser, Interpreter, ScenarioError, UnsupportedVerbError

__all__ = ["APPEARS_WITHIN", "SessionBrowser"]

_AT_A_TIME = 20
"""Milliseconds that the test's Playwright is given to answer while the driver does something."""
APPEARS_WITHIN = 10.0
"""Seconds in which the tabs that the driver has are there for the test, too."""


class SessionBrowser(Browser):
    """What the fixture `session_browser` is. `playwright` is asked for when it is first needed."""

    def __init__(
        self,
        interpreter: Interpreter,
        limits: Collection[Limits],
        acting: Acting,
        *,
        engine: str,
        pool: BrowserPool,
        playwright: Callable[[], Playwright],
    ) -> None:
        super().__init__(interpreter, limits)
        self.engine = engine
        self._pool = pool
        self._acting = acting
        self._playwright = playwright
        self._endpoint = ""
        self._connected: PlaywrightBrowser | None = None

    @property
    def context(self) -> BrowserContext:
        """Playwright's context of the browser, until it ends; after the next start there is a new
        one. Raises ScenarioError while it is not running, UnsupportedVerbError for a model."""
        return self.page.context

    @property
    def page(self) -> Page:
        """Playwright's page of the tab in use. Raises as `context` does."""
        deadline = time.monotonic() + APPEARS_WITHIN
        # What has just been opened, closed or gone to is told to each client by itself.
        while time.monotonic() < deadline:
            endpoint, addresses, number = self.hand_out()
            pages = self._connection(endpoint).contexts[0].pages
            if [page.url for page in pages] == addresses:
                return pages[number]
            self._listen()
        raise DriverError("page: the test's Playwright and the driver see different tabs")

    def hand_out(self) -> tuple[str, list[str], int]:
        """The tab in use, as `Driver.hand_out` has it: for whoever connects. Raises as `context`
        does."""
        if not self._windows:
            raise ScenarioError("page: the browser is not running; start it first")
        if not isinstance(self._acting, Driver):
            raise UnsupportedVerbError("page: a model of a browser has none")
        self._used = True
        return self._acting.hand_out()

    def disconnect(self) -> None:
        """To be called at the end, once the browser has ended."""
        self._pool.meanwhile = None
        if self._connected is not None:
            with contextlib.suppress(PlaywrightError):
                self._connected.close()
            self._connected = None

    def _connection(self, endpoint: str) -> PlaywrightBrowser:
        if self._connected is None or endpoint != self._endpoint:
            self.disconnect()
            self._connected = getattr(self._playwright(), self.engine).connect(endpoint)
            self._endpoint = endpoint
            self._pool.meanwhile = self._listen
        return self._connected

    def _listen(self) -> None:
        """Let the test's handlers, a route's say, answer what the browser asks."""
        contexts = self._connected.contexts if self._connected else []
        pages = [page for context in contexts for page in context.pages]
        try:
            pages[0].wait_for_timeout(_AT_A_TIME)
        except (PlaywrightError, IndexError):
            time.sleep(_AT_A_TIME / 1000)
