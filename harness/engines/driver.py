"""The driver: carries a scenario's steps out in a real browser, and observes."""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from harness.engines.browser_pool import BrowserDiedError, BrowserPool, BrowserPoolError
from harness.engines.engine import Engine
from harness.engines.life import BrowserLife
from harness.engines.mock import MockSite
from harness.engines.pulse import ends_unwritten
from harness.engines.site import Opened, Site
from harness.engines.stopwatch import TOO_SLOW, Stopwatch
from harness.model.families import SETTLED_AFTER, rhythms_of
from harness.presets import choices_of
from harness.received import Look
from harness.scenario import Step, UnsupportedVerbError
from harness.setup import Setup
from harness.verbs import verbs_that
from harness.windows import Windows

__all__ = ["Driver", "DriverError"]

_STEP_TIMEOUT = 90.0
"""Seconds that any one step may take before the browser counts as hung."""

_Verb = Callable[[Step], Coroutine[Any, Any, None]]
_AT_APPLICATIONS = ("sign_in", "sign_out", "sign_out_during_visit", "visit")
_AFTER_SETTLING = (*_AT_APPLICATIONS, "crash", "end_os_session")
"""Steps that show whether the browser wrote down what it had before time passed. Time passes by the
clock alone, so the driver lets the browser write first."""

_OPEN_POPUP = "() => { window.open('about:blank', '', 'popup,width=400,height=300') }"


class DriverError(Exception):
    """The browser did not do what was asked of it: hung, died, or showed something else."""


