"""A baseline, as a project uses it."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.test_cli import afterclose
from tests.unexpected import make_project

ODD = "mine.sign_in persistent/sso, mine.sign_in absolute/sso"
ACCEPTED = """\
# Ours.

[[accepted]]
scenario = "mine.sign_in"
engine = "simulated-chromium"
preset = "default"
policy = "{policy}"
surface = "sso"
reason = "4711"
expires = {expires}
"""


def write(folder: Path, policy: str = "*", expires: str = "9999-01-01") -> None:
    text = ACCEPTED.format(policy=policy, expires=expires)
    (folder / "baseline.toml").write_text(text)


def test_a_run_fails_for_what_is_new_alone(tmp_path: Path) -> None:
    run = make_project(tmp_path)
    write(tmp_path)
    accepted = afterclose(*run, "--baseline", "baseline.toml", cwd=tmp_path, ODD=ODD)
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert "baseline.toml: 2 accepted, 0 new, 0 mended, 0 expired" in accepted.stdout
    assert accepted.stdout.count("; accepted: 4711") == 2
    assert "1 passed, 1 xfailed" in accepted.stdout
    write(tmp_path, policy="absolute")
    new = afterclose(*run, "--baseline", "baseline.toml", cwd=tmp_path, ODD=ODD)
    assert new.returncode == 1
    assert "baseline.toml: 1 accepted, 1 new, 0 mended, 0 expired" in new.stdout


def test_workers_know_the_baseline(tmp_path: Path) -> None:
    run = make_project(tmp_path)
    write(tmp_path)
    done = afterclose(*run, "-n", "2", "--baseline", "baseline.toml", cwd=tmp_path, ODD=ODD)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 1 xfailed" in done.stdout


def test_a_run_fails_for_what_is_mended_or_expired(tmp_path: Path) -> None:
    run = make_project(tmp_path)
    write(tmp_path)
    mended = afterclose(*run, "--baseline", "baseline.toml", cwd=tmp_path)
    assert mended.returncode == 1
    assert "baseline.toml: entry 1 (scenario mine.sign_in" in mended.stdout
    assert "mended, no cell needs it" in mended.stdout
    root = ElementTree.parse(tmp_path / "report" / "junit.xml").getroot()
    assert len(root.findall("testsuite[@name='baseline']/testcase/failure")) == 1
    write(tmp_path, expires="2020-01-01")
    expired = afterclose(*run, "--baseline", "baseline.toml", cwd=tmp_path, ODD=ODD)
    assert expired.returncode == 1
    assert "expired on 2020-01-01" in expired.stdout
    other = afterclose(*run, "-k", "leave", "--baseline", "baseline.toml", cwd=tmp_path, ODD=ODD)
    assert other.returncode == 0, "a run of something else says nothing of it"


def test_what_broke_off_may_be_accepted_too(tmp_path: Path) -> None:
    run = make_project(tmp_path)
    path = tmp_path / "baseline.toml"
    broken = {"BROKEN": "yes"}
    assert afterclose(*run, cwd=tmp_path, **broken).returncode == 4
    made = afterclose("baseline", "update", "--baseline", str(path), cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert 'verdict = "error"' in path.read_text()
    done = afterclose(*run, "--baseline", str(path), cwd=tmp_path, **broken)
    assert done.returncode == 0, done.stdout
    assert "baseline.toml: no reason is given in entry 1" in done.stdout
    path.write_text("")
    assert afterclose(*run, "--baseline", str(path), cwd=tmp_path, **broken).returncode == 4


def test_update_writes_what_a_run_then_accepts_and_keeps_reasons(tmp_path: Path) -> None:
    run = make_project(tmp_path)
    path = tmp_path / "baseline.toml"
    assert afterclose(*run, cwd=tmp_path, ODD=ODD).returncode == 1
    made = afterclose("baseline", "update", "report", "--baseline", "baseline.toml", cwd=tmp_path)
    assert made.stdout.endswith(
        "baseline.toml: 0 kept, 2 new, 0 dropped; 2 without a reason\n"
    ), made.stdout + made.stderr
    assert made.stdout.count("+ entry") == 2
    path.write_text(path.read_text().replace("not explained yet", "4711", 1))
    assert 'policy = "absolute"' in path.read_text().partition("4711")[0]
    accepted = afterclose(*run, "--baseline", "baseline.toml", cwd=tmp_path, ODD=ODD)
    assert accepted.returncode == 0, accepted.stdout
    assert "baseline.toml: no reason is given in entry 2" in accepted.stdout
    other = "mine.sign_in absolute/sso, mine.sign_in absolute/app:memory"
    afterclose(*run, "--output", "other", cwd=tmp_path, ODD=other)
    again = afterclose(
        "baseline", "update", "other/results.ndjson", "--baseline", "baseline.toml", cwd=tmp_path
    )
    assert "1 kept, 1 new, 1 dropped; 1 without a reason" in again.stdout
    gone = r"^- entry 2 \(.*policy persistent.*\): not explained yet$"
    assert re.search(gone, again.stdout, re.M)
    text = path.read_text()
    again = afterclose("baseline", "update", "other", "--baseline", "baseline.toml", cwd=tmp_path)
    assert "2 kept, 0 new, 0 dropped" in again.stdout
    assert path.read_text() == text


def test_a_report_of_merged_results_is_held_against_it(tmp_path: Path) -> None:
    run = make_project(tmp_path)
    assert afterclose(*run, cwd=tmp_path, ODD=ODD).returncode == 1
    write(tmp_path)
    asked = ["report", "report/results.ndjson", "--output", "merged", "--baseline", "baseline.toml"]
    accepted = afterclose(*asked, cwd=tmp_path)
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert "accepted: 4711" in (tmp_path / "merged" / "index.html").read_text()
    write(tmp_path, policy="absolute")
    assert afterclose(*asked, cwd=tmp_path).returncode == 1


def test_an_entry_about_nothing_that_exists_is_told(tmp_path: Path) -> None:
    run = make_project(tmp_path)
    (tmp_path / "baseline.toml").write_text(
        '[[accepted]]\nscenario = "crash.crash_at_onec"\nreason = "x"\n'
        '[[accepted]]\nscenario = "crash.crash_at_once"\nreason = "x"\n'
    )
    done = afterclose(*run, "--baseline", "baseline.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "entry 1 (scenario crash.crash_at_onec): accepts nothing: unknown sc" in done.stdout
    assert "entry 2" not in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "none.toml: cannot be read: No such file"),
        ("[[accepted]", "baseline.toml: line 1: bad TOML"),
        ("[[accepted]]\nscenario = 'a'", "baseline.toml: entry 1: reason is missing"),
    ],
)
@pytest.mark.parametrize("command", [["run", "tab_close"], ["report"]])
def test_mistakes_are_one_line_and_exit_2(
    tmp_path: Path, command: list[str], text: str | None, said: str
) -> None:
    (tmp_path / "baseline.toml").write_text(text or "")
    name = "baseline.toml" if text else "none.toml"
    done = afterclose(*command, "--baseline", name, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none", "--baseline", "b.toml"], "none: cannot be read"),
        (["empty", "--baseline", "b.toml"], "nothing was observed in these results"),
        (["empty", "--baseline", "damaged.toml"], "damaged.toml: line 1: bad TOML"),
    ],
)
def test_mistakes_of_an_update_leave_the_file_alone(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "damaged.toml").write_text("[")
    done = afterclose("baseline", "update", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged.toml", "empty"]
    assert (tmp_path / "damaged.toml").read_text() == "["
