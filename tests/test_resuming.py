"""A run that was interrupted is finished: nothing is lost, and nothing done twice."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.records import Done, Error, Record, Run
from tests.killing import SCENARIOS, Cells, cells, ends, killed, read, run, times


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    folder = tmp_path_factory.mktemp("uninterrupted")
    done = run(*SCENARIOS, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return cells(read(folder))


def run_in(records: Sequence[Record]) -> Run:
    (found,) = [record for record in records if isinstance(record, Run)]
    return found


@pytest.mark.parametrize(
    ("workers", "items"), [("0", [1]), ("0", [20, 15, 1]), ("2", [30])], ids=str
)
def test_a_killed_run_is_finished(
    tmp_path: Path, uninterrupted: Cells, workers: str, items: list[int]
) -> None:
    """Killed with all of its processes, once and again, at whatever it was doing."""
    arguments = (*SCENARIOS, "-n", workers)
    resumed: tuple[str, ...] = ()
    for number in items:
        killed(*arguments, *resumed, cwd=tmp_path, items=number)
        resumed = ("--resume",)
    before = read(tmp_path)
    assert 0 < len(times(before)) < len(run_in(before).items)
    done = run(*arguments, "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    records = read(tmp_path)
    assert run_in(records) == run_in(before)
    assert cells(records) == uninterrupted
    assert set(times(records).values()) == {1}
    assert {item for item, _ in times(records)} == {*run_in(records).items}
    assert "did not end" not in done.stdout + done.stderr


def test_what_is_cut_in_the_middle_of_a_write_counts_for_nothing(
    tmp_path: Path, uninterrupted: Cells
) -> None:
    """At any byte, an item's last one included: as a machine leaves it that goes away."""
    assert run(*SCENARIOS, "--preset", "default", cwd=tmp_path).returncode == 0
    results = tmp_path / "report" / "results.ndjson"
    whole = results.read_bytes()
    end = whole.rindex(b'{"type":"done"')
    for size in (end - 2000, end, end + 30, len(whole) - 2):
        results.write_bytes(whole[:size])
        done = run(*SCENARIOS, "--preset", "default", "--resume", cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"^1 passed", done.stdout, re.M)
        cut = done.stderr.splitlines()
        assert len(cut) == (0 if whole[:size].endswith(b"\n") else 1), done.stderr
        assert all("not a result record" in line for line in cut)
        assert cells(read(tmp_path)) == {
            at: found for at, found in uninterrupted.items() if "-default]" in str(at[0])
        }
        assert set(times(read(tmp_path)).values()) == {1}