class Driver:
    """One lifecycle in one browser, for every environment at once. A context manager."""

    def __init__(
        self,
        pool: BrowserPool,
        engine: Engine,
        setup: Setup,
        *,
        artifacts: Path | None = None,
        site: Site | None = None,
    ) -> None:
        self._pool, self._engine = pool, engine
        self._setup, self._preset, self._choices = setup, setup.preset, choices_of(setup.preset)
        self._artifacts = artifacts
        self._site: Site = site or MockSite(pool.control, setup)
        self._life: BrowserLife | None = None
        self._due = False
        self._windows = Windows[Page]()
        self._stored: dict[str, str] = {}
        """What the disk had of the applications' storages before a sign-in changed them. A sign-out
        is not waited for: Chromium writes an origin's second change up to a minute later."""
        self._time: list[str] = []
        self._stopwatch = Stopwatch(rhythms_of(engine.name))
        self._verbs: dict[str, _Verb] = {
            "sign_in": self._sign_in,
            "visit": lambda _: self._site.visit(self._page),
            "refresh_tokens": lambda _: self._site.refresh_tokens(self._page),
            "sign_out": self._sign_out,
            "sign_out_during_visit": self._sign_out_during_visit,
            "open_tab": self._open_tab,
            "open_window": self._open_window,
            "open_popup": self._open_popup,
            "pin_tab": self._pin_tab,
            "close_tab": self._close_tab,
            "close_window": self._close_window,
            "quit": self._quit,
            "crash": self._crash,
            "end_os_session": self._end_os_session,
            "restart": self._restart,
            "start": self._start,
            "restore_previous_session": self._restore_previous_session,
            "settle": self._settle,
            "wait": self._wait,
            "set_clock_back": self._set_clock_back,
            **dict.fromkeys(verbs_that(lambda verb: verb.administrator), self._site.administer),
        }

    def __enter__(self) -> "Driver":
        try:
            self._run("start", self._begin(), _STEP_TIMEOUT + self._site.patience(Step("start")))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and remove the profile, whatever state they are in."""
        if self._life is not None:
            with contextlib.suppress(PlaywrightError, TimeoutError, DriverError, BrowserPoolError):
                self._run("trace", self._save_trace())
            self._life.kill()
            shutil.rmtree(self._life.profile, ignore_errors=True)
            self._life = None

    def perform(self, step: Step) -> None:
        """Do one step in the browser."""
        self._site.check(step)
        if self._due and step.verb in _AFTER_SETTLING:
            self._due = False
            self._run("settle", self._settle(Step("settle")))
        if step.verb in _AT_APPLICATIONS:
            self._run(step.verb, self._process.note_hidden_tabs())
        with self._stopwatch.during(step.verb):
            self._run(step.verb, self._do(step), _STEP_TIMEOUT + self._site.patience(step))

    def look(self) -> Look:
        """Show every surface to the server."""
        with self._stopwatch.during("check"):
            seen: Look = self._run("check", self._look())
        return seen

    def hand_out(self) -> tuple[str, list[str], int]:
        """The tab in use, for somebody else to use it, too: where another Playwright finds the
        browser, the addresses of its pages, oldest first, and which of them it is."""
        endpoint: str = self._run("page", self._process.bind())
        pages = self._open().pages
        return endpoint, [page.url for page in pages], pages.index(self._page)

    def screenshot(self, path: Path) -> bool:
        """Save a picture of the tab in use; False where there is none to be had."""
        if not self._windows or self._page.is_closed():
            return False
        with contextlib.suppress(PlaywrightError, TimeoutError, DriverError, BrowserPoolError):
            self._run("screenshot", self._site.picture(self._page, path))
            return True
        return False

    def _run(self, what: str, work: Any, timeout: float = _STEP_TIMEOUT) -> Any:
        try:
            return self._pool.run(work, timeout)
        except UnsupportedVerbError:
            raise
        except Exception as error:
            title = self._engine.title
            # That is behind it then, however it shows.
            if died := self._pool.died():
                raise BrowserDiedError(f"{what}: {title}: {died}") from None
            if isinstance(error, TimeoutError):
                raise DriverError(f"{what}: {title} did not finish in time") from None
            if isinstance(error, PlaywrightError):
                # Of Firefox's answers the first line says no more than "unknown error".
                first = str(error).strip().replace("\nMessage: ", ": ").splitlines()[0]
                raise DriverError(f"{what}: {title}: {first}") from None
            raise

    async def _do(self, step: Step) -> None:
        await self._verbs[step.verb](step)
        await self._site.done(step, self._page if self._windows else None)

    async def _begin(self) -> None:
        await self._site.begin()
        profile = await self._pool.new_profile(self._engine, self._preset)
        self._life = BrowserLife(self._pool, self._engine, profile, preset=self._preset)
        await self._start(Step("start"))

    # The life of the browser

    async def _start(self, step: Step) -> None:
        assert self._life is not None
        # Where the process has stayed, it is still to write.
        self._due = self._due and self._life.context is not None
        if self._life.context is None:
            self._stopwatch.started()
        self._windows.start(await self._life.start(restoring=step.value == "restoring"))
        await self._site.started(self._open())
        if self._pool.options.tracing != "off":
            await self._open().tracing.start(screenshots=True, snapshots=True)

    async def _quit(self, step: Step) -> None:
        await self._save_trace()
        if self._choices.background:
            await self._process.close_windows()
        else:
            await self._end_by_itself(self._process.quit())
        self._gone()

    async def _restart(self, step: Step) -> None:
        await self._save_trace()
        await self._end_by_itself(self._process.restart())
        self._gone()
        await self._start(Step("start"))

    async def _crash(self, step: Step) -> None:
        self._note_haste()
        await self._process.crash()
        self._gone()

    async def _end_os_session(self, step: Step) -> None:
        self._note_haste()
        await self._process.end_os_session()
        self._gone()

    async def _end_by_itself(self, ending: Coroutine[Any, Any, None]) -> None:
        process = self._process
        lost = await ends_unwritten(ending, self._engine, process.profile, self._stored)
        if lost and not (self._choices.private or self._choices.clear):
            process.notes.append(TOO_SLOW)

    def _note_haste(self) -> None:
        if self._stopwatch.too_slow() and not self._choices.private:
            self._process.notes.append(TOO_SLOW)

    def _gone(self) -> None:
        self._windows.gone()
        self._stored.clear()

    async def _settle(self, step: Step) -> None:
        if self._choices.private:
            self._process.notes.append("settle: a private window writes nothing to disk")
            return
        stopwatch, profile = self._stopwatch, self._process.profile
        with stopwatch.settling():
            settling = self._engine.settle(
                self._open(), profile, self._stored, self._preset, stopwatch.changed
            )
            await self._process.while_it_lives(settling)
        self._stored.clear()

    async def _restore_previous_session(self, step: Step) -> None:
        page = await self._process.restore_previous_session()
        if page is not None:
            self._windows.use(page)

    # Tabs and windows

    async def _open_tab(self, step: Step) -> None:
        page = await self._engine.new_tab(self._open(), self._page, self._preset)
        self._windows.open_tab(page)

    async def _open_window(self, step: Step) -> None:
        page = await self._engine.new_window(self._open(), self._page, self._preset)
        self._windows.open_window(page)

    async def _open_popup(self, step: Step) -> None:
        async with self._page.expect_popup() as opened:
            await self._page.evaluate(_OPEN_POPUP)
        self._windows.open_window(await opened.value)

    async def _pin_tab(self, step: Step) -> None:
        await self._engine.pin_tab(self._open(), self._page)
        self._process.pinned = True

    async def _close_tab(self, step: Step) -> None:
        number = step.value if isinstance(step.value, int) else None
        await self._close_pages(self._windows.close_tab(number))

    async def _close_window(self, step: Step) -> None:
        number = step.value if isinstance(step.value, int) else None
        await self._close_pages(self._windows.close_window(number))

    async def _close_pages(self, pages: Sequence[Page]) -> None:
        if self._windows:
            for page in pages:
                await page.close()
            return
        if self._choices.background:
            await self._process.close_windows()
            self._gone()
            return
        # New-headless Chromium keeps its process, and Playwright keeps Firefox's own first window.
        self._process.notes.append(
            "the browser was asked to end with its last window, as it does by itself on a "
            "desktop: under automation it stays"
        )
        await self._quit(Step("quit"))

    # The person at the application

    async def _sign_in(self, step: Step) -> None:
        for url in self._site.origins:
            profile = self._process.profile
            self._stored[url] = await asyncio.to_thread(self._engine.stored, profile, url)
        name = step.value if isinstance(step.value, str) else None
        await self._site.sign_in(self._page, name)

    async def _sign_out(self, step: Step) -> None:
        await self._site.sign_out(self._page)
        self._stored.clear()

    async def _sign_out_during_visit(self, step: Step) -> None:
        other = await self._engine.new_tab(self._open(), self._page, self._preset)
        await self._site.sign_out_during_visit(self._page, other)
        await other.close()
        self._stored.clear()

    async def _wait(self, step: Step) -> None:
        assert isinstance(step.value, timedelta)
        seconds = step.value.total_seconds()
        passed = await self._site.wait(step, seconds)
        how = passed.how
        if not passed.aged:
            just_before = bool(step.until and step.until.is_before)
            how += f", {await self._age(seconds, just_before=just_before)}"
        self._due = self._due or (bool(self._windows) and step.value >= SETTLED_AFTER)
        self._time.append(f"{seconds:.0f} s: {how}")

    async def _set_clock_back(self, step: Step) -> None:
        assert isinstance(step.value, timedelta)
        seconds = step.value.total_seconds()
        how = await self._age(-seconds)
        self._time.append(f"{seconds:.0f} s back on the person's computer alone: {how}")

    async def _age(self, seconds: float, *, just_before: bool = False) -> str:
        page = self._page if self._windows else None
        return await self._process.age(page, seconds, just_before=just_before)

    # Observing

    async def _look(self) -> Look:
        opened = Opened(
            engine=self._engine,
            context=self._open(),
            page=self._page,
            preset=self._preset,
            restored=self._process.restored,
            hidden_tabs=self._process.hidden_tabs(),
        )
        sight = await self._site.look(opened, self._setup.names)
        notes = (*self._process.notes, *sight.notes)
        return Look(
            seen=sight.seen,
            time=tuple(self._time),
            notes=notes,
            listed=sight.listed,
            too_slow=TOO_SLOW in notes,
            target=sight.target,
        )

    async def _save_trace(self) -> None:
        kept = self._pool.options.tracing != "off" and self._process.context is not None
        if kept and self._artifacts is not None:
            self._artifacts.mkdir(parents=True, exist_ok=True)
            trace = self._artifacts / f"trace-{self._process.count}.zip"
            await self._open().tracing.stop(path=trace)
            await asyncio.to_thread(self._site.kept, trace)

    @property
    def _process(self) -> BrowserLife:
        assert self._life is not None
        return self._life

    def _open(self) -> BrowserContext:
        if self._process.context is None:
            raise DriverError(f"{self._engine.title} is not running")
        return self._process.context

    @property
    def _page(self) -> Page:
        return self._windows.current
