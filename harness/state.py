"""What survives the server: nothing, or what `--state FILE` keeps in SQLite.

Everything lives in memory; a change is also noted here, and a request that changed something is
answered only once that is with the operating system. So a killed server loses nothing that it had
answered. Requests that end together share one transaction.
"""

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

__all__ = ["FileState", "State", "StateError"]

_APPLICATION_ID = 0x41667465
_VERSION = 1
_SCHEMA = """
CREATE TABLE record (
    environment TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (environment, kind, id)
) WITHOUT ROWID
"""

_Change = tuple[str, str, str, str] | tuple[str]


class StateError(Exception):
    """A state file that cannot be used; the message is for the user."""


class State:
    """Keeps nothing: what a server without `--state` has."""

    def __init__(self) -> None:
        self.version = 0
        """Grows with each change."""

    def records(self, environment: str, kind: str) -> dict[str, Any]:
        """What was kept of a kind, by id; the server's own records have no environment ("")."""
        return {}

    def put(self, environment: str, kind: str, key: str, value: Mapping[str, Any]) -> None:
        """Keep a record, which JSON can carry, in place of an earlier one of that key."""

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
        try:
            self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StateError(f"{path}: cannot be opened: {error}") from None
        try:
            self._records = self._open()
        except sqlite3.Error as error:
            self._file.close()
            reason = str(error)
            if "locked" in reason:
                reason = "another server uses it; choose another file with --state"
            raise StateError(f"{path}: cannot be used: {reason}") from None
        except StateError:
            self._file.close()
            raise
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")

    def _open(self) -> dict[tuple[str, str], dict[str, Any]]:
        run = self._file.execute
        run("PRAGMA busy_timeout = 0")
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        # A commit is a write to the log, without waiting for the disk: it survives a killed
        # process, though not a machine that loses its power.
        run("PRAGMA synchronous = NORMAL")
        run("BEGIN IMMEDIATE")
        if not run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            run(_SCHEMA)
            run(f"PRAGMA application_id = {_APPLICATION_ID}")
            run(f"PRAGMA user_version = {_VERSION}")
        marks = [run(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
        if marks[0] != _APPLICATION_ID:
            raise StateError(f"{self._path}: not a state file of Afterclose; choose another")
        if marks[1] != _VERSION:
            raise StateError(f"{self._path}: of another version of Afterclose; choose another")
        records: dict[tuple[str, str], dict[str, Any]] = {}
        for environment, kind, key, value in run("SELECT * FROM record"):
            records.setdefault((environment, kind), {})[key] = json.loads(value)
        run("COMMIT")
        return records

    def records(self, environment: str, kind: str) -> dict[str, Any]:
        """What the file held when it was opened."""
        return self._records.get((environment, kind), {})

    def put(self, environment: str, kind: str, key: str, value: Mapping[str, Any]) -> None:
        """Note a change for the next commit."""
        self.version += 1
        self._pending.append((environment, kind, key, json.dumps(value)))

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
                else:
                    run("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)", change)

    async def close(self) -> None:
        """Commit, and let another server have the file."""
        await self.commit()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._file.close)
        self._executor.shutdown()
