"""`afterclose init`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness.cli.init import project_files
from harness.config import load_config
from harness.runner.baseline_file import read_baseline
from harness.targets.loading import load_target
from tests.test_cli import afterclose


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("team") / "sessions"
    done = afterclose("init", "--project", "sessions", cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    assert "afterclose run scenarios" in done.stdout
    return folder


def test_a_project_is_whole(project: Path) -> None:
    written = {p.relative_to(project) for p in project.rglob("*") if p.is_file()}
    assert written == {*project_files()}
    policy = next(e for e in load_config(project / "afterclose.toml").environments
                  if e.name == "ours").effective_policy  # fmt: skip
    assert (policy.persistence, policy.inactivity_timeout) == ("non_persistent", 28800)
    target = load_target(project / "target.py")
    assert [policy.persistence for policy in target.policies.values()] == [
        "non_persistent", "persistent",
    ]  # fmt: skip
    assert read_baseline(project / "baseline.toml").entries == ()
    named = re.findall(r"`([\w./]+\.\w+|\w+/)`", (project / "README.md").read_text())
    assert {"afterclose.toml", "target.py", "baseline.toml"} <= set(named)
    assert all((project / name).exists() for name in named if not name.startswith("report"))


@pytest.mark.browser
def test_its_test_runs_at_once_in_a_browser(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--afterclose-report", "tested"],
        cwd=project, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_its_scenario_runs_at_once_as_its_ci_file_says(project: Path) -> None:
    """In models, here."""
    workflow = yaml.safe_load((project / ".github" / "workflows" / "sessions.yml").read_text())
    steps = workflow["jobs"]["sessions"]["steps"]
    commands = [step["run"] for step in steps if step.get("run", "").startswith("afterclose ")]
    (run,) = [command.split()[1:] for command in commands if " run " in command]
    done = afterclose(
        *run, "--engine", "simulated", "--preset", "default", "--policy", "ours", cwd=project,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    assert (project / "report" / "index.html").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    mine = tmp_path / "tests" / "test_sessions.py"
    mine.write_text("mine")
    done = afterclose("init", "--project", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"afterclose: {os.path.join('tests', 'test_sessions.py')}: is there already, and nothing "
        "was written; name a folder that has none of the project's files"
    ]
    assert mine.read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
