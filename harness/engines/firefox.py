"""Firefox, as Mozilla or Debian build it, through WebDriver BiDi.

Playwright's own Firefox is passed over: it forces its start page and crash recovery from a file
outside the profile. With a stock Firefox the same two settings come from the profile's `user.js`
and are put back to the vendor's here.

Facts this file rests on: session cookies live in the session file alone, which is written every
fifteen seconds and at an orderly end (`SessionSaver.sys.mjs`); `cookies.sqlite` holds persistent
ones; `localStorage` reaches the disk five seconds after a change; there is no handler for SIGTERM.
"""

import asyncio
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import lz4.block
from playwright.async_api import BrowserContext, Page, Playwright

from harness.engines.engine import Installation, LaunchOptions, version_of
from harness.engines.firefox_scripts import (
    FRAME_IN_RESTORED_TAB,
    OWN_PAGE,
    PIN_TAB,
    QUIT,
    RESTART,
    RESTORE_SESSION,
    SAVE_SESSION,
)
from harness.engines.stopwatch import Delays
from harness.presets import CHOICES
from harness.scenario import UnsupportedVerbError

__all__ = ["Firefox"]

_VENDOR = {
    "browser.startup.page": 1,
    "browser.sessionstore.resume_from_crash": True,
    "toolkit.startup.max_resumed_crashes": 3,
}
"""What Playwright changes and what bears on the answer, put back to Mozilla's defaults."""

_STEERING = {
    "security.allow_parent_unrestricted_js_loads": True,
    "security.allow_eval_with_system_principal": True,
    "security.allow_eval_in_parent_process": True,
}
"""Lets Playwright run a script on one of Firefox's own pages. Without bearing on cookies."""

_SMALL_WINDOW = {"MOZ_HEADLESS_WIDTH": "640", "MOZ_HEADLESS_HEIGHT": "480"}
"""Less to paint where nobody looks."""

_MAGIC = b"mozLz40\0"
_RESUME_ONCE = "browser.sessionstore.resume_session_once"
_SESSION_FILES = "sessionstore-backups/*lz4"
_ATTEMPTS, _ANSWER_TIMEOUT = 8, 3.0
_SETTLE_TIMEOUT = 45.0
_SHORT_POLL, _POLL = 0.02, 0.25
"""Seconds between two looks at the disk, which cost the browser time too."""


