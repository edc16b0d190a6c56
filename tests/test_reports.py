from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from harness.records import (
    Error,
    Evidence,
    LimitationNote,
    Observation,
    Record,
    Run,
    ScenarioNote,
    State,
    Unsupported,
    Verdict,
)
from harness.reports import write_reports
from harness.reports.agreement import agreements
from harness.reports.both_ways import both_ways
from harness.reports.matrix import Column, Row, matrix_of
from harness.reports.terminal import summary_lines
from tests.report_page import ReportPage

RUN = Run(
    started="2026-11-23T20:00:00+00:00",
    versions={"afterclose": "0.1.0"},
    platform="Linux",
    configuration={},
    scenarios={"a.first": ScenarioNote(title="The <first>", claims="It is.")},
    limitations={
        "seen": LimitationNote(sentence="Seen here.", sources=("https://example.com/",)),
        "unseen": LimitationNote(sentence="Never seen.", sources=("measured",)),
    },
)


def observation(
    scenario: str = "a.first",
    check: str = "after",
    policy: str = "persistent",
    verdict: Verdict = Verdict.KEPT,
    steps: Sequence[str] = ("Sign in.",),
    engine: str = "chromium",
) -> Observation:
    kept = verdict is Verdict.KEPT
    return Observation(
        scenario=scenario,
        check=check,
        engine=engine,
        engine_version="1",
        preset="default",
        policy=policy,
        surface="sso",
        promised=State.SIGNED_IN,
        observed=State.SIGNED_IN if kept else State.SIGNED_OUT,
        verdict=verdict,
        limitation="seen" if verdict is Verdict.LIMITATION else None,
        steps=tuple(steps),
        evidence=Evidence(reason=None if kept else "no_cookie", cookies_sent=("<cookie>",)),
        duration_s=1.0,
    )


COMMON: dict[str, Any] = {"engine": "firefox", "engine_version": "2", "preset": "default"}
RECORDS: list[Record] = [
    RUN,
    observation("z.last"),
    observation(check="later", steps=("1", "2", "3"), verdict=Verdict.UNEXPECTED),
    observation(),
    observation(policy="other", verdict=Verdict.LIMITATION),
    Error(scenario="a.first", message="the browser died", steps=("Sign in.",), **COMMON),
    Unsupported(scenario="z.last", reason="it cannot", steps=("Sign in.",), **COMMON),
]


def test_the_matrix_keeps_the_order_of_the_scenarios() -> None:
    matrix = matrix_of(RECORDS)
    assert matrix.rows == [
        Row("a.first", ""), Row("a.first", "after"), Row("a.first", "later"),
        Row("z.last", ""), Row("z.last", "after"),
    ]
    assert matrix.columns == [Column("chromium", "1", "default"), Column("firefox", "2", "default")]
    assert {verdict: matrix.verdicts[verdict] for verdict in Verdict} == {
        Verdict.KEPT: 2, Verdict.LIMITATION: 1, Verdict.UNEXPECTED: 1,
        Verdict.FLAKY: 0, Verdict.INCONCLUSIVE: 0, Verdict.UNEXPLAINED: 0,
        Verdict.UNSUPPORTED: 1, Verdict.ERROR: 1,
    }


def test_of_two_observations_of_the_same_the_later_counts() -> None:
    matrix = matrix_of([observation(verdict=Verdict.UNEXPECTED), observation()])
    assert dict(matrix.verdicts) == {Verdict.KEPT: 1}


def test_the_terminal_names_what_needs_a_look() -> None:
    text = "\n".join(summary_lines(matrix_of(RECORDS)))
    assert "2 kept, 1 limitation, 1 unexpected, 0 inconclusive, 0 unexplained, " in text
    assert "1 unsupported, 1 error" in text
    assert "promised signed_in, observed signed_out" in text
    assert "the browser died" in text
    assert "it cannot" in text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_reports(matrix_of(RECORDS), tmp_path)
    return tmp_path


