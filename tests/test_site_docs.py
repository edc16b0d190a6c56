"""docs/scenarios.md, as a new user follows it: its blocks are files of one folder."""

import re
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

PAGE = (Path(__file__).parent.parent / "docs" / "scenarios.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def test_its_files_and_commands_in_order(tmp_path: Path) -> None:
    told = ""
    for language, text in BLOCKS:
        if language == "python":
            file = tmp_path / text.partition("\n")[0].removeprefix("# ")
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            continue
        assert language == "sh"
        for line in text.splitlines():
            name, *arguments = line.partition("#")[0].split()
            assert name == "afterclose"
            done = subprocess.run(
                [sys.executable, "-m", "harness.cli", *arguments],
                cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            told += done.stdout
    assert "lunch.lunch" in told
    assert "late.too_late" in told
