"""What a driver needs of an engine. A new engine is one file that fulfils this protocol."""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from playwright.async_api import BrowserContext, Page, Playwright

from harness.presets import Choices

__all__ = [
    "RETITLE",
    "SHOW_FRAMES",
    "Engine",
    "HiddenTab",
    "Installation",
    "LaunchOptions",
    "version_of",
]

RETITLE = "title => { const was = document.title; document.title = title; return was; }"
"""Gives a page another title for a while, so that the browser's own pages can tell it from others.
"""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A browser on this machine."""

    path: Path
    version: str
    kind: str
    """`playwright`, the name of a branded channel, or `system`."""


@dataclass(frozen=True, kw_only=True)
class LaunchOptions:
    """How to start a browser."""

    installation: Installation
    profile: Path
    preset: str
    restoring: bool = False
    """Whether to restore the last session, this once."""
    reopens: bool = False
    """Whether the tabs of the last session are to come back: no other is opened then."""
    temporary: Path
    """Where the browser and Playwright put temporary files, which a crash leaves behind."""
    headed: bool = False
    slow_mo: float = 0
    """Milliseconds added to each operation."""
    ignore_https_errors: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)
    """More arguments for Playwright: none of those that an engine gives, but for `args` and `env`,
    which are put together."""

    def arguments(self, *, args: Sequence[str], env: Mapping[str, Any], **ours: Any) -> Any:
        """For Playwright: an engine's, and more."""
        return {
            "ignore_https_errors": self.ignore_https_errors,
            **self.more,
            "executable_path": self.installation.path,
            "headless": not self.headed,
            "slow_mo": self.slow_mo,
            "no_viewport": True,
            "artifacts_dir": self.temporary,
            "handle_sigint": False,
            "handle_sigterm": False,
            "handle_sighup": False,
            "timeout": 60_000,
            **ours,
            "args": [*args, *self.more.get("args", ())],
            "env": {**env, **self.more.get("env", {})},
        }


class HiddenTab(Protocol):
    """A tab that session restore brought back, and that Playwright has no page for."""

    url: str

    async def show(self, addresses: Sequence[str]) -> None:
        """Look at the tab, and show addresses there as `SHOW_FRAMES` does."""


class Engine(Protocol):
    """One browser that can be driven."""

    name: str
    title: str
    presets: tuple[str, ...]
    """Those of them that were measured."""
    package: str
    """The name of Debian's package."""
    cannot: Sequence[tuple[str, str | None]]
    """Verbs that it cannot do: with a preset, or None for with any."""

    def suits(self, choices: Choices) -> bool:
        """Whether it can be set up so."""

    def find(self, playwright_path: str) -> Installation | None:
        """The browser to drive, or None; `playwright_path` is where Playwright has its own."""

    def prepare(self, profile: Path, preset: str) -> None:
        """Write the person's choice into a profile that no browser uses."""

    def move(self, profile: Path, temporary: Path) -> None:
        """Let a profile of a browser that ran with another temporary folder be one of this."""

    async def launch(self, playwright: Playwright, options: LaunchOptions) -> BrowserContext:
        """Start the browser on a profile."""

    def process(self, profile: Path) -> int | None:
        """The id of the browser's main process, which leads its group, or None."""

    async def quit(self, context: BrowserContext, profile: Path) -> None:
        """Ask the browser to end, as its menu does."""

    async def restart(self, context: BrowserContext, profile: Path) -> None:
        """Let the browser end as it does to restart itself; it must not come back by itself."""

    async def open_in_background(self, context: BrowserContext) -> Page:
        """Open a window of a browser that has none; raise UnsupportedVerbError where it always
        has."""

    async def pin_tab(self, context: BrowserContext, page: Page) -> None:
        """Pin a tab; raise UnsupportedVerbError where that cannot be done."""

    def restarts(self, profile: Path) -> bool:
        """Whether the profile of a closed browser says that its next start is one of a restart: it
        said so when it ended, or has not had the time to say otherwise since."""

    async def restored(
        self, context: BrowserContext, profile: Path, notes: list[str]
    ) -> Sequence[Page]:
        """The tabs that session restore has just brought back, once they show what they showed, the
        one in front last; none where Playwright has no pages for them. What a reader of the
        evidence should know goes into `notes`."""

    async def note_hidden_tabs(self, context: BrowserContext) -> None:
        """Tell the tabs that came back, and that Playwright has no pages for, from those that the
        person uses from now on."""

    def hidden_tabs(
        self, context: BrowserContext, *, noted: bool
    ) -> AbstractAsyncContextManager[Sequence[HiddenTab]]:
        """Those tabs, in the browser's order, to look at while the context lasts; `noted`: whether
        they have been told from the others."""

    async def new_tab(self, context: BrowserContext, beside: Page, preset: str) -> Page:
        """Open an empty tab in the window of the page given."""

    async def new_window(self, context: BrowserContext, beside: Page, preset: str) -> Page:
        """Open a window with an empty tab."""

    async def restore_previous_session(self, context: BrowserContext) -> Sequence[Page]:
        """Do what the browser's own menu entry does; the tabs that it brought back and Playwright
        has pages for, the one in front last."""

    async def settle(
        self,
        context: BrowserContext,
        profile: Path,
        before: Mapping[str, str],
        preset: str,
        changed: float,
    ) -> None:
        """Return once everything that the browser remembers is on disk; `before` has what `stored`
        said of the origins whose `localStorage` has changed since, `changed` when the last change
        was, in seconds since the epoch. Reads the disk; raises TimeoutError."""

    def stored(self, profile: Path, origin: str) -> str:
        """What the disk has of an origin's `localStorage`: another text after each change."""

    async def catch_up(self, context: BrowserContext, profile: Path) -> None:
        """Return once the browser has written what it writes without delay. Nobody is quicker
        than that, but a driver is: a crash would win or lose the race by chance."""

    def age(self, profile: Path, seconds: float) -> None:
        """Make what the profile of a closed browser remembers that much older."""

    async def age_open(self, context: BrowserContext, page: Page, seconds: float) -> None:
        """The same for the cookies of a running browser: their expiry comes that much sooner."""

    async def cookies(
        self, context: BrowserContext, page: Page, preset: str
    ) -> list[tuple[str, str]]:
        """The browser's own cookie list as (host, name): a diagnostic."""


SHOW_FRAMES = """(window, addresses) => {
  const frames = new Set(addresses.map(address => {
    const frame = window.document.createElement('iframe');
    frame.hidden = true;
    frame.src = address;
    return frame;
  }));
  const shown = new Set();
  const onMessage = event => {
    for (const frame of frames) {
      if (event.source === frame.contentWindow) { shown.add(frame); }
    }
    if (shown.size === frames.size) {
      window.removeEventListener('message', onMessage);
      frames.forEach(frame => frame.remove());
    }
  };
  window.addEventListener('message', onMessage);
  frames.forEach(frame => window.document.body.append(frame));
}"""
"""Puts a hidden frame into a page for each address, and takes them away when all have said
something to the page: in Firefox, a frame that goes takes the `sessionStorage` with it that others
are about to read (measured). No navigation, no entry in the tab's history."""


def version_of(path: Path) -> str | None:
    """What `path --version` says, shortened to the number, or None if it does not run."""
    try:
        output = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    words = [word for word in output.split() if word[:1].isdigit()]
    return words[0] if words else None