def test_html_is_one_self_contained_file_with_the_evidence(folder: Path) -> None:
    page = ReportPage(folder)
    for text in ("Seen here.", "the browser died", "(not seen in this run)"):
        assert text in page.static
    assert "<first>" not in page.html
    assert {(cell.verdict, cell.signed_in) for cell in page.cells.values()} == {
        ("kept", True), ("limitation", False), ("unexpected", False)
    }  # fmt: skip
    assert {name for cell in page.cells.values() for name in cell.sent} == {"<cookie>"}
    assert {sentence for _, sentence, _ in page.troubles} == {"the browser died", "it cannot"}
    for outside in ("src=", "<link rel=\"stylesheet", "import ", "fetch("):
        assert outside not in page.html


def test_junit_counts_what_failed(folder: Path) -> None:
    root = ElementTree.parse(folder / "junit.xml").getroot()
    counted = {
        suite.get("name"): [suite.get(k) for k in ("tests", "failures", "errors", "skipped")]
        for suite in root
    }
    assert counted == {
        "chromium default": ["4", "1", "0", "0"],
        "firefox default": ["2", "0", "1", "1"],
    }


def test_junit_tells_cases_apart_by_what_is_no_version(tmp_path: Path) -> None:
    """CI systems know a case by its class name and name, and its history by both."""
    newer = msgspec.structs.replace(observation(), engine_version="2.0")
    for records, names in (
        ([observation(), observation(engine="firefox")], ["chromium", "firefox"]),
        ([observation(), newer], ["chromium.1", "chromium.2_0"]),
    ):
        write_reports(matrix_of(records), tmp_path)
        root = ElementTree.parse(tmp_path / "junit.xml").getroot()
        assert [case.get("classname") for case in root.iter("testcase")] == [
            f"{name}.default.a.first" for name in names
        ]
        versions = [element.get("value") for element in root.iter("property")]
        assert versions == [column.engine_version for column in matrix_of(records).columns]


def test_junit_is_xml_whatever_a_browser_says(tmp_path: Path) -> None:
    died = Error(scenario="a.\x01", message="it \x1b[31mdied", steps=(), **COMMON)
    write_reports(matrix_of([died]), tmp_path)
    error = ElementTree.parse(tmp_path / "junit.xml").getroot().find("*/testcase/error")
    assert error is not None
    assert error.get("message") == "it \ufffd[31mdied"


def test_limitations_say_where_they_were_seen_and_where_not(folder: Path) -> None:
    text = (folder / "limitations.md").read_text()
    seen, _, unseen = text.partition("## unseen")
    assert "| a.first | chromium | default | sso | other | signed_in | signed_out |" in seen
    assert "https://example.com/" in seen
    assert "Not seen in this run" in unseen
    assert "Not seen in this run" not in seen


def seen(surface: str, signed_in: bool, *, claim: bool | None = None, **place: str) -> Observation:
    state = State.SIGNED_IN if signed_in else State.SIGNED_OUT
    return msgspec.structs.replace(
        observation(**place),  # type: ignore[arg-type]
        surface=surface,
        observed=state,
        evidence=Evidence(persistent_claim=claim),
    )


def test_where_applications_and_the_sso_session_differ() -> None:
    records = [
        seen("sso", False, check="one"),
        seen("app:long", True, claim=False, check="one"),
        seen("app:short", False, check="one"),
        seen("sso", True, check="two"),
        seen("app:long", True, check="two"),
        seen("app:short", False, check="two"),
        seen("app:long", True, check="two", policy="without an sso surface"),
        seen("app:long", True, check="one", engine="firefox"),
        seen("sso", False, check="one", engine="firefox"),
    ]
    long, short = both_ways(matrix_of(records), "chromium")
    assert (long.surface, long.checks, long.unfollowed) == ("app:long", 2, 1)
    assert long.outlives == ["a.first (default): one"]
    assert long.ends_first == []
    assert short.outlives == []
    assert short.ends_first == ["a.first (default): two"]
    (firefox,) = both_ways(matrix_of(records), "firefox")
    assert (firefox.checks, firefox.unfollowed, len(firefox.outlives)) == (1, 0, 1)


