"""What is told to GitHub Actions, where that is where one is."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from harness.reports.baseline import Standing
from harness.reports.github import annotations, summary_markdown
from harness.reports.matrix import Matrix

__all__ = ["annotate", "summarize"]


def summarize(matrix: Matrix, standing: Standing, folder: Path) -> None:
    """Append a summary to the file that GITHUB_STEP_SUMMARY names, if it names one."""
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    if not named or not (matrix.cells or matrix.caveats):
        return
    report = os.path.relpath(folder / "index.html")
    try:
        with Path(named).open("a", encoding="utf-8") as file:
            file.write(summary_markdown(matrix, standing, report))
    except OSError as error:
        # The run is what it is, whoever is told.
        typer.echo(f"afterclose: {named}: no summary written: {error.strerror}", err=True)


def annotate(standing: Standing, targets: Iterable[str]) -> None:
    """Tell what fails the run where GITHUB_ACTIONS says that somebody listens. `targets` are the
    files that were run: they have the scenarios."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    files = [Path(target.partition("::")[0]) for target in targets]
    places: dict[str, tuple[str, int]] = {}
    for failure in standing.new:
        places.update((failure.scenario, place) for place in _places(failure.scenario, files))
    baseline = standing.baseline.name
    places.update((baseline, place) for place in _in_repository(Path(baseline), 1))
    for command in annotations(standing, places):
        typer.echo(command)


def _places(name: str, files: Iterable[Path]) -> Iterator[tuple[str, int]]:
    """File and line of a scenario, or of somebody's own test. They are read, and not carried out
    once more: who knows what they need for that."""
    module, _, function = name.partition(".")
    definition = re.compile(rf"\s*def {re.escape(function)}\(")
    for file in files:
        if file.stem == module and file.is_file():
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            for number, line in enumerate(lines, start=1):
                if definition.match(line):
                    yield from _in_repository(file, number)


def _in_repository(file: Path, line: int) -> Iterator[tuple[str, int]]:
    """The place as GitHub wants it, relative to what is checked out; nothing of a file elsewhere,
    a scenario that was installed."""
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    path = file.resolve()
    if path.is_relative_to(root):
        yield str(path.relative_to(root)), line
