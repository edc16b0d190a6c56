"""What Firefox keeps in a profile: session files, and the databases of cookies and storages."""

import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import lz4.block

__all__ = [
    "age",
    "cookie_rows",
    "has_tabs_behind_others",
    "local_storage",
    "move",
    "session_cookies",
]

_MAGIC = b"mozLz40\0"
_MILLISECONDS = 17
"""The first version of the cookies' database that has them in `expiry`, which had seconds."""
_COOKIES = f"""
SELECT host, name, value, CAST(expiry / iif(user_version < {_MILLISECONDS}, 1, 1000.0) + 0.5 AS int)
FROM moz_cookies, pragma_user_version
"""


def age(profile: Path, seconds: float) -> None:
    """Shift the times: `expiry`, the others in microseconds; and when the session files were
    written, in milliseconds."""
    for file in _session_files(profile):
        state = _unpacked(file)
        state.get("session", {})["lastUpdate"] -= int(seconds * 1_000)
        file.write_bytes(_MAGIC + lz4.block.compress(json.dumps(state).encode()))
    path = profile / "cookies.sqlite"
    if not path.exists():
        return
    with closing(sqlite3.connect(path)) as database, database:
        milliseconds = database.execute("PRAGMA user_version").fetchone()[0] >= _MILLISECONDS
        for column, unit in (
            ("expiry", 1_000 if milliseconds else 1),
            ("creationTime", 1_000_000),
            ("lastAccessed", 1_000_000),
        ):
            database.execute(
                f"UPDATE moz_cookies SET {column} = {column} - ?", (int(seconds * unit),)
            )


def local_storage(profile: Path, origin: str) -> str:
    """The rows of an origin's database."""
    folder = profile / "storage" / "default" / origin.replace("://", "+++").replace(":", "+")
    return repr(_query(folder / "ls" / "data.sqlite", "SELECT key, value FROM data"))


def _session_files(profile: Path) -> list[Path]:
    backups = profile.glob("sessionstore-backups/*lz4")
    return [*profile.glob("sessionstore.jsonlz4"), *backups]


def _unpacked(session_file: Path) -> dict[str, Any]:
    packed = session_file.read_bytes()
    state: dict[str, Any] = json.loads(lz4.block.decompress(packed[len(_MAGIC) :]))
    return state


def has_tabs_behind_others(profile: Path) -> bool:
    """Whether a window of the last session had more than one tab."""
    return any(
        len(window["tabs"]) > 1
        for file in _session_files(profile)
        for window in _unpacked(file).get("windows", [])
    )


def session_cookies(profile: Path) -> set[tuple[str, str]]:
    """Host and name of each cookie in the session file of a running Firefox."""
    try:
        state = _unpacked(profile / "sessionstore-backups" / "recovery.jsonlz4")
    except (OSError, ValueError, lz4.block.LZ4BlockError):
        return set()
    return {(cookie["host"], cookie["name"]) for cookie in state.get("cookies", [])}


def cookie_rows(profile: Path) -> set[tuple[str, str, str, int]]:
    """Host, name, value and expiry of each cookie in its database, in seconds since the epoch,
    rounded as Playwright does."""
    return set(_query(profile / "cookies.sqlite", _COOKIES))


def _query(database: Path, query: str) -> list[Any]:
    """Read from a copy, beside the profile: a running Firefox locks its databases."""
    try:
        with tempfile.TemporaryDirectory(prefix="copy-", dir=database.parent.parent) as folder:
            for path in database.parent.glob(f"{database.name}*"):
                shutil.copy(path, folder)
            with closing(sqlite3.connect(Path(folder, database.name))) as connection:
                return connection.execute(query).fetchall()
    except (OSError, sqlite3.Error):
        return []


def move(profile: Path, folder: Path) -> None:
    """Note that Firefox ran from this folder at the last start (`CheckCompatibility` in
    toolkit/xre/nsAppRunner.cpp asks for it)."""
    notes = profile / "compatibility.ini"
    places = {"LastPlatformDir": folder, "LastAppDir": folder / "browser"}
    lines = []
    for line in notes.read_text(encoding="utf-8").splitlines():
        name, _, _ = line.partition("=")
        lines.append(f"{name}={places[name]}" if name in places else line)
    notes.write_text("\n".join([*lines, ""]), encoding="utf-8")
