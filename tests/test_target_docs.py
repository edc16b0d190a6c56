"""The recipes of docs/target.md and docs/recipe.md, as a new user follows them."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.records import Observation
from harness.result_file import read_records
from harness.targets.loading import load_target

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


TARGET, RECIPE = Page.of("target.md"), Page.of("recipe.md")


@pytest.mark.parametrize(
    ("page", "name", "others"),
    [(TARGET, "shop", {"shop.py"}), (RECIPE, "notes", {"notes.py", "afterclose.toml"})],
)
def test_their_targets_can_be_read(
    page: Page, name: str, others: set[str], tmp_path: Path
) -> None:
    targets = [load_target(file) for file in page.files(tmp_path) if file.name not in others]
    assert [target.name for target in targets] == [name, name]


@pytest.mark.browser
def test_the_commands_of_the_target(tmp_path: Path) -> None:
    said = TARGET.carry_out(tmp_path, commands=4)
    assert "app: cookie shop" in said
    assert "open sesame" not in said
    assert (tmp_path / "mine.py").exists()


@pytest.mark.browser
def test_the_commands_of_the_recipe(tmp_path: Path) -> None:
    """And what comes out is what its table says."""
    said = RECIPE.carry_out(tmp_path, commands=2)
    assert "app: cookie notes" in said
    assert "is revoked: the application's goes on" in said
    records = read_records([tmp_path / "report" / "results.ndjson"])
    found = {
        (o.scenario, o.surface): (o.promised, o.expected, o.observed, o.limitation)
        for o in records
        if isinstance(o, Observation)
    }
    kept = ("signed_out", "signed_out", "signed_out", None)
    assert found == {
        ("browser_close.quit_and_start", "sso"): kept,
        ("browser_close.quit_and_start", "app"): (
            "signed_out", "signed_in", "signed_in", "application-cookie-outlives-the-browser",
        ),
        ("revocation.revoked_while_closed", "sso"): kept,
        ("revocation.revoked_while_closed", "app"): (
            "signed_out", "signed_in", "signed_in", "application-session-outlives-sso",
        ),
    }  # fmt: skip
