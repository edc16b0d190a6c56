"""What `afterclose run` tells: on a real pseudo-terminal, and into a pipe."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.display import Display, on_terminal
from tests.patience import PATIENCE
from tests.test_cli import afterclose
from tests.unexpected import make_project

ODD = "mine.sign_in persistent/sso"
OWN = """\
import pytest


@pytest.mark.afterclose(engines="simulated-chromium", presets="default")
def test_it(session_browser):
    session_browser.sign_in()
    assert session_browser.check("first")["absolute", "sso"].surface == "app"
"""
WAITING = """
def pytest_runtest_setup():
    if "SHOWN" in os.environ:
        # For writing, too: then there is no end of it.
        shown = os.open(os.environ["SHOWN"], os.O_RDWR)
        os.read(shown, 1)
        os.close(shown)
"""
SIGN_IN = "mine.sign_in[simulated-chromium-default]"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    make_project(folder)
    (folder / "test_own.py").write_text(OWN)
    with (folder / "conftest.py").open("a") as conftest:
        conftest.write(WAITING)
    os.mkfifo(folder / "shown")
    return folder


RUN = ("run", "mine.py", "test_own.py", "--engine", "simulated-chromium", "--preset", "default")


@pytest.fixture(scope="module", params=[60, 120])
def shown(project: Path, request: pytest.FixtureRequest) -> tuple[int, Display]:
    """Each item waits until it was seen under way."""
    more = ["--no-color"] if request.param == 120 else []
    status, display = on_terminal(
        request.param, ["harness.cli", *RUN, *more], project,
        waiting=(project / "shown", ["mine.sign_in", "mine.leave", "test_own.test_it"]),
        ODD=ODD, BROKEN="yes", SHOWN="shown",
    )  # fmt: skip
    assert status == 1, display.lines
    return request.param, display


def test_a_terminal_shows_what_is_under_way_and_how_far_it_is(shown: tuple[int, Display]) -> None:
    _, display = shown
    under_way = [line for line in display.ever if re.search(r"^  mine\.sign_in  .* \d+ s$", line)]
    assert under_way
    assert any("simulated-chromium-default" in line for line in under_way)
    for told in (" 0/3", "[━╸] +1/3", "[━╸] +2/3"):
        assert any(re.search(rf"{told}  \d+ s", line) for line in display.ever), told
    left = "\n".join(display.lines)
    assert "━" not in left, "what was on its way is gone at the end"
    assert display.cursor, "and the cursor is back"


def test_it_fits_the_terminal(shown: tuple[int, Display]) -> None:
    """All but what pytest tells of a test of one's own, which has lines of a file in it."""
    columns, display = shown
    first = next(n for n, line in enumerate(display.lines) if " FAILURES " in line)
    last = next(n for n, line in enumerate(display.lines) if "simulated-chromium/default" in line)
    moving = [line for line in display.ever if "━" in line or re.search(r" \d+ s$", line)]
    assert max(map(len, [*display.lines[:first], *display.lines[last:], *moving])) <= columns
    assert any(len(line) > columns - 8 for line in display.lines[last:]), "and makes use of it"


def test_colours_are_there_unless_they_are_declined(shown: tuple[int, Display]) -> None:
    columns, display = shown
    assert bool(display.colours) == (columns == 60)


def test_what_needs_a_look_comes_with_its_reason_and_the_way_back(
    shown: tuple[int, Display], project: Path
) -> None:
    _, display = shown
    text = " ".join(line.strip() for line in display.lines)
    matrix, report = text.index("✓48 ✗1"), text.index("Report: report/index.html")
    unexpected = text.index(f"✗ {SIGN_IN} persistent/sso, at once: promised signed_in")
    broken = text.index("! mine.leave[simulated-chromium-default]: it broke off")
    assert matrix < unexpected < broken < report
    again = [c.split(" Again: ")[0].strip() for c in text.split("Again: ")[1:]]
    again[-1] = again[-1].partition(" 3 failed")[0]
    assert again == [
        f"afterclose run {place} --engine simulated-chromium --preset default"
        for place in ("mine.py::sign_in", "mine.py::leave", "test_own.py::test_it")
    ]
    assert "test_own.py:7" in text, "a test of one's own fails as pytest tells it"
    assert re.search(r"3 failed in \d+ s$", text.strip())
    _, *arguments = shlex.split(again[1])
    done = afterclose(*arguments, cwd=project, BROKEN="yes")
    assert done.returncode == 4
    assert "1 failed in" in done.stdout


