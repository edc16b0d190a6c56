"""A guided run: one scenario after the other, and what is written down of each."""

import asyncio
import contextlib
import platform
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.config import Config
from harness.engines.control_client import ControlClient, ControlClientError
from harness.guiding.floor import Floor
from harness.guiding.following import Followed
from harness.guiding.measured import MeasuredBrowser, version_in
from harness.judging import Judge, Judged
from harness.policy import Environment
from harness.records import FORMAT, Error, Observation, Record, Run, Unsupported
from harness.result_file import RecordsError, append_records
from harness.runner.attempt import Attempt
from harness.runner.results import configured, limitation_notes, scenario_notes
from harness.scenario import (
    Browser,
    Scenario,
    ScenarioError,
    UnsupportedVerbError,
    narrate,
    steps_of,
)
from harness.server.desk import Came, Notice
from harness.setup import Setup, parts_of

__all__ = ["Lead"]

_TOGETHER = 8
"""Environments that a person signs in to in one lifecycle, a form in each."""
_AT_LOCALHOST = frozenset(
    {"change_cookie_scope", "mend_cookie_scope", "domain_cookie", "secure_cookie"}
    | {"partitioned_cookie", "strict_cookie"}
)
"""Verbs, and ways of keeping a login, that take its names: by their domain, by being trusted
without https, or by auth servers and applications being of two sites."""
_INTERRUPTED = "ended by the person before its end"


