"""The state file by itself: what is looked at before it is touched, and damaged records."""

import asyncio
import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.policy import DEFAULT_ENVIRONMENTS
from harness.server.running import MockServer
from harness.state import FileState, StateError

APPLICATION_ID = 0x41667465


def opened(path: Path) -> None:
    """Open it, and let go of it."""

    async def go() -> None:
        await FileState(path).close()

    asyncio.run(go())


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.fixture
def wal(tmp_path: Path) -> Path:
    """Another program's file in WAL mode, with changes in its log, and nobody who has it open: a
    program that was killed."""
    live, left = tmp_path / "live", tmp_path / "left"
    live.mkdir()
    left.mkdir()
    database = sqlite3.connect(live / "theirs.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE theirs (x)")
    for path in live.iterdir():
        if not path.name.endswith("-shm"):
            (left / path.name).write_bytes(path.read_bytes())
    database.close()
    return left / "theirs.sqlite"


def test_another_programs_file_is_left_as_it_is(wal: Path) -> None:
    before = files(wal.parent)
    assert set(before) == {"theirs.sqlite", "theirs.sqlite-wal"}
    with pytest.raises(StateError, match="not a state file of Afterclose"):
        opened(wal)
    assert files(wal.parent) == before


@pytest.mark.parametrize("pragma", ["DELETE", "WAL"])
def test_another_programs_file_without_a_log_is_left_as_it_is(tmp_path: Path, pragma: str) -> None:
    path = tmp_path / "theirs.sqlite"
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA journal_mode = {pragma}")
    database.execute("CREATE TABLE theirs (x)")
    database.close()
    before = files(tmp_path)
    with pytest.raises(StateError, match="not a state file of Afterclose"):
        opened(path)
    assert files(tmp_path) == before


def test_an_empty_file_becomes_one(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.touch()
    opened(path)
    opened(path)
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    database.close()


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "short").write_bytes(b"SQLite format 3\0")
    said = {
        tmp_path: "is no file",
        tmp_path / "pipe": "is no file",
        tmp_path / "short": "not a state file",
        tmp_path / "short" / "state": "cannot be opened: Not a directory",
        Path(":memory:"): "would keep nothing",
        Path(""): "--state: name a file",
    }
    for path, message in said.items():
        with pytest.raises(StateError, match=message):
            opened(path)


def test_a_file_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "state"
    opened(path)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 1")
    database.close()
    with pytest.raises(StateError, match="another version"):
        opened(path)


def test_a_new_file_can_be_told_before_it_is_switched_to_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, headers = tmp_path / "state", list[bytes]()
    connect = sqlite3.connect

    def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
        file: sqlite3.Connection = connect(*arguments, **options)

        def look(statement: str) -> None:
            if "journal_mode" in statement:
                headers.append(path.read_bytes()[:100])

        file.set_trace_callback(look)
        return file

    monkeypatch.setattr("harness.state.sqlite3.connect", watched)
    opened(path)
    (header,) = headers
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID
    # Bytes 18 and 19: 1 is the rollback journal, 2 is WAL.
    assert header[18:20] == b"\1\1"
    assert path.read_bytes()[18:20] == b"\2\2"


def test_a_server_beside_another_in_this_process_lets_go_of_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "state"

    async def go() -> None:
        first = FileState(path)
        with pytest.raises(StateError, match="another server uses it"):
            FileState(path)
        script = (
            "import sqlite3, sys; "
            "sqlite3.connect(sys.argv[1], timeout=0).execute('SELECT * FROM record')"
        )
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, str(path), stderr=asyncio.subprocess.PIPE
        )
        _, said = await other.communicate()
        assert b"locked" in said
        await first.close()
        opened_again = FileState(path)
        await opened_again.close()

    asyncio.run(go())


KINDS = {
    "session": "persistent",
    "code": "persistent",
    "refresh_token": "persistent",
    "revoked": "persistent",
    "app_login": "persistent",
    "user": "persistent",
    "policy": "persistent",
    "organization": "persistent",
    "token_settings": "persistent",
    "clock": "",
    "signing_key": "",
}


