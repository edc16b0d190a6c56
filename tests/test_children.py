"""Processes that work for a cluster's worker, whatever becomes of it."""

import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path

import pytest

from tests.patience import PATIENCE


@pytest.mark.parametrize("said", [(), ("a setting",)], ids=["nothing said", "a setting said"])
@pytest.mark.parametrize("module", ["harness.runner.carrying", "harness.exploring.carrying"])
def test_nothing_is_left_where_the_worker_has_gone_before_the_child_is_there(
    module: str, said: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "child"
    ours, theirs = Pipe()
    with theirs:
        for something in said:
            ours.send(something)
        ours.close()
        done = subprocess.run(
            [sys.executable, "-m", module, str(theirs.fileno()), str(folder)],
            pass_fds=[theirs.fileno()], cwd=tmp_path, capture_output=True, text=True,
            check=False, timeout=PATIENCE,
        )  # fmt: skip
    assert not folder.exists(), done.stderr


WAITING = """
import signal
import threading

from harness.runner.children import Parent

with Parent():
    heed = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, lambda *_: signal.signal(signal.SIGINT, heed))
    print("there", flush=True)
    threading.Event().wait()
"""


def test_a_child_that_misses_that_its_worker_has_gone_is_told_again(tmp_path: Path) -> None:
    """As one does that is told just before it waits for something."""
    folder = tmp_path / "child"
    ours, theirs = Pipe()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", WAITING, str(theirs.fileno()), str(folder)],
            pass_fds=[theirs.fileno()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    with process:
        try:
            ours.send("a setting")
            assert process.stdout is not None
            assert process.stdout.readline() == "there\n"
            ours.close()
            _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert "KeyboardInterrupt" in said
    assert not folder.exists()
