"""What the documentation shows is what works."""

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from harness.cli import app
from harness.config import load_config
from harness.runner.baseline_file import read_baseline
from tests.patience import PATIENCE

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").rglob("*.md"))


def blocks(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{path.stem}-{number}")
        for path in DOCS
        # Whose blocks are files of one project: test_target_docs, test_site_docs.
        if path.stem not in ("target", "recipe", "scenarios")
        for number, block in enumerate(
            re.findall(rf"```{language}\n(.*?)```", path.read_text(), re.DOTALL), start=1
        )
    ]


@pytest.mark.parametrize("block", blocks("python"))
def test_python(block: str, tmp_path: Path) -> None:
    if "http://localhost:3000" in block:
        pytest.skip("tests/test_async_session_browser.py runs it, against a shop")
    file = tmp_path / "test_block.py"
    file.write_text(block)
    policy = "non_persistent" if "non_persistent" in block else "persistent"
    once = ("--afterclose-preset", "default", "--afterclose-policy", policy)
    runner = ["-m", "pytest", "-p", "no:cacheprovider", *once] if "def test_" in block else []
    subprocess.run([sys.executable, *runner, str(file)], cwd=tmp_path, check=True, timeout=PATIENCE)


@pytest.mark.parametrize("block", blocks("toml"))
def test_configuration(block: str, tmp_path: Path) -> None:
    file = tmp_path / "afterclose.toml"
    file.write_text(block)
    if "[[accepted]]" in block:
        assert read_baseline(file).entries
    else:
        load_config(file)


@pytest.mark.parametrize("block", blocks("sh"))
def test_commands(block: str, tmp_path: Path) -> None:
    """One after the other in one folder; a server is ended once it says that it is ready."""
    for line in block.splitlines():
        name, *arguments = line.partition("#")[0].split()
        assert name == "afterclose"
        command = [sys.executable, "-m", "harness.cli", *arguments]
        if arguments[0] != "serve":
            subprocess.run(command, cwd=tmp_path, check=True, timeout=PATIENCE)
            continue
        server = subprocess.Popen(
            [*command, "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )
        assert server.stdout is not None
        with server.stdout:
            assert '"ready": true' in server.stdout.readline(), line
        server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE) == 0


@pytest.mark.parametrize("block", blocks("console"))
def test_commands_that_take_more_than_a_test_has_are_read(block: str) -> None:
    """A cluster, a login of one's own with its password, another machine. What the pages of the
    limitations say is carried out by `test_limitation_pages_browser`, and `make run` by others."""
    for line in block.replace("\\\n", " ").splitlines():
        name, *words = line.removeprefix("$ ").partition("#")[0].split()
        assert name in ("afterclose", "make", "export", "pip", "dask", "docker"), line
        command: Any = typer.main.get_command(app)
        while name == "afterclose" and words:
            context = command.make_context(words[0], words)
            if not hasattr(command, "get_command"):
                break
            command, words = command.get_command(context, words[0]), words[1:]
            assert command is not None, line


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.stem)
def test_tests_and_files_that_are_named_are_there(path: Path) -> None:
    text = path.read_text()
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").glob("test_*.py"))
    modules = {file.stem for file in (ROOT / "tests").glob("test_*.py")}
    for name in re.findall(r"`(test_\w+)`", text):
        assert name in modules or f"def {name}(" in tests, name
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (path.parent / target).exists(), target


def test_the_tests_that_pages_name_are_there() -> None:
    there = {
        name
        for path in [*ROOT.glob("tests/**/test_*.py")]
        for name in [path.stem, *re.findall(r"^def (test_\w+)", path.read_text(), re.M)]
    }
    for page in DOCS:
        named = set(re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")))
        assert named <= there, page.name
