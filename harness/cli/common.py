"""What the commands share: how a user's mistake is told, and the exit statuses."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

__all__ = [
    "HARNESS_FAILED",
    "INTERRUPTED",
    "NO_ENGINE",
    "USAGE",
    "ConfigOption",
    "fail",
]

USAGE, NO_ENGINE, HARNESS_FAILED, INTERRUPTED = 2, 3, 4, 130

ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Environments to add.")
]


def fail(message: str, status: int = USAGE) -> NoReturn:
    """Say in one line what was wrong, and end."""
    typer.echo(f"afterclose: {message}", err=True)
    raise typer.Exit(status)
