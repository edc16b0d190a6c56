from pathlib import Path

import pytest

from harness.records import (
    Evidence,
    Observation,
    RecordsError,
    State,
    Unsupported,
    Verdict,
    append_records,
    read_records,
)

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
