"""What GitHub Actions shows of a run."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

from harness.records import Error, Record, Verdict
from harness.reports.baseline import Baseline, Entry, Standing
from harness.reports.github import annotations, summary_markdown
from harness.reports.matrix import matrix_of
from tests.test_cli import afterclose
from tests.test_reports import COMMON, RECORDS, observation
from tests.unexpected import make_project

ODD = "mine.sign_in persistent/sso, mine.sign_in absolute/sso"


def standing(records: Sequence[Record], *entries: Entry) -> Standing:
    baseline = Baseline(name="b.toml", entries=entries, today=date(2027, 1, 31))
    return Standing.of(matrix_of(records), baseline)


def test_the_summary_tells_what_fails_first_and_counts_all() -> None:
    text = summary_markdown(matrix_of(RECORDS), standing(RECORDS), "report/index.html")
    assert text.startswith(
        "## Afterclose\n\n**Not as expected: 2 new.**\n\n"
        "- a.first\\[chromium-default] persistent/sso, later: promised signed\\_in, observed"
    )
    assert "- a.first\\[firefox-default]: error: the browser died\n" in text
    assert "| engine | preset | kept | limitation | unexpected | unsupported | error |\n" in text
    assert "|---|---|--:|--:|--:|--:|--:|\n| chromium 1 | default | 2 | 1 | 1 | 0 | 0 |\n" in text
    assert text.endswith("\n\nReport: report/index.html\n")


def test_the_summary_tells_what_is_accepted_with_its_reason() -> None:
    accepting = Entry(number=1, engine="chromium", reason="<4711>")
    mended = Entry(number=2, scenario="z.last", reason="x")
    found = standing(RECORDS, accepting, mended)
    text = summary_markdown(matrix_of(RECORDS), found, "r")
    assert "as expected: 1 new, 1 mended and still in the baseline, 0 expired there.**" in text
    assert "- b.toml: entry 2 (scenario z.last): mended" in text
    assert "Accepted: \\<4711> (1)." in text
    assert "later: promised" not in text
    fine = [observation(), observation(check="odd", verdict=Verdict.UNEXPECTED)]
    text = summary_markdown(matrix_of(fine), standing(fine, Entry(number=1, reason="")), "r")
    assert "Nothing unexpected: 1 kept, 0 explained by a limitation, 1 accepted." in text


def test_the_summary_tells_what_is_missing_at_once() -> None:
    text = summary_markdown(matrix_of(RECORDS, ["2/4 is <not> here"]), standing(RECORDS), "r")
    assert "2 new.**\n\nBeware: 2/4 is \\<not> here.\n\n- a.first" in text


def test_a_long_list_is_cut() -> None:
    records: list[Record] = [
        observation(check=f"check {number}", verdict=Verdict.UNEXPECTED) for number in range(25)
    ]
    text = summary_markdown(matrix_of(records), standing(records), "r")
    assert text.count("\n- a.first") == 20
    assert "- and 5 more\n" in text


def test_annotations_are_escaped_as_github_wants_it() -> None:
    died = Error(scenario="a.first", message="100%\r\nof: it, died", steps=(), **COMMON)
    odd = msgspec.structs.replace(observation(verdict=Verdict.UNEXPECTED), check="50%: a, b")
    told = list(annotations(standing([died, odd]), {"a.first": ("odd,dir/a.py", 7)}))
    assert told == [
        "::error file=odd%2Cdir/a.py,line=7,title=a.first[chromium-default] persistent/sso%2C "
        "50%25%3A a%2C b::promised signed_in, observed signed_out: the promise is broken, and "
        "nothing known explains it (measured in no version, running 1)",
        "::error file=odd%2Cdir/a.py,line=7,title=a.first[firefox-default]::"
        "error: 100%25%0D%0Aof: it, died",
    ]


def test_what_is_mended_is_a_warning_in_the_baseline() -> None:
    found = standing([observation()], Entry(number=1, reason="x"))
    assert list(annotations(found, {"b.toml": ("b.toml", 1)})) == [
        "::warning file=b.toml,line=1,title=Baseline::b.toml: entry 1 (everything): mended, no "
        "cell needs it; take it out, or run 'afterclose baseline update'"
    ]


def test_there_are_ten_annotations_at_most() -> None:
    for count, last in ((10, "check 9"), (11, "2 more fail the run")):
        records: list[Record] = [
            observation(check=f"check {number}", verdict=Verdict.UNEXPECTED, steps="s" * number)
            for number in range(count)
        ]
        told = list(annotations(standing(records), {}))
        assert len(told) == 10
        assert last in told[-1]


def test_a_run_tells_github(tmp_path: Path) -> None:
    run = make_project(tmp_path)
    (tmp_path / "baseline.toml").write_text('[[accepted]]\npolicy = "absolute"\nreason = "4711"\n')
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_WORKSPACE": str(tmp_path.parent),
    }
    done = afterclose(*run, "--baseline", "baseline.toml", cwd=tmp_path, ODD=ODD, **github)
    assert done.returncode == 1
    line = next(
        number
        for number, text in enumerate((tmp_path / "mine.py").read_text().splitlines(), start=1)
        if text.startswith("def sign_in(")
    )
    (command,) = [told for told in done.stdout.splitlines() if told.startswith("::")]
    place = f"file={tmp_path.name}/mine.py,line={line}"
    assert command.startswith(f"::error {place},title=mine.sign_in[")
    summary = (tmp_path / "summary.md").read_text()
    assert "**Not as expected: 1 new" in summary
    assert "Accepted: 4711 (1)." in summary
    assert summary.endswith("Report: report/index.html\n")
    reported = afterclose("report", cwd=tmp_path, **github)
    assert reported.returncode == 0
    assert "::" not in reported.stdout
    assert (tmp_path / "summary.md").read_text().count("## Afterclose") == 2


def test_nobody_else_is_told(tmp_path: Path) -> None:
    run = make_project(tmp_path)
    nothing = {"GITHUB_ACTIONS": "", "GITHUB_STEP_SUMMARY": ""}
    done = afterclose(*run, cwd=tmp_path, ODD=ODD, **nothing)
    assert done.returncode == 1
    assert "::error" not in done.stdout
    fails = {"GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "summary.md")}
    done = afterclose(*run, cwd=tmp_path, **fails)
    assert done.returncode == 0
    assert "no summary written" in done.stderr
