"""Exploring in several processes: how they end."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest

from harness.config import load_config
from harness.exploring import workers
from harness.exploring.oracle import Found
from harness.exploring.workers import Progress, Task, run_workers
from tests.lifecycles import LIFECYCLE
from tests.patience import PATIENCE


def _found_at_the_end(task: Task, folder: Path, messages: Any, stop: Event) -> None:
    messages.put(("done", 1))
    assert stop.wait(60)
    messages.put(("found", Found(lifecycle=LIFECYCLE, what=["late"])))


def _deaf(task: Task, folder: Path, messages: Any, stop: Event) -> None:
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    messages.put(("done", 1))
    threading.Event().wait()
TASK = Task(
    engine="simulated-firefox", presets=("default",), config=load_config(None), examples=2,
    random_seed=1, seconds=None,
)  # fmt: skip


def test_what_is_found_while_it_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "explore_part", _found_at_the_end)
    found: list[Found] = []

    def told(progress: Progress) -> None:
        found[:] = progress.found
        if progress.lifecycles == 2 and not found:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_workers(TASK, 2, told)
    assert len(found) == 2


def test_interrupted_again_it_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "explore_part", _deaf)

    def told(progress: Progress) -> None:
        if progress.lifecycles == 2:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_workers(TASK, 2, told)
    assert multiprocessing.active_children() == []
    assert signal.getsignal(signal.SIGINT) is before


def test_a_worker_that_fails_is_no_agreement(tmp_path: Path) -> None:
    """One that dies of a mistake has found nothing, which must not pass for nothing wrong."""
    code = (
        "from harness.exploring import workers as w\n"
        "from harness.config import load_config\n"
        "def told(progress): pass\n"
        "if __name__ == '__main__':\n"
        "    task = w.Task(engine='nothing', presets=('default',), config=load_config(None),\n"
        "                  examples=1, random_seed=1, seconds=None)\n"
        "    try:\n"
        "        w.run_workers(task, 1, told)\n"
        "    except w.WorkerError as error:\n"
        "        print('failed:', error)\n"
    )
    file = tmp_path / "failing.py"
    file.write_text(code)
    done = subprocess.run(
        [sys.executable, file], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert done.stdout.startswith("failed: a process of the exploration failed")
    assert "KeyError: 'nothing'" in done.stderr
