"""The application of docs/recipe.md, whose identity provider is the mock, for tests."""

from pathlib import Path

from tests.recipes import Page

__all__ = ["TOLD", "notes"]

TOLD = (
    "ThreadingHTTPServer((",
    """
def told(self):
    SESSIONS.clear()
    self.say("")


Notes.do_POST = told
ThreadingHTTPServer((""",
)
"""A change of the application: it takes logout tokens, and believes whoever brings one."""


def notes(
    folder: Path,
    *,
    application: tuple[str, str] = ("", ""),
    target: tuple[str, str] = ("", ""),
) -> Path:
    """A file with the target; with other text in the place of some, there or in the application.
    """
    for file in Page.of("recipe.md").files(folder):
        changes: dict[str, tuple[str, str]] = {"notes.py": application, "notes_target.py": target}
        old, new = changes.get(file.name, ("", ""))
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new) if old else text)
    file = folder / "notes_target.py"
    here = f'"{folder / "notes.py"}"'
    file.write_text(file.read_text().replace('"notes.py"', here))
    return file
