"""The command, as a user types it."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from harness.cli import app
from harness.cli.init import project_files
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[1]
AFTERCLOSE = [sys.executable, "-m", "harness.cli"]


def afterclose(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*AFTERCLOSE, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def records(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "results.ndjson").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engine", "netscape"], "unknown engine 'netscape'. Known: chromium, firefox"),
        (["--preset", "continu"], "Did you mean 'continue'?"),
        (["--policy", "persistant"], "Did you mean 'persistent'?"),
        (["browser_close.quit_and"], "Did you mean 'browser_close.quit_and_start'? Known: what"),
        (["brwser_close"], "unknown scenario 'brwser_close'. Did you mean 'browser_close'?"),
        (["nowhere/file.py"], "no such file or folder"),
        (["--pack", "essentials"], "unknown pack 'essentials'. Did you mean 'essential'?"),
        (["--preset", "continue+nothing"], "there is no choice 'nothing'"),
        (["--engine", "firefox", "--preset", "background"], "cannot be set up with preset"),
        (["--pack", "."], ".: no scenarios there"),
        (["--config", "none.toml"], "none.toml: cannot be read"),
        (["--output", "/proc/none"], "cannot be written"),
        (["-n", "many"], "whole number or auto"),
        *((["--shard", text], "must be I/N") for text in ("0/4", "5/4", "x", "1/0")),
        *((["--repeat", text], "must be a whole number from 1") for text in ("0", "x", "1000000")),
    ],
)
def test_mistakes_are_one_line_and_exit_2(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    result = afterclose("run", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr + result.stdout


TWO = ("--engine", "chromium", "--engine", "firefox")
QUIT = "browser_close.quit_and_start"


@pytest.mark.parametrize(
    ("arguments", "workers"),
    [
        ([QUIT, *TWO, "--preset", "default"], "2"),
        ([QUIT, "--engine", "firefox", "--preset", "default"], None),
        ([QUIT, *TWO, "--preset", "default", "--repeat", "9"], "5"),
        ([QUIT, *TWO], "5"),
        (["browser_close", "--engine", "firefox", "--preset", "default"], "5"),
        (["own.py::test_it", *TWO, "--preset", "default"], "5"),
        ([QUIT, "--engine", "simulated-chromium"], None),
        ([], "5"),
    ],
)
def test_no_worker_has_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], workers: str | None
) -> None:
    """On a machine of four cores."""
    asked: list[str] = []

    def ran(given: Sequence[str]) -> int:
        asked.extend(given)
        return pytest.ExitCode.USAGE_ERROR

    (tmp_path / "own.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr("harness.cli.run._lacking", lambda driven: {})
    monkeypatch.setattr("harness.cli.run._pytest", ran)
    CliRunner().invoke(app, ["run", *arguments])
    assert asked
    assert (asked[asked.index("-n") + 1] if "-n" in asked else None) == workers


def test_the_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    assert afterclose("--version", cwd=tmp_path).stdout == f"afterclose {version('afterclose')}\n"


def test_nothing_fits_the_expression(tmp_path: Path) -> None:
    earlier = tmp_path / "report" / "results.ndjson"
    earlier.parent.mkdir()
    earlier.write_text("of an earlier run")
    result = afterclose("run", "-k", "nonsense", "-n", "0", cwd=tmp_path)
    assert result.returncode == 2
    assert "no scenario fits" in result.stderr
    assert earlier.read_text() == "of an earlier run"


def test_a_project_may_do_without_playwrights_plugin(tmp_path: Path) -> None:
    result = afterclose(
        "run", "sign_out.sign_out_and_restart", "--engine", "simulated-chromium", "--preset",
        "default", cwd=tmp_path, PYTEST_ADDOPTS="-p no:playwright",
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_missing_engine_says_how_to_get_it(tmp_path: Path) -> None:
    nothing = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    result = afterclose("run", "--engine", "firefox", cwd=tmp_path, **nothing)
    assert result.returncode == 3
    assert "afterclose engines --install" in result.stderr
    assert "Traceback" not in result.stderr
    listed = afterclose("engines", cwd=tmp_path, **nothing)
    assert listed.returncode == 0
    assert listed.stdout.count("missing") == 2


def test_scenarios_are_told(tmp_path: Path) -> None:
    result = afterclose("scenarios", cwd=tmp_path)
    assert "browser_close.quit_and_start: Close the browser and start it again" in result.stdout
    assert "  2. Close the browser." in result.stdout


def test_reports_can_be_rendered_again_and_merged(tmp_path: Path) -> None:
    damaged = tmp_path / "results.ndjson"
    damaged.write_text("{")
    result = afterclose("report", str(damaged), cwd=tmp_path)
    assert result.returncode == 2
    assert f"{damaged}:1: not a result record" in result.stderr
    assert afterclose("report", cwd=tmp_path).returncode == 2


@pytest.mark.browser
def test_the_wheel_carries_the_scenarios(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("afterclose-*.whl")
    target, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*install, str(target), str(wheel)], check=True)
    assert (target / "harness" / "py.typed").exists()
    assert (target / "afterclose" / "py.typed").exists()
    project = target / "harness" / "cli" / "project"
    assert {path.relative_to(project) for path in project.rglob("*") if path.is_file()} >= {
        *project_files()
    }
    result = afterclose(
        "run", "browser_close.quit_and_start", "--engine", "chromium", "--preset", "default",
        "--policy", "persistent", cwd=empty, PYTHONPATH=str(target),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "5 kept, 2 limitation, 0 unexpected" in result.stdout
    assert {path.name for path in (empty / "report").iterdir()} == {
        "results.ndjson", "index.html", "junit.xml", "limitations.md", "compat.json",
    }
    assert records(empty / "report")[0]["type"] == "run"


@pytest.mark.browser
def test_own_tests_environments_and_artifacts(tmp_path: Path) -> None:
    (tmp_path / "afterclose.toml").write_text(
        '[environments.acme]\npersistence = "persistent"\ninactivity_timeout = 604800\n'
    )
    (tmp_path / "test_mine.py").write_text(
        "from datetime import timedelta\n"
        "def test_my_policy(session_browser):\n"
        "    session_browser.sign_in()\n"
        "    session_browser.wait(timedelta(hours=25))\n"
        "    check = session_browser.check('a day later')\n"
        "    assert check['acme', 'sso'].signed_in\n"
        "    assert not check['persistent', 'sso'].signed_in\n"
        "def test_that_fails(session_browser):\n"
        "    assert session_browser.check('at first')['acme', 'sso'].signed_in\n"
    )
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "--browser", "chromium",
         "--afterclose-preset", "default", "--afterclose-policy", "acme", "--afterclose-policy",
         "persistent", "--output", "kept", "--screenshot", "only-on-failure", "--tracing", "on",
         "-p", "no:cacheprovider"],
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )
    assert result.returncode == 1, result.stdout
    assert "1 failed, 1 passed" in result.stdout
    found = {
        (r["policy"], r["surface"]): (r["verdict"], r["limitation"])
        for r in records(tmp_path / "report")
        if r["type"] == "observation" and r["check"] == "a day later"
    }
    assert found["acme", "sso"] == ("kept", None)
    assert found["acme", "app:local_storage"] == ("limitation", "application-session-ends-first")
    picture = tmp_path / "kept" / "test_that_fails-chromium-default-" / "screenshot.png"
    assert picture.exists()
    kept = {
        path for r in records(tmp_path / "report") if r["type"] == "observation"
        for path in r["evidence"]["kept"]  # type: ignore[index]
    }  # fmt: skip
    assert {(tmp_path / "report" / path).resolve() for path in kept} == {
        path.resolve() for path in (tmp_path / "kept").rglob("*") if path.is_file()
    }
    assert any(path.endswith(".zip") for path in kept)


@pytest.fixture
def short() -> Iterator[Path]:
    """A temporary folder with a short path: Chromium's socket in it may have 107 characters."""
    with tempfile.TemporaryDirectory(prefix="short-") as folder:
        yield Path(folder)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("end", "number"),
    [(os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM)],
    ids=["interrupted by the terminal", "told to end"],
)
def test_an_interrupt_loses_nothing_and_leaves_nothing(
    tmp_path: Path, short: Path, end: Callable[[int, int], None], number: signal.Signals
) -> None:
    run = subprocess.Popen(
        [*AFTERCLOSE, "run", "browser_close", "sign_out", "--engine", "chromium", "-n", "2"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "TMPDIR": str(short)}, start_new_session=True,
    )
    results = tmp_path / "report" / "results.ndjson"
    try:
        while not (results.exists() and '"observation"' in results.read_text()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(0.05)
                pytest.fail(f"it ended by itself: {run.communicate()[0]}")
        # Whatever is killed, it leaves nothing outside of the folder that the run removes.
        assert {p.name.partition("-")[0] for p in short.iterdir()} == {"afterclose", "pytest"}
        end(run.pid, number)
        output, _ = run.communicate(timeout=PATIENCE)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
    assert run.returncode == 130, output
    assert Counter(record["type"] for record in records(tmp_path / "report"))["observation"] > 0
    assert (tmp_path / "report" / "index.html").exists()
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if any(str(short) in argument for argument in process.info["cmdline"] or [])
    ]
    assert left == []
    # pytest's own folders stay, as they always do.
    assert [p.name for p in short.iterdir() if not p.name.startswith("pytest-of-")] == []


