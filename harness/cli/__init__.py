"""The command `afterclose`. Each subcommand is imported when it is called: a server starts without
what drives browsers."""

import gc
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

__all__ = ["app", "main"]

_MODULES = {
    "run": "run",
    "serve": "serve",
    "init": "init",
    "engines": "show",
    "scenarios": "show",
    "report": "report",
    "explore": "explore",
    "guide": "guide",
    "compare": "compare",
    "baseline": "baseline",
    "target": "target",
}


def _imported(name: str) -> ModuleType:
    """The module. What is imported stays as long as the process: garbage collections would walk all
    of it and find nothing, which is a tenth of a server's start."""
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


class _Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(_MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _MODULES:
            return None
        module = _imported(f"harness.cli.{_MODULES[cmd_name]}")
        command = getattr(module, cmd_name)
        if isinstance(command, typer.Typer):
            return typer.main.get_command(command)
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name)(command)
        return typer.main.get_command(single)


app = typer.Typer(
    help="What is left of a login after the tab, the window or the browser is closed, crashes, or "
    "is restored?",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"afterclose {version('afterclose')}")
        raise typer.Exit


@app.callback()
def main_group(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say it, and end.")
    ] = False,
) -> None:
    """What is left of a login after the tab, the window or the browser is closed, crashes, or is
    restored?"""


def main() -> None:
    """Entry point."""
    app()
