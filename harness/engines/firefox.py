"""Firefox, as Mozilla or Debian build it, through WebDriver BiDi.

Playwright's own Firefox is passed over: it forces its start page and crash recovery from a file
outside the profile. With a stock Firefox the same two settings come from the profile's `user.js`
and are put back to the vendor's here.

Facts this file rests on: session cookies live in the session file alone, which is written every
fifteen seconds and at an orderly end (`SessionSaver.sys.mjs`); `cookies.sqlite` holds persistent
ones; `localStorage` reaches the disk five seconds after a change; there is no handler for SIGTERM.
"""

import asyncio
import contextlib
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakSet

from playwright.async_api import BrowserContext, Cookie, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from harness.engines.engine import (
    RETITLE,
    HiddenTab,
    Installation,
    LaunchOptions,
    version_of,
)
from harness.engines.firefox_profile import (
    age,
    cookie_rows,
    has_tabs_behind_others,
    local_storage,
    move,
    session_cookies,
)
from harness.engines.firefox_scripts import (
    FRAME_IN_RESTORED_TAB,
    NOTE_RESTORED_TABS,
    PIN_TAB,
    PUT_OFF_RESTORED_TABS,
    RESTORE_SESSION,
    RESTORED_TABS,
    SAVE_SESSION,
)
from harness.engines.firefox_tabs import opened_by, own_page
from harness.engines.marionette import ANY_PORT, ARGUMENT, forget, quit_by_itself
from harness.presets import PRESETS, Choices, choices_of
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

_PROGRAM = "firefox-app"
"""The folder that has a copy of it."""
_RESUME_ONCE = "browser.sessionstore.resume_session_once"
_LAZILY = "browser.sessionstore.restore_tabs_lazily"
_UNTIL_PUT_OFF = {_LAZILY: False, "browser.sessionstore.interval": 3_600_000}
"""Firefox makes a tab that comes back behind another when somebody looks at it. WebDriver BiDi
cannot connect while there is one (`bc is null`), so they are made at once, and then put off again
(`PUT_OFF_RESTORED_TABS`): an unused tab that is there loses its storage with the next write, one
that is put off does not (measured: vendor_firefox.tabs_behind_others). So nothing is written
before; a slow machine takes longer than Firefox's fifteen seconds. Milliseconds."""
_PINNED = "to be pinned"
_SETTLE_TIMEOUT = 45.0
_SHORT_POLL, _POLL = 0.02, 0.25
"""Seconds between two looks at the disk, which cost the browser time too."""


