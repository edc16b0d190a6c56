"""The recipe of docs/target.md, as a new user follows it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.targets.loading import load_target

PAGE = (Path(__file__).parent.parent / "docs" / "target.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def files(folder: Path) -> list[Path]:
    """Those of the page: a block says in its first line what it is called."""
    written = []
    for language, text in BLOCKS:
        if language != "sh":
            name = text.partition("\n")[0].removeprefix("# ")
            assert re.fullmatch(r"\w+\.(py|toml)", name)
            (folder / name).write_text(text)
            written.append(folder / name)
    return written


def test_its_targets_can_be_read(tmp_path: Path) -> None:
    targets = [load_target(file) for file in files(tmp_path) if file.name != "shop.py"]
    assert [target.name for target in targets] == ["shop", "shop"]


@pytest.mark.browser
def test_its_commands(tmp_path: Path) -> None:
    """In order, in one folder; all are to end well."""
    files(tmp_path)
    commands = "\n".join(text for language, text in BLOCKS if language == "sh")
    assert commands.count("afterclose") == 4
    before = f'afterclose() {{ "{sys.executable}" -m harness.cli "$@"; }}\nset -e\n'
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", before + commands],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "app: cookie shop" in done.stdout
    assert "open sesame" not in done.stdout + done.stderr
    assert (tmp_path / "report" / "index.html").exists()
    assert (tmp_path / "mine.py").exists()