class Firefox:
    """Mozilla's browser."""

    name = "firefox"
    title = "Firefox"
    presets = tuple(name for name, choices in CHOICES.items() if not choices.background)
    package = "firefox-esr"
    cannot: Sequence[tuple[str, str | None]] = ()
    delays = Delays(change=(5.0, 15.0))
    """`localStorage` and the session file: the rhythms of its model have the sources."""

    def find(self, playwright_path: str) -> Installation | None:
        """Where Mozilla's packages put it, else the system's."""
        candidates = [
            ("moz-firefox", "/snap/bin/firefox"),
            ("system", shutil.which("firefox-esr")),
            ("system", shutil.which("firefox")),
        ]
        for kind, path in candidates:
            if path and Path(path).exists() and (version := version_of(Path(path))):
                return Installation(path=Path(path), version=version, kind=kind)
        return None

    def prepare(self, profile: Path, preset: str) -> None:
        """Nothing: Playwright writes the preferences to `user.js` at each start."""

    async def launch(self, playwright: Playwright, options: LaunchOptions) -> BrowserContext:
        """Start it with the vendor's settings and the person's choice.

        The program is a copy, so that it cannot come back by itself when it restarts."""
        program = await asyncio.to_thread(
            _copied, options.installation.path, options.temporary / f"{options.profile.name}-app"
        )
        return await playwright.firefox.launch_persistent_context(
            options.profile,
            channel="moz-firefox",
            executable_path=program,
            headless=not options.headed,
            args=["--remote-allow-system-access"],
            firefox_user_prefs=_preferences(options.preset, told=options.told),
            ignore_https_errors=options.ignore_https_errors,
            slow_mo=options.slow_mo,
            no_viewport=True,
            env={**os.environ, **_SMALL_WINDOW, "TMPDIR": str(options.temporary)},
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            timeout=60_000,
        )

    def process(self, profile: Path) -> int | None:
        """From the lock that a running Firefox keeps in its profile: `address:+PID`."""
        try:
            return int(os.readlink(profile / "lock").rpartition("+")[2])
        except (OSError, ValueError):
            return None

    async def quit(self, context: BrowserContext) -> None:
        """What *File → Quit* does. Playwright would close window after window, and what is in the
        last one would be all that the session file keeps."""
        await self._on_own_page(context, QUIT, leave=True)

    async def restart(self, context: BrowserContext, profile: Path) -> None:
        """What *Restart to update* does. Firefox ends, notes that it is to resume its session
        once, and finds no program to start: that is left to Playwright."""
        program = Path(f"/proc/{self.process(profile)}/exe")
        await asyncio.to_thread(lambda: program.resolve().unlink())
        await self._on_own_page(context, QUIT.replace("eAttemptQuit", RESTART), leave=True)

    async def open_in_background(self, context: BrowserContext) -> None:
        """Firefox on Linux ends with its last window."""
        raise UnsupportedVerbError("Firefox does not keep running without a window")

    async def pin_tab(self, context: BrowserContext, page: Page) -> None:
        """What *Pin Tab* does, in the window that shows the page."""
        found = await self._on_own_page(context, f"() => ({PIN_TAB})({json.dumps(page.url)})")
        if not found:
            raise UnsupportedVerbError(f"no window of Firefox shows {page.url}")

    def restarts(self, profile: Path) -> bool:
        """`resume_session_once`, which the start sets back."""
        path = profile / "prefs.js"
        return path.exists() and f'"{_RESUME_ONCE}", true' in path.read_text(encoding="utf-8")

    async def restored_page(self, context: BrowserContext, ended_by: str) -> Page | None:
        """Restored windows are Firefox's own, and Playwright does not see them."""
        return None

    async def frame_in_restored_tab(
        self, context: BrowserContext, addresses: Sequence[str]
    ) -> bool:
        """By a script of the browser's own, in the window that shows an application."""
        return bool(
            await self._on_own_page(
                context, f"() => ({FRAME_IN_RESTORED_TAB})({json.dumps(list(addresses))})"
            )
        )

    async def new_tab(self, context: BrowserContext, beside: Page, preset: str) -> Page:
        """By the page itself: what Playwright opens is a window."""
        async with context.expect_page() as opened:
            await beside.evaluate("() => { window.open('about:blank', '_blank', 'noopener') }")
        return await opened.value

    async def new_window(self, context: BrowserContext, beside: Page, preset: str) -> Page:
        """What Playwright calls a page is a window of its own in Firefox."""
        return await context.new_page()

    async def restore_previous_session(self, context: BrowserContext) -> Page | None:
        """What *History → Restore Previous Session* does."""
        await self._on_own_page(context, RESTORE_SESSION)
        return None

    async def settle(
        self,
        context: BrowserContext,
        profile: Path,
        before: Mapping[str, str],
        preset: str,
        changed: float,
    ) -> None:
        """Until session file, cookie database and local storage have it. The session file is
        written at once, as it would be when its interval is over."""
        listed = await context.cookies()
        of_session = [cookie for cookie in listed if cookie.get("expires", -1) == -1]
        session = {(c["domain"], c["name"]) for c in of_session}
        persistent = {(c["domain"], c["name"]) for c in listed} - session
        level = CHOICES[preset].privacy_level
        session = {(c["domain"], c["name"]) for c in of_session if level < 2 - c["secure"]}
        await self._on_own_page(context, SAVE_SESSION)
        async with asyncio.timeout(_SETTLE_TIMEOUT):
            while not (
                session == _session_cookies(profile)
                and persistent == _cookie_rows(profile)
                and all(self.stored(profile, origin) != was for origin, was in before.items())
            ):
                await asyncio.sleep(_POLL)

    def stored(self, profile: Path, origin: str) -> str:
        """The rows of the origin's database."""
        folder = profile / "storage" / "default" / origin.replace("://", "+++").replace(":", "+")
        return repr(_query(folder / "ls" / "data.sqlite", "SELECT key, value FROM data"))

    async def catch_up(self, context: BrowserContext, profile: Path) -> None:
        """Until the database has the persistent cookies: it gets each as it is set."""
        persistent = {
            (c["domain"], c["name"])
            for c in await context.cookies()
            if c.get("expires", -1) != -1
        }
        async with asyncio.timeout(_SETTLE_TIMEOUT):
            while not persistent <= _cookie_rows(profile):
                await asyncio.sleep(_SHORT_POLL)

    def age(self, profile: Path, seconds: float) -> None:
        """Shift the times: `expiry` in milliseconds (schema 17), the others in microseconds; and
        when the session files were written, in milliseconds."""
        for file in (*profile.glob("sessionstore.jsonlz4"), *profile.glob(_SESSION_FILES)):
            state = json.loads(lz4.block.decompress(file.read_bytes()[len(_MAGIC) :]))
            state.get("session", {})["lastUpdate"] -= int(seconds * 1_000)
            file.write_bytes(_MAGIC + lz4.block.compress(json.dumps(state).encode()))
        path = profile / "cookies.sqlite"
        if not path.exists():
            return
        with closing(sqlite3.connect(path)) as database, database:
            milliseconds = database.execute("PRAGMA user_version").fetchone()[0] >= 17
            for column, unit in (
                ("expiry", 1_000 if milliseconds else 1),
                ("creationTime", 1_000_000),
                ("lastAccessed", 1_000_000),
            ):
                database.execute(
                    f"UPDATE moz_cookies SET {column} = {column} - ?", (int(seconds * unit),)
                )

    async def age_open(self, context: BrowserContext, page: Page, seconds: float) -> None:
        """Set each persistent cookie again with a nearer expiry; delete those that are past."""
        for cookie in await context.cookies():
            if cookie.get("expires", -1) == -1:
                continue
            expires = cookie["expires"] - seconds
            if expires <= time.time():
                await context.clear_cookies(
                    name=cookie["name"], domain=cookie["domain"], path=cookie["path"]
                )
                continue
            changed: Any = {
                "name": cookie["name"],
                "value": cookie["value"],
                "domain": cookie["domain"],
                "path": cookie["path"],
                "httpOnly": cookie["httpOnly"],
                "secure": cookie["secure"],
                "sameSite": cookie["sameSite"],
                "expires": expires,
            }
            await context.add_cookies([changed])

    async def cookies(self, context: BrowserContext, page: Page) -> list[tuple[str, str]]:
        """As Playwright lists them."""
        return [(c.get("domain", ""), c.get("name", "")) for c in await context.cookies()]

    async def _on_own_page(
        self, context: BrowserContext, script: str, *, leave: bool = False
    ) -> Any:
        page = await context.new_page()
        # The first visit moves the tab to another process, and a script that Playwright sends
        # meanwhile may never be answered: so ask, and visit again, until one is.
        for attempt in range(_ATTEMPTS):
            await page.goto(f"{OWN_PAGE}?{attempt}", wait_until="commit")
            if attempt and await _answers(page):
                break
        else:
            raise TimeoutError(f"{OWN_PAGE} answers no script")
        result = await page.evaluate(script)
        if not leave:
            await page.close()
        return result


