"""The mock as what is signed in to: its applications, its clock and its administrator."""

from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import BrowserContext, Page

from harness.engines.administrator import Administrator
from harness.engines.control_client import ControlClient, ServedEnvironment, listed_for
from harness.engines.looking import look
from harness.engines.person import PersonAtApplications
from harness.engines.site import Opened, Passed, Sight
from harness.scenario import Step
from harness.setup import Setup

__all__ = ["MockSite"]


class MockSite:
    """Every environment of a lifecycle at the mock."""

    def __init__(self, control: ControlClient, setup: Setup) -> None:
        self._control = control
        self._setup = setup
        self._environments: list[ServedEnvironment] = []
        self._person = PersonAtApplications(control, ())
        self._administrator = Administrator(control, (), {})

    def check(self, step: Step) -> None:
        """As `Site.check`."""
        self._setup.check(step)

    def patience(self, step: Step) -> float:
        """Nothing here takes longer."""
        return 0

    async def begin(self) -> None:
        """Reset the server, and let its clock stand still."""
        control, setup = self._control, self._setup
        await control.reset(setup.keeps)
        await control.stop_clock()
        self._environments = await control.environments(setup.names)
        self._person = PersonAtApplications(control, self._environments)
        self._administrator = Administrator(
            control,
            self._environments,
            {e.name: e.effective_policy.persistence for e in setup.environments},
        )

    async def started(self, context: BrowserContext) -> None:
        """The server sees what it needs to by itself."""

    async def done(self, step: Step, page: Page | None) -> None:
        """Likewise."""

    @property
    def origins(self) -> Sequence[str]:
        """Of the applications."""
        return [environment.app_url for environment in self._environments]

    async def sign_in(self, page: Page, name: str | None) -> None:
        """At every application."""
        await self._person.sign_in(page, name)

    async def visit(self, page: Page) -> None:
        """Every application."""
        await self._person.visit(page)

    async def refresh_tokens(self, page: Page) -> None:
        """Those of every application."""
        await self._person.refresh_tokens(page)

    async def sign_out(self, page: Page) -> None:
        """Of every application."""
        await self._person.sign_out(page)

    async def sign_out_during_visit(self, page: Page, other: Page) -> None:
        """Likewise."""
        await self._person.sign_out_during_visit(page, other)

    async def administer(self, step: Step) -> None:
        """In every environment."""
        await self._administrator.act(step)

    async def wait(self, step: Step, seconds: float) -> Passed:
        """Move the server's clock."""
        await self._control.advance(seconds)
        return Passed(how="the server's clock was moved", aged=False)

    async def look(self, opened: Opened, names: Sequence[str]) -> Sight:
        """Show every surface to the server."""
        listed = await opened.engine.cookies(opened.context, opened.page, opened.preset)
        seen = await look(
            self._control,
            opened.engine,
            opened.context,
            opened.page,
            [environment for environment in self._environments if environment.name in names],
            preset=opened.preset,
            restored=opened.restored,
            hidden_tabs=opened.hidden_tabs,
        )
        return Sight(seen=seen, listed=listed_for(self._environments, listed))

    async def picture(self, page: Page, path: Path) -> None:
        """There are no secrets here."""
        await page.screenshot(path=path, timeout=10_000)

    def kept(self, trace: Path) -> None:
        """Likewise."""
