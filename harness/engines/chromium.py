"""Chromium, in new-headless or headed mode. Never the headless shell: it restores no session.

Facts this file rests on: Chromium keeps session cookies in `Default/Cookies` and decides at the
next start whether they stay (`ProfileImpl::ShouldRestoreOldSessionCookies`); the store commits
after 30 seconds or 512 operations (`net/extras/sqlite/sqlite_persistent_cookie_store.cc`); the
exit marker `profile.exit_type` reaches `Default/Preferences` about ten seconds after the start.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from harness.engines.chromium_tabs import page_of, reopen_closed_tabs, restored_tabs
from harness.engines.engine import HiddenTab, Installation, LaunchOptions, version_of
from harness.model.chromium_rules import CHROMIUM
from harness.model.family import Medium
from harness.presets import PRESETS, Choices, choices_of
from harness.scenario import UnsupportedVerbError

__all__ = ["Chromium", "cookie_rows", "fillers"]

_CHANNELS = {"chrome": "/opt/google/chrome/chrome", "msedge": "/opt/microsoft/msedge/msedge"}
_LAST_SESSION, _SESSION_ONLY = 1, 4
_SETTLE_TIMEOUT = 80.0
"""Seconds: an origin's second change of `localStorage` is written up to a minute late."""
_POLL = 0.25
"""Seconds between two looks at the disk, which cost the browser time too."""
_FILLER_DOMAIN = ".filler.localhost"
_OPERATIONS = CHROMIUM.rhythms[Medium.COOKIES].operations or 0
"""On cookies: as many make the store commit at once."""
_NOT_DRAWN = ["webui-omnibox-popup@2", "webui-omnibox-aim-popup@2"]
"""Entries of `chrome://flags`, at *Disabled*: the pages that draw what the address bar suggests.
They keep no cookie and no storage, and Chromium 156 loads them at each start, in a process that
computes for 0.8 s (measured) beside whatever is looked at. A Chromium that does not know a name
drops it from the list (measured)."""


