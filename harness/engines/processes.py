"""Ending what was started, and nothing else."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

import psutil

__all__ = [
    "drivers",
    "end_group",
    "end_with_parent",
    "group_members",
    "kill_group",
    "kill_users_of",
    "lives",
    "wait_for_leader",
]

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def end_with_parent(parent: int) -> None:
    """Have this process killed when the one that started it ends, however that is. `parent` is its
    id: it may have ended by now. Only Linux can do that; elsewhere nothing happens."""
    if sys.platform != "linux":
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def group_members(leader: int) -> list[int]:
    """The ids of the live processes in the group that `leader` leads."""
    members = []
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getpgid(pid) == leader and lives(pid):
                members.append(pid)
    return members


def lives(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def end_group(leader: int, *, grace: float) -> bool:
    """Ask every process of the group to end, as a system that shuts down does.

    Kills what is left after `grace` seconds; returns whether nothing was.
    """
    _signal(leader, signal.SIGTERM)
    ended = _wait(leader, grace)
    kill_group(leader)
    return ended


def wait_for_leader(leader: int, timeout: float) -> bool:
    """Wait until the group's first process has ended; False if it has not after `timeout`
    seconds."""
    deadline = time.monotonic() + timeout
    # To look through every process of the machine takes time that the browser wants.
    while lives(leader):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def kill_group(leader: int) -> None:
    """Kill every process of the group, and wait until none is left."""
    if group_members(leader):
        _signal(leader, signal.SIGKILL)
        _wait(leader, 10)


def kill_users_of(folder: Path) -> int:
    """Kill the browsers whose temporary folder is `folder`, or in it; return how many groups.

    Nothing that only names it: a person may be looking at what is there.
    """
    leaders = set()
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            temporary = Path(_environment(process).get("TMPDIR", ""))
            if temporary == folder or folder in temporary.parents:
                leaders.add(os.getpgid(process.pid))
    leaders.discard(os.getpgid(0))
    for leader in leaders:
        kill_group(leader)
    return len(leaders)


def _environment(process: psutil.Process) -> dict[str, str]:
    """What a process was given. One whose program is just being loaded has memory, and for a moment
    neither a command line nor an environment that can be read."""
    deadline = time.monotonic() + 1
    loaded = False
    while not (environment := process.environ()) and not loaded and time.monotonic() < deadline:
        loaded = bool(process.cmdline()) or not process.memory_info().vms
    return environment


def _signal(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)


def _wait(leader: int, timeout: float) -> bool:
    """Poll: these are nobody's children here, and whoever reaps them may be slow."""
    deadline = time.monotonic() + timeout
    while group_members(leader):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def drivers() -> set[int]:
    """Playwright's drivers that this process has started."""
    found = set()
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if "run-driver" in child.cmdline():
                found.add(child.pid)
    return found
