"""Carrying a lifecycle out, in a model and in its browser, and saying where they differ."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.config import Config
from harness.engines import ENGINES, MODELS, model_of
from harness.engines.browser_pool import BrowserDiedError, BrowserPool, Options
from harness.engines.control_client import ControlClientError
from harness.engines.driver import DriverError
from harness.engines.simulated import SimulationError
from harness.engines.stopwatch import TOO_SLOW
from harness.exploring.lifecycle import Lifecycle, carry_out
from harness.judging import Judge, Judged
from harness.records import Observation, Verdict
from harness.runner.run_session import engine_for
from harness.scenario import Browser, Step
from harness.server.running import MockServer
from harness.setup import Setup

__all__ = ["ChanceError", "Found", "Oracle"]

_BROKEN = (DriverError, BrowserDiedError, SimulationError, ControlClientError)


class ChanceError(Exception):
    """Chance decided, so nothing can be said; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is wrong with a lifecycle."""

    lifecycle: Lifecycle
    what: Sequence[str]
    """Sentences: cells in which model and browser differ, or that no limitation explains; or what
    broke the lifecycle off."""


class Oracle:
    """One server for the browser and one for the model, so that neither moves the other's clock.

    A context manager. Browsers are started when a lifecycle is first carried out in one; what they
    write is in `folder`, or in the system's. `go_on` is called before each step and may raise.
    """

    def __init__(
        self,
        config: Config,
        folder: Path | None = None,
        go_on: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._folder = folder
        self._go_on = go_on
        self._servers: list[MockServer] = []
        self._pools: list[BrowserPool] = []

    def __enter__(self) -> "Oracle":
        for _ in range(2):
            server = MockServer(self._config.environments, settings=self._config.settings)
            self._servers.append(server.__enter__())
            self._pools.append(BrowserPool(server.url, Options(), folder=self._folder))
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.close()
        for server in self._servers:
            server.__exit__(None, None, None)

    def wrong_with(self, lifecycle: Lifecycle) -> Found | None:
        """What is wrong with a lifecycle, or None. What a browser shows once and not again is
        not: it is carried out a second time before it counts, and so is what breaks it off. Raises
        UnsupportedVerbError, and ChanceError where it was chance that decided."""
        try:
            return self._differs(lifecycle)
        except _BROKEN:
            try:
                return self._differs(lifecycle)
            except _BROKEN as error:
                return Found(lifecycle=lifecycle, what=[f"it broke off: {error}"])

    def _differs(self, lifecycle: Lifecycle) -> Found | None:
        modelled = self._observe(lifecycle, model_of(lifecycle.engine))
        unexplained = [_unexplained(o) for o in modelled if o.verdict is Verdict.UNEXPECTED]
        if lifecycle.engine in ENGINES:
            differing = self._compare(lifecycle, modelled)
            if differing:
                differing = self._compare(lifecycle, modelled, last=True)
            if differing:
                return Found(lifecycle=lifecycle, what=differing)
        return Found(lifecycle=lifecycle, what=unexplained) if unexplained else None

    def _compare(
        self, lifecycle: Lifecycle, modelled: Sequence[Observation], *, last: bool = False
    ) -> list[str]:
        seen = self._observe(lifecycle, lifecycle.engine)
        if last and any(TOO_SLOW in o.evidence.notes for o in seen):
            raise ChanceError(TOO_SLOW)
        model = {(o.check, o.policy, o.surface): o for o in modelled}
        return [
            f"{o.check}, {o.policy}/{o.surface}: the browser showed {_shown(o)}, the model "
            f"{_shown(model[o.check, o.policy, o.surface])}"
            for o in seen
            if o.shown != model[o.check, o.policy, o.surface].shown
        ]

    def _observe(self, lifecycle: Lifecycle, engine: str) -> list[Observation]:
        observations: list[Observation] = []
        setup = Setup(
            engine=engine,
            preset=lifecycle.preset,
            environments=[
                e for e in self._config.environments if e.name in lifecycle.policies
            ],
            settings=self._config.settings,
        )
        with engine_for(self._pools[engine in MODELS], setup) as acting:
            judged = Judged(acting, Judge(f"explored.{lifecycle.id}", setup), observations.append)
            carry_out(Browser(judged), self._one_by_one(lifecycle.steps))
        return observations

    def _one_by_one(self, steps: Iterable[Step]) -> Iterator[Step]:
        for step in steps:
            self._go_on()
            yield step


def _shown(observation: Observation) -> str:
    reason = f" ({observation.evidence.reason})" if observation.evidence.reason else ""
    who = f" as {' and '.join(observation.evidence.who)}" if observation.evidence.who else ""
    return f"{observation.observed}{who}{reason}"


def _unexplained(o: Observation) -> str:
    return (
        f"{o.check}, {o.policy}/{o.surface}: promised {o.told_promised}, the model showed "
        f"{_shown(o)}, and no limitation explains it"
    )
