"""The answer at the top of a report: what somebody who has set a policy is told."""

from typing import Any

from msgspec import structs

from harness.records import Observation, Record, Verdict
from harness.reports.answers import QUESTIONS, answers
from harness.reports.matrix import matrix_of
from harness.runner.library import load_scenarios, scenario_files
from tests.test_reports import RUN, seen

QUIT = "browser_close.quit_and_start"
LASTING = structs.replace(
    RUN,
    configuration={
        "policies": {
            "short": {"persistence": "non_persistent"},
            "long": {"persistence": "persistent"},
            "longer": {"persistence": "persistent"},
        }
    },
)


def observed(signed_in: bool, **place: Any) -> Observation:
    place = {"scenario": QUIT, "engine": "chromium", "preset": "default"} | place
    surface = place.pop("surface", "sso")
    return structs.replace(seen(surface, signed_in), **{"policy": "short", **place})


def told(*records: Record) -> list[tuple[str, str]]:
    return [
        (answer.verdict, answer.text)
        for group in answers(matrix_of([LASTING, *records]))
        for answer in group.answers
    ]


def test_every_question_is_put_by_a_scenario() -> None:
    assert set(QUESTIONS) <= {scenario.name for scenario in load_scenarios(scenario_files())}


def test_browsers_that_agree_are_counted_and_presets_set_apart() -> None:
    assert told(
        observed(False),
        observed(False, engine="firefox"),
        observed(True, preset="continue", verdict=Verdict.LIMITATION),
        observed(True, preset="continue", engine="firefox", verdict=Verdict.LIMITATION),
        observed(False, preset="private"),
    ) == [
        (
            "limitation",
            "Non-persistent sessions ended when the browser was closed, in 2 of 2 browsers as "
            "installed. Set to continue where you left off, they were kept, in 2 of 2 browsers.",
        )
    ]


def test_browsers_that_differ_are_named() -> None:
    (answer,) = told(
        observed(True, engine_version="156.0", verdict=Verdict.LIMITATION),
        observed(False, engine="firefox", engine_version="153.7"),
        observed(False, preset="clear-on-exit"),
    )
    assert answer == (
        "limitation",
        "Non-persistent sessions were kept in chromium 156 when the browser was closed, and ended "
        "in firefox 153, as installed. With clear-on-exit they ended.",
    )


def test_other_presets_are_in_the_verdict_where_something_is_amiss() -> None:
    usual, elsewhere = observed(False), observed(True, preset="private")
    for verdict, shown in (("limitation", "kept"), ("unexpected", "unexpected")):
        there = structs.replace(elsewhere, verdict=Verdict(verdict))
        assert [worst for worst, _ in told(usual, there)] == [shown]


def test_policies_that_differ_are_named() -> None:
    (answer,) = told(observed(True, policy="long"), observed(False, policy="longer"))
    assert answer[1].startswith("Persistent sessions were kept under long (and ended under longer)")


def test_it_is_about_the_last_check_of_the_auth_server_and_about_browsers() -> None:
    (answer,) = told(
        observed(True, check="at first", steps=("1",)),
        observed(False, check="in the end", steps=("1", "2")),
        observed(True, check="in the end", steps=("1", "2"), surface="app:long_cookie"),
        observed(True, check="in the end", steps=("1", "2"), engine="simulated-chromium"),
    )
    assert "ended when the browser was closed, in 1 of 1 browser as installed." in answer[1]


def test_a_policy_that_the_run_does_not_tell_is_not_answered() -> None:
    odd = structs.replace(RUN, configuration={"policies": {"short": "non_persistent", "long": {}}})
    assert answers(matrix_of([odd, observed(True)])) == []


def test_what_no_scenario_asks_is_not_answered() -> None:
    assert told(observed(True, scenario="mine.own")) == []