class Lead:
    """Leads a person through scenarios, and appends what comes of them to a result file."""

    def __init__(
        self,
        floor: Floor,
        config: Config,
        browser: MeasuredBrowser,
        results: Path,
        *,
        url: str,
        domain: str,
        real_wait: float,
    ) -> None:
        self._floor = floor
        self._config = config
        self._browser = browser
        self._results = results
        self._https = url.startswith("https:")
        self._url = url
        self._domain = domain
        self._real_wait = real_wait
        self._agent = ""
        self.run_id = secrets.token_hex(8)
        self.wrote = False
        """Whether there are records of this run."""

    def carry_out(self, scenarios: Sequence[Scenario]) -> bool:
        """All of them, or until the person ends it; whether they did not. Raises RecordsError,
        ControlClientError."""
        control = ControlClient(self._url)
        with asyncio.Runner() as runner:
            try:
                self._welcome()
                for scenario in scenarios:
                    self._one(scenario, scenarios, control, runner)
            except KeyboardInterrupt:
                return False
            finally:
                with contextlib.suppress(KeyboardInterrupt):
                    runner.run(control.close())
                self._floor.tell(Notice(sentence="The guide has ended.", over=True), aloud=False)
        return True

    def _welcome(self) -> None:
        """Have the browser that is measured come, and say which it is."""
        self._floor.tell(
            Notice(
                sentence=f"Open {self._floor.address} in the browser that is to be measured.",
                hints=(
                    "With a profile of its own, or one that has nothing of this address.",
                    "Keep this page for another window, or another device.",
                ),
            )
        )
        if not self._floor.agents:
            # Nobody has been quicker than the notice.
            self._floor.until(lambda heard: isinstance(heard, Came), "")
        self._agent = next(iter(self._floor.agents))
        if not self._browser.version:
            found = version_in(self._agent)
            self._browser = replace(self._browser, version=found or "unknown")
        self._floor.terminal.say(
            f"     It is taken for {self._browser.engine} {self._browser.version}: {self._agent}"
        )

    def _one(
        self,
        scenario: Scenario,
        scenarios: Sequence[Scenario],
        control: ControlClient,
        runner: asyncio.Runner,
    ) -> None:
        """One scenario. What was observed is kept however it ends."""

        def write(*records: Record) -> None:
            first = () if self.wrote else (self._described(scenarios),)
            try:
                append_records(self._results, [*first, *records])
            except OSError as error:
                raise RecordsError(
                    f"{self._results}: cannot be written: {error.strerror}"
                ) from None
            self.wrote = True

        browser = self._browser
        attempt = Attempt(
            write,
            scenario=scenario.name,
            engine=browser.engine,
            engine_version=browser.version,
            preset=browser.preset,
        )
        interrupted = False
        with attempt:
            for environments in self._parts(scenario):
                self._floor.terminal.head(f"{scenario.title} ({scenario.name})")
                interrupted = self._together(scenario, environments, attempt, control, runner)
                if interrupted:
                    break
        if interrupted:
            raise KeyboardInterrupt

    def _parts(self, scenario: Scenario) -> Sequence[Sequence[Environment]]:
        """The environments that go through it together."""
        try:
            return parts_of(scenario, self._config.environments, _TOGETHER)
        except Exception:
            # One that cannot even be told as steps says so itself, where it is carried out.
            return [self._config.environments]

    def _together(
        self,
        scenario: Scenario,
        environments: Sequence[Environment],
        attempt: Attempt,
        control: ControlClient,
        runner: asyncio.Runner,
    ) -> bool:
        """One lifecycle; whether the person ended all of it, and left something to be kept."""
        browser = self._browser
        setup = Setup(
            engine=browser.engine,
            preset=browser.preset,
            environments=environments,
            keeps=scenario.keeps,
            settings=self._config.settings,
            https=self._https,
        )
        observed: list[Observation] = []
        acting: Browser | None = None
        common: dict[str, Any] = {
            "scenario": scenario.name,
            "engine": browser.engine,
            "engine_version": browser.version,
            "preset": browser.preset,
        }

        def told() -> tuple[str, ...]:
            return tuple(map(narrate, acting.steps)) if acting else ()

        def left_out(reason: str) -> None:
            self._floor.terminal.say(f"     {reason}.")
            attempt.note(Unsupported(**common, reason=reason, steps=told()))

        def note(observation: Observation) -> None:
            observed.append(observation)
            attempt.note(observation)

        try:
            self._check(scenario)
            followed = Followed(
                self._floor,
                control,
                runner,
                setup,
                scenario,
                rules=browser.rules,
                real_wait=self._real_wait,
                left_out=left_out,
            )
            followed.begin()
            judge = Judge(scenario.name, setup, browser.version, rules=browser.rules)
            judged = _Telling(followed, judge, note, self._floor)
            acting = Browser(judged, setup.limits)
            scenario(acting)
        except UnsupportedVerbError as error:
            left_out(str(error))
        except KeyboardInterrupt:
            if not observed:
                raise
            left_out(_INTERRUPTED)
            return True
        except Exception as error:
            known = isinstance(error, ScenarioError | ControlClientError)
            message = str(error) if known else f"{type(error).__name__}: {error}"
            attempt.note(Error(**common, message=message, steps=told()))
            self._floor.terminal.say(f"     {message}")
        return False

    def _check(self, scenario: Scenario) -> None:
        """Raise UnsupportedVerbError for a scenario about what is below localhost alone."""
        verbs = {step.verb for step in steps_of(scenario)}
        found = sorted((_AT_LOCALHOST & verbs) | (_AT_LOCALHOST & set(scenario.keeps)))
        if self._domain != "localhost" and found:
            raise UnsupportedVerbError(
                f"{', '.join(found)}: made for names below localhost, and served at {self._domain}"
            )

    def _described(self, scenarios: Sequence[Scenario]) -> Run:
        """What this run says of itself. Nothing goes on with it later, so it names no items."""
        browser = self._browser
        return Run(
            id=self.run_id,
            format=FORMAT,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            versions={
                "afterclose": version("afterclose"),
                "aiohttp": version("aiohttp"),
                "python": platform.python_version(),
                browser.engine: browser.version,
            },
            platform=platform.platform(),
            configuration={
                "engines": [browser.engine],
                "presets": [browser.preset],
                **configured(self._config),
                "guided": {
                    "user_agent": self._agent,
                    "setting": browser.setting,
                    "rules": browser.rules,
                },
                "repeat": 1,
            },
            scenarios=scenario_notes(scenarios),
            limitations=limitation_notes(),
        )


class _Telling(Judged):
    """A judge's interpreter that tells the person what came out."""

    def __init__(self, followed: Followed, judge: Judge, note: Any, floor: Floor) -> None:
        super().__init__(followed, judge, note)
        self._floor = floor

    def observe(self, label: str, steps: Any) -> Any:
        """Look, judge, and tell."""
        found = super().observe(label, steps)
        for policy in dict.fromkeys(policy for policy, _ in found):
            states = {surface: o.observed for (name, surface), o in found.items() if name == policy}
            signed_in = [surface for surface, state in states.items() if state == "signed_in"]
            self._floor.terminal.say(
                f"     {policy}: signed in at {', '.join(signed_in) or 'nothing'}"
            )
        return found


