"""Pages of docs/ whose blocks are files and commands."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Page"]

DOCS = Path(__file__).parent.parent / "docs"


@dataclass(frozen=True)
class Page:
    """A page's blocks: languages and texts."""

    blocks: list[tuple[str, str]]

    @classmethod
    def of(cls, name: str) -> "Page":
        text = (DOCS / name).read_text(encoding="utf-8")
        return cls(re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL))

    def files(self, folder: Path) -> list[Path]:
        """Those of the page: a block says in its first line what it is called."""
        written = []
        for language, text in self.blocks:
            if language != "sh":
                name = text.partition("\n")[0].removeprefix("# ")
                assert re.fullmatch(r"\w+\.(py|toml)", name)
                (folder / name).write_text(text)
                written.append(folder / name)
        return written

    def carry_out(self, folder: Path, *, commands: int) -> str:
        """Its commands, in order, in one folder; all are to end well. What they said."""
        self.files(folder)
        asked = "\n".join(text for language, text in self.blocks if language == "sh")
        assert asked.count("afterclose ") == commands
        before = f'afterclose() {{ "{sys.executable}" -m harness.cli "$@"; }}\nset -e\n'
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", before + asked],
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert (folder / "report" / "index.html").exists()
        return done.stdout + done.stderr
