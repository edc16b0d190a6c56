"""A matrix held against a baseline."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from harness.records import Error, Record, Verdict
from harness.reports import write_reports
from harness.reports.baseline import FAILING, UNEXPLAINED, Baseline, Entry, Standing
from harness.reports.matrix import matrix_of
from harness.reports.terminal import summary_lines
from harness.reports.versions import version_range
from tests.report_page import ReportPage
from tests.test_reports import COMMON, RUN, observation

TODAY = date(2027, 1, 31)
BROKEN = observation(verdict=Verdict.UNEXPECTED)
DIED = Error(scenario="a.first", message="it \x1b[31mdied", steps=(), **COMMON)


def entry(**keys: Any) -> Entry:
    known: dict[str, Any] = {"number": 1, "reason": "ticket 4711"}
    return Entry(**known | keys)


def standing(records: Sequence[Record], *entries: Entry) -> Standing:
    return Standing.of(matrix_of(records), Baseline(name="b.toml", entries=entries, today=TODAY))


def test_every_verdict_either_fails_a_run_or_does_not() -> None:
    """A new one is put on one side or the other."""
    assert set(Verdict) - FAILING == {
        Verdict.KEPT, Verdict.LIMITATION, Verdict.INCONCLUSIVE, Verdict.UNEXPLAINED,
        Verdict.UNSUPPORTED,
    }  # fmt: skip


def test_without_entries_all_that_fails_is_new() -> None:
    found = standing([observation(check="fine"), BROKEN, DIED])
    assert found.new == [BROKEN, DIED]
    assert found.fails
    assert not standing([observation()]).fails


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"scenario": "a.first", "check": "after", "engine": "chromium", "preset": "default",
         "policy": "persistent", "surface": "sso"},
        {"scenario": "a.*", "policy": "*persistent"},
        {"verdict": Verdict.UNEXPECTED},
        {"observed": "signed_out"},
        {"versions": version_range("==1")},
        {"expires": TODAY},
    ],
)
def test_what_an_entry_accepts_is_not_new(keys: dict[str, Any]) -> None:
    accepting = entry(**keys)
    found = standing([BROKEN, observation(check="fine")], accepting)
    assert found.accepted == {BROKEN: accepting}
    assert found.reason(BROKEN) == "ticket 4711"
    assert not found.fails


@pytest.mark.parametrize(
    "keys",
    [
        {"scenario": "a.other"}, {"check": "a*r?"}, {"engine": "firefox"}, {"preset": "Default"},
        {"policy": "persist"}, {"surface": "app:*"}, {"versions": version_range(">=2")},
    ],
)
def test_an_entry_about_other_cells_accepts_nothing_and_is_no_mistake(keys: dict[str, Any]) -> None:
    found = standing([BROKEN], entry(**keys))
    assert found.new == [BROKEN]
    assert found.mended == []


@pytest.mark.parametrize("keys", [{"verdict": Verdict.ERROR}, {"observed": "signed_in*"}])
def test_an_entry_that_accepts_something_else_there_is_not_needed(keys: dict[str, Any]) -> None:
    found = standing([BROKEN], entry(**keys))
    assert found.new == [BROKEN]
    assert found.mended == [entry(**keys)]


def test_who_is_signed_in_is_part_of_what_is_accepted() -> None:
    bob = msgspec.structs.replace(
        BROKEN,
        observed=observation().observed,
        promised_who=("alice@example.com",),
        evidence=msgspec.structs.replace(BROKEN.evidence, who=("bob@example.com",)),
    )
    assert standing([bob], entry(observed="signed_in")).new == [bob]
    assert not standing([bob], entry(observed="signed_in as bob@example.com")).fails
    assert not standing([bob], entry(observed="signed_in*")).fails


def test_an_item_that_broke_off_is_accepted_as_a_whole() -> None:
    assert not standing([DIED], entry(engine="firefox", verdict=Verdict.ERROR)).fails
    assert standing([DIED], entry(engine="firefox", policy="persistent")).new == [DIED]
    assert standing([DIED], entry(observed="signed_out")).new == [DIED]


def test_what_was_mended_and_is_still_listed_fails() -> None:
    mended = entry(scenario="a.first", engine="chromium", preset="default", policy="persistent")
    found = standing([observation()], mended)
    assert found.mended == [mended]
    assert found.fails
    assert list(found.complaints.values()) == [
        "b.toml: entry 1 (scenario a.first, engine chromium, preset default, policy persistent): "
        "mended, no cell needs it; take it out, or run 'afterclose baseline update'"
    ]


def test_what_expired_fails_where_it_is_needed() -> None:
    expired = entry(expires=TODAY - timedelta(days=1))
    found = standing([BROKEN], expired)
    assert (found.new, found.expired, found.mended) == ([BROKEN], [expired], [])
    (line,) = found.complaints.values()
    assert line.startswith("b.toml: entry 1 (everything): expired on 2027-01-30")
    other = entry(number=2, policy="persistent")
    found = standing([BROKEN], expired, other)
    assert (found.new, found.expired) == ([], [expired])
    assert not standing([BROKEN], entry(expires=TODAY - timedelta(days=1), engine="x")).expired


def test_a_shard_says_nothing_of_an_entry_that_is_about_more() -> None:
    wide = entry(scenario="a.first")
    narrow = entry(number=2, scenario="a.first", engine="chromium", preset="default", check="after")
    shard = msgspec.structs.replace(RUN, shard="1/2")
    assert standing([shard, observation()], wide, narrow).mended == [narrow]
    other = msgspec.structs.replace(shard, started="later", shard="2/2")
    assert standing([shard, other, observation()], wide, narrow).mended == [wide, narrow]


def reported(folder: Path, records: Sequence[Record], *entries: Entry) -> dict[str, str]:
    found = standing(records, *entries)
    write_reports(matrix_of(records), folder, found)
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    return texts | {"terminal": "\n".join(summary_lines(matrix_of(records), found))}


def test_reports_tell_what_is_accepted_and_why(tmp_path: Path) -> None:
    new = observation(check="later", verdict=Verdict.UNEXPECTED, steps=("1", "2"))
    texts = reported(
        tmp_path,
        [RUN, BROKEN, new, DIED, observation(policy="other")],
        entry(check="after", policy="persistent"),
        entry(number=2, engine="firefox", reason=""),
        entry(number=3, policy="other", expires=date(2020, 1, 1)),
    )
    lines = texts["terminal"].splitlines()
    assert "2 unexpected" in texts["terminal"], "it stays what was observed"
    unexpected = [line for line in lines if "promised signed_in, observed" in line]
    assert [line.endswith("; accepted: ticket 4711") for line in unexpected] == [False, True]
    assert any(line.endswith(f"died; accepted: {UNEXPLAINED}") for line in lines)
    assert "✗ b.toml: entry 3 (policy other): mended" in texts["terminal"]
    assert "b.toml: 2 accepted, 1 new, 1 mended, 0 expired" in lines
    assert "b.toml: no reason is given in entry 2" in lines
    page = ReportPage(tmp_path)
    accepted = [cell.accepted for cell in page.cells.values() if cell.verdict == "unexpected"]
    assert sorted(accepted) == ["", "ticket 4711"]
    assert [why for _, _, why in page.troubles] == [UNEXPLAINED]
    assert f"died; accepted: {UNEXPLAINED}" in page.static
    assert "entry 3 (policy other): mended" in page.static
    root = ElementTree.fromstring(texts["junit.xml"].partition("?>")[2])
    chromium, firefox, baseline = root
    assert [chromium.get(key) for key in ("tests", "failures", "skipped")] == ["3", "1", "1"]
    assert [firefox.get(key) for key in ("tests", "errors", "skipped")] == ["1", "0", "1"]
    skipped = chromium.find("testcase/skipped")
    assert skipped is not None
    assert (skipped.get("message") or "").startswith("unexpected, accepted: ticket 4711: promised")
    assert [baseline.get(key) for key in ("tests", "failures")] == ["3", "1"]


def test_without_a_baseline_reports_do_not_speak_of_one(tmp_path: Path) -> None:
    write_reports(matrix_of([RUN, BROKEN]), tmp_path)
    for path in tmp_path.iterdir():
        assert "aseline" not in path.read_text(encoding="utf-8")
