from pathlib import Path

import pytest

from harness.records import Evidence, Observation, Run, State, Unsupported, Verdict
from harness.result_file import RecordsError, append_records, begin_results, read_records, run_of

OBSERVATION = Observation(
    scenario="a.b",
    check="after",
    engine="chromium",
    engine_version="1",
    preset="default",
    policy="persistent",
    surface="sso",
    promised=State.SIGNED_IN,
    observed=State.SIGNED_OUT,
    verdict=Verdict.UNEXPECTED,
    steps=("Sign in to the application.",),
    evidence=Evidence(reason="no_cookie"),
    duration_s=1.5,
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    row = Unsupported(
        scenario="a.b", engine="x", engine_version="", preset="default", reason="no", steps=()
    )
    append_records(path, [OBSERVATION, row])
    assert list(read_records([path])) == [OBSERVATION, row]
    assert not OBSERVATION.signed_in


@pytest.mark.parametrize("line", ["{", '{"type": "sonnet"}', '{"type": "observation"}'])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "results.ndjson"
    append_records(path, [OBSERVATION])
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(RecordsError, match=r"results.ndjson:2: not a result record"):
        list(read_records([path]))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="cannot be read"):
        list(read_records([tmp_path / "none"]))


def run(name: str) -> Run:
    return Run(id=name, started="now", versions={}, platform="", configuration={})


def test_a_run_begins_its_results_once(tmp_path: Path) -> None:
    path = tmp_path / "report" / "results.ndjson"
    begin_results(path, "one", lambda: run("one"))
    append_records(path, [OBSERVATION])
    begin_results(path, "one", lambda: pytest.fail("a second process described the run again"))
    append_records(path, [OBSERVATION])
    assert list(read_records([path])) == [run("one"), OBSERVATION, OBSERVATION]
    assert run_of(path) == "one"
    begin_results(path, "two", lambda: run("two"))
    assert list(read_records([path])) == [run("two")]


@pytest.mark.parametrize("text", ["", "{", '{"type": "observation"}', "\xff"])
def test_what_is_no_result_file_is_of_no_run(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.ndjson"
    assert run_of(path) is None
    path.write_text(text, encoding="latin-1")
    assert run_of(path) is None
    begin_results(path, "one", lambda: run("one"))
    assert list(read_records([path])) == [run("one")]
