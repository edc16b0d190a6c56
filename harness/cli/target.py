"""`afterclose target`: describe a login of one's own, and see what was understood."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.common import NO_ENGINE, ConfigOption, fail
from harness.config import ConfigError, load_config, name_one_of
from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, BrowserPoolError, Options
from harness.engines.leftovers import clear_runs
from harness.policy import MORE_ENVIRONMENTS
from harness.runner.installing import how_to_get
from harness.runner.providing import Providers, provided_by
from harness.scenario import UnsupportedVerbError
from harness.targets.checking import Checked, check_policy
from harness.targets.first_file import first_file
from harness.targets.loading import load_target
from harness.targets.recorded import can_record, recorded
from harness.targets.running import RunningTarget
from harness.targets.target import TargetError, problem_of_address

__all__ = ["target"]

_STEP = 600.0
"""Seconds that one policy may take."""

target = typer.Typer(
    help="Describe a login of your own, and see what was understood.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@target.command()
def init(
    url: Annotated[str, typer.Argument(help="Where your login is.")],
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="A .py or a .toml.")
    ] = Path("target.py"),
    record: Annotated[
        bool | None,
        typer.Option(
            "--record/--no-record",
            help="Record the sign-in in a window of Playwright's; at a terminal with a display "
            "that is done unless told otherwise.",
        ),
    ] = None,
) -> None:
    """Write a first file that describes a login, to be filled in."""
    if problem := problem_of_address(url):
        fail(f"{url}: {problem}")
    if output.suffix not in (".py", ".toml"):
        fail(f"{output}: a target is a Python module (.py) or TOML (.toml)")
    python = output.suffix == ".py"
    if record and not python:
        fail(f"--record: what is recorded is Python; choose a .py, not {output}")
    if record and not can_record():
        fail("--record: there is no display to show a window at (DISPLAY or WAYLAND_DISPLAY)")
    if output.exists():
        fail(f"{output}: is there already; choose another with --output")
    if record is None:
        record = python and can_record() and sys.stdin.isatty()
    steps = _record(url) if record else ()
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(first_file(url, output.suffix, steps))
    except FileExistsError:
        fail(f"{output}: is there already; choose another with --output")
    except OSError as error:
        fail(f"{output}: cannot be written: {error.strerror}")
    typer.echo(f"{output}: say there how a person signs in, then: afterclose target check {output}")
    if can_record() and not record:
        typer.echo("To record the sign-in: afterclose target init --record, with another file")


def _record(url: str) -> Sequence[str]:
    browser = ENGINES["chromium"]
    pool = BrowserPool("", Options())
    try:
        installation = pool.run(pool.find(browser), 60)
    finally:
        pool.close()
    if installation is None:
        fail(how_to_get(browser), NO_ENGINE)
    typer.echo("Sign in, in the window that opens, then close it.")
    try:
        return recorded(url, installation.path)
    except TargetError as error:
        fail(f"--record: {error}")


@target.command()
def check(
    file: Annotated[Path, typer.Argument(help="The target's file.")],
    engine: Annotated[str, typer.Option(help=f"One of {', '.join(ENGINES)}.")] = "chromium",
    headed: Annotated[bool, typer.Option("--headed", help="Show the browser.")] = False,
    config: ConfigOption = None,
    policy: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="One policy alone; repeatable.")
    ] = None,
) -> None:
    """Sign in once for each policy, or for those named, and show what was found.

    Exit status: 1 where something contradicts what is promised, 2 where the target does not do what
    it says, 3 no engine.
    """
    providers: Providers | None = None
    try:
        browser = ENGINES[name_one_of("engine", engine, ENGINES)]
        described = load_target(file)
        if described.client is not None:
            configured = load_config(config)
            usual = [e.name for e in configured.environments if e.name not in MORE_ENVIRONMENTS]
            configured = provided_by(configured.only(policy or usual), described)
            providers = Providers(configured, described)
        chosen = [name_one_of("policy", name, described.policies) for name in policy or ()]
        provide = providers.of if providers else None
        running = RunningTarget(described, file, artifacts=Path(), provide=provide)
        secrets = running.secrets
    except (ConfigError, TargetError) as error:
        fail(str(error))
    clear_runs()
    described = running.target
    options = Options(headed=headed, ignore_https_errors=described.ignore_https_errors)
    pool = BrowserPool("", options)
    contradicted = False
    try:
        if pool.run(pool.find(browser), 60) is None:
            fail(how_to_get(browser), NO_ENGINE)
        for name in chosen or described.policies:
            running.prepare(name)
            checked = pool.run(check_policy(pool, browser, running, name), _STEP)
            _show(running, checked)
            contradicted = contradicted or bool(checked.contradictions)
    except TimeoutError:
        fail(f"{file}: {described.name} was not signed in to within {_STEP:.0f} s")
    except (TargetError, BrowserPoolError, UnsupportedVerbError) as error:
        fail(secrets.redact(str(error)))
    finally:
        pool.close()
        running.close()
        if providers is not None:
            providers.close()
    raise typer.Exit(int(contradicted))


def _show(running: RunningTarget, checked: Checked) -> None:
    def say(text: str) -> None:
        typer.echo(running.secrets.redact(text))

    say(f"{running.target.name}, policy {checked.policy}: {checked.promised}")
    for title, lines in checked.told:
        say(f"  {title}")
        for line in lines or ("none",):
            say(f"    {line}")
    for line in checked.contradictions:
        say(f"  contradicts the promise: {line}")