class Chromium:
    """Google's open browser, as Debian or Playwright build it."""

    name = "chromium"
    title = "Chromium"
    presets = tuple(name for name in PRESETS if not choices_of(name).privacy_level)
    package = "chromium"
    cannot: Sequence[tuple[str, str | None]] = (("open_window", "private"), ("pin_tab", None))

    def suits(self, choices: Choices) -> bool:
        """All but `privacy_level`, which is another browser's."""
        return not choices.privacy_level

    def find(self, playwright_path: str) -> Installation | None:
        """Playwright's own, else a branded channel, else the system's."""
        candidates = [
            ("playwright", playwright_path),
            *_CHANNELS.items(),
            ("system", shutil.which("chromium") or shutil.which("chromium-browser")),
        ]
        for kind, path in candidates:
            if path and Path(path).exists() and (version := version_of(Path(path))):
                return Installation(path=Path(path), version=version, kind=kind)
        return None

    def prepare(self, profile: Path, preset: str) -> None:
        """Write the choice to `Default/Preferences`, which Linux does not protect with a MAC.

        No tab is left to continue with: the person comes to a browser that has none open.
        """
        shutil.rmtree(profile / "Default" / "Sessions", ignore_errors=True)
        choices = choices_of(preset)
        preferences: dict[str, Any] = {}
        if choices.reopen:
            preferences["session"] = {"restore_on_startup": _LAST_SESSION}
        if choices.clear:
            preferences["profile"] = {"default_content_setting_values": {"cookies": _SESSION_ONLY}}
        _update(profile / "Default" / "Preferences", preferences)
        local_state = {
            "background_mode": {"enabled": choices.background},
            "browser": {"enabled_labs_experiments": _NOT_DRAWN},
        }
        _update(profile / "Local State", local_state)

    def move(self, profile: Path, temporary: Path) -> None:
        """Nothing: its program stays where it is installed."""

    async def launch(self, playwright: Playwright, options: LaunchOptions) -> BrowserContext:
        """Start it; the channel says new-headless mode where there is no window."""
        return await playwright.chromium.launch_persistent_context(
            options.profile,
            **options.arguments(
                channel="chromium",
                args=[
                    *(["--incognito"] if choices_of(options.preset).private else []),
                    *(["--restore-last-session"] if options.restoring else []),
                ],
                # Of an address on its command line Chromium makes one more tab, in front of those
                # that come back.
                ignore_default_args=["about:blank"] if options.reopens else None,
                chromium_sandbox=os.geteuid() != 0,
                env={**os.environ, "TMPDIR": str(options.temporary)},
            ),
        )

    def process(self, profile: Path) -> int | None:
        """From the lock that a running Chromium keeps in its profile: `host-PID`."""
        try:
            return int(os.readlink(profile / "SingletonLock").rpartition("-")[2])
        except (OSError, ValueError):
            return None

    async def quit(self, context: BrowserContext, profile: Path) -> None:
        """By the protocol, which closes every window as the menu does."""
        browser = context.browser
        await (browser.close() if browser is not None else context.close())

    async def restart(self, context: BrowserContext, profile: Path) -> None:
        """By the button *Relaunch* of Chromium's own page of experiments. In headless mode that
        closes all and notes the restart, and leaves it to us to end the process."""
        page = await context.new_page()
        await page.goto("chrome://flags/")
        # The page goes away with the window before it can answer.
        with contextlib.suppress(PlaywrightError):
            await page.evaluate("() => { chrome.send('restartBrowser') }")
        await self.quit(context, profile)

    async def open_in_background(self, context: BrowserContext) -> Page:
        """As the entry *New window* of its icon in the system's tray."""
        assert context.browser is not None
        session = await context.browser.new_browser_cdp_session()
        answer = await session.send(
            "Target.createTarget", {"url": "about:blank", "newWindow": True}
        )
        await session.detach()
        return await page_of(context, answer["targetId"])

    async def pin_tab(self, context: BrowserContext, page: Page) -> None:
        """Not by the protocol, and there is no menu to click in headless mode."""
        raise UnsupportedVerbError("Chromium's protocol pins no tab")

    def restarts(self, profile: Path) -> bool:
        """`was.restarted`, which the start sets back in memory and on disk ten seconds later."""
        return bool(_read(profile / "Local State").get("was", {}).get("restarted"))

    async def restored(
        self, context: BrowserContext, profile: Path, notes: list[str]
    ) -> Sequence[Page]:
        """After a crash Chromium asks before it restores tabs, whatever the preset; but a crash
        within ten seconds of the start leaves no mark, and is none to it."""
        return await restored_tabs(context)

    async def note_hidden_tabs(self, context: BrowserContext) -> None:
        """Playwright has a page for every tab, restored ones too."""

    @contextlib.asynccontextmanager
    async def hidden_tabs(
        self, context: BrowserContext, *, noted: bool
    ) -> AsyncIterator[Sequence[HiddenTab]]:
        """None."""
        yield ()

    async def new_tab(self, context: BrowserContext, beside: Page, preset: str) -> Page:
        """By the page itself in a private window: Playwright would open it outside."""
        if not choices_of(preset).private:
            return await context.new_page()
        async with context.expect_page() as opened:
            await beside.evaluate("() => { window.open('about:blank', '_blank', 'noopener') }")
        return await opened.value

    async def new_window(self, context: BrowserContext, beside: Page, preset: str) -> Page:
        """A window as Ctrl+N opens it."""
        if choices_of(preset).private:
            raise UnsupportedVerbError(
                "Chromium's protocol opens no second window of a private session"
            )
        session = await context.new_cdp_session(beside)
        opened = await session.send(
            "Target.createTarget", {"url": "about:blank", "newWindow": True}
        )
        await session.detach()
        return await page_of(context, opened["targetId"])

    async def restore_previous_session(self, context: BrowserContext) -> Sequence[Page]:
        """Click every entry under *Recently Closed* on Chromium's own Tab Search page."""
        return await reopen_closed_tabs(context)

    async def settle(
        self,
        context: BrowserContext,
        profile: Path,
        before: Mapping[str, str],
        preset: str,
        changed: float,
    ) -> None:
        """Until cookies, local storage, session and `exit_type=Crashed` are on disk, and that it
        does not restart."""
        listed = {(c.get("domain", ""), c.get("name", "")) for c in await context.cookies()}
        wanted = {cookie for cookie in listed if cookie[0] != _FILLER_DOMAIN}
        first = f"first-{time.time_ns()}"
        await context.add_cookies(fillers(first))
        async with asyncio.timeout(_SETTLE_TIMEOUT):
            while not (
                _exit_type(profile) == "Crashed"
                and not self.restarts(profile)
                # Once it is there, so is what has changed before it.
                and (_FILLER_DOMAIN, first) in (rows := cookie_rows(profile))
                and wanted == {row for row in rows if row[0] != _FILLER_DOMAIN}
                and all(self.stored(profile, origin) != was for origin, was in before.items())
                and _session_saved(profile, changed)
            ):
                await asyncio.sleep(_POLL)

    def stored(self, profile: Path, origin: str) -> str:
        """How often the origin's keys are in the logs of the database: once more with each change.
        """
        key = f"_{origin}\x00".encode()
        count = 0
        for path in (profile / "Default" / "Local Storage" / "leveldb").glob("*.log"):
            with contextlib.suppress(OSError):
                count += path.read_bytes().count(key)
        return str(count)

    async def catch_up(self, context: BrowserContext, profile: Path) -> None:
        """Until it has read its cookies, which is when it deletes those of the last session."""
        await context.cookies()

    def age(self, profile: Path, seconds: float) -> None:
        """Shift every time column: microseconds since 1601."""
        path = profile / "Default" / "Cookies"
        if not path.exists():
            return
        shift = int(seconds * 1_000_000)
        columns = ("expires_utc", "creation_utc", "last_access_utc", "last_update_utc")
        with closing(sqlite3.connect(path)) as database, database:
            for column in columns:
                database.execute(
                    f"UPDATE cookies SET {column} = {column} - ? WHERE {column} > 0", (shift,)
                )

    async def age_open(self, context: BrowserContext, page: Page, seconds: float) -> None:
        """Set each persistent cookie again with a nearer expiry; delete those that are past."""
        session = await context.new_cdp_session(page)
        for cookie in await self._cookie_list(session):
            if cookie["session"]:
                continue
            identity = {key: cookie[key] for key in ("name", "domain", "path")}
            expires = cookie["expires"] - seconds
            if expires <= time.time():
                await session.send("Network.deleteCookies", identity)
                continue
            kept = ("value", "secure", "httpOnly", "sameSite", "priority", "sourceScheme")
            attributes = {key: cookie[key] for key in kept if key in cookie}
            # A host-only cookie stays one only if it is set by address instead of by domain.
            scheme = "https" if cookie["secure"] else "http"
            if not cookie["domain"].startswith("."):
                identity["url"] = f"{scheme}://{identity.pop('domain')}{cookie['path']}"
            await session.send("Network.setCookie", identity | attributes | {"expires": expires})
        await session.detach()

    async def cookies(
        self, context: BrowserContext, page: Page, preset: str
    ) -> list[tuple[str, str]]:
        """Of a private window, which has a list of its own, asked through the page."""
        if not choices_of(preset).private:
            names = [(c.get("domain", ""), c.get("name", "")) for c in await context.cookies()]
            return [(domain, name) for domain, name in names if domain != _FILLER_DOMAIN]
        session = await context.new_cdp_session(page)
        listed = await self._cookie_list(session)
        await session.detach()
        return [(cookie["domain"], cookie["name"]) for cookie in listed]

    async def _cookie_list(self, session: Any) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await session.send("Network.getAllCookies"))["cookies"]
        return [cookie for cookie in listed if cookie["domain"] != _FILLER_DOMAIN]


