"""`afterclose engines` and `scenarios`."""

import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from harness.cli.common import NO_ENGINE, fail
from harness.engines import ENGINES, MODELS, cannot_of, presets_of
from harness.runner.installing import find_engines, how_to_get, install
from harness.runner.library import LibraryError, load_scenarios, packs, scenario_files
from harness.scenario import Scenario, narrate, steps_of

__all__ = ["engines", "scenarios"]


def engines(
    install_missing: Annotated[
        bool, typer.Option("--install", help="Get the browsers that are missing.")
    ] = False,
) -> None:
    """Show the browsers that can be driven, and what each can and cannot do."""
    found = find_engines()
    failures = []
    if install_missing:
        for name, installation in found.items():
            if installation is None:
                typer.echo(f"Getting {ENGINES[name].title} …", err=True)
                failures += [failure for failure in [install(ENGINES[name])] if failure]
        found = find_engines()
    table = Table("engine", "version", "where", "presets", "cannot")
    for name, installation in found.items():
        engine = ENGINES[name]
        table.add_row(
            name,
            installation.version if installation else "missing",
            f"{installation.path} ({installation.kind})" if installation else how_to_get(engine),
            ", ".join(engine.presets),
            _cannot(name),
        )
    for name, family in MODELS.items():
        where = f"a model of {family.engine}, no browser"
        presets = ", ".join(presets_of(name))
        table.add_row(name, version("afterclose"), where, presets, _cannot(name))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    if failures:
        fail("; ".join(failures), NO_ENGINE)


def _cannot(name: str) -> str:
    told = (f"{verb} with the preset {preset}" if preset else verb
            for verb, preset in cannot_of(name))  # fmt: skip
    return "; ".join(told) or "—"


def scenarios(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]...")] = None,
) -> None:
    """Tell the scenarios as numbered steps, pack by pack."""
    try:
        told = {
            f"Pack {folder.name}" if not paths else str(folder): load_scenarios(
                scenario_files([folder])
            )
            for folder in paths or packs().values()
        }
    except LibraryError as error:
        fail(str(error))
    for heading, found in told.items():
        typer.echo(f"{heading}\n")
        _tell(found)


def _tell(scenarios: Iterable[Scenario]) -> None:
    for scenario in scenarios:
        typer.echo(f"{scenario.name}: {scenario.title}\n  {scenario.claims}")
        for number, step in enumerate(steps_of(scenario), start=1):
            typer.echo(f"  {number}. {narrate(step)}")
        typer.echo("")
