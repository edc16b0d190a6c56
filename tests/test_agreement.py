"""The models against real browsers: every cell of the suite, and every rule put to the test.

The browsers' part was recorded by a run (`tests/measured`); the models are played here and now.
`test_agreement_browser.py` drives browsers again for a part of it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, groupby

import pytest

from harness.engines import ENGINES, MODELS
from harness.engines.answer_memo import AnswerMemos
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.lockstep import Member, play
from harness.model.family import Family, Rule
from harness.policy import DEFAULT_ENVIRONMENTS, Environment
from harness.runner.library import load_scenarios, scenario_files
from harness.scenario import Scenario
from harness.server.running import MockServer
from harness.setup import Setup, parts_of
from tests.measuring import AT_ONCE, Cell, Who, load

SCENARIOS = {scenario.name: scenario for scenario in load_scenarios(scenario_files())}
Seen = Mapping[Cell, Who]

TELLING = (
    "absolute_limit.clock_set_back",
    "another_person.crash_after_signing_in",
    "another_person.signs_in_after_a_restart",
    "browser_close.quit_with_a_pinned_tab",
    "crash.close_after_a_crash",
    "crash.close_before_an_answer",
    "crash.crash_after_a_restart",
    "crash.crash_after_half_a_minute",
    "crash.crash_in_background",
    "crash.crash_twice",
    "crash.crash_with_several_tabs",
    "crash.start_long_after_a_crash",
    "os_shutdown.end_session_after_a_restart",
    "os_shutdown.end_session_after_half_a_minute",
    "session_restore.restore_several_tabs_by_hand",
    "session_restore.restore_twice",
    "session_restore.sign_out_in_what_was_asked_for",
    "vendor_chromium.browser_close",
    "vendor_chromium.popup_open",
    "vendor_firefox.kinds_of_cookies",
)
"""Scenarios in which most mutants show: played first, since the play ends when few are left."""


@pytest.fixture(scope="module")
def memos() -> Iterator[AnswerMemos]:
    with MockServer() as server:
        pool = BrowserPool(server.url, Options())
        with AnswerMemos(pool) as memos:
            yield memos
        pool.close()


def differing(
    memos: AnswerMemos, models: Mapping[str, Family], measured: Seen, few: int = 0
) -> dict[str, list[Cell]]:
    """For each model, the cells of the first scenario in which it is not like the browser.

    All of them are played together; one that differs is not played any further, and none where no
    more than a `few` are left.
    """
    presets: dict[str, set[str]] = {}
    policies: dict[str, set[str]] = {}
    for scenario, _, preset, policy, _ in measured:
        presets.setdefault(scenario, set()).add(preset)
        policies.setdefault(scenario, set()).add(policy)
    found: dict[str, list[Cell]] = {name: [] for name in models}
    for scenario, with_presets in sorted(presets.items(), key=lambda of: of[0] not in TELLING):
        # Those that were measured, since they were in the browser together.
        environments = [e for e in DEFAULT_ENVIRONMENTS if e.name in policies[scenario]]
        members = {
            name: [
                _member(family, SCENARIOS[scenario], preset, part)
                for part in parts_of(SCENARIOS[scenario], environments, AT_ONCE)
                for preset in sorted(with_presets)
            ]
            for name, family in models.items()
            if not found[name]
        }
        if len(members) <= few:
            break
        together = groupby(
            sorted(chain.from_iterable(members.values()), key=_names), key=_names
        )
        for _, alike in together:
            play(memos, SCENARIOS[scenario], list(alike))
        cells = [(cell, shown) for cell, shown in measured.items() if cell[0] == scenario]
        for name, played in members.items():
            seen = _seen(scenario, played)
            found[name] = [cell for cell, shown in cells if seen.get(cell) != shown]
    return found


def _names(member: Member) -> list[str]:
    return member.setup.names


def _member(
    family: Family, scenario: Scenario, preset: str, environments: Sequence[Environment]
) -> Member:
    setup = Setup(
        engine=family.name,
        preset=preset,
        environments=environments,
        keeps=scenario.keeps,
    )
    return Member(family=family, setup=setup)


def _seen(scenario: str, played: Sequence[Member]) -> dict[Cell, Who]:
    """What was shown, cell by cell; nothing of a preset with which it broke off."""
    return {
        (scenario, label, member.setup.preset, policy, surface): received.who
        for member in played
        for label, _, look in member.looks
        for policy, surfaces in look.seen.items()
        for surface, received in surfaces.items()
        if member.failure is None
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_every_cell_of_the_suite(memos: AnswerMemos, engine: str) -> None:
    _, measured = load(engine)
    model = MODELS[f"simulated-{engine}"]
    assert differing(memos, {model.name: model}, measured) == {model.name: []}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_rules_name_the_version_that_was_measured(engine: str) -> None:
    version, _ = load(engine)
    assert MODELS[f"simulated-{engine}"].measured == version


@pytest.mark.parametrize("engine", ENGINES)
def test_every_scenario_was_measured(engine: str) -> None:
    _, measured = load(engine)
    names = {cell[0] for cell in measured}
    cannot = {"browser_close.quit_with_a_pinned_tab"} if engine == "chromium" else set()
    assert names == set(SCENARIOS) - cannot
    assert set(TELLING) <= set(SCENARIOS)
    assert {cell[2] for cell in measured} == set(ENGINES[engine].presets)


def _mutants(family: Family) -> Iterator[tuple[str, Family]]:
    """Each rule says the opposite, or is gone; each rhythm is at once, never, or does not count."""
    for number, rule in enumerate(family.rules):
        others = list(family.rules)
        answer = _other(rule, family)
        others[number] = replace(rule, answer=answer)
        yield f"{number} says {answer!r}: {rule.because}", replace(family, rules=others)
        later = [r for r in family.rules[number + 1 :] if r.question is rule.question]
        # One that answers as the next does gives the reason: tests/test_limitations.py.
        gives_reason = later and later[0].answer == rule.answer and rule.limitations
        if later and not gives_reason:
            without = [*family.rules[:number], *family.rules[number + 1 :]]
            yield f"{number} is gone: {rule.because}", replace(family, rules=without)
    for medium, rhythm in family.rhythms.items():
        for wrong in (
            replace(rhythm, interval=0.0),
            replace(rhythm, interval=math.inf),
            replace(rhythm, operations=None),
        ):
            if wrong != rhythm:
                rhythms = {**family.rhythms, medium: wrong}
                yield (
                    f"{medium} every {wrong.interval} s or {wrong.operations} operations",
                    replace(family, rhythms=rhythms),
                )


def _other(rule: Rule, family: Family) -> bool | str | float:
    if isinstance(rule.answer, str):
        known = [r.answer for r in family.rules if r.question is rule.question]
        return next((a for a in (*known, "all", "origin") if a != rule.answer), "")
    return not rule.answer


@pytest.mark.parametrize("engine", ENGINES)
def test_a_broken_rule_is_noticed(memos: AnswerMemos, engine: str) -> None:
    """At least 95 of 100 mutants of the rules and rhythms show in a cell. What cannot show:
    Chromium's count of operations, which no lifecycle here reaches (the driver's `settle` does),
    and when it notes that it restarts no more, which it does with its exit mark."""
    _, measured = load(engine)
    mutants = dict(_mutants(MODELS[f"simulated-{engine}"]))
    few = int(0.05 * len(mutants))
    found = differing(memos, mutants, measured, few)
    unnoticed = [what for what, cells in found.items() if not cells]
    assert len(unnoticed) <= few, "\n".join(unnoticed)
