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
from harness.engines.person import PER_VISIT
from harness.engines.simulated import SimulationError
from harness.policy import Environment
from harness.records import Error, Observation, RecordsError, Verdict
from harness.runner.invocation import session_of
from harness.runner.run_session import RunSession, TooSlowError, UnexpectedError, lifecycle
from harness.runner.simulating import simulate
from harness.scenario import Scenario, ScenarioError
from harness.setup import parts_of

__all__ = ["ScenarioItem", "sentence", "told_in_a_line"]

_TOLD = (
    ConfigError, DriverError, RecordsError, ScenarioError, SimulationError, ControlClientError,
    UnexpectedError, BrowserPoolError,
)  # fmt: skip
"""What is told by its message: nobody needs to see where it was raised."""


class ScenarioItem(pytest.Item):
    """One scenario, on one engine, with one preset."""

    def __init__(self, *, scenario: Scenario, engine: str, preset: str, **options: Any) -> None:
        super().__init__(**options)
        self.scenario = scenario
        self.engine = engine
        self.preset = preset
        self.obj = scenario.function

    def runtest(self) -> None:
        run_session = session_of(self.config)
        run_session.chosen.check()
        run_session.failed.clear()
        try:
            self._run(run_session)
        except Exception as error:
            failed = run_session.failed
            broke_off = any(isinstance(record, Error) for record in failed)
            accepted = failed and run_session.accepts(*failed)
            if not accepted or not (broke_off or isinstance(error, UnexpectedError)):
                raise
            pytest.xfail(accepted)

    def _run(self, run_session: RunSession) -> None:
        if self.engine in MODELS:
            _judge(simulate(self, self.scenario, self.engine, self.preset))
            return
        unexpected: list[str] = []
        for environments in parts_of(
            self.scenario, run_session.config.environments, PER_VISIT
        ):
            try:
                try:
                    self._carry_out(environments, again=True)
                except TooSlowError:
                    self._carry_out(environments, again=False)
            except UnexpectedError as error:
                unexpected.append(str(error))
        if unexpected:
            raise UnexpectedError("\n".join(unexpected))

    def _carry_out(self, environments: Sequence[Environment], *, again: bool) -> None:
        """For some environments together."""
        seen: list[Observation] = []
        scenario = self.scenario
        with lifecycle(
            session_of(self.config),
            self,
            scenario.name,
            self.engine,
            self.preset,
            seen.append,
            scenario.keeps,
            environments,
            again=again,
        ) as browser:
            scenario(browser)
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
