"""What a run that was killed leaves, and who may remove it: in the temporary folder, and in the
user's cache folder what was about to be kept there.

A folder is in use as long as a process of its run lives: each holds a lock on a file in it, which
the operating system takes away however the process ends.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable
from io import FileIO
from pathlib import Path

from harness.engines.processes import kill_users_of

__all__ = ["MARK", "cache_folder", "clear", "clear_runs", "hold", "new_folder", "remove"]

_PREFIX = "afterclose-"
MARK = "in-use"
"""The file that is locked. A folder without it is somebody else's."""


def new_folder(place: Path | None = None) -> Path:
    """The name of a folder for a run, in the temporary folder unless a place is given. Nothing is
    made."""
    return (place or Path(tempfile.gettempdir())) / f"{_PREFIX}{secrets.token_hex(4)}"


def cache_folder() -> Path:
    """Where this user's runs keep what the next ones can use. Raises RuntimeError where nobody
    knows the user's home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "afterclose"


def hold(folder: Path) -> FileIO:
    """Make a folder unless it is there, and mark it as in use until this process ends or the file
    that is returned is closed. Others may hold it, too. Raises OSError."""
    mark = folder / MARK
    while True:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            file = FileIO(mark, "a")
            fcntl.flock(file, fcntl.LOCK_SH)
            # Whoever removes a folder has the lock to itself until nothing is there any more.
            if _is_at(file, mark):
                return file
            file.close()


def clear_runs() -> None:
    """Remove the folders of this user's runs of which no process lives, and end their browsers."""
    places = [Path(tempfile.gettempdir())]
    with contextlib.suppress(RuntimeError):
        places.append(cache_folder())
    for place in places:
        clear(place.glob(f"{_PREFIX}*"))


def clear(folders: Iterable[Path]) -> None:
    """Remove those of the folders that were in use, and are no more, and end their browsers."""
    for folder in folders:
        # It has no mark, somebody holds it, or another process has just removed it.
        with contextlib.suppress(OSError):
            _clear(folder)


def _clear(folder: Path) -> None:
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
        return
    with FileIO(folder / MARK) as mark:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(mark, folder / MARK):
            kill_users_of(folder)
            remove(folder)


def _is_at(file: FileIO, path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False


def remove(folder: Path) -> None:
    """Remove a folder, the mark last: where that is interrupted, another can go on with it."""
    with contextlib.suppress(OSError):
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != MARK:
                entry.unlink(missing_ok=True)
        if all(entry.name == MARK for entry in folder.iterdir()):
            (folder / MARK).unlink(missing_ok=True)
            folder.rmdir()
