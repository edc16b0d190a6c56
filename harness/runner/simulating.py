"""Scenarios on models, as pytest items: a scenario is played in every model of the run at once, and
each item has its part of what came out."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import pytest

from harness.engines import MODELS
from harness.engines.lockstep import Member, play
from harness.judging import Judge
from harness.records import Error, Observation, Unsupported, item_name
from harness.runner.attempt import Attempt
from harness.runner.invocation import session_of
from harness.runner.run_session import RunSession
from harness.runner.stash import STEPS
from harness.runner.steps import tell_all
from harness.scenario import Scenario, UnsupportedVerbError, narrate
from harness.setup import parts_of

__all__ = ["simulate"]

_Pair = tuple[str, str]
_PLAYED = pytest.StashKey[dict[tuple[str, int], dict[_Pair, list[Member]]]]()


def simulate(
    item: pytest.Item, scenario: Scenario, attempt: Attempt, beside: Callable[[], list[_Pair]]
) -> Sequence[Observation]:
    """The observations of one scenario on one model with one preset, which the attempt is told.
    Raises what broke it off. `beside`: the models, and browsers, that it is for, and their
    presets."""
    run_session = session_of(item.config)
    played = item.config.stash.setdefault(_PLAYED, {})
    once = scenario.name, attempt.repetition
    asked = attempt.engine, attempt.preset
    if asked not in played.get(once, {}):
        members = _members(run_session, scenario, [asked, *beside()])
        for together in zip(*members.values(), strict=True):
            play(run_session.memos, scenario, together)
        played[once] = members
    observations: list[Observation] = []
    tell = item.config.stash.get(STEPS, None)
    members_of_item = played[once].pop(asked)
    for member in members_of_item:
        judge = Judge(scenario.name, member.setup, run_session.version)
        seen = [o for look in member.looks for o in judge.observations(*look)]
        if tell is not None:
            tell_all(partial(tell, item_name(scenario.name, *asked)), member.steps, seen)
        observations += seen
    attempt.note(*observations)
    for member in members_of_item:
        if member.failure is not None:
            _failed(run_session, attempt, member)
    return observations


def _members(
    run_session: RunSession, scenario: Scenario, pairs: Iterable[_Pair]
) -> dict[_Pair, list[Member]]:
    """For each model and preset, one for each part of the environments."""
    parts = parts_of(scenario, run_session.config.environments)
    return {
        (engine, preset): [
            Member(
                family=MODELS[engine],
                setup=run_session.setup(engine, preset, scenario.keeps, environments),
            )
            for environments in parts
        ]
        for engine, preset in dict.fromkeys(pairs)
        if engine in MODELS
    }


def _failed(run_session: RunSession, attempt: Attempt, member: Member) -> None:
    failure, setup = member.failure, member.setup
    assert failure is not None
    common: dict[str, Any] = {
        "scenario": attempt.scenario,
        "engine": setup.engine,
        "engine_version": run_session.version,
        "preset": setup.preset,
        "steps": tuple(narrate(step) for step in member.steps),
    }
    message = str(failure) or type(failure).__name__
    if isinstance(failure, UnsupportedVerbError):
        attempt.note(Unsupported(**common, reason=message))
        pytest.skip(message)
    attempt.note(Error(**common, message=message))
    raise failure
