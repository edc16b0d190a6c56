"""The browser of a test that is asynchronous: the same lifecycle, with verbs that are awaited and
Playwright's asynchronous objects.

The verbs wait in a thread, so that the test's event loop goes on, and with it handlers, routes say,
that the test has set.
"""

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import BrowserContext, Page, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from harness.engines.driver import DriverError
from harness.runner.session_browser import APPEARS_WITHIN, SessionBrowser
from harness.scenario import Administrator, Browser, ScenarioError, Step

__all__ = ["AsyncSessionBrowser"]

_P = ParamSpec("_P")
_T = TypeVar("_T")
_AT_A_TIME = 0.02
"""Seconds between two looks at whether the tabs that the driver has are there for the test, too."""


def _awaited(
    verb: Callable[Concatenate[Any, _P], _T],
) -> Callable[Concatenate[Any, _P], Coroutine[Any, Any, _T]]:
    @functools.wraps(verb)
    async def call(self: Any, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await asyncio.to_thread(verb, self._of, *args, **kwargs)

    return call


class AsyncAdministrator:
    """Somebody who runs the auth server, not at the browser."""

    def __init__(self, administrator: Administrator) -> None:
        self._of = administrator

    override_session_policy = _awaited(Administrator.override_session_policy)
    change_cookie_scope = _awaited(Administrator.change_cookie_scope)
    mend_cookie_scope = _awaited(Administrator.mend_cookie_scope)
    revoke_sessions = _awaited(Administrator.revoke_sessions)


class AsyncSessionBrowser:
    """What the fixture `async_session_browser` is: `SessionBrowser` with verbs that are awaited."""

    def __init__(self, browser: SessionBrowser) -> None:
        self._of = browser
        self._loop = asyncio.get_running_loop()
        self._endpoint = ""
        self._playwright: Playwright | None = None
        self._connected: PlaywrightBrowser | None = None
        self.administrator = AsyncAdministrator(browser.administrator)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What has been done so far."""
        return self._of.steps

    sign_in = _awaited(Browser.sign_in)
    sign_out = _awaited(Browser.sign_out)
    sign_out_during_visit = _awaited(Browser.sign_out_during_visit)
    visit = _awaited(Browser.visit)
    refresh_tokens = _awaited(Browser.refresh_tokens)
    open_tab = _awaited(Browser.open_tab)
    close_tab = _awaited(Browser.close_tab)
    open_window = _awaited(Browser.open_window)
    open_popup = _awaited(Browser.open_popup)
    pin_tab = _awaited(Browser.pin_tab)
    close_window = _awaited(Browser.close_window)
    quit = _awaited(Browser.quit)
    crash = _awaited(Browser.crash)
    end_os_session = _awaited(Browser.end_os_session)
    restart = _awaited(Browser.restart)
    start = _awaited(Browser.start)
    restore_previous_session = _awaited(Browser.restore_previous_session)
    settle = _awaited(Browser.settle)
    wait = _awaited(Browser.wait)
    wait_until = _awaited(Browser.wait_until)
    visit_until = _awaited(Browser.visit_until)
    set_clock_back = _awaited(Browser.set_clock_back)
    check = _awaited(Browser.check)

    async def context(self) -> BrowserContext:
        """Playwright's context of the browser, as `page`."""
        return (await self.page()).context

    async def page(self) -> Page:
        """Playwright's page of the tab in use, until the browser ends; after the next start there
        is a new one. Raises ScenarioError while it is not running, UnsupportedVerbError for a
        model."""
        if asyncio.get_running_loop() is not self._loop:
            raise ScenarioError(
                "page: the test runs in another event loop than its fixtures; say "
                "asyncio_default_fixture_loop_scope in the configuration, as the test's loop_scope"
            )
        deadline = time.monotonic() + APPEARS_WITHIN
        # What has just been opened, closed or gone to is told to each client by itself.
        while time.monotonic() < deadline:
            endpoint, addresses, number = await asyncio.to_thread(self._of.hand_out)
            pages = (await self._connection(endpoint)).contexts[0].pages
            if [page.url for page in pages] == addresses:
                return pages[number]
            await asyncio.sleep(_AT_A_TIME)
        raise DriverError("page: the test's Playwright and the driver see different tabs")

    async def disconnect(self) -> None:
        """To be called at the end."""
        await self._let_go()
        if self._playwright is not None:
            await self._playwright.stop()
            self._playwright = None

    async def _let_go(self) -> None:
        if self._connected is not None:
            with contextlib.suppress(PlaywrightError):
                await self._connected.close()
            self._connected = None

    async def _connection(self, endpoint: str) -> PlaywrightBrowser:
        if self._connected is None or endpoint != self._endpoint:
            await self._let_go()
            if self._playwright is None:
                self._playwright = await async_playwright().start()
            kind = getattr(self._playwright, self._of.engine)
            self._connected = await kind.connect(endpoint)
            self._endpoint = endpoint
        return self._connected
