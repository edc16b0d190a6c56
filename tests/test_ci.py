"""The ready files for CI: what they ask of the command is what it takes."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
import yaml

from harness.cli import app
from harness.engines import ENGINES
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / "docs" / "ci" / "afterclose.yml"
SCRIPT = ROOT / "docs" / "ci" / "afterclose.sh"


def jobs() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    return loaded


def lines() -> Iterator[str]:
    for job in jobs().values():
        for step in job["steps"]:
            yield from step.get("run", "").splitlines()
    yield from SCRIPT.read_text().splitlines()


def options(name: str) -> set[str]:
    group: Any = typer.main.get_command(app)
    command = group.get_command(None, name)
    return {option for parameter in command.params for option in parameter.opts}


def test_the_files_use_options_that_there_are() -> None:
    used: set[tuple[str, str]] = set()
    for line in lines():
        words = shlex.split(line, comments=True)
        for place, word in enumerate(words[:-1]):
            if word == "afterclose" and words[place - 1 : place] != ["install"]:
                command = words[place + 1]
                assert command in ("run", "report", "engines")
                used |= {(command, w) for w in words[place + 2 :] if w.startswith("-")}
    assert {command for command, _ in used} == {"run", "report", "engines"}
    assert [(name, option) for name, option in used if option not in options(name)] == []
    # What the script puts together.
    script = SCRIPT.read_text()
    together = set(re.findall(r"(--[a-z]+) \"\$", script))
    assert {"--engine", "--baseline"} <= together <= options("run")


def test_the_workflow_has_a_job_for_each_shard_and_merges_them() -> None:
    run, report = jobs()["run"], jobs()["report"]
    matrix = run["strategy"]["matrix"]
    assert matrix["engine"] == list(ENGINES)
    (command,) = [s["run"] for s in run["steps"] if "afterclose run" in s.get("run", "")]
    assert f"--shard ${{{{ matrix.shard }}}}/{len(matrix['shard'])} " in command
    (kept,) = [s["with"] for s in run["steps"] if "upload-artifact" in s.get("uses", "")]
    folder = command.rpartition("--output ")[2]
    assert kept["path"] == f"{folder}/results.ndjson"
    assert {"${{ matrix.engine }}", "${{ matrix.shard }}"} <= set(
        re.findall(r"\$\{\{.*?\}\}", kept["name"])
    )
    assert report["needs"] == "run"
    merge = next(s["run"] for s in report["steps"] if "afterclose report" in s.get("run", ""))
    (uploaded,) = [s for s in report["steps"] if "upload-artifact" in s.get("uses", "")]
    assert merge == f"afterclose report shard-*/results.ndjson --output {uploaded['with']['path']}"
    for job in (run, report):
        for step in job["steps"]:
            if "upload-artifact" in step.get("uses", ""):
                assert step["if"] == "${{ !cancelled() }}", "what failed is looked at most"


def cells(results: Path) -> set[tuple[str, ...]]:
    records = [json.loads(line) for line in results.read_text().splitlines()]
    keys = ("scenario", "check", "engine", "preset", "policy", "surface", "observed", "verdict")
    found = {tuple(r[key] for key in keys) for r in records if r["type"] == "observation"}
    assert found
    return found


def script(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script where `afterclose` is this one."""
    command = folder / "bin" / "afterclose"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m harness.cli "$@"\n')
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", str(SCRIPT), *arguments], cwd=folder, env={**os.environ, "PATH": path} | environment,
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_two_shards_and_a_merge_have_the_cells_of_one_run(tmp_path: Path) -> None:
    what = {"ENGINES": "simulated-chromium", "TARGETS": "tab_close browser_close"}
    done = script(tmp_path, SHARDS="2", **what)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "report" / "index.html").exists()
    parts = [cells(tmp_path / f"shard-{number}" / "results.ndjson") for number in (1, 2)]
    assert not parts[0] & parts[1]
    whole = tmp_path / "whole"
    subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", *what["TARGETS"].split(),
         "--engine", what["ENGINES"], "--output", str(whole)],
        check=True, cwd=tmp_path, capture_output=True,
    )  # fmt: skip
    assert parts[0] | parts[1] == cells(whole / "results.ndjson")


def test_a_failure_of_a_shard_ends_neither_the_others_nor_the_merge(tmp_path: Path) -> None:
    """With a command that says what it was asked."""
    path = tmp_path / "bin"
    path.mkdir()
    asked = path / "afterclose"
    asked.write_text('#!/bin/sh\necho "$@"\ncase "$*" in *1/2*) exit 1;; *2/2*) exit 4;; esac\n')
    asked.chmod(0o755)
    environment = {
        **os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}",
        "SHARDS": "2", "BASELINE": "a b.toml", "ENGINES": "one two", "TARGETS": "tab_close crash",
    }  # fmt: skip
    run = ["sh", str(SCRIPT)]
    told = subprocess.run(
        run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    common = "run tab_close crash --engine one --engine two --baseline a b.toml"
    report = "report shard-*/results.ndjson --baseline a b.toml --output report"
    shards = [f"{common} --shard {shard}/2 --output shard-{shard}" for shard in (1, 2)]
    assert told.stdout.splitlines() == [*shards, report]
    assert told.returncode == 1, "that of the first that failed"
    for arguments, shard, said in (([], "2", [shards[1]]), (["merge"], "", [report])):
        told = subprocess.run(
            [*run, *arguments], cwd=tmp_path, env=environment | {"SHARD": shard},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.stdout.splitlines() == said