def test_the_two_way_table_is_in_the_report(tmp_path: Path) -> None:
    records: list[Record] = [RUN, seen("sso", False), seen("app:long", True, claim=False)]
    write_reports(matrix_of(records), tmp_path)
    text = (tmp_path / "index.html").read_text()
    assert 'id="both-ways"' in text
    assert "1 of 1" in text
    assert "ksp.persistent: false" in text


def test_models_stand_beside_their_browsers(tmp_path: Path) -> None:
    records: list[Record] = [
        RUN,
        observation(),
        observation(engine="simulated-chromium"),
        observation(check="later"),
        observation(check="later", engine="simulated-chromium", verdict=Verdict.LIMITATION),
        observation(check="alone"),
        observation(engine="simulated-webkitgtk"),
    ]
    (agreement,) = agreements(matrix_of(records))
    assert agreement.sentence == "chromium and its model agree in 1 of 2 cells"
    ((seen, modelled),) = agreement.differing
    assert (seen.check, seen.signed_in, modelled.signed_in) == ("later", True, False)
    lines = summary_lines(matrix_of(records))
    assert "chromium and its model agree in 1 of 2 cells." in lines
    assert any(line.startswith("≠ a.first[chromium-default] persistent/sso") for line in lines)
    write_reports(matrix_of(records), tmp_path)
    assert "Models beside browsers" in (tmp_path / "index.html").read_text()


def test_every_version_of_a_browser_is_held_against_its_model() -> None:
    model = observation(engine="simulated-chromium")
    newer = msgspec.structs.replace(observation(verdict=Verdict.LIMITATION), engine_version="2")
    (agreement,) = agreements(matrix_of([newer, observation(), model]))
    assert agreement.sentence == "chromium and its model agree in 1 of 2 cells"


def test_without_a_model_there_is_nothing_to_compare() -> None:
    assert agreements(matrix_of([RUN, observation()])) == []


def test_a_table_too_wide_for_a_terminal_is_summed_up() -> None:
    engines = [f"engine-{number}" for number in range(9)]
    records: list[Record] = [observation(engine=engine) for engine in engines]
    records.append(observation(engine=engines[0], check="later", verdict=Verdict.UNEXPECTED))
    lines = summary_lines(matrix_of(records))
    assert lines[0].split() == ["engine-0/default", "✓1", "✗1"]
    assert [line.split()[1] for line in lines[1:9]] == ["✓1"] * 8
    assert any("promised signed_in, observed signed_out" in line for line in lines)


def test_each_cell_shows_its_own_trail(tmp_path: Path) -> None:
    """Not the whole browser's: the evidence of one cell says nothing of another's cookie."""
    trails = {"one": ("kept it",), "two": ("dropped it", "had it on disk")}
    observations = [
        msgspec.structs.replace(
            observation(policy=policy), evidence=Evidence(decisions=decisions)
        )
        for policy, decisions in trails.items()
    ]
    write_reports(matrix_of([RUN, *observations]), tmp_path)
    cells = ReportPage(tmp_path).cells
    assert {place[-2]: cell.why for place, cell in cells.items()} == trails


def test_what_is_unexpected_says_which_versions_were_measured_and_ran(tmp_path: Path) -> None:
    broken = msgspec.structs.replace(
        observation(verdict=Verdict.UNEXPECTED), measured="7", engine_version="8"
    )
    write_reports(matrix_of([RUN, broken]), tmp_path)
    assert "(measured 7, running 8)" in (tmp_path / "index.html").read_text(encoding="utf-8")
