"""`afterclose baseline`."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.common import fail, result_files, say
from harness.config import ConfigError
from harness.reports.baseline import Baseline
from harness.reports.baseline_update import Update
from harness.reports.matrix import matrix_of
from harness.result_file import RecordsError, read_records
from harness.runner.baseline_file import read_baseline, strangers, today, write_baseline

__all__ = ["baseline"]

baseline = typer.Typer(
    help="What is known and accepted, with reasons.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@baseline.callback()
def of_baselines() -> None:
    """What is known and accepted, with reasons."""


@baseline.command()
def update(
    file: Annotated[
        Path, typer.Option("--baseline", metavar="FILE", help="Made if it is not there.")
    ],
    results: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Result files, or folders that have one "
            "(default: the last run's)."),
    ] = None,
) -> None:
    """Write down what fails as known and accepted. Entries that are still needed keep what is
    written in them; those that are not needed go."""
    try:
        before = read_baseline(file) if file.exists() else Baseline(name=str(file), today=today())
        matrix = matrix_of(read_records(result_files(results or [Path("report")]), say))
    except (ConfigError, RecordsError) as error:
        fail(str(error))
    if not matrix.cells:
        fail("nothing was observed in these results; name those of a run")
    changed = Update.of(matrix, before)
    try:
        write_baseline(file, changed.entries)
    except OSError as error:
        fail(f"{file}: cannot be written: {error.strerror}; choose another with --baseline")
    for entry in changed.dropped:
        typer.echo(f"- {entry.told}: {entry.reason}")
    after = read_baseline(file)
    added = {entry.cells for entry in changed.new}
    for line in [f"+ {e.told}" for e in after.entries if e.cells in added]:
        typer.echo(line)
    for line in strangers(after, matrix):
        typer.echo(line)
    counts = f"{len(changed.kept)} kept, {len(changed.new)} new, {len(changed.dropped)} dropped"
    unexplained = sum(not entry.explained for entry in after.entries)
    typer.echo(f"{file}: {counts}; {unexplained} without a reason")
