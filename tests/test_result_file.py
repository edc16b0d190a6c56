import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from harness.records import FORMAT, Evidence, Observation, Run, State, Unsupported, Verdict
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


DAMAGED = ["{", '{"type": "sonnet"}', '{"type": "observation"}', "\0\0\0"]


@pytest.mark.parametrize("line", DAMAGED)
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


@pytest.mark.parametrize("line", DAMAGED)
@pytest.mark.parametrize("end", ["", "\n"], ids=["cut", "whole"])
def test_what_is_beside_a_damaged_line_is_used(tmp_path: Path, line: str, end: str) -> None:
    """Whoever appends to half a line begins a new one."""
    path = tmp_path / "results.ndjson"
    append_records(path, [OBSERVATION])
    with path.open("a") as file:
        file.write(line + end)
    append_records(path, [OBSERVATION, OBSERVATION])
    told: list[str] = []
    assert list(read_records([path], told.append)) == [OBSERVATION] * 3
    (sentence,) = told
    assert sentence.startswith(f"{path}:2: not a result record: ")
    assert len(sentence.splitlines()) == 1


def test_many_damaged_lines_are_told_in_one(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    path.write_text("{\n" * 5)
    append_records(path, [OBSERVATION])
    told: list[str] = []
    assert list(read_records([path], told.append)) == [OBSERVATION]
    assert len(told) == 1
    assert "(and 4 more such lines)" in told[0]


def test_a_file_of_damaged_lines_alone_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    path.write_text("{\n{\n")
    with pytest.raises(RecordsError, match=r"results.ndjson:1: not a result record"):
        list(read_records([path], lambda _: None))


@pytest.mark.parametrize("more", ["", ', "items": {"in": "another shape"}'])
def test_a_newer_format_is_refused_in_a_line(tmp_path: Path, more: str) -> None:
    path = tmp_path / "results.ndjson"
    path.write_text(f'{{"type": "run", "format": {FORMAT + 1}{more}}}\n{{"type": "sonnet"}}\n')
    for damaged in (None, lambda _: None):
        with pytest.raises(RecordsError, match=f"of format {FORMAT + 1}; .* reads up to") as told:
            list(read_records([path], damaged))
        assert len(str(told.value).splitlines()) == 1


def test_an_older_format_is_read(tmp_path: Path) -> None:
    """It had no attempts, no repetitions and no ends."""
    path = tmp_path / "results.ndjson"
    new = {"repetition", "attempt"}
    old = {k: v for k, v in msgspec.to_builtins(OBSERVATION).items() if k not in new}
    path.write_text(
        '{"type":"run","id":"x","started":"","versions":{},"platform":"","configuration":{}}\n'
        f"{msgspec.json.encode(old).decode()}\n"
    )
    run, observation = read_records([path])
    assert isinstance(run, Run)
    assert run.format == 1
    assert observation == OBSERVATION


LIMITED = """
import resource, sys
from pathlib import Path
from harness.result_file import append_records, read_records

path = Path(sys.argv[1])
whole = path.stat().st_size
records = list(read_records([path]))
for room in (0, 1, whole // 2, whole - 1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole + room, resource.RLIM_INFINITY))
    try:
        append_records(path, records)
    except OSError as error:
        print(error.strerror)
    assert path.stat().st_size == whole, room
resource.setrlimit(resource.RLIMIT_FSIZE, (2 * whole, resource.RLIM_INFINITY))
append_records(path, records)
assert list(read_records([path])) == 2 * records
"""


def test_what_does_not_fit_is_not_begun(tmp_path: Path) -> None:
    """Like a disk that is full after a few bytes: a limit of the operating system's."""
    path = tmp_path / "results.ndjson"
    append_records(path, [OBSERVATION, OBSERVATION])
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["File too large"] * 4
