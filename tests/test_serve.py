"""`afterclose serve` and `init`, and the server as a library and as a fixture."""

import asyncio
import gc
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from harness.config import load_config
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.server.running import MockServer
from tests.patience import PATIENCE

AFTERCLOSE = [sys.executable, "-m", "harness.cli"]


def afterclose(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*AFTERCLOSE, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def served(
    *arguments: str, cwd: Path, end: signal.Signals = signal.SIGINT
) -> Iterator[dict[str, Any]]:
    """A server of its own; what its ready line says. It ends as it should."""
    server = subprocess.Popen(
        [*AFTERCLOSE, "serve", "--port", "0", *arguments],
        cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())
    finally:
        server.send_signal(end)
        _, said = server.communicate(timeout=PATIENCE)
    assert server.returncode == 0
    assert "mock" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_ready_line_and_health(tmp_path: Path, end: signal.Signals) -> None:
    with served(cwd=tmp_path, end=end) as ready:
        assert ready["ready"] is True
        assert list(ready["environments"]) == [e.name for e in DEFAULT_ENVIRONMENTS]
        with urllib.request.urlopen(f"{ready['url']}/_afterclose/health") as answer:
            assert json.load(answer)["status"] == "ok"
        port = ready["url"].rpartition(":")[2]
        taken = afterclose("serve", "--port", port, cwd=tmp_path)
        assert taken.returncode == 2
        assert "choose another with --port" in taken.stderr


def test_a_named_environment_is_at_localhost(tmp_path: Path) -> None:
    with served("--policy", "org_persistent", cwd=tmp_path) as ready:
        assert list(ready["environments"]) == ["org_persistent"]
        with urllib.request.urlopen(f"{ready['url']}/_afterclose/environments") as answer:
            (environment,) = json.load(answer)["environments"]
    assert environment["policy"] == {
        "persistence": "persistent", "persistence_from": "organization",
        "inactivity_timeout": 86_400, "inactivity_timeout_from": "environment",
        "absolute_timeout": None, "absolute_timeout_from": "environment",
    }


def test_https_with_an_authority_to_trust(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    with served("--https", "--ca-out", str(authority), cwd=tmp_path) as ready:
        context = ssl.create_default_context(cafile=str(authority))
        address = f"{ready['url']}/.well-known/openid-configuration"
        with urllib.request.urlopen(address, context=context) as answer:
            assert json.load(answer)["issuer"] == ready["url"]
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(address)


def test_state_is_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with served("--state", "state.sqlite", cwd=tmp_path) as ready:
            move = urllib.request.Request(
                f"{ready['url']}/_afterclose/clock", b'{"advance": 60}', method="POST"
            )
            with urllib.request.urlopen(move) as answer:
                offset = json.load(answer)["offset"]
    assert offset == 120


def test_what_does_not_fit_the_state_is_said_at_the_start(tmp_path: Path) -> None:
    config = tmp_path / "afterclose.toml"
    acme = '[environments.acme]\npersistence = "persistent"\ninactivity_timeout = 60\n'
    config.write_text(acme)
    with served("--state", "state.sqlite", "--policy", "persistent", cwd=tmp_path):
        pass
    policy = {"persistence": "persistent", "inactivity_timeout": 3600, "absolute_timeout": None}
    with sqlite3.connect(tmp_path / "state.sqlite") as database:
        database.execute(
            "INSERT INTO record VALUES ('acme', 'policy', '', ?)", (json.dumps(policy),)
        )
    database.close()
    arguments = [*AFTERCLOSE, "serve", "--port", "0", "--state", "state.sqlite"]
    server = subprocess.Popen(
        [*arguments, "--policy", "acme"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    assert server.stdout is not None
    assert json.loads(server.stdout.readline())["ready"]
    server.terminate()
    _, said = server.communicate(timeout=PATIENCE)
    first, *_ = said.splitlines()
    assert first.startswith("afterclose: environment acme: persistent with 3600 seconds is in")
    assert "persistent with 60 seconds, as configured" in first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ca-out", "ca.pem"), "no certificate authority without --https"),
        (("--https", "--ca-out", "nowhere/ca.pem"), "nowhere/ca.pem: cannot be written"),
        (("--state", "nowhere/state"), "nowhere/state: cannot be opened"),
        (("--state", "notes.txt"), "notes.txt: not a state file of Afterclose"),
        (("--state", ":memory:"), "would keep nothing; name a file"),
        (("--state", ""), "--state: name a file"),
        (("--policy", "persistant"), "Did you mean 'persistent'?"),
        (("--config", "none.toml"), "none.toml: cannot be read"),
        (("--host", "203.0.113.1"), "choose another with --host"),
    ],
)
def test_mistakes_are_told_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "notes.txt").write_text("no database" * 200)
    result = afterclose("serve", "--port", "0", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert said in line


def test_init_writes_a_file_that_serve_reads(tmp_path: Path) -> None:
    assert afterclose("init", cwd=tmp_path).returncode == 0
    config = load_config(tmp_path / "afterclose.toml")
    acme = config.environments[-1]
    assert (acme.name, acme.effective_policy.inactivity_timeout) == ("acme", 86_400)
    assert acme.applications[0].id == "my_app"
    again = afterclose("init", cwd=tmp_path)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    with served("--policy", "acme", cwd=tmp_path) as ready:
        assert list(ready["environments"]) == ["acme"]
    unwritable = afterclose("init", "nowhere/afterclose.toml", cwd=tmp_path)
    assert unwritable.returncode == 2
    assert "cannot be written" in unwritable.stderr


def test_what_init_writes_are_the_defaults(tmp_path: Path) -> None:
    afterclose("init", cwd=tmp_path)
    written = load_config(tmp_path / "afterclose.toml")
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    assert written.settings == load_config(empty).settings


def test_in_ones_own_event_loop() -> None:
    async def go() -> int:
        async with MockServer() as server, aiohttp.ClientSession() as http:
            server.advance(timedelta(hours=1))
            async with http.get(f"{server.url}/_afterclose/clock") as answer:
                assert round((await answer.json())["offset"]) == 3600
            server.reset()
            async with http.get(f"{server.url}/_afterclose/clock") as answer:
                assert (await answer.json())["offset"] == 0
                return answer.status

    assert asyncio.run(go()) == 200


@pytest.mark.parametrize("https", [False, True])
def test_stopping_leaves_no_connection_behind(https: bool) -> None:
    with MockServer(https=https) as server:
        context = ssl.create_default_context(cadata=server.ca_pem.decode()) if https else None
        host, port = "localhost", int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as plain:
            stream = context.wrap_socket(plain, server_hostname=host) if context else plain
            with stream:
                head = f"GET /_afterclose/health HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"
                stream.sendall(head.encode())
                assert stream.recv(12) == b"HTTP/1.1 200"
                server.__exit__(None, None, None)
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    gc.collect()


def test_what_a_server_has_only_once_it_runs() -> None:
    server = MockServer()
    with pytest.raises(RuntimeError, match="not been started"):
        server.site.reset()
    with server, pytest.raises(RuntimeError, match="https"):
        server.ca_pem.decode()


def test_the_fixture_begins_anew_with_each_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from datetime import timedelta
        from urllib.request import urlopen
        import json

        def offset(server):
            with urlopen(server.url + "/_afterclose/clock") as answer:
                return json.load(answer)["offset"]

        def test_one(afterclose_server):
            afterclose_server.advance(timedelta(days=1))
            assert offset(afterclose_server) == 86400

        def test_two(afterclose_server):
            assert offset(afterclose_server) == 0
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)


def test_a_server_alone_loads_nothing_that_drives_browsers_or_takes_as_long_as_its_start() -> None:
    code = (
        "import sys, harness.cli.serve, harness.server.running; "
        "unwanted = ('playwright', 'pytest', 'rich.table', 'psutil', 'pydantic'); "
        "print([m for m in unwanted if m in sys.modules])"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ},
    )
    assert outcome.stdout.strip() == "[]"
