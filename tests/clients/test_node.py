"""Clients from npm, where node is present: each file of `node/` is a test of node's own runner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.server.running import MockServer
from tests.clients.conftest import CALLBACK, HOME, SECRET
from tests.node_packages import install
from tests.patience import PATIENCE

FOLDER = Path(__file__).with_name("node")

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="node is not installed"
)


@pytest.fixture(scope="module")
def packages() -> Path:
    """Install what the lock file names, once."""
    install(FOLDER)
    return FOLDER


@pytest.mark.parametrize("file", sorted(path.name for path in FOLDER.glob("*.test.mjs")))
def test_client(acme: MockServer, packages: Path, file: str) -> None:
    outcome = subprocess.run(
        ["node", "--test", file],
        cwd=packages,
        env={
            **os.environ,
            "AFTERCLOSE_URL": acme.url,
            "CALLBACK": CALLBACK,
            "HOME": HOME,
            "SECRET": SECRET,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
