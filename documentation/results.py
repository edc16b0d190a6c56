"""The committed results of real browsers, judged: each cell with its promise, and its reason.

`tests/measured/` has as whom each cell was signed in. What was promised and expected there follows
from the steps, as in a run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

from harness.engines import ENGINES
from harness.expectation import Expectation
from harness.judging import verdict_of
from harness.limitations import reason_for
from harness.model.families import family_of
from harness.policy import DEFAULT_ENVIRONMENTS, Environment
from harness.promise import history_of
from harness.records import Evidence, Observation, State
from harness.runner.library import load_scenarios, packs, scenario_files
from harness.scenario import Scenario, UnsupportedVerbError, narrate, steps_of
from harness.setup import Setup, parts_of
from tests.measuring import AT_ONCE, Cell, Who, days, load

__all__ = ["SCENARIOS", "Browser", "Results", "last_check", "results"]

SCENARIOS: Mapping[str, tuple[str, Scenario]] = {
    scenario.name: (pack, scenario)
    for pack, folder in packs().items()
    for scenario in load_scenarios(scenario_files([folder]))
}
"""Every scenario by its name, with the pack that it is in."""


@dataclass(frozen=True)
class Browser:
    """A browser that was measured, and when."""

    engine: str
    title: str
    version: str
    first: str
    """The day of the first run that a cell is of, and of the last one."""
    last: str
    presets: tuple[str, ...]

    @property
    def name(self) -> str:
        """With its version, as tables head their columns."""
        return f"{self.title} {self.version}"

    @property
    def short(self) -> str:
        """With the first number of its version."""
        return f"{self.title} {self.version.partition('.')[0]}"


@dataclass(frozen=True)
class Results:
    """What was measured."""

    browsers: Sequence[Browser]
    observations: Sequence[Observation]

    @property
    def told(self) -> str:
        """Versions and dates, as a page says where its tables come from."""
        each = " and ".join(
            f"{b.name} ({b.first}{'' if b.first == b.last else f' to {b.last}'})"
            for b in self.browsers
        )
        return f"Measured: {each}, headless, on Debian 12."

    def of(
        self, scenario: str, surface: str | None = None, check: str | None = None
    ) -> Iterator[Observation]:
        """Those of a scenario; of its last check unless another is named."""
        label = check or last_check(SCENARIOS[scenario][1])
        for o in self._by_scenario.get(scenario, ()):
            if o.check == label and surface in (None, o.surface):
                yield o

    @cached_property
    def _by_scenario(self) -> Mapping[str, Sequence[Observation]]:
        found: dict[str, list[Observation]] = {}
        for o in self.observations:
            found.setdefault(o.scenario, []).append(o)
        return found


def last_check(scenario: Scenario) -> str:
    """The label of the check that a scenario ends with."""
    return [str(step.value) for step in steps_of(scenario) if step.verb == "check"][-1]


@lru_cache
def results() -> Results:
    """All of them."""
    browsers: list[Browser] = []
    observations: list[Observation] = []
    for name, engine in ENGINES.items():
        version, cells = load(name)
        browsers.append(Browser(name, engine.title, version, *days(name), engine.presets))
        observations += _judged(name, version, cells)
    return Results(browsers, observations)


def _judged(
    engine: str, version: str, cells: Mapping[Cell, Who]
) -> Iterator[Observation]:
    there: dict[str, tuple[set[str], set[str]]] = {}
    for cell in cells:
        presets, policies = there.setdefault(cell[0], (set(), set()))
        presets.add(cell[2])
        policies.add(cell[3])
    for name, (_, scenario) in SCENARIOS.items():
        presets, policies = there.get(name, (set(), set()))
        # Those that were in the browser together.
        environments = [e for e in DEFAULT_ENVIRONMENTS if e.name in policies]
        parts = parts_of(scenario, environments, AT_ONCE) if environments else []
        for part, preset in product(parts, sorted(presets)):
            yield from _lifecycle(engine, version, scenario, preset, part, cells)


def _lifecycle(
    engine: str,
    version: str,
    scenario: Scenario,
    preset: str,
    environments: Sequence[Environment],
    cells: Mapping[Cell, Who],
) -> Iterator[Observation]:
    family = family_of(engine)
    assert family is not None
    setup = Setup(engine=engine, preset=preset, environments=environments, keeps=scenario.keeps)
    steps = steps_of(scenario, min(setup.limits, key=lambda limits: limits.inactivity))
    expectation = Expectation(family, setup)
    for number, step in enumerate(steps, start=1):
        if step.verb != "check":
            continue
        try:
            seen = expectation.after(steps[:number])
        except UnsupportedVerbError:
            return
        told = tuple(narrate(one) for one in steps[:number])
        for environment in environments:
            promised = history_of(environment.effective_policy, steps[:number], setup.settings)
            for (policy, surface), expected in seen.items():
                cell = (scenario.name, str(step.value), preset, policy, surface)
                if policy != environment.name or cell not in cells:
                    continue
                who = cells[cell]
                observed = State.SIGNED_IN if who else State.SIGNED_OUT, who
                bent = expected.shown != promised.shown
                reason = reason_for(expected.trail, expected.state) if bent else None
                verdict = verdict_of(
                    observed,
                    expected=expected.shown,
                    promised=promised.shown,
                    limitation=reason,
                    by_chance=False,
                )
                yield Observation(
                    scenario=scenario.name,
                    engine=engine,
                    engine_version=version,
                    preset=preset,
                    check=str(step.value),
                    policy=policy,
                    surface=surface,
                    promised=promised.shown[0],
                    promised_who=promised.shown[1],
                    expected=expected.state,
                    expected_who=expected.who,
                    measured=version,
                    observed=observed[0],
                    verdict=verdict,
                    limitation=reason.id if reason else None,
                    steps=told,
                    evidence=Evidence(
                        who=who, decisions=tuple(d.because for d in expected.trail)
                    ),
                    duration_s=0.0,
                )
