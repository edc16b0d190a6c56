"""What survives the server: nothing, or what `--state FILE` keeps in SQLite.

Everything lives in memory; a change is also noted here, and a request that changed something is
answered only once that is with the operating system. So a killed server loses nothing that it had
answered. Requests that end together share one transaction.
"""

import asyncio
import json
import os
import sqlite3
import stat
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["FileState", "State", "StateError"]

_APPLICATION_ID = 0x41667465
_VERSION = 2
_HEADER = 100
"""Bytes of an SQLite file's header: the magic string, `user_version` at byte 60 and
`application_id` at 68 (sqlite.org/fileformat2.html, 1.3)."""
_MAGIC = b"SQLite format 3\0"
_LARGEST = 1e10
"""No number that is kept is negative or larger: seconds since the epoch, durations, and counts."""
_SCHEMA = """
CREATE TABLE record (
    environment TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (environment, kind, id)
) WITHOUT ROWID
"""

_Change = tuple[str, str, str, str] | tuple[str, str, str] | tuple[str]
_R = TypeVar("_R")

_open_here: set[tuple[int, int]] = set()
"""Device and inode of the files that this process has open. To look into one of these would let go
of SQLite's locks on it, as POSIX has it (sqlite.org/howtocorrupt.html, 2.2)."""


class StateError(Exception):
    """A state file that cannot be used; the message is for the user."""


class State:
    """Keeps nothing: what a server without `--state` has."""

    def __init__(self) -> None:
        self.version = 0
        """Grows with each change."""

    def records(self, environment: str, kind: str, record: type[_R]) -> dict[str, _R]:
        """What was kept of a kind before the start, by key; `record` is the dataclass that it is
        of. The server's own records have no environment (""). Raises StateError for a record that
        is damaged."""
        return {}

    @property
    def name(self) -> str:
        """What the user calls it, for messages."""
        return ""

    def unserved(self, environments: Collection[str]) -> list[str]:
        """The environments, beside these, that records were kept of before the start."""
        return []

    def put(self, environment: str, kind: str, key: str, value: Mapping[str, Any]) -> None:
        """Keep a record, which JSON can carry, in place of an earlier one of that key."""

    def drop(self, environment: str, kind: str, key: str) -> None:
        """Keep a record no longer."""

    def forget(self, environment: str) -> None:
        """Drop every record of an environment."""

    async def commit(self) -> None:
        """Return once every change made so far would survive the end of this process."""

    async def close(self) -> None:
        """Commit, and let go of the file."""