def test_without_its_last_line_break_a_record_still_counts(tmp_path: Path) -> None:
    assert run("sign_out.sign_out_and_restart", *ONE, cwd=tmp_path).returncode == 0
    results = tmp_path / "report" / "results.ndjson"
    os.truncate(results, results.stat().st_size - 1)
    done = run("sign_out.sign_out_and_restart", *ONE, "--resume", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert ends(results) == 1


ONE = ("--engine", "simulated-chromium", "--preset", "default", "--policy", "persistent")
NAME = "browser_close.quit_and_start"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    assert run(NAME, *ONE, cwd=folder).returncode == 0
    return folder


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_finished_run_is_left_as_it_is(finished: Path, workers: str) -> None:
    report = finished / "report"
    before = {path: path.read_bytes() for path in report.iterdir() if path.is_file()}
    done = run(NAME, *ONE, "--resume", "-n", workers, cwd=finished)
    assert (done.returncode, done.stderr) == (0, "")
    assert " passed" not in done.stdout
    assert {path: path.read_bytes() for path in before} == before


TOML = '[environments.acme]\npersistence = "persistent"\ninactivity_timeout = 3600\n'


@pytest.mark.parametrize(
    ("arguments", "toml", "said"),
    [
        ((NAME, *ONE, "--engine", "simulated-firefox"), "", "engines: simulated-chromium there, "
         "simulated-chromium, simulated-firefox now"),
        ((NAME, *ONE, "--preset", "continue"), "", "presets: default there, continue, default now"),
        ((NAME, *ONE, "--policy", "absolute"), "", "policies: persistent there, "
         "absolute, persistent now"),
        ((NAME, *ONE, "--repeat", "2"), "", "repeat: 1 there, 2 now"),
        ((NAME, *ONE, "--headed"), "", "headed: False there, True now"),
        ((NAME, *ONE, "--shard", "1/2"), "", "shard: none there, 1/2 now"),
        ((NAME, *ONE), 'cookie_name = "other"\n', "settings.cookie_name: sso_session "
         "there, other now"),
        ((NAME, "sign_out.sign_out_and_restart", *ONE), "", "items chosen now, not there: "
         "sign_out.sign_out_and_restart[simulated-chromium-default] (1)"),
        (("sign_out.sign_out_and_restart", *ONE, "-n", "2"), "", "items there, not chosen now: "
         "browser_close.quit_and_start[simulated-chromium-default] (1); items chosen now"),
    ],
    ids=["engine", "preset", "policy", "repeat", "headed", "shard", "settings", "more", "other"],
)  # fmt: skip
def test_another_run_is_refused_and_nothing_is_touched(
    finished: Path, tmp_path: Path, arguments: tuple[str, ...], toml: str, said: str
) -> None:
    report = finished / "report"
    before = {path: path.read_bytes() for path in report.iterdir() if path.is_file()}
    (tmp_path / "other.toml").write_text(toml)
    config = ("--config", str(tmp_path / "other.toml")) if toml else ()
    done = run(*arguments, *config, "--resume", cwd=finished)
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert f"results.ndjson: cannot be resumed: {said}" in line
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    ("was", "written", "said"),
    [
        ('"afterclose":"0.1.0"', '"afterclose":"0.0.9"', "versions.afterclose: 0.0.9 there, "),
        ('"inactivity_timeout":86400', '"inactivity_timeout":60', "policy.persistent."
         "inactivity_timeout: 60 there, 86400 now"),
        ('"environments":{"persistent":"', '"environments":{"persistent":"x', "environments."
         "persistent: x"),
        ('"format":2,', "", "written by an older Afterclose"),
        ('"format":2,', '"format":3,', "a result file of format 3"),
        ('{"type":"run"', '{"type":"rum"', "its first line is not a run's"),
    ],
    ids=["version", "timeout", "environment", "older", "newer", "damaged"],
)  # fmt: skip
def test_results_of_another_kind_are_refused(
    finished: Path, tmp_path: Path, was: str, written: str, said: str
) -> None:
    results = tmp_path / "report" / "results.ndjson"
    results.parent.mkdir()
    text = (finished / "report" / "results.ndjson").read_text()
    assert was in text
    results.write_text(text.replace(was, written, 1))
    before = results.read_bytes()
    done = run(NAME, *ONE, "--resume", cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert said in line
    assert results.read_bytes() == before


@pytest.mark.parametrize("there", [False, True], ids=["no file", "an empty file"])
def test_where_there_is_nothing_to_resume_a_run_begins(tmp_path: Path, there: bool) -> None:
    results = tmp_path / "report" / "results.ndjson"
    if there:
        results.parent.mkdir()
        results.touch()
    assert run(NAME, *ONE, "--resume", cwd=tmp_path).returncode == 0
    assert ends(results) == 1


BROKEN = """
from harness import Browser, scenario


@scenario(title="Broken", claims="It asks for what it is not told.")
def broken(browser: Browser) -> None:
    browser.sign_in()
    assert browser.check("signed in")["persistent", "sso"].signed_in
"""


def test_what_broke_off_is_carried_out_again(tmp_path: Path) -> None:
    scenario = tmp_path / "broken.py"
    scenario.write_text(BROKEN)
    assert run("broken.py", *ONE, cwd=tmp_path).returncode == 4
    assert [type(record) for record in read(tmp_path)] == [Run, Error, Done]
    assert run("broken.py", *ONE, "--resume", cwd=tmp_path).returncode == 4
    scenario.write_text(BROKEN.replace("assert ", "").replace('["persistent", "sso"]', "").replace(
        ".signed_in", ""
    ))  # fmt: skip
    mended = run("broken.py", *ONE, "--resume", cwd=tmp_path)
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert "1 item broke off before it came to an end" in mended.stdout
    assert " 0 error" in mended.stdout
    records = read(tmp_path)
    assert run("broken.py", *ONE, "--resume", cwd=tmp_path).returncode == 0
    assert read(tmp_path) == records


def test_what_failed_by_itself_has_failed_when_it_is_resumed(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(f"{BROKEN.replace('assert', 'raise AssertionError;')}")
    first = run("broken.py", *ONE, cwd=tmp_path)
    records = read(tmp_path)
    assert not any(isinstance(record, Error) for record in records)
    second = run("broken.py", *ONE, "--resume", cwd=tmp_path)
    assert (first.returncode, second.returncode) == (1, 1)
    assert read(tmp_path) == records
