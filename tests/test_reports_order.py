"""Whatever the order in which records come, reports say the same, and say it in the right place."""

import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from harness.records import Error, Observation, Record, State, Unsupported, Verdict
from harness.reports import write_reports
from harness.reports.matrix import matrix_of
from harness.reports.terminal import summary_lines
from harness.result_file import read_records
from tests.patience import PATIENCE
from tests.report_page import ReportPage
from tests.test_reports import RECORDS, RUN, observation, seen

SEEDS = range(5)


@pytest.fixture(scope="module")
def run_on_the_models(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    folder = tmp_path_factory.mktemp("run")
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", "browser_close.quit_and_start",
         "browser_close.quit_with_a_pinned_tab", "--engine", "simulated"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    records = list(read_records([folder / "report" / "results.ndjson"]))
    assert any(isinstance(record, Unsupported) for record in records)
    return records


def shuffled(records: Sequence[Record], seed: int) -> list[Record]:
    mixed = list(records)
    random.Random(seed).shuffle(mixed)
    return mixed


@pytest.mark.parametrize("seed", SEEDS)
def test_every_outcome_is_kept_by_what_it_is_of(
    run_on_the_models: list[Record], tmp_path: Path, seed: int
) -> None:
    """A browser's frames tell of their storages in any order, another for each policy."""
    observations = [o for o in run_on_the_models if isinstance(o, Observation)]
    write_reports(matrix_of(shuffled(run_on_the_models, seed)), tmp_path)
    read = {
        place: (
            cell.signed_in, cell.verdict, cell.promised, cell.observed, cell.limitation,
            cell.why, cell.steps, cell.set_cookie,
        )
        for place, cell in ReportPage(tmp_path).cells.items()
    }  # fmt: skip
    assert read == {
        (
            o.scenario, o.check, o.engine, o.engine_version, o.preset, o.policy, o.surface
        ): (
            o.signed_in, o.verdict, o.told_promised, o.told_observed, o.limitation or "",
            o.evidence.decisions, o.steps, o.evidence.set_cookie,
        )
        for o in observations
    }  # fmt: skip
    assert {value[0] for value in read.values()} == {True, False}


def everything_reported(records: Sequence[Record], folder: Path) -> dict[str, bytes]:
    matrix = matrix_of(records)
    write_reports(matrix, folder)
    reports = {path.name: path.read_bytes() for path in folder.iterdir()}
    return reports | {"terminal": "\n".join(summary_lines(matrix)).encode()}


@pytest.mark.parametrize("seed", SEEDS)
def test_records_in_any_order_give_the_same_reports(
    run_on_the_models: list[Record], tmp_path: Path, seed: int
) -> None:
    """Also beside the run of something like a browser, in which one outcome is unexpected, one
    item broke off, and there are checks after as many steps as others."""
    records = [*run_on_the_models, *RECORDS]
    for o in run_on_the_models:
        if isinstance(o, Observation) and o.engine == "simulated-chromium":
            beside = msgspec.structs.replace(o, engine="chromium", engine_version="1")
            records += [beside, msgspec.structs.replace(beside, check="as far")]
    observed = next(record for record in reversed(records) if isinstance(record, Observation))
    records[records.index(observed)] = msgspec.structs.replace(
        observed, verdict=Verdict.UNEXPECTED, observed=State.SIGNED_OUT
    )
    straight = everything_reported(records, tmp_path / "straight")
    assert set(straight) == {
        "index.html", "junit.xml", "limitations.md", "compat.json", "terminal",
    }  # fmt: skip
    mixed = everything_reported(shuffled(records, seed), tmp_path / "mixed")
    assert [name for name in straight if straight[name] != mixed[name]] == []


def test_a_policy_without_a_surface_has_an_empty_cell_there(tmp_path: Path) -> None:
    records: list[Record] = [
        seen("app:long_cookie", False, policy="with both"),
        seen("sso", True, policy="with both"),
        seen("app:long_cookie", False, policy="applications alone"),
    ]
    matrix = matrix_of(records)
    (cell,) = matrix.cells.values()
    assert cell.surfaces == ["sso", "app:long_cookie"]
    assert cell.at("applications alone", "sso") is None
    write_reports(matrix, tmp_path)
    outcomes = {place[-2:]: cell.signed_in for place, cell in ReportPage(tmp_path).cells.items()}
    assert outcomes == {
        ("with both", "sso"): True,
        ("with both", "app:long_cookie"): False,
        ("applications alone", "app:long_cookie"): False,
    }


def test_policies_have_the_order_of_the_configuration() -> None:
    run = msgspec.structs.replace(RUN, configuration={"policies": {"z": {}, "a": {}}})
    matrix = matrix_of([observation(policy=name) for name in ("other", "a", "late", "z")] + [run])
    (cell,) = matrix.cells.values()
    assert cell.policies == matrix.policies == ["z", "a", "late", "other"]
    assert [o.policy for o in cell.observations] == cell.policies


def test_an_item_that_broke_off_shows_what_was_observed_before(tmp_path: Path) -> None:
    """Also where the check has no label, and so no row of its own."""
    place: dict[str, Any] = {"engine": "chromium", "engine_version": "1", "preset": "default"}
    died = Error(scenario="a.first", message="the browser died", steps=("Quit.",), **place)
    for check in ("", "after"):
        records: list[Record] = [observation(check=check), died]
        for order in (records, records[::-1]):
            matrix = matrix_of(order)
            assert dict(matrix.verdicts) == {Verdict.KEPT: 1, Verdict.ERROR: 1}
            write_reports(matrix, tmp_path)
            page = ReportPage(tmp_path)
            assert [cell.verdict for cell in page.cells.values()] == ["kept"]
            assert page.troubles == [("a.first", "the browser died", None)]
            assert "the browser died" in page.static
            suite = ElementTree.parse(tmp_path / "junit.xml").getroot()[0]
            assert [suite.get(name) for name in ("tests", "errors")] == ["2", "1"]


def test_how_a_check_came_about_is_said_of_the_observations_it_is_true_of(tmp_path: Path) -> None:
    """A second run of fewer policies may have taken other steps to the same check."""
    first = [observation(policy=policy, steps=("Wait.",)) for policy in ("one", "two")]
    matrix = matrix_of([*first, observation(policy="one", steps=("Wait longer.",))])
    (cell,) = matrix.cells.values()
    said = {account.steps: [o.policy for o in of] for account, of in cell.accounts.items()}
    assert said == {("Wait longer.",): ["one"], ("Wait.",): ["two"]}
    write_reports(matrix, tmp_path)
    told = {place[-2]: cell.steps for place, cell in ReportPage(tmp_path).cells.items()}
    assert told == {"one": ("Wait longer.",), "two": ("Wait.",)}
