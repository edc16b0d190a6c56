"""`afterclose explore`."""

import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.common import (
    HARNESS_FAILED,
    INTERRUPTED,
    NO_ENGINE,
    ConfigOption,
    DaskOption,
    fail,
)
from harness.cli.elsewhere import connect, refuse_with_dask
from harness.config import ConfigError, load_config, name_one_of, preset_named
from harness.engines import ENGINES, MODELS, model_of, presets_of, takes
from harness.exploring.corpus import Corpus, CorpusError
from harness.exploring.distributing import run_on_cluster
from harness.exploring.oracle import Found
from harness.exploring.workers import Progress, Task, WorkerError, run_workers
from harness.runner.cluster import Cluster, ClusterError, fitting
from harness.runner.installing import how_to_get, missing_engines

__all__ = ["explore"]

_CLAIMS = {
    True: "The model and the browser agree.",
    False: "What the policy promises is kept, or a limitation explains why not.",
}


def explore(
    engine: Annotated[
        str,
        typer.Option(
            help="A browser, held against its model; or a model, held against the promise. One "
            f"of {', '.join([*ENGINES, *MODELS])}."
        ),
    ] = "chromium",
    preset: Annotated[
        list[str] | None, typer.Option(help="May be repeated (default: all of the engine's).")
    ] = None,
    policy: Annotated[
        list[str] | None, typer.Option(help="An environment's name; may be repeated.")
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Random lifecycles.")] = 100,
    seed: Annotated[
        str, typer.Option(metavar="N", help="Of the random numbers: the same is explored again.")
    ] = "0",
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Begin nothing new after so long.")
    ] = None,
    corpus: Annotated[
        Path, typer.Option(metavar="DIR", help="What was found; replayed first.")
    ] = Path("corpus"),
    workers: Annotated[
        int | None, typer.Option("-n", metavar="N", min=1, help="Lifecycles at a time.")
    ] = None,
    config: ConfigOption = None,
    dask: DaskOption = None,
) -> None:
    """Hold random lifecycles in a browser against its model, and what the model shows against what
    the policy promises. What differs is made as short as can be, printed as a scenario, and kept.

    Exit status: 0 nothing differs, 1 something does, 2 bad usage, 3 no engine, 4 the harness
    failed.
    """
    try:
        name = name_one_of("engine", engine, [*ENGINES, *MODELS])
        model_of(name)
        presets = tuple(preset_named(asked) for asked in preset or presets_of(name))
        for asked in presets:
            if not takes(name, asked):
                raise ConfigError(f"{name} cannot be set up with the preset '{asked}'")
        loaded = load_config(config).only(policy or [])
        environments = {environment.name for environment in loaded.environments}
        kept = Corpus(corpus)
        replayed = kept.load(name, presets, environments)
    except (ConfigError, CorpusError, LookupError) as error:
        fail(str(error.args[0]))
    if not (seed.isascii() and seed.isdigit()):
        fail(f"--seed: must be a whole number of at least 0, not '{seed}'")
    cluster = _cluster(dask, name, workers) if dask is not None else None
    if name in ENGINES and cluster is None and missing_engines([name]):
        fail(how_to_get(ENGINES[name]), NO_ENGINE)
    task = Task(
        engine=name,
        presets=presets,
        config=loaded,
        examples=examples,
        random_seed=int(seed),
        seconds=None if minutes is None else 60 * minutes,
        corpus=tuple(replayed),
    )
    if cluster is not None:
        _explore(task, kept, functools.partial(run_on_cluster, task, cluster))
    else:
        number = workers or (os.cpu_count() or 1) + 1
        _explore(task, kept, functools.partial(run_workers, task, number))


def _cluster(address: str, engine: str, workers: int | None) -> Cluster:
    """The cluster, if some worker has the engine."""
    refuse_with_dask({"-n": workers is not None})
    cluster = connect(address, [engine] if engine in ENGINES else [])
    if not fitting(cluster.workers, engine if engine in ENGINES else ""):
        cluster.close()
        fail(f"no worker of {address} has {engine}", NO_ENGINE)
    return cluster


def _explore(
    task: Task, corpus: Corpus, carry_out: Callable[[Callable[[Progress], None]], object]
) -> None:
    began = time.monotonic()
    latest = Progress()
    saved: set[str] = set()

    def told(progress: Progress) -> None:
        nonlocal latest
        latest = progress
        for found in progress.found:
            if found.lifecycle.id not in saved:
                saved.add(found.lifecycle.id)
                _show(found, corpus)
        if sys.stderr.isatty() or progress.lifecycles % 20 == 0:
            ends = "\r" if sys.stderr.isatty() else "\n"
            print(_line(progress, began), end=ends, file=sys.stderr, flush=True)

    try:
        carry_out(told)
    except KeyboardInterrupt:
        typer.echo(f"\nInterrupted: {_line(latest, began)}.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except (WorkerError, ClusterError) as error:
        fail(str(error), HARNESS_FAILED)
    typer.echo(f"{task.engine}: {_line(latest, began)}.")
    for trouble in latest.broken_off:
        typer.echo(f"! {trouble}")
    if latest.found:
        raise typer.Exit(1)
    if latest.broken_off and not latest.lifecycles:
        fail("no lifecycle could be carried out", HARNESS_FAILED)


def _show(found: Found, corpus: Corpus) -> None:
    lifecycle = found.lifecycle
    typer.echo(f"\n{lifecycle.engine}, {lifecycle.preset}, {', '.join(lifecycle.policies)}:")
    for sentence in found.what:
        typer.echo(f"  {sentence}")
    typer.echo(f"\n{lifecycle.to_scenario(_CLAIMS[lifecycle.engine in ENGINES])}")
    try:
        typer.echo(f"Kept as {corpus.save(lifecycle)}")
    except CorpusError as error:
        typer.echo(f"afterclose: {error}", err=True)


def _line(progress: Progress, began: float) -> str:
    return (
        f"{progress.lifecycles} lifecycles, {progress.steps} steps in "
        f"{time.monotonic() - began:.0f} s, {len(progress.found)} found, "
        f"{len(progress.broken_off)} broken off"
    )
