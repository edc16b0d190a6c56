"""Ending what was started, and nothing else."""

import contextlib
import os
import signal
import time
from pathlib import Path

import psutil

__all__ = ["end_group", "group_members", "kill_group", "kill_users_of", "wait_for_leader"]


def group_members(leader: int) -> list[int]:
    """The ids of the live processes in the group that `leader` leads."""
    members = []
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getpgid(pid) == leader and _lives(pid):
                members.append(pid)
    return members


def _lives(pid: int) -> bool:
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
    while _lives(leader):
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
    """Kill the browsers that were started on a profile in `folder`; return how many groups."""
    leaders = set()
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            if any(str(folder) in argument for argument in process.cmdline()):
                leaders.add(os.getpgid(process.pid))
    leaders.discard(os.getpgid(0))
    for leader in leaders:
        kill_group(leader)
    return len(leaders)


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