class FileState(State):
    """Keeps everything in an SQLite file, which one server at a time may use."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Blocks; raises StateError."""
        super().__init__()
        self._path = path
        self._pending: list[_Change] = []
        self._writing: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        _look(path)
        try:
            self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StateError(f"{path}: cannot be opened: {error}") from None
        try:
            self._open()
            self._place = _place(path.stat())
        except sqlite3.Error as error:
            self._file.close()
            raise self._unusable(error) from None
        _open_here.add(self._place)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")

    def _open(self) -> None:
        run = self._file.execute
        run("PRAGMA busy_timeout = 0")
        run("PRAGMA locking_mode = EXCLUSIVE")
        # A commit is a write to the log, without waiting for the disk: it survives a killed
        # process, though not a machine that loses its power.
        run("PRAGMA synchronous = NORMAL")
        run("BEGIN IMMEDIATE")
        # All in one transaction, and before the switch to WAL: a server that is killed at once
        # leaves a file that is empty, or known by its header.
        if not run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            run(_SCHEMA)
            run(f"PRAGMA application_id = {_APPLICATION_ID}")
            run(f"PRAGMA user_version = {_VERSION}")
        run("COMMIT")
        run("PRAGMA journal_mode = WAL")

    def _unusable(self, error: sqlite3.Error) -> StateError:
        reason = str(error)
        if "locked" in reason:
            return _taken(self._path)
        return StateError(f"{self._path}: cannot be used: {reason}")

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    def records(self, environment: str, kind: str, record: type[_R]) -> dict[str, _R]:
        """Read them. Blocks: for the start alone."""
        query = "SELECT id, value FROM record WHERE environment = ? AND kind = ?"
        try:
            rows = self._file.execute(query, (environment, kind)).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        records: dict[str, _R] = {}
        for key, text in rows:
            try:
                records[str(key)] = _read(text, record)
            except (ValueError, TypeError, RecursionError) as error:
                where = f" of environment {environment}" if environment else ""
                raise StateError(
                    f"{self._path}: the {kind} {str(key)!r}{where} is damaged: {error}; choose "
                    "another file with --state"
                ) from None
        return records

    def unserved(self, environments: Collection[str]) -> list[str]:
        """Read their names. Blocks: for the start alone."""
        query = "SELECT DISTINCT environment FROM record ORDER BY environment"
        try:
            rows = self._file.execute(query).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        return [name for (name,) in rows if name and name not in environments]

    def put(self, environment: str, kind: str, key: str, value: Mapping[str, Any]) -> None:
        """Note a change for the next commit."""
        self.version += 1
        self._pending.append((environment, kind, key, json.dumps(value)))

    def drop(self, environment: str, kind: str, key: str) -> None:
        """Note that a record is to go."""
        self.version += 1
        self._pending.append((environment, kind, key))

    def forget(self, environment: str) -> None:
        """Note that an environment begins anew."""
        self.version += 1
        self._pending.append((environment,))

    async def commit(self) -> None:
        """Wait until what is noted has been written, together with what others note meanwhile;
        raise StateError if it cannot be."""
        if self._pending and self._next is None:
            self._next = asyncio.create_task(self._write(self._writing))
        task = self._next or self._writing
        if task is not None:
            await asyncio.shield(task)

    async def _write(self, earlier: "asyncio.Task[None] | None") -> None:
        if earlier is not None:
            await asyncio.wait([earlier])
        self._writing, self._next = self._next, None
        changes, self._pending = self._pending, []
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._executor, self._save, changes)
        except sqlite3.Error as error:
            self._pending[:0] = changes
            raise StateError(f"{self._path}: cannot be written: {error}") from None

    def _save(self, changes: list[_Change]) -> None:
        run = self._file.execute
        # Rolls back what fails, a full disk say; the changes are kept for the next commit.
        with self._file:
            run("BEGIN")
            for change in changes:
                if len(change) == 1:
                    run("DELETE FROM record WHERE environment = ?", change)
                elif len(change) == 3:
                    run("DELETE FROM record WHERE environment = ? AND kind = ? AND id = ?", change)
                else:
                    run("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)", change)

    async def close(self) -> None:
        """Commit, and let another server have the file."""
        try:
            await self.commit()
        finally:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._executor, self._file.close)
            self._executor.shutdown()
            _open_here.discard(self._place)


def _look(path: Path) -> None:
    """Raise StateError unless there is no file yet, an empty one, or one of ours. Reads its header
    and lets SQLite nowhere near it: that would change the files of a program that uses WAL."""
    if str(path) == ":memory:":
        raise StateError(f"{path}: would keep nothing; name a file, or leave --state out")
    if not path.name:
        raise StateError("--state: name a file")
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise StateError(f"{path}: is no file; choose another with --state")
        if _place(found) in _open_here:
            raise _taken(path)
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StateError(f"{path}: cannot be opened: {reason}") from None
    if not header:
        return
    version, application = (int.from_bytes(header[at : at + 4], "big") for at in (60, 68))
    if not header.startswith(_MAGIC) or len(header) < _HEADER or application != _APPLICATION_ID:
        raise StateError(f"{path}: not a state file of Afterclose; choose another with --state")
    if version != _VERSION:
        raise StateError(f"{path}: of another version of Afterclose; choose another with --state")


def _place(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _taken(path: Path) -> StateError:
    return StateError(
        f"{path}: cannot be used: another server uses it; choose another file with --state"
    )


def _read(text: object, record: type[_R]) -> _R:
    """A record out of its text; raise ValueError, TypeError or RecursionError saying what is wrong
    with it."""
    # Imported here: a server that keeps nothing starts without it.
    import msgspec

    if not isinstance(text, str):
        raise TypeError("it is not text")
    try:
        told = json.loads(text)
    except ValueError:
        raise ValueError("it is not JSON") from None
    read = msgspec.convert(told, record)
    _check_fields(told, read)
    _check_numbers(told)
    return read


def _check_fields(told: dict[str, object], read: object) -> None:
    if not is_dataclass(read):
        return
    wanted = {field.name for field in fields(read)}
    if wanted != told.keys():
        raise ValueError(
            f"fields that are missing or unknown: {', '.join(sorted(wanted ^ told.keys()))}"
        )
    for name, inner in told.items():
        if isinstance(inner, dict):
            _check_fields(inner, getattr(read, name))


def _check_numbers(value: object, where: str = "") -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_numbers(inner, name)
    elif isinstance(value, float | int) and not 0 <= value <= _LARGEST:
        # Not a number is neither, too.
        raise ValueError(f"{where} must be from 0 to {_LARGEST:.0f}, not {value}")