def _update(path: Path, sections: dict[str, Any]) -> None:
    preferences = json.loads(path.read_text(encoding="utf-8"))
    for section, values in sections.items():
        preferences.setdefault(section, {}).update(values)
    path.write_text(json.dumps(preferences), encoding="utf-8")


def _session_saved(profile: Path, changed: float) -> bool:
    """Whether what had changed by then, in seconds since the epoch, is in the session file. While
    it shows that it crashed, Chromium writes none."""
    written = 0.0
    for file in (profile / "Default" / "Sessions").glob("Session_*"):
        # Chromium deletes all but the last two.
        with contextlib.suppress(FileNotFoundError):
            written = max(written, file.stat().st_mtime)
    long_ago = 2 * CHROMIUM.rhythms[Medium.SESSION].interval
    return written >= changed or time.time() - changed > long_ago


def _exit_type(profile: Path) -> str | None:
    exit_type: str | None = (
        _read(profile / "Default" / "Preferences").get("profile", {}).get("exit_type")
    )
    return exit_type


def _read(path: Path) -> dict[str, Any]:
    try:
        preferences: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # The browser is writing; the next look will see it.
        return {}
    return preferences


def fillers(first: str) -> list[Any]:
    """Cookies for Playwright to set, the first of this name: they make the store commit.

    They are as many operations as that takes, or one more: each time but the first, a cookie is
    deleted and added. Any more would count for the next commit, which might then come in the middle
    of what a scenario changes next. (So it was with 600 cookies of one site, of which Chromium
    deletes all but 180: the next commit came after another 512 changes, or, on a busy machine,
    after 152.)
    """
    expires = time.time() + 600
    return [
        {"name": name, "value": "x", "domain": _FILLER_DOMAIN, "path": "/", "expires": expires}
        for name in (first, *["filler"] * (_OPERATIONS // 2))
    ]


def cookie_rows(profile: Path) -> set[tuple[str, str]]:
    """Host and name of the cookies that are on disk."""
    address = f"file:{profile / 'Default' / 'Cookies'}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            return set(database.execute("SELECT host_key, name FROM cookies"))
    except sqlite3.Error:
        # The browser is writing; the next look will see it.
        return set()
