"""Scenarios on models, as pytest items: a scenario is played in every model of the run at once, and
each item has its part of what came out."""

from collections.abc import Sequence

import pytest

from harness.bench import Bench
from harness.engines import MODELS
from harness.engines.ensemble import Member, play
from harness.invocation import bench_of
from harness.judging import Judge
from harness.records import Error, Observation, Unsupported
from harness.scenario import Scenario, UnsupportedVerbError, narrate
from harness.setup import parts_of

__all__ = ["simulate"]

_PLAYED = pytest.StashKey[dict[str, dict[tuple[str, str], list[Member]]]]()


def simulate(
    item: pytest.Item, scenario: Scenario, engine: str, preset: str
) -> Sequence[Observation]:
    """The observations of one scenario on one model with one preset, which are written down.
    Raises what broke it off."""
    bench = bench_of(item.config)
    played = item.config.stash.setdefault(_PLAYED, {})
    if scenario.name not in played:
        members = _members(bench, scenario, (engine, preset))
        for together in zip(*members.values(), strict=True):
            play(bench.worlds, scenario, together)
        played[scenario.name] = members
    observations: list[Observation] = []
    members_of_item = played[scenario.name].pop((engine, preset))
    for member in members_of_item:
        judge = Judge(scenario.name, member.setup, bench.version)
        observations += [o for look in member.looks for o in judge.observations(*look)]
    bench.write(*observations)
    for member in members_of_item:
        if member.failure is not None:
            _failed(bench, scenario, member)
    return observations


def _members(
    bench: Bench, scenario: Scenario, asked: tuple[str, str]
) -> dict[tuple[str, str], list[Member]]:
    """For each model and preset, one for each part of the environments."""
    pairs = [(name, preset) for name, preset in bench.chosen.pairs if name in MODELS]
    parts = parts_of(scenario, bench.config.environments)
    return {
        (engine, preset): [
            Member(
                family=MODELS[engine],
                setup=bench.setup(engine, preset, scenario.keeps, environments),
            )
            for environments in parts
        ]
        for engine, preset in dict.fromkeys([asked, *pairs])
    }


def _failed(bench: Bench, scenario: Scenario, member: Member) -> None:
    failure, setup = member.failure, member.setup
    assert failure is not None
    common = {
        "scenario": scenario.name,
        "engine": setup.engine,
        "engine_version": bench.version,
        "preset": setup.preset,
    }
    steps = tuple(narrate(step) for step in member.steps)
    message = str(failure) or type(failure).__name__
    if isinstance(failure, UnsupportedVerbError):
        bench.write(Unsupported(**common, reason=message, steps=steps))
        pytest.skip(message)
    bench.write(Error(**common, message=message, steps=steps))
    raise failure
