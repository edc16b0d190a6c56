"""What result files lack, and where they contradict each other."""

import random
from pathlib import Path

import pytest
from msgspec import structs

from harness.records import Done, Record, Run, State, Verdict
from harness.reports import write_reports
from harness.reports.caveats import caveats_of, unfinished, whole
from harness.reports.matrix import matrix_of
from harness.result_file import append_records
from tests.test_cli import afterclose
from tests.test_reports import RUN, observation


def shard(number: int, of: int, *items: str, whole: str = "w", **more: object) -> Run:
    return structs.replace(RUN, shard=f"{number}/{of}", whole=whole, items=items, **more)


def done(scenario: str, repetition: int = 1) -> Done:
    return Done(
        scenario=scenario, engine="chromium", preset="default", repetition=repetition,
        duration_s=1.0,
    )  # fmt: skip


A, B = "a.first[chromium-default]", "z.last[chromium-default]"


def test_where_all_is_there_nothing_is_said() -> None:
    files: dict[str, list[Record]] = {
        "one": [shard(1, 2, A), observation(), done("a.first")],
        "two": [shard(2, 2, B), observation("z.last"), done("z.last")],
    }
    assert caveats_of(files) == []
    assert whole([*files["one"], *files["two"]])
    assert not whole(files["one"])
    assert not whole([*files["one"], *files["two"][:-1]])
    assert caveats_of({"old": [RUN, observation()]}) == []


def test_missing_shards_are_named() -> None:
    files: dict[str, list[Record]] = {
        "one": [shard(1, 4, A), done("a.first")], "two": [shard(3, 4, B), done("z.last")],
    }  # fmt: skip
    assert caveats_of(files) == ["of the shards 1/4, 3/4 are here, and 2/4, 4/4 are not"]


def test_shards_that_were_cut_in_another_way_do_not_fit() -> None:
    other = shard(2, 2, B, whole="v")
    found = caveats_of({"one": [shard(1, 2, A), done("a.first")], "two": [other, done("z.last")]})
    assert found[-1].startswith("the shards are cut from other items")
    assert len(found) == 3


def test_an_empty_shard_is_named() -> None:
    found = caveats_of({"one": [shard(1, 2, A), done("a.first")], "two": [shard(2, 2)]})
    assert found == ["shard 2/2 is empty: there are fewer items than shards"]


def test_items_that_did_not_end_are_named_and_each_repetition_is_one() -> None:
    twice = structs.replace(RUN, items=(A, B), configuration={"repeat": 2})
    records: list[Record] = [twice, done("a.first"), done("a.first", 2), done("z.last")]
    assert unfinished(records) == [B]
    (said,) = caveats_of({"one": records})
    assert said == f"1 item did not end, and --resume goes on with it: {B}"
    assert caveats_of({"one": records, "two": [done("z.last", 2)]}) == []


def test_contradictions_name_the_cell_and_the_files() -> None:
    out = structs.replace(
        observation(), observed=State.SIGNED_OUT, verdict=Verdict.UNEXPECTED
    )
    (said,) = caveats_of({"a.ndjson": [observation()], "b.ndjson": [out]})
    assert said == (
        "the files contradict each other in 1 cell: a.first[chromium-default] persistent/sso, "
        "after: signed_in (kept) in a.ndjson, signed_out (unexpected) in b.ndjson"
    )
    newer = structs.replace(out, engine_version="2")
    assert caveats_of({"a.ndjson": [observation()], "b.ndjson": [newer]}) == []
    slow = structs.replace(out, verdict=Verdict.INCONCLUSIVE)
    assert caveats_of({"a.ndjson": [observation()], "b.ndjson": [slow]}) == []


def test_other_configurations_are_named() -> None:
    runs = [
        structs.replace(RUN, configuration={"policies": {"acme": {"inactivity_timeout": n}}})
        for n in (60, 90)
    ]
    (said,) = caveats_of({"a": [runs[0]], "b": [runs[1]]})
    assert said.startswith("policies.acme differs between a (")


def test_records_in_any_order_give_the_same_caveats() -> None:
    records: list[Record] = [
        shard(1, 3, A, B), shard(2, 3), done("a.first"), observation(), observation("z.last"),
    ]  # fmt: skip
    told = set()
    for seed in range(5):
        random.Random(seed).shuffle(records)
        told.add(tuple(caveats_of({"one": records})))
    assert len(told) == 1


def test_reports_show_them(tmp_path: Path) -> None:
    write_reports(matrix_of([RUN, observation()], ["<something> is missing"]), tmp_path)
    for name in ("index.html", "junit.xml"):
        assert "&lt;something&gt; is missing" in (tmp_path / name).read_text()
    assert "Beware: <something> is missing." in (tmp_path / "limitations.md").read_text()


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut"])
def test_merging_tells_what_is_missing(tmp_path: Path, cut: bool) -> None:
    one, two = tmp_path / "one.ndjson", tmp_path / "two.ndjson"
    append_records(one, [shard(1, 3, A), observation(), done("a.first")])
    append_records(two, [shard(2, 3, B), observation("z.last"), done("z.last")])
    if cut:
        two.write_bytes(two.read_bytes()[:-20])
    summary = tmp_path / "summary.md"
    told = afterclose(
        "report", str(one), str(two), "--output", "out", cwd=tmp_path,
        GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    lines = [line for line in told.stdout.splitlines() if line.startswith("Beware: ")]
    assert lines[0] == "Beware: of the shards 1/3, 2/3 are here, and 3/3 are not."
    assert len(lines) == (2 if cut else 1)
    damaged = told.stderr.splitlines()
    assert len(damaged) == (1 if cut else 0)
    if cut:
        assert lines[-1].startswith("Beware: 1 item did not end")
        assert damaged[0].startswith(f"afterclose: {two}:3: not a result record: ")
    for file in (tmp_path / "out" / "index.html", summary):
        assert "3/3 are not" in file.read_text()


@pytest.mark.parametrize(
    ("two", "status"),
    [([shard(2, 2, B), done("z.last")], 0), ([shard(2, 2, B)], 4), ([shard(1, 2, A)], 4)],
    ids=["whole", "not ended", "a shard less"],
)
def test_what_is_not_whole_does_not_hold_against_a_baseline(
    tmp_path: Path, two: list[Record], status: int
) -> None:
    (tmp_path / "baseline.toml").touch()
    append_records(tmp_path / "one.ndjson", [shard(1, 2, A), observation(), done("a.first")])
    append_records(tmp_path / "two.ndjson", two)
    asked = ["report", "one.ndjson", "two.ndjson", "--output", "out"]
    assert afterclose(*asked, cwd=tmp_path).returncode == 0
    held = afterclose(*asked, "--baseline", "baseline.toml", cwd=tmp_path)
    assert held.returncode == status, held.stdout + held.stderr
