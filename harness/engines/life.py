"""The lives of one profile's browser: how it starts, and the ways in which it ends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from harness.engines.browser_pool import BrowserDiedError, BrowserPool
from harness.engines.engine import Engine, HiddenTab
from harness.engines.processes import end_group, kill_group, lives, wait_for_leader
from harness.presets import choices_of
from harness.scenario import UnsupportedVerbError

__all__ = ["BrowserLife"]

_EMPTY = "about:blank"
_QUIT_GRACE = 20.0
"""Seconds that a browser may take to end when a person closes it."""
_IN_TIME = 120.0
"""Seconds that a browser is given to show what is about to expire."""
_SYSTEM_GRACE = 10.0
"""Seconds between the system's request to end and its kill."""
_LOOK_EVERY = 1.0
"""Seconds between two looks at whether a browser is still there to write something."""


class BrowserLife:
    """A browser on one profile, running or not."""

    def __init__(
        self, pool: BrowserPool, engine: Engine, profile: Path, *, preset: str
    ) -> None:
        self._pool = pool
        self._engine = engine
        self._preset = preset
        self.profile = profile
        self.count = 0
        """How often it has been started."""
        self.context: BrowserContext | None = None
        """None while it is not running."""
        self.notes: list[str] = []
        """What a reader of the evidence should know."""
        self._leader: int | None = None
        self._ended_by: str | None = None
        self._restoring = False
        self._restarts = False
        self.pinned = False
        """Whether the person has ever pinned a tab."""
        self.restored: list[Page] = []
        """The tabs of earlier lives that came back in this one, as far as Playwright has pages for
        them."""
        self.brings_back = False
        """Whether this life may have tabs of earlier ones that Playwright has no pages for."""
        self._noted = False
        self._endpoint = ""

    async def start(self, *, restoring: bool = False) -> Page:
        """Start it, or open a window where it kept running without one; the tab that is then in
        front of the person. `restoring`: to restore the last session, this once."""
        self._restoring, self._restarts = restoring, False
        opened: Page | None = None
        if self.context is not None:
            opened = await self._engine.open_in_background(self.context)
        else:
            self._restarts = self._ended_by is not None and self._engine.restarts(self.profile)
            self.context, self._leader = await self._pool.launch(
                self._engine,
                self.profile,
                self._preset,
                restoring=restoring,
                reopens=self._ended_by is not None and self._reopens,
            )
            self.context.set_default_timeout(20_000)
            self.count += 1
            self._endpoint = ""
        self._noted, self.restored, self.brings_back = False, [], self._may_bring_back
        if self.brings_back:
            self.restored = list(
                await self._engine.restored(self.context, self.profile, self.notes)
            )
        if self.restored:
            # A new window of a browser that reopens tabs is the one that has them.
            if opened is not None:
                await opened.close()
            return self.restored[-1]
        pages = self.context.pages
        page = opened or ([page for page in pages if page.url == _EMPTY] or pages)[-1]
        if page.url != _EMPTY:
            await page.goto(_EMPTY)
        return page

    @property
    def _reopens(self) -> bool:
        return choices_of(self._preset).reopen or self._restoring or self._restarts

    async def restore_previous_session(self) -> Page | None:
        """The person asks for the tabs of the last session; the one that is then in front of them,
        if Playwright has a page for it."""
        context, _ = self._running()
        await self.note_hidden_tabs()
        pages = await self._engine.restore_previous_session(context)
        self.restored += pages
        self.brings_back = self._noted = True
        return pages[-1] if pages else None

    async def note_hidden_tabs(self) -> None:
        """Before the person's own tabs may look like those that came back."""
        if self.brings_back and not self._noted:
            await self._engine.note_hidden_tabs(self._running()[0])
            self._noted = True

    @contextlib.asynccontextmanager
    async def hidden_tabs(self) -> AsyncIterator[Sequence[HiddenTab]]:
        """The tabs that came back and that Playwright has no pages for."""
        if not self.brings_back:
            yield ()
            return
        context, _ = self._running()
        async with self._engine.hidden_tabs(context, noted=self._noted) as tabs:
            self._noted = True
            yield tabs

    @property
    def _may_bring_back(self) -> bool:
        """Whether this life may have begun with the tabs of the last one."""
        by = self._ended_by
        return by is not None and (self._reopens or self.pinned or by not in ("quit", "close"))

    async def bind(self) -> str:
        """Where another Playwright can connect to it, as long as this life lasts."""
        await self.note_hidden_tabs()
        context, _ = self._running()
        if not self._endpoint:
            assert context.browser is not None
            bound = await context.browser.bind("afterclose", host="127.0.0.1", port=0)
            self._endpoint = bound["endpoint"]
        return self._endpoint

    async def restart(self) -> None:
        """It ends by its own menu to start again, which is left to `start`."""
        context, leader = self._running()
        await self._engine.restart(context, self.profile)
        if not await asyncio.to_thread(wait_for_leader, leader, _QUIT_GRACE):
            self.notes.append(f"killed {_QUIT_GRACE:.0f} s after it was asked to restart")
        await self._gone("restart")

    async def close_windows(self) -> None:
        """The person closes every window of a browser that keeps running in the background."""
        context, _ = self._running()
        for page in context.pages:
            await page.close()
        self._ended_by = "close"

    async def quit(self) -> None:
        """The person closes the browser."""
        context, leader = self._running()
        await self._engine.quit(context, self.profile)
        if not await asyncio.to_thread(wait_for_leader, leader, _QUIT_GRACE):
            self.notes.append(f"killed {_QUIT_GRACE:.0f} s after it was asked to quit")
        await self._gone("quit")

    async def crash(self) -> None:
        """Its processes are killed."""
        _, leader = self._running()
        await self._catch_up()
        await asyncio.to_thread(kill_group, leader)
        await self._gone("crash")

    async def end_os_session(self) -> None:
        """The operating system asks it to end."""
        _, leader = self._running()
        await self._catch_up()
        if not await asyncio.to_thread(end_group, leader, grace=_SYSTEM_GRACE):
            self.notes.append(f"killed {_SYSTEM_GRACE:.0f} s after it was asked to end")
        await self._gone("end_os_session")

    async def age(self, page: Page | None, seconds: float, *, just_before: bool) -> str:
        """Make what the browser remembers that much older, or younger; how, in words. `page` is the
        one in use; `just_before`: something is about to expire, and the browser's own clock goes
        on. Raises UnsupportedVerbError for a browser that runs without a window."""
        less = ""
        if just_before:
            seconds, less = max(0.0, seconds - _IN_TIME), f", but for {_IN_TIME:.0f} s"
        if self.context is None:
            await asyncio.to_thread(self._engine.age, self.profile, seconds)
            return f"the closed browser's profile was aged{less}"
        if page is None:
            raise UnsupportedVerbError("no time passes for a browser without a window")
        await self._engine.age_open(self.context, page, seconds)
        how = "the open browser's persistent cookies were set to expire that much sooner"
        return how + less

    def kill(self) -> None:
        """Leave nothing of it running, whatever state it is in."""
        if self._leader is not None:
            self._pool.ended(self._leader)
            self._leader = None

    async def while_it_lives(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Wait for what the browser writes to disk; raise BrowserDiedError where it has ended by
        itself, and writes no more."""
        _, leader = self._running()
        task = asyncio.ensure_future(waiting)
        try:
            while not (await asyncio.wait({task}, timeout=_LOOK_EVERY))[0]:
                if not lives(leader):
                    raise BrowserDiedError(f"{self._engine.title}: it has ended by itself")
            await task
        finally:
            task.cancel()

    async def _catch_up(self) -> None:
        context, _ = self._running()
        if not choices_of(self._preset).private:
            await self.while_it_lives(self._engine.catch_up(context, self.profile))

    async def _gone(self, verb: str) -> None:
        context, leader = self._running()
        await asyncio.to_thread(self._pool.ended, leader)
        self.context = self._leader = None
        self._ended_by = verb
        # Let Playwright notice, too.
        with contextlib.suppress(PlaywrightError, TimeoutError):
            await asyncio.wait_for(context.close(), 5)

    def _running(self) -> tuple[BrowserContext, int]:
        assert self.context is not None
        assert self._leader is not None
        return self.context, self._leader
