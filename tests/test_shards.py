"""Shards: together all, alike in time, the same on every machine."""

import random
from collections.abc import Collection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config import ConfigError
from harness.records import Done, Run
from harness.runner.shards import Shard, cut, durations_of, parse_shard, whole_of
from tests.killing import cells, read, run, times
from tests.test_result_file import OBSERVATION

NAMES = st.sets(st.text("abc", min_size=1, max_size=4), max_size=20)


@given(items=NAMES, of=st.integers(1, 12), seed=st.integers(), data=st.data())
def test_shards_are_all_of_it_and_nothing_twice(
    items: set[str], of: int, seed: int, data: st.DataObject
) -> None:
    """Whatever order items and durations come in, and whichever are known."""
    times = st.floats(0, 1000)
    durations = {name: data.draw(times) for name in sorted(items) if data.draw(st.booleans())}
    shards = cut(items, of, durations)
    assert len(shards) == of
    assert sorted(name for shard in shards for name in shard) == sorted(items)
    mixed, measured = list(items), list(durations.items())
    random.Random(seed).shuffle(mixed)
    random.Random(seed).shuffle(measured)
    assert cut(mixed, of, dict(measured)) == shards


@given(items=NAMES, of=st.integers(1, 12))
def test_without_durations_shards_have_as_many_items(items: set[str], of: int) -> None:
    sizes = [len(shard) for shard in cut(items, of, {})]
    assert max(sizes) - min(sizes) <= 1


def spent(shards: Collection[Collection[str]], durations: dict[str, float]) -> list[float]:
    return [sum(durations[name] for name in shard) for shard in shards]


def test_shards_take_equally_long() -> None:
    durations = {"long": 30.0, **{f"short-{number:02}": 1.0 for number in range(30)}}
    assert spent(cut(durations, 2, durations), durations) == [30, 30]
    assert cut(durations, 2, {}) != cut(durations, 2, durations)


def test_an_item_of_unknown_duration_is_an_average_one() -> None:
    shards = cut(["a", "b", "new", "newer"], 2, {"a": 4.0, "b": 2.0})
    assert [set(shard) for shard in shards] == [{"a", "b"}, {"new", "newer"}]


def test_what_shards_are_of_is_told_apart() -> None:
    a, b, c = cut("abcd", 2, {}), cut("abcde", 2, {}), cut("abcd", 2, {"a": 9.0, "b": 1.0})
    assert len({whole_of(shards) for shards in (a, b, c)}) == 3
    assert whole_of(a) == whole_of(cut("dcba", 2, {}))


@pytest.mark.parametrize(
    "text", ["0/4", "5/4", "x", "1/0", "", "1", "1/2/3", "-1/2", "1.5/2", "²/3"]
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"must be I/N, two whole numbers .* such as 2/4"):
        parse_shard(text)


def test_a_shard_is_read() -> None:
    assert parse_shard("2/4") == Shard(2, 4)
    assert str(parse_shard("02/4")) == "2/4"


def test_durations_are_those_of_whole_items() -> None:
    """In a file without ends, those up to the last check."""
    dones = [
        Done(scenario="a.b", engine="chromium", preset="default", duration_s=seconds)
        for seconds in (4.0, 9.0, 5.0)
    ]
    assert durations_of([OBSERVATION]) == {"a.b[chromium-default]": 1.5}
    assert durations_of([OBSERVATION, *dones]) == {"a.b[chromium-default]": 9.0}


ARGUMENTS = ("browser_close", "sign_out", "--engine", "simulated-chromium", "--preset", "default",
             "--preset", "continue", "--policy", "persistent")  # fmt: skip


def test_shards_are_run_and_merged(tmp_path: Path) -> None:
    """Repetitions of an item stay together: a shard tells by itself what is flaky."""
    whole = tmp_path / "whole"
    whole.mkdir()
    assert run(*ARGUMENTS, "--repeat", "2", cwd=whole).returncode == 0
    records = []
    durations = str(whole / "report" / "results.ndjson")
    for number, workers in ((1, "0"), (2, "2"), (3, "0")):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = run(
            *ARGUMENTS, "--repeat", "2", "--shard", f"{number}/3", "--durations", durations,
            "-n", workers, cwd=folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        found = read(folder)
        (there,) = [record for record in found if isinstance(record, Run)]
        assert {item for item, _ in times(found)} == {*there.items}
        assert set(times(found).values()) == {1}
        assert len(times(found)) == 2 * len(there.items)
        records += found
    assert cells(records) == cells(read(whole))
    assert times(records) == times(read(whole))


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_empty_shard_says_so_and_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    one = ("sign_out.sign_out_and_restart", "--engine", "simulated-chromium", "--preset", "default")
    done = run(*one, "--shard", "2/2", "-n", workers, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "shard 2/2 is empty" in done.stdout
    for file in (tmp_path / "report" / "index.html", summary):
        assert "shard 2/2 is empty" in file.read_text()
    (there,) = read(tmp_path)
    assert isinstance(there, Run)
    assert (there.shard, there.items) == ("2/2", ())
    again = run(*one, "--shard", "2/2", "-n", workers, "--resume", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    nothing = run(*one, "--shard", "2/2", "-k", "nonsense", cwd=tmp_path)
    assert nothing.returncode == 2
