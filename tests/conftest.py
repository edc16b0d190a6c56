"""Fixtures for all tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from harness.clock import Clock
from harness.engines.browser_pool import BrowserPool, Options
from harness.server import control_models
from harness.server.running import MockServer
from tests.client import Client

pytest_plugins = ["pytester"]

_ADDOPTS = "-p no:schemathesis -p no:asyncio -p no:anyio -p no:hypothesispytest"
"""For every pytest that a test starts: plugins that are there for a few tests alone, take two
seconds to load, and have something to say of their configuration."""
os.environ.setdefault("PYTEST_ADDOPTS", _ADDOPTS)
# Tests may change HOME. What browsers need to start quickly is the same for all of them.
os.environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))

# Loaded when first needed, pydantic's plugins with it: once, and not what the guard looks for.
assert control_models


class StoppedTime:
    """Real time that stands still, for clocks under test."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's own, which clears the options that the environment has."""
    monkeypatch.setenv("PYTEST_ADDOPTS", _ADDOPTS)
    return pytester


@pytest.fixture
def clock() -> Clock:
    """A clock that moves only when it is told to."""
    return Clock(StoppedTime())


@pytest.fixture
def server(clock: Clock) -> Iterator[MockServer]:
    """A running server with the environments that are always there; fails on blocking calls."""
    with blockbuster_ctx(scanned_modules=["harness.server", "harness.apps"]), MockServer(
        clock=clock
    ) as running:
        yield running


@pytest.fixture(scope="module")
def pool() -> Iterator[BrowserPool]:
    """Browsers, and models, at a running server with the environments that are always there."""
    with MockServer() as server:
        pool = BrowserPool(server.url, Options())
        yield pool
        pool.close()
        assert not pool.folder.exists()


@pytest.fixture
def client(server: MockServer) -> Client:
    """A plain HTTP client with a cookie jar, following no redirect by itself."""
    return Client(server)
