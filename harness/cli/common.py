"""What the commands share: how a user's mistake is told, and the exit statuses."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from harness.targets.target import Target

__all__ = [
    "HARNESS_FAILED",
    "INTERRUPTED",
    "NO_ENGINE",
    "USAGE",
    "BaselineOption",
    "ConfigOption",
    "DaskOption",
    "TargetOption",
    "fail",
    "result_files",
    "say",
    "target_of",
]

USAGE, NO_ENGINE, HARNESS_FAILED, INTERRUPTED = 2, 3, 4, 130

ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Environments to add.")
]

DaskOption = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="The scheduler of a Dask cluster, whose workers do it (afterclose[distributed]).",
    ),
]

TargetOption = Annotated[
    Path | None,
    typer.Option(
        "--target", metavar="FILE", help="A login of your own, described in Python or TOML."
    ),
]

BaselineOption = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="FILE", help="What is known and accepted."),
]


def fail(message: str, status: int = USAGE) -> NoReturn:
    """Say in one line what was wrong, and end."""
    typer.echo(f"afterclose: {message}", err=True)
    raise typer.Exit(status)


def say(sentence: str) -> None:
    """Tell something that ends nothing."""
    typer.echo(f"afterclose: {sentence}", err=True)


def target_of(path: Path | None) -> "Target | None":
    """The target of a file, or None where none is named. Raises ConfigError."""
    if path is None:
        return None
    from harness.config import ConfigError
    from harness.targets.loading import load_target
    from harness.targets.target import TargetError

    try:
        target = load_target(path)
        target.check_secrets(os.environ)
        return target
    except TargetError as error:
        raise ConfigError(str(error)) from None


def result_files(paths: Iterable[Path]) -> list[Path]:
    """Result files that people name, or that are in the folders that they name."""
    return [path / "results.ndjson" if path.is_dir() else path for path in paths]
