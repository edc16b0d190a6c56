"""What a killed run leaves is removed by the next one, and nothing else is."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path
from select import select

import psutil
import pytest

from harness.cli.run import _pytest
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.leftovers import MARK, clear, clear_runs, hold, remove
from harness.engines.processes import kill_users_of
from tests.killing import AFTERCLOSE
from tests.patience import PATIENCE

HOLDING = """
import sys
from pathlib import Path
from select import select
from harness.engines.leftovers import hold
held = hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


TELLING = HOLDING.replace(
    "held = hold(Path(sys.argv[1]))",
    """from harness.runner.steps import StepFile
steps = StepFile(Path(sys.argv[1]) / "steps.ndjson")
steps.tell("item", "line")""",
)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextlib.contextmanager
def owner_of(folder: Path, script: str = HOLDING) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@contextlib.contextmanager
def leader(*command: str, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads its group."""
    process = subprocess.Popen(command, env=env, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def browser_on(folder: Path) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """What looks like a browser: it leads its group, and its temporary folder is the run's."""
    return leader("sleep", "600", env={**os.environ, "TMPDIR": str(folder)})


@pytest.fixture
def left(temporary: Path) -> Path:
    """The folder of a run that was killed."""
    folder = temporary / "afterclose-0000"
    with owner_of(folder):
        (folder / "profile").mkdir()
        (folder / "profile" / "Cookies").touch()
    return folder


def test_what_nobody_holds_any_more_is_removed_and_its_browsers_end(left: Path) -> None:
    with browser_on(left / "pool-1") as browser:
        clear_runs()
        assert not left.exists()
        assert browser.wait(10) == -signal.SIGKILL


def test_what_somebody_holds_stays(temporary: Path) -> None:
    folder = temporary / "afterclose-0000"
    with owner_of(folder) as first, owner_of(folder), browser_on(folder) as browser:
        first.kill()
        first.wait()
        clear_runs()
        assert folder.exists()
        assert browser.poll() is None


def test_a_run_that_tells_its_steps_holds_its_folder(temporary: Path) -> None:
    """On models nobody else does."""
    folder = temporary / "afterclose-0000"
    with owner_of(folder, TELLING):
        clear_runs()
        assert (folder / "steps.ndjson").exists()
    clear_runs()
    assert not folder.exists()


def test_what_is_not_ours_stays(temporary: Path, left: Path) -> None:
    without_a_mark = temporary / "afterclose-1111"
    without_a_mark.mkdir()
    of_another_name = temporary / "somebody"
    left.rename(of_another_name)
    link = temporary / "afterclose-2222"
    link.symlink_to(of_another_name)
    clear_runs()
    assert sorted(temporary.iterdir()) == [without_a_mark, link, of_another_name]
    assert (of_another_name / "profile" / "Cookies").exists()


def test_what_is_another_users_stays(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: left.stat().st_uid + 1)
    clear_runs()
    assert (left / "profile" / "Cookies").exists()


def test_a_process_that_only_looks_at_a_folder_lives_on(left: Path) -> None:
    with leader("tail", "-f", str(left / "profile" / "Cookies")) as looking:
        assert kill_users_of(left) == 0
        assert looking.poll() is None


def test_a_browser_whose_program_is_just_being_loaded_ends(
    left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system tells neither its command line nor its environment then."""
    told: list[int] = []

    def late(tell: Callable[[psutil.Process], object]) -> Callable[[psutil.Process], object]:
        def told_late(process: psutil.Process) -> object:
            if process.pid != browser.pid:
                return tell(process)
            told.append(process.pid)
            return tell(process) if len(told) > 3 else type(tell(process))()

        return told_late

    with browser_on(left) as browser:
        monkeypatch.setattr(psutil.Process, "environ", late(psutil.Process.environ))
        monkeypatch.setattr(psutil.Process, "cmdline", late(psutil.Process.cmdline))
        assert kill_users_of(left) == 1
        assert browser.wait(10) == -signal.SIGKILL


def test_a_process_without_an_environment_lives_on(left: Path) -> None:
    with leader("sleep", "600", env={}) as bare:
        assert kill_users_of(left) == 0
        assert bare.poll() is None


def test_the_mark_goes_last(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is interrupted leaves what another can go on with."""
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *_, **__: None)
        remove(left)
    assert (left / MARK).exists()
    remove(left)
    assert not left.exists()


def test_a_folder_that_was_removed_is_held_again(temporary: Path) -> None:
    folder = temporary / "afterclose-0000"
    hold(folder).close()
    clear([folder])
    with hold(folder):
        clear([folder])
        assert folder.exists()
    clear([folder])
    assert not folder.exists()


def locks() -> list[str]:
    """The system's; one that somebody waits for has an arrow."""
    return Path("/proc/locks").read_text().splitlines()


def test_a_folder_that_is_removed_while_it_is_to_be_held_is_made_anew(temporary: Path) -> None:
    folder = temporary / "afterclose-0000"
    hold(folder).close()
    with ThreadPoolExecutor() as threads, FileIO(folder / MARK) as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        waiting = f":{os.fstat(mark.fileno()).st_ino} "
        held = threads.submit(hold, folder)
        while not any(waiting in line and "->" in line for line in locks()):
            assert not held.done(), held.result()
        remove(folder)
        mark.close()
        with held.result(30):
            clear([folder])
            assert (folder / MARK).exists()


@pytest.mark.parametrize("given", [True, False], ids=["of a run", "alone"])
def test_a_pool_holds_its_folder_until_it_is_closed(temporary: Path, given: bool) -> None:
    pool = BrowserPool("http://localhost:1", Options(), folder=temporary / "afterclose-0000")
    if not given:
        pool.close()
        pool = BrowserPool("http://localhost:1", Options())
    pool._made()
    clear_runs()
    assert pool.folder.exists()
    clear(pool.folder.parent.iterdir())
    assert pool.folder.exists()
    remove(pool.folder)
    assert (pool._made() / MARK).exists(), "after something swept it away"
    pool.close()
    assert not pool.folder.exists()
    clear_runs()
    assert not any(temporary.iterdir())


def test_a_run_removes_what_an_earlier_one_has_left(left: Path) -> None:
    arguments = ("sign_out", "--engine", "simulated-chromium", "--preset", "default")
    with browser_on(left) as browser:
        done = subprocess.run(
            [*AFTERCLOSE, "run", *arguments], cwd=left.parent, capture_output=True, text=True,
            check=False, timeout=PATIENCE, env={**os.environ, "TMPDIR": str(left.parent)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert browser.wait(10) == -signal.SIGKILL
    assert not left.exists()


STARTING = """
import os, subprocess, sys
from harness.engines.processes import end_with_parent
me = os.getpid()
child = subprocess.Popen(["sleep", "600"], preexec_fn=lambda: end_with_parent(me))
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_what_is_started_does_not_outlive_whoever_started_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    ended, _, _ = select([child], [], [], 10)
    os.close(child)
    assert ended


def test_that_a_run_was_killed_is_told(capfd: pytest.CaptureFixture[str], temporary: Path) -> None:
    (temporary / "test_it.py").write_text("import os\ndef test(): os.kill(os.getpid(), 9)\n")
    assert _pytest([str(temporary / "test_it.py"), "-p", "no:cacheprovider"]) == 3
    assert "the run was ended by signal 9; finish it with --resume" in capfd.readouterr().err
