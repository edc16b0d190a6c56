"""Runs on models that are ended in the middle, and what is compared of runs."""

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.records import Done, Observation, Record
from harness.result_file import read_records
from tests.patience import PATIENCE

AFTERCLOSE = [sys.executable, "-m", "harness.cli"]
SCENARIOS = ("browser_close", "crash", "tab_close", "--engine", "simulated-chromium")
Cells = dict[tuple[object, ...], tuple[object, ...]]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """`afterclose run` to its end."""
    return subprocess.run(
        [*AFTERCLOSE, "run", *arguments],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


def killed(*arguments: str, cwd: Path, items: int) -> None:
    """`afterclose run` until so many items have ended; then it and all of its processes are killed
    at once."""
    process = subprocess.Popen(
        [*AFTERCLOSE, "run", *arguments],
        cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    results = cwd / "report" / "results.ndjson"
    before = ends(results)
    try:
        until(process, lambda: ends(results) >= before + items)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(process: subprocess.Popen[Any], holds: Callable[[], bool]) -> None:
    """Wait, while the process lives."""
    while not holds():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.002)
            pytest.fail("it ended by itself")


def ends(results: Path) -> int:
    return results.read_bytes().count(b'"type":"done"') if results.exists() else 0


def read(folder: Path) -> list[Record]:
    return list(read_records([folder / "report" / "results.ndjson"], lambda _: None))


def cells(records: Sequence[Record]) -> Cells:
    """What was found, without what differs from one time to the next."""
    ended = {record.attempt for record in records if isinstance(record, Done)}
    return {
        (o.item, o.repetition, o.check, o.policy, o.surface): (o.shown, o.verdict, o.limitation)
        for o in records
        if isinstance(o, Observation) and o.attempt in ended
    }


def times(records: Sequence[Record]) -> Counter[tuple[str, int]]:
    """How often each item has ended, by repetition."""
    return Counter((r.item, r.repetition) for r in records if isinstance(r, Done))
