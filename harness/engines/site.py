"""What a driver needs of what is signed in to: the mock, or a login that somebody describes."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from playwright.async_api import BrowserContext, Page

from harness.deeds import TargetLook
from harness.engines.engine import Engine, HiddenTab
from harness.received import Seen
from harness.scenario import Step

__all__ = ["Opened", "Passed", "Sight", "Site", "SiteError"]


class SiteError(Exception):
    """What is signed in to did not do what it was described to do; the message is for the user."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A browser that is running, for somebody to look with."""

    engine: Engine
    context: BrowserContext
    page: Page
    """The tab in use."""
    preset: str
    restored: Sequence[Page]
    hidden_tabs: AbstractAsyncContextManager[Sequence[HiddenTab]]


@dataclass(frozen=True, kw_only=True)
class Passed:
    """How time has passed on the server."""

    how: str
    """In words."""
    aged: bool
    """Whether it has passed for the browser, too: it was waited for."""
    less: float = 0
    """Seconds that it was less than was asked for."""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What was seen there."""

    seen: Seen
    listed: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """As in `Look`."""
    notes: Sequence[str] = ()
    target: TargetLook | None = None


class Site(Protocol):
    """Where somebody signs in, in all environments of one lifecycle."""

    def check(self, step: Step) -> None:
        """Raise UnsupportedVerbError for a step that cannot be done there."""

    def patience(self, step: Step) -> float:
        """Seconds that a step takes there beside what it takes anywhere."""

    async def begin(self) -> None:
        """Before the browser is started: nobody is signed in."""

    async def started(self, context: BrowserContext) -> None:
        """The browser has been started, or was running when it was started."""

    async def done(self, step: Step, page: Page | None) -> None:
        """A step has been done; `page` is the tab in use then."""

    @property
    def origins(self) -> Sequence[str]:
        """Those whose `localStorage` signing in may change."""

    async def sign_in(self, page: Page, name: str | None) -> None:
        """Sign in; `name`: as somebody else than the last time."""

    async def visit(self, page: Page) -> None:
        """Come back as a person does."""

    async def refresh_tokens(self, page: Page) -> None:
        """Let the page that is open exchange its refresh tokens."""

    async def sign_out(self, page: Page) -> None:
        """Sign out."""

    async def sign_out_during_visit(self, page: Page, other: Page) -> None:
        """The same, while another tab is visiting, whose answer comes last."""

    async def administer(self, step: Step) -> None:
        """Do a step of an administrator's."""

    async def wait(self, step: Step, seconds: float) -> Passed:
        """Let time pass on the server."""

    async def look(self, opened: Opened, names: Sequence[str]) -> Sight:
        """See, by environment and surface, whether somebody is signed in."""

    async def picture(self, page: Page, path: Path) -> None:
        """Save a picture of a tab, without what nobody is to see."""

    def kept(self, trace: Path) -> None:
        """A trace was written: take out of it what nobody is to see."""