class Firefox:
    """Mozilla's browser."""

    name = "firefox"
    title = "Firefox"
    presets = tuple(name for name in PRESETS if not choices_of(name).background)
    package = "firefox-esr"
    cannot: Sequence[tuple[str, str | None]] = ()

    def __init__(self) -> None:
        self._brought_back = WeakSet[BrowserContext]()
        """Those that have restored a session."""

    def suits(self, choices: Choices) -> bool:
        """All but `background`, which is another browser's."""
        return not choices.background

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

    def move(self, profile: Path, temporary: Path) -> None:
        """From another place than at its last start it starts its caches anew."""
        move(profile, temporary / _PROGRAM)

    async def launch(self, playwright: Playwright, options: LaunchOptions) -> BrowserContext:
        """Start it with the vendor's settings and the person's choice.

        The program is a copy, so that it cannot come back by itself when it restarts; always in
        the same place, for Firefox starts its caches anew where it is another's profile: 0.7 s.
        Raises FileNotFoundError where that place is swept meanwhile."""
        forget(options.profile)
        program = await asyncio.to_thread(
            _copied, options.installation.path, options.temporary / _PROGRAM
        )
        try:
            return await playwright.firefox.launch_persistent_context(
                options.profile,
                **options.arguments(
                    channel="moz-firefox",
                    executable_path=program,
                    args=["--remote-allow-system-access", ARGUMENT],
                    firefox_user_prefs=_preferences(options.preset, restoring=options.restoring)
                    | (_UNTIL_PUT_OFF if has_tabs_behind_others(options.profile) else {}),
                    env={**os.environ, **_SMALL_WINDOW, "TMPDIR": str(options.temporary)},
                ),
            )
        except PlaywrightError:
            # Who sweeps the folder may have come as far as this, and no further.
            program.stat()
            raise

    def process(self, profile: Path) -> int | None:
        """From the lock that a running Firefox keeps in its profile: `address:+PID`."""
        try:
            return int(os.readlink(profile / "lock").rpartition("+")[2])
        except (OSError, ValueError):
            return None

    async def quit(self, context: BrowserContext, profile: Path) -> None:
        """What *File → Quit* does. Playwright would close window after window, and what is in the
        last one would be all that the session file keeps."""
        await quit_by_itself(profile)

    async def restart(self, context: BrowserContext, profile: Path) -> None:
        """What *Restart to update* does. Firefox ends, notes that it is to resume its session
        once, and finds no program to start: that is left to Playwright."""
        program = Path(f"/proc/{self.process(profile)}/exe")
        await asyncio.to_thread(lambda: program.resolve().unlink())
        await quit_by_itself(profile, restart=True)

    async def open_in_background(self, context: BrowserContext) -> Page:
        """Firefox on Linux ends with its last window."""
        raise UnsupportedVerbError("Firefox does not keep running without a window")

    async def pin_tab(self, context: BrowserContext, page: Page) -> None:
        """What *Pin Tab* does. Other tabs may show the same address."""
        title = await page.evaluate(RETITLE, _PINNED)
        found = await self._on_own_page(context, f"() => ({PIN_TAB})({json.dumps(_PINNED)})")
        await page.evaluate(RETITLE, title)
        if not found:
            raise UnsupportedVerbError(f"no window of Firefox shows {page.url}")

    def restarts(self, profile: Path) -> bool:
        """`resume_session_once`, which the start sets back."""
        path = profile / "prefs.js"
        return path.exists() and f'"{_RESUME_ONCE}", true' in path.read_text(encoding="utf-8")

    async def restored(
        self, context: BrowserContext, profile: Path, notes: list[str]
    ) -> Sequence[Page]:
        """Restored windows are Firefox's own, and Playwright does not see them."""
        self._brought_back.add(context)
        if _LAZILY in (profile / "user.js").read_text(encoding="utf-8"):
            count = await self._on_own_page(context, PUT_OFF_RESTORED_TABS)
            if count:
                notes.append(
                    f"{count} of the tabs that came back were put off until somebody looks at "
                    "them, as Firefox does by itself where nobody has to connect to it"
                )
        return ()

    async def note_hidden_tabs(self, context: BrowserContext) -> None:
        """In Firefox itself, which has a note for each tab that shows something by now."""
        await self._on_own_page(context, NOTE_RESTORED_TABS)

    @contextlib.asynccontextmanager
    async def hidden_tabs(
        self, context: BrowserContext, *, noted: bool
    ) -> AsyncIterator[Sequence[HiddenTab]]:
        """By scripts of the browser's own."""
        page = await own_page(context)
        if not noted:
            await page.evaluate(NOTE_RESTORED_TABS)
        urls = await page.evaluate(RESTORED_TABS)
        yield [_HiddenTab(page, number, url) for number, url in enumerate(urls)]
        await page.close()

    async def new_tab(self, context: BrowserContext, beside: Page, preset: str) -> Page:
        """By the page itself: what Playwright opens is a window."""
        return await opened_by(context, beside, among_others=context in self._brought_back)

    async def new_window(self, context: BrowserContext, beside: Page, preset: str) -> Page:
        """What Playwright calls a page is a window of its own in Firefox."""
        return await context.new_page()

    async def restore_previous_session(self, context: BrowserContext) -> Sequence[Page]:
        """What *History → Restore Previous Session* does."""
        self._brought_back.add(context)
        await self._on_own_page(context, RESTORE_SESSION)
        return ()

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
        level = choices_of(preset).privacy_level
        await self._on_own_page(context, SAVE_SESSION)
        async with asyncio.timeout(_SETTLE_TIMEOUT):
            while not (
                _of_session(listed := await context.cookies(), level) == session_cookies(profile)
                and _persistent(listed) == cookie_rows(profile)
                and all(self.stored(profile, origin) != was for origin, was in before.items())
            ):
                await asyncio.sleep(_POLL)

    def stored(self, profile: Path, origin: str) -> str:
        """The rows of the origin's database."""
        return local_storage(profile, origin)

    async def catch_up(self, context: BrowserContext, profile: Path) -> None:
        """Until the database has the persistent cookies as they are, and no other: it gets each as
        it is set, renewed or deleted, a third of a second later (measured)."""
        async with asyncio.timeout(_SETTLE_TIMEOUT):
            # A page may renew one meanwhile.
            while _persistent(await context.cookies()) != cookie_rows(profile):
                await asyncio.sleep(_SHORT_POLL)

    def age(self, profile: Path, seconds: float) -> None:
        """Its cookies, and when its session was last written."""
        age(profile, seconds)

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

    async def cookies(
        self, context: BrowserContext, page: Page, preset: str
    ) -> list[tuple[str, str]]:
        """As Playwright lists them."""
        return [(c.get("domain", ""), c.get("name", "")) for c in await context.cookies()]

    async def _on_own_page(self, context: BrowserContext, script: str) -> Any:
        page = await own_page(context)
        result = await page.evaluate(script)
        await page.close()
        return result


class _HiddenTab:
    """A tab in a window of Firefox's own, which a script looks at."""

    def __init__(self, own_page: Page, number: int, url: str) -> None:
        self._own_page = own_page
        self._number = number
        self.url = url

    async def show(self, addresses: Sequence[str]) -> None:
        """Put it in front, and back."""
        asked = json.dumps([self._number, list(addresses)])
        await self._own_page.evaluate(f"() => ({FRAME_IN_RESTORED_TAB})(...{asked})")


def _of_session(listed: Sequence[Cookie], privacy_level: int) -> set[tuple[str, str]]:
    """As `session_cookies` has them."""
    return {
        (c["domain"], c["name"])
        for c in listed
        if c["expires"] == -1 and privacy_level < 2 - c["secure"]
    }


def _persistent(listed: Sequence[Cookie]) -> set[tuple[str, str, str, int]]:
    """As `cookie_rows` has them."""
    return {
        (c["domain"], c["name"], c["value"], int(c["expires"]))
        for c in listed
        if c["expires"] != -1
    }


def _preferences(preset: str, *, restoring: bool) -> dict[str, str | float | bool]:
    """What goes into `user.js`."""
    choices = choices_of(preset)
    preferences: dict[str, str | float | bool] = {**_VENDOR, **_STEERING, **ANY_PORT}
    if choices.reopen:
        preferences["browser.startup.page"] = 3
    if choices.clear:
        preferences["privacy.sanitize.sanitizeOnShutdown"] = True
        preferences["privacy.clearOnShutdown_v2.cookiesAndStorage"] = True
    if choices.private:
        preferences["browser.privatebrowsing.autostart"] = True
    if choices.privacy_level:
        preferences["browser.sessionstore.privacy_level"] = choices.privacy_level
    if restoring:
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
