"""What changed between two results."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from harness.records import (
    Error,
    Evidence,
    Observation,
    Record,
    Unsupported,
    Verdict,
)
from harness.reports.compare import Comparison, Results
from harness.reports.compare_told import FORMATS
from harness.result_file import append_records
from tests.test_cli import afterclose
from tests.test_reports import COMMON, RECORDS, observation

OTHER = observation(verdict=Verdict.UNEXPECTED)


def compared(old: Sequence[Record], new: Sequence[Record]) -> Comparison:
    return Comparison.of(Results("old", old), Results("new", new))


def of_version(version: str, o: Observation) -> Observation:
    return msgspec.structs.replace(o, engine_version=version)


def test_the_same_is_the_same_whatever_the_version_and_how_long_it_took() -> None:
    newer = msgspec.structs.replace(of_version("2", observation()), duration_s=9.0)
    comparison = compared([observation()], [newer])
    assert comparison.same
    text = FORMATS["text"](comparison)
    assert text == (
        "old: old: chromium 1\nnew: new: chromium 2\nNothing changed in 1 cell.\n"
    )


def test_another_outcome_is_told_with_its_verdict() -> None:
    comparison = compared([observation()], [of_version("2", OTHER)])
    assert not comparison.same
    assert [change.what for change in comparison.outcomes] == [["outcome", "verdict"]]
    assert (
        "  a.first[chromium-default] persistent/sso, after: "
        "signed_in (kept) → signed_out (unexpected)\n"
    ) in FORMATS["text"](comparison)


def test_somebody_else_is_another_outcome() -> None:
    alice, bob = (
        msgspec.structs.replace(observation(), evidence=Evidence(who=(name,)))
        for name in ("alice@example.com", "bob@example.com")
    )
    comparison = compared([alice], [bob])
    assert [change.what for change in comparison.outcomes] == [["outcome"]]
    assert "signed_in as alice@example.com (kept) → signed_in as bob@example.com (kept)" in (
        FORMATS["text"](comparison)
    )
    (changed,) = json.loads(FORMATS["json"](comparison))["changed"]
    assert (changed["old"][0]["who"], changed["new"][0]["who"]) == (
        ["alice@example.com"], ["bob@example.com"],
    )  # fmt: skip


def test_another_limitation_alone_is_no_other_outcome() -> None:
    one = observation(verdict=Verdict.LIMITATION)
    comparison = compared([one], [msgspec.structs.replace(one, limitation="unseen")])
    assert comparison.outcomes == []
    assert [change.what for change in comparison.verdicts] == [["limitation"]]
    assert "signed_out (limitation, seen) → signed_out (limitation, unseen)" in (
        FORMATS["text"](comparison)
    )


def test_cells_of_one_result_are_counted_by_check() -> None:
    more = [observation(check="later", policy=policy) for policy in ("one", "two")]
    comparison = compared([observation(), *more], [observation(), observation(engine="firefox")])
    text = FORMATS["text"](comparison)
    assert "Only in the old:\n  a.first[chromium-default] later: 2 cells\n" in text
    assert "Only in the new:\n  a.first[firefox-default] after: 1 cell\n" in text
    told = json.loads(FORMATS["json"](comparison))
    assert [cell["policy"] for cell in told["only_in_old"]] == ["one", "two"]


def test_items_that_ended_otherwise() -> None:
    died = Error(scenario="a.first", message="the browser\ndied", steps=(), **COMMON)
    cannot = Unsupported(scenario="a.first", reason="it cannot", steps=(), **COMMON)
    assert compared([died], [died]).same
    for old, new, said in (
        ([], [died], "neither broke off nor unsupported → error: the browser died"),
        ([cannot], [died], "unsupported: it cannot → error: the browser died"),
        ([cannot], [], "unsupported: it cannot → neither broke off nor unsupported"),
    ):
        text = FORMATS["text"](compared([*old, observation()], [*new, observation()]))
        assert f"Items that ended otherwise:\n  a.first[firefox-default]: {said}\n" in text


def test_versions_are_told_apart_where_both_have_several() -> None:
    both = [observation(), of_version("2", OTHER)]
    assert compared(both, both[::-1]).same
    comparison = compared(both, [observation(), of_version("2", observation())])
    (change,) = comparison.changed
    assert change.cell.engine_version == "2"
    assert "a.first[chromium 2-default] persistent/sso" in FORMATS["text"](comparison)
    comparison = compared(both, [of_version("2", OTHER)])
    (change,) = comparison.changed
    assert change.cell.engine_version == ""
    assert "signed_in (kept, 1) or signed_out (unexpected, 2) → signed_out (unexpected)" in (
        FORMATS["text"](comparison)
    )


def test_markdown_is_not_broken_by_labels() -> None:
    text = FORMATS["markdown"](compared([observation(check="a|b <c>")], [observation()]))
    assert "| a.first[chromium-default] a\\|b &lt;c> | 1 cell |" in text


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("form", FORMATS)
def test_it_is_the_same_whatever_the_order_of_records(form: str, seed: int) -> None:
    """Of two records of the same cell, too."""
    old = [*RECORDS, of_version("9", OTHER), OTHER, observation(check="gone")]
    new = [
        observation(policy=policy, check=check, verdict=verdict)
        for policy in ("persistent", "other")
        for check in ("after", "later")
        for verdict in (Verdict.KEPT, Verdict.LIMITATION)
    ]
    straight = FORMATS[form](compared(old, new))
    mixed = random.Random(seed)
    mixed.shuffle(old)
    mixed.shuffle(new)
    assert FORMATS[form](compared(old, new)) == straight


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for name, record in (("old", observation()), ("new", OTHER)):
        (tmp_path / name).mkdir()
        append_records(tmp_path / name / "results.ndjson", [record])
    (tmp_path / "empty").write_text("")
    return tmp_path


def test_the_command_takes_files_and_folders(results: Path) -> None:
    same = afterclose("compare", "old", "old/results.ndjson", cwd=results)
    assert (same.returncode, same.stderr) == (0, "")
    other = afterclose("compare", "old", "new", cwd=results)
    assert other.returncode == 1
    assert "1 cell compared: 1 with another outcome, 0 with another verdict" in other.stdout
    written = afterclose(
        "compare", "old", "new", "--format", "markdown", "--output", "c.md", cwd=results
    )
    assert (written.returncode, written.stdout) == (1, "")
    assert (results / "c.md").read_text().startswith("# What changed\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["old", "none"], "none: cannot be read"),
        (["old", "empty"], "empty: nothing was observed there"),
        (["old", "new", "--format", "jsn"], "unknown format 'jsn'. Did you mean 'json'?"),
        (["old", "new", "--output", "/proc/none/x"], "cannot be written"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(results: Path, arguments: list[str], said: str) -> None:
    done = afterclose("compare", *arguments, cwd=results)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
