"""`afterclose report`."""

import asyncio
import contextlib
import os
import signal
import sys
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.common import HARNESS_FAILED, BaselineOption, fail, result_files, say
from harness.cli.github import summarize
from harness.config import ConfigError
from harness.reports.baseline import Baseline, Standing
from harness.reports.caveats import caveats_of, whole
from harness.reports.compare import Comparison, Results
from harness.reports.matrix import matrix_of
from harness.result_file import RecordsError, read_records
from harness.runner.baseline_file import read_baseline, today
from harness.runner.screen import Screen
from harness.runner.telling import report as tell_report

__all__ = ["report"]

_PORT = 8444


def report(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Default: the last run's.")
    ] = None,
    output: Annotated[Path, typer.Option(metavar="DIR")] = Path("report"),
    baseline: BaselineOption = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Two files, OLD and NEW: show what changed.")
    ] = False,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Serve one report on this machine, as its run goes on, until Ctrl+C."
        ),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help=f"With --serve: 0 takes a free one. ({_PORT})"),
    ] = None,
) -> None:
    """Merge result files and render every report; with --compare, of the newer of two, and what
    changed; with --serve, of a folder to which a run may still be writing.

    Exit status 0; with a baseline 1 where the results differ from it, and 4 where some are missing:
    a shard, or items that did not end.
    """
    if port is not None and not serve:
        fail("--port: nothing is served without --serve")
    if serve and (compare or len(files or []) > 1):
        fail("--serve shows one run: name one folder, and no --compare")
    try:
        known = read_baseline(baseline) if baseline else None
        if serve:
            _serve((files or [output])[0], known, _PORT if port is None else port)
            return
        named = result_files(files or [output])
        if compare and len(named) != 2:
            fail("--compare takes two result files, or their folders: OLD NEW")
        read = {
            os.path.relpath(file): list(read_records([file], say))
            for file in (named[1:] if compare else named)
        }
        for name, records in read.items():
            if not records:
                fail(f"{name}: holds no results; name those of a run")
        comparison = None
        if compare:
            old = Results(os.path.relpath(named[0]), read_records(named[:1], say))
            ((name, records),) = read.items()
            comparison = Comparison.of(old, Results(name, records))
        matrix = matrix_of(chain.from_iterable(read.values()), caveats_of(read))
        screen = Screen(sys.stdout)
        lines = list(tell_report(matrix, output, known, comparison, width=screen.width))
    except (ConfigError, RecordsError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{output}: cannot be written: {error.strerror}; choose another with --output")
    screen.lines(lines)
    standing = Standing.of(matrix, known or Baseline(today=today()))
    summarize(matrix, standing, output)
    if known is not None and standing.fails:
        raise typer.Exit(1)
    if known is not None and not whole([*chain.from_iterable(read.values())]):
        raise typer.Exit(HARNESS_FAILED)


def _serve(named: Path, known: Baseline | None, port: int) -> None:
    """Until Ctrl+C."""
    folder = named.parent if named.name == "results.ndjson" else named
    if folder.exists() and not folder.is_dir():
        fail(f"{named}: must be a folder with results, or the results.ndjson in one")
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_serving(folder, os.path.relpath(folder), known, port))


async def _serving(folder: Path, name: str, known: Baseline | None, port: int) -> None:
    from aiohttp import web

    from harness.runner.live import LiveReport, application

    runner = web.AppRunner(application(LiveReport(folder, known)), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, shutdown_timeout=1)
        try:
            await site.start()
        except OSError:
            fail(f"port {port} of 127.0.0.1 is taken, or not allowed; choose another with --port")
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel if task else lambda: None)
        address = runner.addresses[0]
        print(f"{name}: http://{address[0]}:{address[1]}/", flush=True)
        say("Ctrl+C ends it")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
