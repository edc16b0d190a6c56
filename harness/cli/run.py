"""`afterclose run`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import pytest
import typer

from harness.cli.common import (
    HARNESS_FAILED,
    INTERRUPTED,
    NO_ENGINE,
    USAGE,
    BaselineOption,
    ConfigOption,
    DaskOption,
    TargetOption,
    fail,
    say,
    target_of,
)
from harness.cli.elsewhere import lacking_of, refuse_with_dask
from harness.cli.github import annotate, summarize
from harness.config import ConfigError, load_config, name_one_of, preset_named
from harness.engines import ENGINES, NAMES, PRESETS, expand, takes
from harness.engines.leftovers import clear_runs
from harness.engines.processes import end_with_parent
from harness.records import Error
from harness.reports.baseline import Baseline, Standing
from harness.reports.caveats import caveats_of, unfinished
from harness.reports.matrix import matrix_of
from harness.result_file import RecordsError, read_records, run_of
from harness.runner.baseline_file import read_baseline, today
from harness.runner.chosen import check_repeat, config_of, seconds_of
from harness.runner.installing import how_to_get, missing_engines
from harness.runner.library import (
    ESSENTIAL,
    LibraryError,
    load_scenarios,
    name_a_scenario,
    packs,
    scenario_files,
)
from harness.runner.providing import provided_by
from harness.runner.shards import parse_shard

__all__ = ["run"]

_NOTHING_RAN = (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED)
_PLAIN = (
    "--assert=plain",
    *("-p", "no:hypothesispytest", "-p", "no:schemathesis", "-p", "no:anyio", "-p", "no:asyncio"),
)
"""For what comes with Afterclose: it asserts nothing, so that no plugin needs to be compiled anew
for it, and has no use for those that load as long as a scenario takes on a model."""


def run(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Files, folders, or names of scenarios that come with Afterclose (default: the "
            "pack essential; all of them on models).",
        ),
    ] = None,
    pack: Annotated[
        list[str] | None,
        typer.Option(
            help=f"One of {', '.join(packs())}, or a folder of your own; may be repeated."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every scenario that comes with Afterclose.")
    ] = False,
    engine: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(NAMES)}; may be repeated.")
    ] = None,
    preset: Annotated[
        list[str] | None,
        typer.Option(help=f"One of {', '.join(PRESETS)}; may be repeated. (default and "
            "continue; all of them on models)"),
    ] = None,
    policy: Annotated[
        list[str] | None, typer.Option(help="An environment's name; may be repeated.")
    ] = None,
    target: TargetOption = None,
    real_wait: Annotated[
        str,
        typer.Option(
            metavar="LIMIT",
            help="How long may be waited for real at a target without a clock: 90s, 2m.",
        ),
    ] = "0",
    keyword: Annotated[
        str | None, typer.Option("-k", metavar="EXPRESSION", help="As pytest's -k.")
    ] = None,
    workers: Annotated[
        str | None,
        typer.Option(
            "-n", metavar="N", help="How many at a time, or auto; 0: in one process, as on models."
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for results and reports.")
    ] = Path("report"),
    config: ConfigOption = None,
    repeat: Annotated[
        str, typer.Option(metavar="K", help="Carry each scenario out K times.")
    ] = "1",
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish the run that was interrupted, if there is one.")
    ] = False,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Part I of N, which together are the run.")
    ] = None,
    durations: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="An earlier results.ndjson: shards that take equally long."
        ),
    ] = None,
    baseline: BaselineOption = None,
    dask: DaskOption = None,
    headed: Annotated[bool, typer.Option("--headed", help="Show the browsers.")] = False,
    tracing: Annotated[str, typer.Option(help="on, off or retain-on-failure.")] = "off",
    screenshot: Annotated[str, typer.Option(help="on, off or only-on-failure.")] = "off",
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Tell each step as it happens.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Tell only what needs a look.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="Without colours; NO_COLOR does the same.")
    ] = False,
) -> None:
    """Run scenarios in real browsers and report what is left of each login.

    Exit status: 0 every observation kept or explained, 1 something unexpected or flaky, or
    differing from the baseline, 2 bad usage or configuration, 3 no engine, 4 the harness failed.
    """
    try:
        known = read_baseline(baseline) if baseline else Baseline(today=today())
        described = target_of(target)
        if described is None:
            configured = load_config(config)
        elif described.client is None:
            configured = config_of(described)
        else:
            configured = provided_by(load_config(config), described)
        environments = configured.only(policy or []).environments
        seconds_of("--real-wait", real_wait)
        engines = expand(name_one_of("engine", name, NAMES) for name in engine or ENGINES)
        presets = [preset_named(name) for name in preset or []]
        for asked in presets:
            if not any(takes(name, asked) for name in engines):
                raise ConfigError(f"{', '.join(engines)}: cannot be set up with preset '{asked}'")
        check_repeat(repeat)
        if described is not None and len(driven_of(engines)) < len(engines):
            raise ConfigError("--target: a model has no way to its pages; choose a browser")
        if shard is not None:
            parse_shard(shard)
        driven = driven_of(engines)
        targets = [argument for path in paths or [] for argument in _targets(path)]
        targets += [argument for name in pack or [] for argument in _pack(name)]
        if every or not (targets or driven):
            targets += map(str, scenario_files())
    except (ConfigError, LibraryError) as error:
        fail(str(error))
    if dask is not None:
        refuse_with_dask(
            {
                "-n": workers is not None,
                "--headed": headed,
                "--target": described is not None,
                "-v": verbose,
            }
        )
        workers = "0"
    if workers is None and described is not None and not described.command:
        # Its clock, and whoever is signed in, are the same for all.
        workers = "0"
    if workers not in (None, "auto") and not workers.isdigit():
        fail(f"-n: must be a whole number or auto, not '{workers}'")
    if verbose and quiet:
        fail("-v and -q: one tells every step, the other next to nothing; choose one")
    results = _check_output(output)
    clear_runs()
    before = run_of(results)
    lacking = lacking_of(dask, driven) if dask is not None else _lacking(driven)
    missing = list(lacking)
    if missing and (engine or len(missing) == len(engines)):
        fail("; ".join(lacking.values()), NO_ENGINE)
    for sentence in lacking.values():
        typer.echo(f"afterclose: left out: {sentence}", err=True)
    policies = [e.name for e in environments] if every else policy or []
    targets = list(dict.fromkeys(targets or _pack(ESSENTIAL)))
    engines = [name for name in engines if name not in missing]
    if workers is None:
        each = len(engines) * len(presets) * int(repeat)
        workers = _workers(targets, each) if driven else "0"
    arguments = [
        *targets,
        *_repeated("--afterclose-engine", engines),
        *_repeated("--afterclose-preset", presets),
        *_repeated("--afterclose-policy", policies),
        *(["-k", keyword] if keyword else []),
        *(["-n", workers, "--maxschedchunk", "1"] if workers != "0" else []),
        *(["--afterclose-config", str(config)] if config else []),
        *(["--afterclose-target", str(target)] if target else []),
        *("--afterclose-real-wait", real_wait),
        *("--afterclose-repeat", repeat),
        *(["--afterclose-resume"] if resume else []),
        *(["--afterclose-shard", shard] if shard else []),
        *(["--afterclose-durations", str(durations)] if durations else []),
        *(["--afterclose-baseline", str(baseline)] if baseline else []),
        *(["--afterclose-dask", dask] if dask is not None else []),
        *(["--headed"] if headed else []),
        *("--tracing", tracing, "--screenshot", screenshot),
        *("--afterclose-report", str(output), "--output", str(output / "artifacts")),
        # A project may do without pytest-playwright; its options are needed here.
        *("-p", "playwright", "-p", "no:cacheprovider", "--tb=short", "--no-header"),
        *("-qq", "-p", "harness.runner.terminal", "--afterclose-tell"),
        "steps" if verbose else "attention" if quiet else "run",
        *(_PLAIN if _come_with_afterclose(targets) else ()),
    ]
    if no_color:
        os.environ["NO_COLOR"] = "1"
        os.environ.pop("FORCE_COLOR", None)
    code = _pytest(arguments)
    # Where nothing ran, what is there is an earlier run's.
    ran = code not in _NOTHING_RAN and (resume or run_of(results) != before)
    try:
        # pytest has told of damaged lines.
        records = list(read_records([results], lambda _: None)) if ran else []
    except RecordsError as error:
        fail(str(error), HARNESS_FAILED)
    matrix = matrix_of(records, caveats_of({os.path.relpath(results): records}))
    standing = Standing.of(matrix, known)
    summarize(matrix, standing, output)
    annotate(standing, targets)
    raise typer.Exit(_status(code, standing, whole=not unfinished(records)))


def _workers(targets: Sequence[str], each: int) -> str:
    """One process more than there are cores, for a browser waits as often as it works; but none
    that has nothing to do, where it is known how many items there are: `each` of every scenario."""
    most = (os.cpu_count() or 1) + 1
    if each and _come_with_afterclose(targets) and all("::" in target for target in targets):
        most = min(most, len(targets) * each)
    return str(most) if most > 1 else "0"


def driven_of(engines: Iterable[str]) -> list[str]:
    """Those that are browsers."""
    return [name for name in engines if name in ENGINES]


def _come_with_afterclose(targets: Iterable[str]) -> bool:
    own = set(map(str, scenario_files()))
    return all(target.partition("::")[0] in own for target in targets)


def _lacking(driven: Sequence[str]) -> dict[str, str]:
    """The browsers that are not installed, by the name of their engine, and how to get them."""
    return {name: how_to_get(ENGINES[name]) for name in missing_engines(driven)}


def _pytest(arguments: Sequence[str]) -> int:
    """Run pytest in a process of its own, which the terminal interrupts and this one waits for;
    to be told to end is an interrupt to it too. It does not outlive this one: nobody would know of
    it who finishes the run."""
    me = os.getpid()

    def prepare() -> None:
        end_with_parent(me)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    process = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], preexec_fn=prepare)
    end = signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
    try:
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, end)
    if code < 0:
        say(f"the run was ended by signal {-code}; finish it with --resume")
        return pytest.ExitCode.INTERNAL_ERROR
    return code


def _targets(argument: str) -> list[str]:
    """The pytest arguments for a path, or for a scenario that comes with Afterclose."""
    path, separator, _ = argument.partition("::")
    if Path(path).exists():
        if not Path(path).is_dir():
            return [argument]
        files = [str(file) for file in scenario_files([Path(path)])]
        if not files:
            raise LibraryError(f"{path}: no scenarios there")
        return files
    if separator or "/" in argument or argument.endswith(".py"):
        raise LibraryError(f"{path}: no such file or folder")
    known = scenario_files()
    of_module = [str(file) for file in known if file.stem == argument]
    places = {
        scenario.name: f"{file}::{scenario.function.__name__}"
        for file in known
        for scenario in load_scenarios([file])
    }
    return of_module or [places[name_a_scenario(argument, places)]]


def _pack(name: str) -> list[str]:
    """The pytest arguments for a pack that comes with Afterclose, or for a folder."""
    known = packs()
    folder = known.get(name) or Path(name)
    if not folder.is_dir():
        name_one_of("pack", name, known)
    return _targets(str(folder))


def _repeated(option: str, values: Sequence[str]) -> list[str]:
    return [part for value in values for part in (option, value)]


def _check_output(folder: Path) -> Path:
    """The result file. It is the run's to begin: what is in it stays until then."""
    results = folder / "results.ndjson"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with results.open("a"):
            return results
    except OSError as error:
        fail(f"{folder}: cannot be written: {error.strerror}; choose another with --output")


def _status(code: int, standing: Standing, *, whole: bool) -> int:
    if code == pytest.ExitCode.INTERRUPTED:
        return INTERRUPTED
    if code in _NOTHING_RAN:
        if code == pytest.ExitCode.NO_TESTS_COLLECTED:
            typer.echo("afterclose: no scenario fits; see 'afterclose scenarios'", err=True)
        return USAGE
    if standing.fails and not all(isinstance(failure, Error) for failure in standing.new):
        return 1
    if code == pytest.ExitCode.INTERNAL_ERROR or standing.new or not whole:
        return HARNESS_FAILED
    return 1 if standing.fails else int(code)