def put(path: Path, kind: str, key: str, value: object) -> None:
    """Write into a state file by hand."""
    with sqlite3.connect(path) as database:
        database.execute(
            "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)", (KINDS[kind], kind, key, value)
        )
    database.close()


def refused(path: Path) -> str:
    """What a server says that will not start with the file."""
    with pytest.raises(StateError) as caught, MockServer(DEFAULT_ENVIRONMENTS[:1], state=path):
        pass
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_that_cannot_be_read_is_told_in_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "state"
    opened(path)
    key = "" if kind in ("clock", "signing_key") else "k1"
    values = ["{", "[]", "[" * 60_000, "{}", '{"nonsense": 1}', b"\x00\xff"]
    for value in values:
        put(path, kind, key, value)
        said = refused(path)
        assert "\n" not in said
        assert len(said) < 400
        assert f"{path}: the {kind} {key!r}" in said
        assert "is damaged" in said
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM record").fetchone() == (1,)
    database.close()


SESSION: dict[str, Any] = {
    "id": "session_0x1",
    "number": 1,
    "cookie": "c1",
    "user_id": "kp_1",
    "org_code": "org_persistent",
    "client_id": "demo_persistent",
    "connection_id": "conn_password",
    "persistence": "persistent",
    "started": 1.8e9,
    "last_activity": 1.8e9,
    "initial_ip_address": "127.0.0.1",
    "initial_user_agent": "a",
    "last_ip_address": "127.0.0.1",
    "last_user_agent": "a",
    "ended": None,
    "relying_parties": {"demo_persistent": "http://persistent.idp.localhost"},
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"started": "yesterday"}, "started"),
        ({"started": -1}, "started must be from 0"),
        ({"last_activity": 1e300}, "last_activity must be from 0"),
        ({"last_activity": float("nan")}, "last_activity must be from 0"),
        ({"persistence": "for ever"}, "persistence"),
        ({"ended": "tired"}, "ended"),
        ({"more": 1}, "unknown: more"),
        ({"ended": ...}, "missing or unknown: ended"),
        ({"cookie": ...}, "cookie"),
        ({"relying_parties": {"demo_persistent": 1}}, "relying_parties"),
    ],
)
def test_what_is_wrong_with_a_record(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    path = tmp_path / "state"
    opened(path)
    put(path, "session", "session_0x1", json.dumps(SESSION))
    with MockServer(DEFAULT_ENVIRONMENTS[:1], state=path) as server:
        assert server.site.tenants["persistent"].sessions.by_id("session_0x1")
    changed = {k: v for k, v in {**SESSION, **change}.items() if v is not ...}
    put(path, "session", "session_0x1", json.dumps(changed))
    assert said in refused(path)


def test_what_is_wrong_within_a_record(tmp_path: Path) -> None:
    path = tmp_path / "state"
    opened(path)
    override = {"use_persistence": True, "persistence": "persistent",
                "use_inactivity_timeout": False, "inactivity_timeout": None,
                "use_absolute_timeout": False, "absolute_timeout": None}
    record = {"code": "org_1", "name": "One", "created": 1.0, "configured": False}
    put(path, "organization", "org_1", json.dumps({**record, "override": override}))
    with MockServer(DEFAULT_ENVIRONMENTS[:1], state=path) as server:
        organization = server.site.tenants["persistent"].organizations["org_1"]
        assert organization.override.persistence == "persistent"
    for changed, said in (
        ({**override, "more": 1}, "unknown: more"),
        ({**override, "inactivity_timeout": -1}, "inactivity_timeout must be from 0"),
        ({**override, "persistence": "for ever"}, "persistence"),
    ):
        put(path, "organization", "org_1", json.dumps({**record, "override": changed}))
        assert said in refused(path)


def test_a_damaged_key_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "state"
    opened(path)
    key = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "x", "kid": "k"}
    put(path, "signing_key", "", json.dumps(key))
    assert "the signing_key '' is damaged" in refused(path)


def test_a_file_that_was_refused_can_be_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "state"
    opened(path)
    put(path, "clock", "", "{")
    refused(path)
    put(path, "clock", "", json.dumps({"offset": 60}))
    with MockServer(DEFAULT_ENVIRONMENTS[:1], state=path) as server:
        assert round(server.site.clock.offset) == 60
