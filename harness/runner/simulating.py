"""Scenarios on models, as pytest items: a scenario is played in every model of the run at once, and
each item has its part of what came out."""

from collections.abc import Sequence

import pytest

from harness.engines import MODELS
from harness.engines.lockstep import Member, play
from harness.judging import Judge
from harness.records import Error, Observation, Unsupported
from harness.runner.invocation import session_of
from harness.runner.run_session import RunSession
from harness.scenario import Scenario, UnsupportedVerbError, narrate
from harness.setup import parts_of

__all__ = ["simulate"]

_PLAYED = pytest.StashKey[dict[str, dict[tuple[str, str], list[Member]]]]()


def simulate(
    item: pytest.Item, scenario: Scenario, engine: str, preset: str
) -> Sequence[Observation]:
    """The observations of one scenario on one model with one preset, which are written down.
    Raises what broke it off."""
    run_session = session_of(item.config)
    played = item.config.stash.setdefault(_PLAYED, {})
    if scenario.name not in played:
        members = _members(run_session, scenario, (engine, preset))
        for together in zip(*members.values(), strict=True):
            play(run_session.memos, scenario, together)
        played[scenario.name] = members
    observations: list[Observation] = []
    members_of_item = played[scenario.name].pop((engine, preset))
    for member in members_of_item:
        judge = Judge(scenario.name, member.setup, run_session.version)
        observations += [o for look in member.looks for o in judge.observations(*look)]
    run_session.write(*observations)
    for member in members_of_item:
        if member.failure is not None:
            _failed(run_session, scenario, member)
    return observations


def _members(
    run_session: RunSession, scenario: Scenario, asked: tuple[str, str]
) -> dict[tuple[str, str], list[Member]]:
    """For each model and preset, one for each part of the environments."""
    pairs = [(name, preset) for name, preset in run_session.chosen.pairs if name in MODELS]
    parts = parts_of(scenario, run_session.config.environments)
    return {
        (engine, preset): [
            Member(
                family=MODELS[engine],
                setup=run_session.setup(engine, preset, scenario.keeps, environments),
            )
            for environments in parts
        ]
        for engine, preset in dict.fromkeys([asked, *pairs])
    }


def _failed(run_session: RunSession, scenario: Scenario, member: Member) -> None:
    failure, setup = member.failure, member.setup
    assert failure is not None
    common = {
        "scenario": scenario.name,
        "engine": setup.engine,
        "engine_version": run_session.version,
        "preset": setup.preset,
    }
    steps = tuple(narrate(step) for step in member.steps)
    message = str(failure) or type(failure).__name__
    if isinstance(failure, UnsupportedVerbError):
        run_session.write(Unsupported(**common, reason=message, steps=steps))
        pytest.skip(message)
    run_session.write(Error(**common, message=message, steps=steps))
    raise failure
