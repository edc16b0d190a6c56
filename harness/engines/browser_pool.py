"""What the lifecycles of one process share: Playwright, the server's address, warm profiles."""

import asyncio
import contextlib
import secrets
import shutil
import tempfile
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import BrowserContext, Playwright, async_playwright

from harness.engines.control_client import ControlClient
from harness.engines.engine import Engine, Installation, LaunchOptions
from harness.engines.processes import kill_group

__all__ = ["BrowserPool", "BrowserPoolError", "Options"]

_T = TypeVar("_T")


class BrowserPoolError(Exception):
    """What a lifecycle needs is not there, or no more; the message is for the user."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How browsers are started and what is kept; the names are pytest-playwright's."""

    headed: bool = False
    slow_mo: float = 0
    tracing: str = "off"
    screenshot: str = "off"
    ignore_https_errors: bool = False


class BrowserPool:
    """A thread with an event loop in which everything asynchronous happens.

    Calls from outside block until they are done, so that Ctrl+C reaches the caller; `close` ends
    every browser that is left and removes every profile.
    """

    def __init__(self, url: str, options: Options, *, folder: Path | None = None) -> None:
        self.options = options
        self.folder = Path(folder or tempfile.gettempdir()) / f"afterclose-{secrets.token_hex(4)}"
        """Where browsers keep what they write. It may be swept away at any time."""
        self._profile: Path | None = None
        self._leaders: set[int] = set()
        self._installations: dict[str, Installation | None] = {}
        self._playwright: Playwright | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="pool", daemon=True
        )
        self._thread.start()
        self.control = ControlClient(url)

    def run(self, work: Coroutine[Any, Any, _T], timeout: float) -> _T:
        """Run a coroutine in the loop; raise TimeoutError after `timeout` seconds."""
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, timeout), self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def playwright(self) -> Playwright:
        """Playwright, started when it is first needed."""
        if self._playwright is None:
            self._playwright = await async_playwright().start()
        return self._playwright

    async def find(self, engine: Engine) -> Installation | None:
        """The browser behind an engine; looked for once."""
        if engine.name not in self._installations:
            own = getattr(await self.playwright(), engine.name).executable_path
            self._installations[engine.name] = await asyncio.to_thread(engine.find, own)
        return self._installations[engine.name]

    async def new_profile(self, engine: Engine, preset: str) -> Path:
        """A fresh profile of a browser that has run once, set up as the preset says."""
        template = await self._template(engine)
        try:
            profile = Path(tempfile.mkdtemp(prefix=f"{engine.name}-", dir=self._made()))
            await asyncio.to_thread(
                shutil.copytree, template, profile, symlinks=True, dirs_exist_ok=True
            )
            engine.prepare(profile, preset)
            self._mark.touch()
        except OSError as error:
            reason = error.strerror or "files vanished from the profile that is copied"
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
        context = await engine.launch(
            await self.playwright(),
            LaunchOptions(
                installation=installation,
                profile=profile,
                preset=preset,
                restoring=restoring,
                reopens=reopens,
                temporary=self._made(),
                headed=self.options.headed,
                slow_mo=self.options.slow_mo,
                ignore_https_errors=self.options.ignore_https_errors,
            ),
        )
        leader = engine.process(profile)
        if leader is None:
            await context.close()
            raise RuntimeError(f"{engine.title} left no lock in its profile")
        self._leaders.add(leader)
        return context, leader

    def ended(self, leader: int) -> None:
        """Make sure that nothing is left of a browser."""
        kill_group(leader)
        self._leaders.discard(leader)

    def close(self) -> None:
        """End every browser, remove every profile, stop Playwright and the thread."""
        for leader in tuple(self._leaders):
            self.ended(leader)
        with contextlib.suppress(Exception):
            self.run(self._close(), timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _close(self) -> None:
        await self.control.close()
        if self._playwright is not None:
            await self._playwright.stop()

    async def _template(self, engine: Engine) -> Path:
        """The warm profile of an engine. Each process has its own: a browser starts all its caches
        anew in a profile of another's folders."""
        template = self._made() / f"template-{engine.name}"
        whole = template.with_suffix(".whole")
        if not (template.exists() and whole.exists()):
            await asyncio.to_thread(shutil.rmtree, template, ignore_errors=True)
            await self._warm_up(engine, template)
            whole.touch()
        return template

    @property
    def _mark(self) -> Path:
        return self.folder / "profile.whole"

    def _made(self) -> Path:
        """The folder, made when it is first needed, and again after something swept it away."""
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.folder

    async def _warm_up(self, engine: Engine, template: Path) -> None:
        profile = Path(tempfile.mkdtemp(prefix=f"new-{engine.name}-", dir=self._made()))
        context, leader = await self.launch(engine, profile, "default")
        browser = context.browser
        await (browser.close() if browser else context.close())
        await asyncio.to_thread(self.ended, leader)
        await asyncio.to_thread(profile.rename, template)