def _preferences(preset: str, *, told: bool) -> dict[str, str | float | bool]:
    """What goes into `user.js`."""
    choices = CHOICES[preset]
    preferences: dict[str, str | float | bool] = {**_VENDOR, **_STEERING}
    if choices.reopen:
        preferences["browser.startup.page"] = 3
    if choices.clear:
        preferences["privacy.sanitize.sanitizeOnShutdown"] = True
        preferences["privacy.clearOnShutdown_v2.cookiesAndStorage"] = True
    if choices.private:
        preferences["browser.privatebrowsing.autostart"] = True
    if choices.privacy_level:
        preferences["browser.sessionstore.privacy_level"] = choices.privacy_level
    if told:
        preferences[_RESUME_ONCE] = True
    return preferences


def _copied(program: Path, folder: Path) -> Path:
    """A copy of the program in a folder that has links to all that lies beside it."""
    program = program.resolve()
    folder.mkdir(exist_ok=True)
    for entry in program.parent.iterdir():
        link = folder / entry.name
        if entry.name != program.name and not link.is_symlink():
            link.symlink_to(entry)
    copy = folder / program.name
    if not copy.exists():
        shutil.copy(program, copy)
    return copy


async def _answers(page: Page) -> bool:
    try:
        return bool(await asyncio.wait_for(page.evaluate("() => true"), _ANSWER_TIMEOUT))
    except TimeoutError:
        return False


def _session_cookies(profile: Path) -> set[tuple[str, str]]:
    try:
        packed = (profile / "sessionstore-backups" / "recovery.jsonlz4").read_bytes()
        state = json.loads(lz4.block.decompress(packed[len(_MAGIC) :]))
    except (OSError, ValueError, lz4.block.LZ4BlockError):
        return set()
    return {(cookie["host"], cookie["name"]) for cookie in state.get("cookies", [])}


def _cookie_rows(profile: Path) -> set[tuple[str, str]]:
    return set(_query(profile / "cookies.sqlite", "SELECT host, name FROM moz_cookies"))


def _query(database: Path, query: str) -> list[Any]:
    """Read from a copy: a running Firefox locks its databases."""
    with tempfile.TemporaryDirectory(prefix="afterclose-") as folder:
        try:
            for path in database.parent.glob(f"{database.name}*"):
                shutil.copy(path, folder)
            with closing(sqlite3.connect(Path(folder, database.name))) as connection:
                return connection.execute(query).fetchall()
        except (OSError, sqlite3.Error):
            return []