README = (ROOT / "README.md").read_text()
COMMANDS = [
    line.partition("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
ELSEWHERE = {
    "make test",
    "afterclose serve",
    "afterclose report --serve",
    "afterclose guide browser_close.quit_and_start --browser safari",
}
QUICK = "browser_close.quit_and_start --engine chromium"


def test_readme_names_commands() -> None:
    assert {"make run", "make test"} <= set(COMMANDS)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which something was run before."""
    folder = tmp_path_factory.mktemp("ran")
    run = [*AFTERCLOSE, "run", "browser_close.quit_and_start", "--engine", "simulated-chromium"]
    subprocess.run(run, cwd=folder, check=True)
    return folder


@pytest.mark.browser
@pytest.mark.parametrize("command", sorted({*COMMANDS} - ELSEWHERE))
def test_every_command_in_readme_works(command: str, ran: Path, tmp_path: Path) -> None:
    """`make test` is what runs this; what serves, and who is guided, have tests of their own."""
    cwd = tmp_path
    if command == "make run":
        command, cwd = f"make --no-print-directory run ARGS='{QUICK} --output {tmp_path}'", ROOT
    if command.split()[1] in ("baseline", "compare"):
        for name in ("report", "before"):
            shutil.copytree(ran / "report", tmp_path / name)
    (tmp_path / "baseline.toml").touch()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        command, shell=True, cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True,
        text=True, timeout=PATIENCE, check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