def test_a_pipe_has_plain_lines_and_the_steps_as_they_happen(project: Path) -> None:
    done = afterclose(*RUN, "-v", "-n", "2", "--output", "piped", cwd=project, ODD=ODD)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "━" not in done.stdout
    steps: dict[str, list[str]] = {}
    heading = ""
    for line in done.stdout.partition("FAILURES")[0].splitlines():
        if line.startswith("  "):
            steps[heading].append(line.strip())
        elif not line.startswith(("✗", "=")):
            heading = line
            steps.setdefault(heading, [])
    assert steps[SIGN_IN] == [
        "1. Sign in to the application.", "2. Check: at once.", "1 unexpected, 48 kept",
    ]  # fmt: skip
    assert steps["mine.leave[simulated-chromium-default]"] == [
        "1. Sign in to the application.", "2. Check: before.", "49 kept", "3. Close the browser.",
    ]  # fmt: skip
    assert steps["test_own.test_it[simulated-chromium-default]"][:2] == [
        "1. Sign in to the application.", "2. Check: first.",
    ]  # fmt: skip


def test_quiet_tells_what_needs_a_look_alone(project: Path) -> None:
    run = (*make_project(project), "--quiet")
    done = afterclose(*run, "--output", "quiet", cwd=project, ODD=ODD)
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"✗ {SIGN_IN} persistent/sso, at once: promised signed_in")
    good = afterclose(*run, "--output", "quiet", cwd=project)
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")


def test_ctrl_c_leaves_a_terminal_as_it_was_and_says_how_far_it_came(tmp_path: Path) -> None:
    command = ["harness.cli", "run", "browser_close", "sign_out", "--engine", "simulated-chromium"]
    status, display = on_terminal(80, command, tmp_path, interrupt_at=r" [1-9]\d*/54")
    text = "\n".join(display.lines)
    assert status == 130, text
    assert display.cursor
    assert "KeyboardInterrupt" not in text
    assert "did not end, and --resume goes on with them" in text.replace("\n  ", " ")
    assert re.search(r"^Interrupted, \d+ of 54 done: \d+ passed", text, re.M)


LEAVING = """\
class Left:
    def __del__(self):
        raise ResourceWarning("left open")


def test_it():
    Left()
    raise KeyboardInterrupt
"""
MAKING = """\
def pytest_runtest_makereport():
    raise KeyboardInterrupt
"""


@pytest.mark.parametrize("files", [
    {"test_own.py": LEAVING},
    {"test_own.py": "def test_it():\n    pass\n", "conftest.py": MAKING},
], ids=["something is left open", "in a wrapper"])  # fmt: skip
def test_an_interrupt_is_one_where_warnings_are_errors(
    tmp_path: Path, files: Mapping[str, str]
) -> None:
    for name, text in {**files, "pytest.ini": "[pytest]\nfilterwarnings = error\n"}.items():
        (tmp_path / name).write_text(text)
    done = afterclose("run", "test_own.py", "--engine", "simulated-chromium", cwd=tmp_path)
    assert done.returncode == 130, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_what_breaks_in_a_worker_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_it():\n    pass\n")
    (tmp_path / "conftest.py").write_text(MAKING.replace("KeyboardInterrupt", "OSError('broken')"))
    run = ("run", "test_own.py", "--engine", "simulated-chromium", "-n", "1")
    done = afterclose(*run, cwd=tmp_path)
    assert "OSError: broken" in done.stdout
    assert done.returncode == 4


def test_pytest_itself_talks_as_it_always_does(project: Path) -> None:
    """Not as the command does, though it loads our plugin."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "mine.py", "--afterclose-engine",
         "simulated-chromium", "--afterclose-preset", "default", "--afterclose-report", "plain"],
        cwd=project, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "test session starts" in done.stdout
    assert re.search(r"mine\.py \.\. +\[100%\]", done.stdout)
    assert "Again: " not in done.stdout
