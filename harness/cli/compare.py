"""`afterclose compare`."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.common import fail, result_files, say
from harness.config import ConfigError, name_one_of
from harness.reports.compare import Comparison, Results
from harness.reports.compare_told import FORMATS
from harness.result_file import RecordsError, read_records

__all__ = ["compare"]


def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A result file, or its folder.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Likewise.")],
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "text",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it (default: here).")
    ] = None,
) -> None:
    """Tell what changed between two results: of two runs, or of two versions of a browser.

    Exit status: 0 nothing changed, 1 something changed, 2 bad usage.
    """
    try:
        render = FORMATS[name_one_of("format", form, FORMATS)]
        sides = [Results(str(path), read_records(result_files([path]), say)) for path in (old, new)]
    except (ConfigError, RecordsError) as error:
        fail(str(error))
    for side in sides:
        if not side.versions:
            fail(f"{side.name}: nothing was observed there; name the results of a run")
    comparison = Comparison.of(*sides)
    told = render(comparison)
    if output is None:
        typer.echo(told, nl=False)
    else:
        try:
            output.write_text(told, encoding="utf-8")
        except OSError as error:
            fail(f"{output}: cannot be written: {error.strerror}; choose another with --output")
    raise typer.Exit(0 if comparison.same else 1)
