"""What the lifecycles of one process share: Playwright, the server's address, warm profiles."""

import asyncio
import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import wait
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import BrowserContext, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from harness.engines.control_client import ControlClient
from harness.engines.engine import Engine, Installation, LaunchOptions
from harness.engines.leftovers import MARK, hold, new_folder, remove
from harness.engines.loop_thread import LoopThread
from harness.engines.new_profile import copied, reason_of
from harness.engines.processes import drivers, kill_group, kill_users_of, lives, wait_for_leader
from harness.engines.warm_profiles import WarmProfiles

__all__ = ["BrowserDiedError", "BrowserPool", "BrowserPoolError", "Options"]

_T = TypeVar("_T")
_DYING = 1.0
"""Seconds in which a process has ended of which Playwright says so."""
_LOOK_EVERY = 1.0
"""Seconds between two looks at whether Playwright's driver is still there."""
_LOOK_AT_START = 0.2
"""Seconds between two looks at whether a browser that is being started is still there."""
_REGISTRY = "PWTEST_SERVER_REGISTRY"
"""Where Playwright's driver keeps a note of each browser that others may connect to; by default in
the person's home, for ever where the browser has a profile."""
_DRIVER_DIED = "Playwright's driver has ended by itself"


class BrowserPoolError(Exception):
    """What a lifecycle needs is not there, or no more; the message is for the user."""


class BrowserDiedError(BrowserPoolError):
    """A browser, or what drives it, has ended, and nobody here had asked it to."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How browsers are started and what is kept; the names are pytest-playwright's."""

    headed: bool = False
    slow_mo: float = 0
    tracing: str = "off"
    screenshot: str = "off"
    ignore_https_errors: bool = False
    launch_args: Mapping[str, Any] = field(default_factory=dict)
    """More arguments for Playwright's `launch_persistent_context`."""


