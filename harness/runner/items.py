"""Scenarios as pytest items, and how what went wrong is told."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.config import ConfigError
from harness.engines import MODELS
from harness.engines.browser_pool import BrowserPoolError
from harness.engines.control_client import ControlClientError
from harness.engines.driver import DriverError
from harness.engines.person import TOGETHER
from harness.engines.simulated import SimulationError
from harness.policy import Environment
from harness.records import Error, Observation, Verdict, item_name
from harness.result_file import RecordsError
from harness.runner.attempt import Attempt, UnexpectedError
from harness.runner.invocation import session_of
from harness.runner.one_check import EnoughError, OneCheck, checks_of
from harness.runner.run_session import TooSlowError, lifecycle, plain
from harness.runner.simulating import simulate
from harness.scenario import Scenario, ScenarioError
from harness.setup import parts_of
from harness.targets.target import TargetError

__all__ = ["ScenarioItem", "sentence", "told_in_a_line"]

_TOLD = (
    ConfigError, DriverError, RecordsError, ScenarioError, SimulationError, ControlClientError,
    UnexpectedError, BrowserPoolError, TargetError,
)  # fmt: skip
"""What is told by its message: nobody needs to see where it was raised."""


class ScenarioItem(pytest.Item):
    """One scenario, on one engine, with one preset, once."""

    def __init__(
        self, *, scenario: Scenario, engine: str, preset: str, repetition: int, **options: Any
    ) -> None:
        super().__init__(**options)
        self.scenario = scenario
        self.engine = engine
        self.preset = preset
        self.repetition = repetition
        self.obj = scenario.function

    @property
    def identity(self) -> str:
        """Its name wherever it is collected, the same for each of its repetitions."""
        return item_name(self.scenario.name, self.engine, self.preset)

    def runtest(self) -> None:
        run_session = session_of(self.config)
        run_session.chosen.check()
        attempt = run_session.attempt(
            self.scenario.name, self.engine, self.preset, self.repetition
        )
        try:
            with attempt:
                if self.engine in MODELS:
                    _judge(simulate(self, self.scenario, attempt, self._beside))
                else:
                    self._drive(attempt)
        except RecordsError:
            raise
        except Exception as error:
            broke_off = any(isinstance(record, Error) for record in attempt.failures)
            accepted = attempt.failures and run_session.accepts(*attempt.failures)
            if not accepted or not (broke_off or isinstance(error, UnexpectedError)):
                raise
            pytest.xfail(accepted)

    def _beside(self) -> list[tuple[str, str]]:
        """The engines and presets that this process is to carry the scenario out on; a shard, or
        what is left of a run, has not all of them."""
        return [
            (item.engine, item.preset)
            for item in self.session.items
            if isinstance(item, ScenarioItem)
            and (item.scenario, item.repetition) == (self.scenario, self.repetition)
        ]

    def _drive(self, attempt: Attempt) -> None:
        unexpected: list[str] = []
        skipped: list[BaseException] = []
        carried_out = 0
        run_session = session_of(self.config)
        target, environments = run_session.target, run_session.config.environments
        at_once = TOGETHER if target is None else 1
        # A visit may count as activity at a target: there, each check is the last.
        checks = [None] if target is None else checks_of(self.scenario)
        for together in parts_of(self.scenario, environments, at_once):
            for check in checks:
                try:
                    try:
                        self._carry_out(attempt, together, check, again=True)
                    except TooSlowError:
                        self._carry_out(attempt, together, check, again=False)
                    carried_out += 1
                except pytest.skip.Exception as error:
                    if target is None:
                        raise
                    skipped.append(error)
                except UnexpectedError as error:
                    carried_out += 1
                    unexpected.append(str(error))
        if unexpected:
            raise UnexpectedError("\n".join(unexpected))
        if skipped and not carried_out:
            raise skipped[0]

    def _carry_out(
        self,
        attempt: Attempt,
        environments: Sequence[Environment],
        check: int | None,
        *,
        again: bool,
    ) -> None:
        """For some environments together; up to one of the checks alone, if it is given."""
        seen: list[Observation] = []
        with lifecycle(
            session_of(self.config),
            self,
            attempt,
            seen.append,
            self.scenario.keeps,
            environments,
            again=again,
            make=plain if check is None else OneCheck.of(check),
        ) as browser:
            with contextlib.suppress(EnoughError):
                self.scenario(browser)
            _judge(seen)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, _TOLD):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        line = self.scenario.function.__code__.co_firstlineno - 1
        return self.path, line, f"{self.scenario.name}[{self.engine}-{self.preset}]"


def _judge(observations: Iterable[Observation]) -> None:
    unexpected = [o for o in observations if o.verdict is Verdict.UNEXPECTED]
    if unexpected:
        raise UnexpectedError("\n".join(map(sentence, unexpected)))


@contextlib.contextmanager
def told_in_a_line() -> Iterator[None]:
    """For fixtures: what went wrong is told by its message alone."""
    try:
        yield
    except _TOLD as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def sentence(observation: Observation) -> str:
    """What was unexpected about an observation."""
    reason = f" ({observation.evidence.reason})" if observation.evidence.reason else ""
    return (
        f"unexpected: {observation.policy}/{observation.surface} {observation.check}: "
        f"{observation.comparison}{reason}; sent: "
        f"{', '.join(observation.evidence.cookies_sent) or 'no cookies'}"
    )
