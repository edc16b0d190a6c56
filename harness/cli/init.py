"""`afterclose init`: a first configuration, or a first project."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.common import fail

__all__ = ["init", "project_files"]

_TEMPLATE = Path(__file__).with_name("afterclose.toml")
_PROJECT = Path(__file__).with_name("project")


def init(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]", help="The file (afterclose.toml), or the project's folder (this one)."
        ),
    ] = None,
    project: Annotated[
        bool,
        typer.Option(
            "--project",
            help="Write a small project: configuration, target, scenario, test, baseline, CI file.",
        ),
    ] = False,
) -> None:
    """Write a commented afterclose.toml to begin with, or a project that runs at once."""
    if project:
        _write_project(path or Path())
        return
    file = path or Path("afterclose.toml")
    _write({file: _TEMPLATE.read_text(encoding="utf-8")}, "name another file")
    typer.echo(f"Wrote {file}. 'afterclose serve' and 'afterclose run' read it from this folder.")


def project_files() -> dict[Path, str]:
    """The files of a project, by their place in its folder."""
    files = sorted(path for path in _PROJECT.rglob("*") if path.is_file())
    return {
        path.relative_to(_PROJECT): path.read_text(encoding="utf-8")
        for path in files
        if path.suffix != ".pyc"
    }


def _write_project(folder: Path) -> None:
    files = {folder / place: text for place, text in project_files().items()}
    _write(files, "name a folder that has none of the project's files", folders=True)
    typer.echo(f"Wrote {len(files)} files to {folder}; {folder / 'README.md'} says what they are.")
    typer.echo("Then, there: afterclose run scenarios --engine simulated; pytest")


def _write(files: Mapping[Path, str], otherwise: str, *, folders: bool = False) -> None:
    """All of them, or none: nothing is overwritten. With their folders, or where those are."""
    there = next((path for path in files if path.exists()), None)
    if there is not None:
        fail(f"{there}: is there already, and nothing was written; {otherwise}")
    for path, text in files.items():
        try:
            if folders:
                path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            fail(f"{path}: cannot be written: {error.strerror}")