class BrowserPool:
    """A thread with an event loop in which everything asynchronous happens.

    Calls from outside block until they are done, so that Ctrl+C reaches the caller; `close` ends
    every browser that is left and removes every profile.
    """

    def __init__(self, url: str, options: Options, *, folder: Path | None = None) -> None:
        self.options = options
        self.folder = folder / f"pool-{secrets.token_hex(4)}" if folder else new_folder()
        """Where browsers keep what they write. It may be swept away at any time."""
        self._shared = folder
        self._held: list[FileIO] = []
        self.base_url = ""
        """What `page.goto("/path")` is relative to, in browsers that are started from now on."""
        self.meanwhile: Callable[[], None] | None = None
        """What the caller does again and again while it waits; it returns soon."""
        self._profile: Path | None = None
        self._leaders: set[int] = set()
        self._installations: dict[str, Installation | None] = {}
        self._playwright: Playwright | None = None
        self._driver: int | None = None
        """Its process."""
        self._loop = LoopThread("pool")
        self.control = ControlClient(url)
        self._others: dict[str, ControlClient] = {}

    def control_of(self, url: str) -> ControlClient:
        """The same of another server."""
        return self._others.setdefault(url, ControlClient(url))

    def run(self, work: Coroutine[Any, Any, _T], timeout: float) -> _T:
        """Run a coroutine in the loop; raise TimeoutError after `timeout` seconds, BrowserDiedError
        where Playwright's driver ends meanwhile."""
        future = self._loop.begin(work, timeout)
        try:
            # Of a driver that has ended Playwright says nothing to those who wait for an event.
            while not wait([future], timeout=0 if self.meanwhile else _LOOK_EVERY).done:
                if self._driver_died:
                    raise BrowserDiedError(_DRIVER_DIED)
                if self.meanwhile:
                    self.meanwhile()
            return future.result()
        except BaseException:
            self._loop.give_up(future)
            raise

    async def playwright(self) -> Playwright:
        """Playwright, started when it is first needed."""
        if self._playwright is None:
            there = drivers()
            try:
                with _environment(_REGISTRY, str(self._made() / "bound")):
                    self._playwright = await async_playwright().start()
            except Exception as error:
                raise BrowserDiedError(f"Playwright's driver does not start: {error}") from error
            self._driver = next(iter(drivers() - there), None)
        return self._playwright

    async def find(self, engine: Engine) -> Installation | None:
        """The browser behind an engine; looked for once."""
        if engine.name not in self._installations:
            own = getattr(await self.playwright(), engine.name).executable_path
            self._installations[engine.name] = await asyncio.to_thread(engine.find, own)
        return self._installations[engine.name]

    async def new_profile(self, engine: Engine, preset: str) -> Path:
        """A fresh profile of a browser that has run once, set up as the preset says."""
        profile: Path | None = None
        try:
            template = await self._template(engine)
            profile = Path(tempfile.mkdtemp(prefix=f"{engine.name}-", dir=self._made()))
            await copied(template, profile)
            engine.prepare(profile, preset)
            self._mark.touch()
        except OSError as error:
            reason = reason_of(error, self.folder)
            if profile is not None:
                await asyncio.to_thread(shutil.rmtree, profile, ignore_errors=True)
            raise BrowserPoolError(f"{self.folder}: no profile could be made: {reason}") from error
        self._profile = profile
        return profile

    def check_profile(self) -> None:
        """Raise BrowserPoolError where the profile made last has been swept away.

        A browser that runs makes its folders anew, and starts on an empty profile without a word:
        so a file that no browser knows tells.
        """
        if self._profile and not (self._profile.exists() and self._mark.exists()):
            raise BrowserPoolError(
                f"the browser's profile was removed in the middle: is the temporary folder "
                f"{self.folder} swept?"
            )

    async def launch(
        self,
        engine: Engine,
        profile: Path,
        preset: str,
        *,
        restoring: bool = False,
        reopens: bool = False,
    ) -> tuple[BrowserContext, int]:
        """Start a browser, `restoring` its last session or not, which `reopens` its tabs or
        not; returns it and the id of the process that leads its group."""
        if profile == self._profile:
            self.check_profile()
        installation = await self.find(engine)
        if installation is None:
            raise FileNotFoundError(f"{engine.title} is not installed")
        options = LaunchOptions(
            installation=installation,
            profile=profile,
            preset=preset,
            restoring=restoring,
            reopens=reopens,
            temporary=self._made(),
            headed=self.options.headed,
            slow_mo=self.options.slow_mo,
            ignore_https_errors=self.options.ignore_https_errors,
            more={
                **({"base_url": self.base_url} if self.base_url else {}),
                **self.options.launch_args,
            },
        )
        try:
            context = await self._launched(engine, options)
        except PlaywrightTimeoutError:
            self._check_folder(engine)
            raise BrowserPoolError(
                f"{engine.title} did not start in time: does {installation.path} run here?"
            ) from None
        except PlaywrightError:
            self._check_folder(engine)
            raise _ended_at_start(engine, installation) from None
        except FileNotFoundError as error:
            raise BrowserPoolError(
                f"{engine.title} did not start, {error.filename2 or error.filename} is gone: is "
                f"the temporary folder {self.folder} swept?"
            ) from None
        leader = engine.process(profile)
        if leader is None:
            await context.close()
            raise BrowserPoolError(
                f"{engine.title} left no lock in its profile: is the temporary folder "
                f"{self.folder} swept?"
            )
        self._leaders.add(leader)
        return context, leader

    async def _launched(self, engine: Engine, options: LaunchOptions) -> BrowserContext:
        """Started by Playwright, which waits to the end of its time for one that ends once it has
        answered."""
        before, leader = engine.process(options.profile), None
        launching = asyncio.ensure_future(engine.launch(await self.playwright(), options))
        try:
            while not (await asyncio.wait({launching}, timeout=_LOOK_AT_START))[0]:
                now = engine.process(options.profile)
                leader = leader if now in (before, None) else now
                if leader is not None and not lives(leader):
                    await asyncio.to_thread(self.ended, leader)
                    self._check_folder(engine)
                    raise _ended_at_start(engine, options.installation)
            return await launching
        finally:
            launching.cancel()

    @contextlib.asynccontextmanager
    async def beside(self, engine: Engine) -> AsyncIterator[BrowserContext]:
        """Another browser of an engine, on a profile of its own, for as long as the context lasts.
        """
        mine = self._profile
        profile = await self.new_profile(engine, "default")
        self._profile = mine
        leader: int | None = None
        try:
            context, leader = await self.launch(engine, profile, "default")
            yield context
        finally:
            if leader is not None:
                await asyncio.to_thread(self.ended, leader)
                with contextlib.suppress(PlaywrightError, TimeoutError):
                    await asyncio.wait_for(context.close(), 5)
            await asyncio.to_thread(shutil.rmtree, profile, ignore_errors=True)

    def _check_folder(self, engine: Engine) -> None:
        """Raise BrowserPoolError where the folder was swept away while a browser started on it."""
        if not (self.folder / MARK).exists():
            raise BrowserPoolError(
                f"{engine.title} did not start: is the temporary folder {self.folder} swept?"
            )

    def ended(self, leader: int) -> None:
        """Make sure that nothing is left of a browser."""
        kill_group(leader)
        self._leaders.discard(leader)

    def died(self) -> str | None:
        """What has ended by itself, in words, or None. Nothing of it is left then, and the next
        lifecycle has it anew."""
        if self._driver is not None and wait_for_leader(self._driver, _DYING):
            self._playwright = self._driver = None
            self._loop.gave_up = True
            # Of a browser that it was about to start nobody knows the process.
            kill_users_of(self.folder)
            self._leaders.clear()
            for profile in self.folder.glob("new-*"):
                shutil.rmtree(profile, ignore_errors=True)
            return _DRIVER_DIED
        dead = [leader for leader in self._leaders if wait_for_leader(leader, _DYING)]
        for leader in dead:
            self.ended(leader)
        return "it has ended by itself" if dead else None

    @property
    def _driver_died(self) -> bool:
        return self._driver is not None and not lives(self._driver)

    def close(self) -> None:
        """End every browser, remove every profile, stop Playwright and the thread."""
        for leader in tuple(self._leaders):
            self.ended(leader)
        with contextlib.suppress(Exception):
            self.run(self._close(), timeout=10)
        self._loop.stop()
        remove(self.folder)
        self._let_go()

    async def _close(self) -> None:
        for control in (self.control, *self._others.values()):
            await control.close()
        if self._playwright is not None and not self._driver_died:
            await self._playwright.stop()

    async def _template(self, engine: Engine) -> Path:
        """The warm profile of an engine, which each process has to itself."""
        template = self._made() / f"template-{engine.name}"
        whole = template.with_suffix(".whole")
        if not (template.exists() and whole.exists()):
            await asyncio.to_thread(shutil.rmtree, template, ignore_errors=True)
            kept = await self._kept(engine)
            if kept is None or not await kept.take(template, self._made()):
                await self._warm_up(engine, template)
                if kept is not None:
                    await kept.keep(template)
            whole.touch()
        return template

    async def _kept(self, engine: Engine) -> WarmProfiles | None:
        """Those of earlier runs. What somebody gives a browser at its start may do anything to its
        profile: then it is nobody else's."""
        installation = await self.find(engine)
        if installation is None or self.options.launch_args:
            return None
        return WarmProfiles(engine, installation, headed=self.options.headed)

    @property
    def _mark(self) -> Path:
        return self.folder / "profile.whole"

    def _made(self) -> Path:
        """The folder, made when it is first needed, and again after something swept it away."""
        if not (self._held and (self.folder / MARK).exists()):
            self._let_go()
            self._held = [hold(folder) for folder in (self._shared, self.folder) if folder]
        return self.folder

    def _let_go(self) -> None:
        for file in self._held:
            file.close()

    async def _warm_up(self, engine: Engine, template: Path) -> None:
        profile = Path(tempfile.mkdtemp(prefix=f"new-{engine.name}-", dir=self._made()))
        try:
            context, leader = await self.launch(engine, profile, "default")
            browser = context.browser
            await (browser.close() if browser else context.close())
            await asyncio.to_thread(self.ended, leader)
            await asyncio.to_thread(profile.rename, template)
        finally:
            await asyncio.to_thread(shutil.rmtree, profile, ignore_errors=True)


def _ended_at_start(engine: Engine, installation: Installation) -> BrowserDiedError:
    return BrowserDiedError(
        f"{engine.title} ended while it was started: does {installation.path} run here?"
    )


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """While a process is started."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before
