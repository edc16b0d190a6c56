"""A baseline made anew from results."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from harness.records import Error, Observation, Record, Verdict
from harness.reports.baseline import PLACE, UNEXPLAINED, Baseline, Entry, Standing
from harness.reports.baseline_update import Update
from harness.reports.matrix import matrix_of
from harness.reports.versions import version_range
from tests.test_reports import observation

POLICIES, SURFACES = ("one", "two"), ("app:x", "sso")


def cells(broken: Sequence[tuple[str, str]], **place: Any) -> list[Observation]:
    return [
        msgspec.structs.replace(
            observation(
                policy=policy,
                verdict=Verdict.UNEXPECTED if (policy, surface) in broken else Verdict.KEPT,
                **place,
            ),
            surface=surface,
        )
        for policy in POLICIES
        for surface in SURFACES
    ]


def updated(records: Sequence[Record], *entries: Entry) -> Update:
    matrix = matrix_of(records)
    baseline = Baseline(entries=entries, today=date(2027, 1, 31))
    update = Update.of(matrix, baseline)
    after = Standing.of(matrix, Baseline(entries=update.entries, today=date(2020, 1, 1)))
    assert not after.fails, "what it writes is what is needed"
    return update


def where(update: Update) -> set[tuple[str, str]]:
    return {(entry.policy, entry.surface) for entry in update.new}


def test_cells_that_are_all_alike_are_one_entry() -> None:
    everything = [(policy, surface) for policy in POLICIES for surface in SURFACES]
    (entry,) = updated(cells(everything)).new
    assert [getattr(entry, key) for key in PLACE] == [
        "a.first", "after", "chromium", "default", "*", "*",
    ]  # fmt: skip
    assert (entry.verdict, entry.observed) == (Verdict.UNEXPECTED, "signed_out")
    assert entry.reason == UNEXPLAINED


def test_patterns_are_of_what_fails_and_of_nothing_else() -> None:
    assert where(updated(cells([("one", "sso"), ("two", "sso")]))) == {("*", "sso")}
    assert where(updated(cells([("one", "sso"), ("one", "app:x")]))) == {("one", "*")}
    assert where(updated(cells([("one", "sso"), ("two", "app:x")]))) == {
        ("one", "sso"), ("two", "app:x"),
    }  # fmt: skip
    three = [("one", "sso"), ("two", "sso"), ("two", "app:x")]
    assert where(updated(cells(three))) == {("*", "sso"), ("two", "app:x")}


def test_what_was_seen_of_one_policy_says_nothing_of_others() -> None:
    alone = [o for o in cells([("one", "sso"), ("one", "app:x")]) if o.policy == "one"]
    assert where(updated(alone)) == {("one", "*")}
    assert where(updated([o for o in alone if o.surface == "sso"])) == {("one", "sso")}


def test_other_checks_and_versions_are_not_alike() -> None:
    both = [("one", "sso"), ("two", "sso")]
    newer = [msgspec.structs.replace(o, engine_version="2") for o in cells([("one", "sso")])]
    update = updated([*cells(both), *newer, *cells([], check="later")])
    assert where(update) == {("one", "sso"), ("two", "sso")}
    assert {entry.check for entry in update.new} == {"after"}


def test_labels_with_signs_of_patterns_are_taken_as_they_are() -> None:
    odd = [*cells([("one", "sso")], check="[a] *?"), *cells([], check="a xx")]
    (entry,) = updated(odd).new
    assert entry.check == "[[]a] [*][?]"


def test_what_is_needed_is_kept_as_it_is_and_the_rest_goes() -> None:
    common: dict[str, Any] = {"versions": version_range(">=1"), "expires": date(2020, 1, 2)}
    needed = Entry(number=1, scenario="a.*", policy="one", reason="mine", **common)
    elsewhere = Entry(number=2, engine="firefox", reason="not looked at")
    mended = Entry(number=3, policy="two", surface="app:x", reason="of old")
    update = updated(cells([("one", "sso"), ("two", "sso")]), needed, elsewhere, mended)
    assert update.kept == [needed, elsewhere]
    assert update.dropped == [mended]
    assert where(update) == {("two", "sso")}


def test_an_item_that_broke_off_is_an_entry() -> None:
    died = Error(
        scenario="a.first", engine="firefox", engine_version="2", preset="default",
        message="died", steps=(),
    )  # fmt: skip
    (entry,) = updated([died, *cells([])]).new
    assert (entry.engine, entry.check, entry.verdict) == ("firefox", "*", Verdict.ERROR)
    assert entry.observed is None
