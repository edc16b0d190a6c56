"""The driver: carries a scenario's steps out in a real browser, and observes."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from harness.engines.engine import Engine
from harness.engines.processes import end_group, kill_group
from harness.engines.target import SURFACES, TargetEnvironment
from harness.engines.workshop import Workshop
from harness.limitations import Situation, judge
from harness.policy import Environment, Persistence
from harness.records import Evidence, Observation, State
from harness.scenario import Check, Step, narrate

__all__ = ["Driver", "DriverError"]

_STEP_TIMEOUT = 90.0
"""Seconds that any one step may take before the browser counts as hung."""
_SYSTEM_GRACE = 10.0
"""Seconds between the system's request to end and its kill."""
_PER_VISIT = 4
"""Environments that one visit goes through: browsers follow twenty redirects, and a silent sign-in
takes four."""
_EMPTY = "about:blank"
_FILL_IN = """password => {
  const fillIn = () => {
    document.getElementById('password').value = password;
    document.getElementById('submit').click();
  };
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', fillIn);
  } else {
    fillIn();
  }
}"""


class DriverError(Exception):
    """The browser did not do what was asked of it: hung, died, or showed something else."""


class Driver:
    """One lifecycle in one browser, for every environment at once. A context manager."""

    def __init__(
        self,
        workshop: Workshop,
        engine: Engine,
        *,
        preset: str,
        environments: Sequence[Environment],
        scenario: str,
        observed: Callable[[Observation], None],
        artifacts: Path | None = None,
    ) -> None:
        self._workshop = workshop
        self._engine = engine
        self._preset = preset
        # As they are configured: what the server under test says of itself promises nothing.
        self._policies = {e.name: e.effective_policy for e in environments}
        self._scenario = scenario
        self._observed = observed
        self._artifacts = artifacts
        self._environments: list[TargetEnvironment] = []
        self._persistence: dict[str, Persistence] = {}
        self._began = time.perf_counter()
        self._profile: Path | None = None
        self._context: BrowserContext | None = None
        self._leader: int | None = None
        self._lives = 0
        self._windows: list[list[Page]] = []
        self._current: Page | None = None
        self._storing: list[str] = []
        self._time: list[str] = []
        self._notes: list[str] = []
        self.engine_version = ""

    def __enter__(self) -> "Driver":
        try:
            self._run("start", self._begin())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and remove the profile, whatever state they are in."""
        if self._leader is not None:
            self._workshop.ended(self._leader)
            self._leader = None
        if self._profile is not None:
            shutil.rmtree(self._profile, ignore_errors=True)
            self._profile = None

    def perform(self, step: Step) -> None:
        """Do one step in the browser."""
        self._run(step.verb, getattr(self, f"_{step.verb}")(step))

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        """Show every surface to the server, and hold what it received against the promise."""
        check: Check = self._run("check", self._observe(label, steps))
        for observation in check.values():
            self._observed(observation)
        return check

    def screenshot(self, path: Path) -> bool:
        """Save a picture of the tab in use; False where there is none to be had."""
        page = self._current
        if page is None or page.is_closed():
            return False
        with contextlib.suppress(PlaywrightError, TimeoutError, DriverError):
            self._run("screenshot", page.screenshot(path=path, timeout=10_000))
            return True
        return False

    def _run(self, what: str, work: Any) -> Any:
        try:
            return self._workshop.run(work, _STEP_TIMEOUT)
        except TimeoutError:
            raise DriverError(f"{what}: {self._engine.title} did not finish in time") from None
        except PlaywrightError as error:
            first = str(error).strip().splitlines()[0]
            raise DriverError(f"{what}: {self._engine.title}: {first}") from None

    async def _begin(self) -> None:
        target = self._workshop.target
        await target.reset()
        self._environments = await target.environments(list(self._policies))
        self._persistence = {name: p.persistence for name, p in self._policies.items()}
        self._profile = await self._workshop.new_profile(self._engine, self._preset)
        installation = await self._workshop.find(self._engine)
        self.engine_version = installation.version if installation else ""
        self._began = time.perf_counter()
        await self._launch()

    # The life of the browser

    async def _start(self, step: Step) -> None:
        await self._launch()

    async def _launch(self) -> None:
        assert self._profile is not None
        self._context, self._leader = await self._workshop.launch(
            self._engine, self._profile, self._preset
        )
        self._context.set_default_timeout(20_000)
        self._lives += 1
        if self._workshop.options.tracing != "off":
            await self._context.tracing.start(screenshots=True, snapshots=True)
        # Restored tabs may be among them; the last one is where a person would start.
        self._current = self._context.pages[-1]
        self._windows = [[self._current]]

    async def _quit(self, step: Step) -> None:
        context, leader = self._open()
        await self._save_trace(context)
        browser = context.browser
        await (browser.close() if browser is not None else context.close())
        await self._gone(leader)

    async def _crash(self, step: Step) -> None:
        context, leader = self._open()
        await self._catch_up(context)
        await asyncio.to_thread(kill_group, leader)
        await self._gone(leader)
        await _abandon(context)

    async def _end_os_session(self, step: Step) -> None:
        context, leader = self._open()
        await self._catch_up(context)
        if not await asyncio.to_thread(end_group, leader, grace=_SYSTEM_GRACE):
            self._notes.append(f"killed {_SYSTEM_GRACE:.0f} s after it was asked to end")
        await self._gone(leader)
        await _abandon(context)

    async def _catch_up(self, context: BrowserContext) -> None:
        if self._preset != "private":
            assert self._profile is not None
            await self._engine.catch_up(context, self._profile)

    async def _gone(self, leader: int) -> None:
        await asyncio.to_thread(self._workshop.ended, leader)
        self._context = self._leader = self._current = None
        self._windows = []

    async def _settle(self, step: Step) -> None:
        context, _ = self._open()
        if self._preset == "private":
            self._notes.append("settle: a private window writes nothing to disk")
            return
        assert self._profile is not None
        await self._engine.settle(context, self._profile, self._storing)

    async def _restore_previous_session(self, step: Step) -> None:
        context, _ = self._open()
        await self._engine.restore_previous_session(context)

    # Tabs and windows

    async def _open_tab(self, step: Step) -> None:
        context, _ = self._open()
        page = await self._engine.new_tab(context, self._page, self._preset)
        self._windows[-1].append(page)
        self._current = page

    async def _open_window(self, step: Step) -> None:
        context, _ = self._open()
        page = await self._engine.new_window(context, self._page, self._preset)
        self._windows.append([page])
        self._current = page

    async def _close_tab(self, step: Step) -> None:
        window = self._windows[-1]
        page = window[step.value - 1] if isinstance(step.value, int) else self._page
        window.remove(page)
        if not window:
            self._windows.pop()
        await self._close_pages([page])

    async def _close_window(self, step: Step) -> None:
        index = step.value - 1 if isinstance(step.value, int) else -1
        await self._close_pages(self._windows.pop(index))

    async def _close_pages(self, pages: Sequence[Page]) -> None:
        for page in pages:
            await page.close()
        if self._windows:
            if self._current in pages:
                self._current = self._windows[-1][-1]
            return
        # New-headless Chromium keeps its process, and Playwright keeps Firefox's own first window.
        self._notes.append(
            "the browser was asked to end with its last window, as it does by itself on a "
            "desktop: under automation it stays"
        )
        await self._quit(Step("quit"))

    # The person at the application

    async def _sign_in(self, step: Step) -> None:
        for batch in self._batches():
            await self._visit_applications(batch, "/login")
        self._storing = [environment.app_url for environment in self._environments]

    async def _visit(self, step: Step) -> None:
        for batch in self._batches():
            await self._visit_applications(batch, "/login?prompt=none")

    async def _visit_applications(
        self, environments: Sequence[TargetEnvironment], login: str
    ) -> None:
        """One visit through every application's login, then through every application's home,
        filling in the sign-in page wherever it comes up."""
        page = self._page
        stops = [f"{environment.app_url}{login}" for environment in environments]
        stops += [f"{environment.app_url}/" for environment in environments]
        environment_of = {environment.issuer: environment for environment in environments}
        filled_in: set[str] = set()

        def form_of(url: str) -> TargetEnvironment | None:
            base, at_form, _ = url.partition("/oauth2/auth?")
            return environment_of.get(base) if at_form and url not in filled_in else None

        def stopped(url: str) -> bool:
            return url.partition("?")[0] == stops[-1] or form_of(url) is not None

        first, *rest = stops
        separator = "&" if "?" in first else "?"
        query = urlencode([("return_to", stop) for stop in rest])
        await page.goto(f"{first}{separator}{query}", wait_until="commit")
        while True:
            await page.wait_for_url(stopped, wait_until="commit")
            environment = form_of(page.url)
            if environment is None:
                await page.wait_for_load_state("domcontentloaded")
                return
            filled_in.add(page.url)
            await page.evaluate(_FILL_IN, environment.password)

    def _batches(self) -> list[Sequence[TargetEnvironment]]:
        """Few enough environments at a time for the twenty redirects that browsers follow."""
        return [
            self._environments[start : start + _PER_VISIT]
            for start in range(0, len(self._environments), _PER_VISIT)
        ]

    async def _sign_out(self, step: Step) -> None:
        for environment in self._environments:
            home = f"{environment.app_url}/"
            await self._page.goto(f"{environment.app_url}/sign-out", wait_until="commit")
            await self._page.wait_for_url(home, wait_until="domcontentloaded")
        self._storing = []

    async def _wait(self, step: Step) -> None:
        assert isinstance(step.value, timedelta)
        assert self._profile is not None
        seconds = step.value.total_seconds()
        await self._workshop.target.advance(seconds)
        if self._context is None:
            await asyncio.to_thread(self._engine.age, self._profile, seconds)
            how = "the closed browser's profile was aged"
        else:
            await self._engine.age_open(self._context, self._page, seconds)
            how = "the open browser's persistent cookies were set to expire that much sooner"
        self._time.append(f"{seconds:.0f} s: the server's clock was moved, {how}")

    # The administrator

    async def _override_session_policy(self, step: Step) -> None:
        for environment in self._environments:
            persistence = self._persistence[environment.name].opposite
            await self._workshop.target.override_persistence(environment, persistence)
            self._persistence[environment.name] = persistence

    async def _revoke_sessions(self, step: Step) -> None:
        for environment in self._environments:
            await self._workshop.target.revoke(environment)

    # Observing

    async def _observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        context, _ = self._open()
        listed = await self._engine.cookies(context, self._page)
        # An empty tab is borrowed and left empty; beside any other a new one is opened.
        page, borrowed = self._page, self._page.url == _EMPTY
        if not borrowed:
            page = await self._engine.new_tab(context, self._page, self._preset)
        check: dict[tuple[str, str], Observation] = {}
        for batch in self._batches():
            ticket, url = await self._workshop.target.begin_observation([e.name for e in batch])
            await page.goto(url, wait_until="commit")
            seen = await self._workshop.target.observation(ticket)
            for environment in batch:
                for surface in SURFACES:
                    check[environment.name, surface] = self._judged(
                        label, steps, environment, surface, seen[environment.name][surface], listed
                    )
        await (page.goto(_EMPTY) if borrowed else page.close())
        return check

    def _judged(
        self,
        label: str,
        steps: tuple[Step, ...],
        environment: TargetEnvironment,
        surface: str,
        seen: dict[str, Any],
        listed: Sequence[tuple[str, str]],
    ) -> Observation:
        observed = State.SIGNED_IN if seen["signed_in"] else State.SIGNED_OUT
        situation = Situation(
            engine=self._engine.name,
            preset=self._preset,
            surface=surface,
            policy=self._policies[environment.name],
            steps=steps,
        )
        judgement = judge(situation, observed)
        kind = "idp" if surface == "sso" else "app"
        host = f"{environment.name}.{kind}.localhost"
        return Observation(
            scenario=self._scenario,
            check=label,
            engine=self._engine.name,
            engine_version=self.engine_version,
            preset=self._preset,
            policy=environment.name,
            surface=surface,
            promised=judgement.promised,
            observed=observed,
            verdict=judgement.verdict,
            limitation=judgement.limitation.id if judgement.limitation else None,
            steps=[narrate(step) for step in steps],
            evidence=Evidence(
                cookies_sent=seen["cookies_sent"],
                set_cookie=seen["set_cookie"],
                reason=seen["reason"],
                time=list(self._time),
                notes=list(self._notes),
                browser_cookies=sorted({name for domain, name in listed if domain == host}),
            ),
            duration_s=round(time.perf_counter() - self._began, 3),
        )

    async def _save_trace(self, context: BrowserContext) -> None:
        if self._workshop.options.tracing != "off" and self._artifacts is not None:
            self._artifacts.mkdir(parents=True, exist_ok=True)
            await context.tracing.stop(path=self._artifacts / f"trace-{self._lives}.zip")

    def _open(self) -> tuple[BrowserContext, int]:
        if self._context is None or self._leader is None:
            raise DriverError(f"{self._engine.title} is not running")
        return self._context, self._leader

    @property
    def _page(self) -> Page:
        assert self._current is not None
        return self._current


async def _abandon(context: BrowserContext) -> None:
    """Let Playwright notice that a browser is gone."""
    with contextlib.suppress(PlaywrightError, TimeoutError):
        await asyncio.wait_for(context.close(), 5)
