"""The fixtures of own tests: a browser that is really quit and started, the server that it is
signed in to, and what a project may say of both by fixtures of those names of its own.

pytest loads this in every project of an environment that has Afterclose, so it imports little.
"""

import contextlib
import functools
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from harness.runner.invocation import INVOCATION, session_of
from harness.runner.stash import FAILED, UNEXPECTED

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

    from harness.policy import Environment
    from harness.records import Observation
    from harness.runner.async_session_browser import AsyncSessionBrowser
    from harness.runner.run_session import RunSession
    from harness.runner.session_browser import SessionBrowser
    from harness.server.running import MockServer
    from harness.settings import Settings

__all__ = [
    "afterclose_environments",
    "afterclose_launch_args",
    "afterclose_server",
    "afterclose_server_args",
    "afterclose_settings",
    "async_session_browser",
    "session_browser",
]


@pytest.fixture(scope="session")
def afterclose_environments(pytestconfig: pytest.Config) -> "Sequence[Environment]":
    """The environments that are served: those that are always there, and `afterclose.toml`'s."""
    from harness.runner.items import told_in_a_line

    with told_in_a_line():
        return session_of(pytestconfig).chosen.config.environments


@pytest.fixture(scope="session")
def afterclose_settings(pytestconfig: pytest.Config) -> "Settings":
    """The server's settings: `afterclose.toml`'s."""
    from harness.runner.items import told_in_a_line

    with told_in_a_line():
        return session_of(pytestconfig).chosen.config.settings


@pytest.fixture(scope="session")
def afterclose_server_args() -> "Mapping[str, Any]":
    """More arguments for `MockServer`: `https`, `host`, `port`, `state`."""
    return {}


@pytest.fixture(scope="session")
def afterclose_launch_args() -> "Mapping[str, Any]":
    """More arguments for Playwright's `launch_persistent_context`: `args`, `env`, `locale`, …"""
    return {}


@pytest.fixture(scope="session")
def _afterclose_session(
    pytestconfig: pytest.Config,
    afterclose_environments: "Sequence[Environment]",
    afterclose_settings: "Settings",
    afterclose_server_args: "Mapping[str, Any]",
    afterclose_launch_args: "Mapping[str, Any]",
) -> "RunSession":
    from harness.runner.items import told_in_a_line
    from harness.runner.serving import Serving

    with told_in_a_line():
        return pytestconfig.stash[INVOCATION].session_for(
            Serving(
                environments=tuple(afterclose_environments),
                settings=afterclose_settings,
                server_args=afterclose_server_args,
                launch_args=afterclose_launch_args,
            )
        )


@pytest.fixture(scope="session")
def _afterclose_playwright(request: pytest.FixtureRequest) -> "Iterator[Playwright]":
    """pytest-playwright's, where that is there: a thread has no room for two."""
    from harness.runner.chosen import has_playwright

    if has_playwright(request.config):
        yield request.getfixturevalue("playwright")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def session_browser(
    request: pytest.FixtureRequest, _afterclose_session: "RunSession"
) -> "Iterator[SessionBrowser]":
    """A browser signed in to nothing, for every engine and preset chosen.

    `page` and `context` are Playwright's, for the test's own application; after each start there
    are new ones. `check` returns what the server received, by environment and surface:
    `session_browser.check("label")["persistent", "sso"].signed_in`. What is unexpected fails the
    test at its end.
    """
    from harness.engines import MODELS
    from harness.records import Verdict
    from harness.runner.items import told_in_a_line
    from harness.runner.run_session import lifecycle
    from harness.runner.session_browser import SessionBrowser

    engine, preset = request.param
    name = f"{request.module.__name__.rpartition('.')[2]}.{request.function.__name__}"
    run_session = _afterclose_session
    unexpected: list[Observation] = []
    request.node.stash[UNEXPECTED] = unexpected

    def note(observation: "Observation") -> None:
        if observation.verdict is Verdict.UNEXPECTED and not run_session.accepts(observation):
            unexpected.append(observation)

    with told_in_a_line():
        run_session.chosen.check()
        if run_session.chosen.target_file is not None:
            pytest.fail(
                "session_browser: is signed in to the mock; --afterclose-target is for scenarios",
                pytrace=False,
            )
        if engine in MODELS and run_session.server.url.startswith("https:"):
            pytest.skip(f"{engine}: a model speaks no https")
        with run_session.attempt(name, engine, preset) as attempt:
            make = functools.partial(
                SessionBrowser,
                engine=engine,
                pool=run_session.pool,
                playwright=lambda: request.getfixturevalue("_afterclose_playwright"),
            )
            with (
                contextlib.ExitStack() as exits,
                lifecycle(run_session, request.node, attempt, note, make=make) as browser,
            ):
                assert isinstance(browser, SessionBrowser)
                exits.callback(browser.disconnect)
                yield browser
            attempt.failed = request.node.stash.get(FAILED, False)


if find_spec("pytest_asyncio"):
    import pytest_asyncio

    @pytest_asyncio.fixture
    async def async_session_browser(
        session_browser: "SessionBrowser",
    ) -> "AsyncIterator[AsyncSessionBrowser]":
        """`session_browser` for a test of pytest-asyncio: its verbs are awaited, and
        `await async_session_browser.page()` is Playwright's asynchronous page."""
        from harness.runner.async_session_browser import AsyncSessionBrowser

        browser = AsyncSessionBrowser(session_browser)
        yield browser
        await browser.disconnect()

else:

    @pytest.fixture
    def async_session_browser() -> None:
        """What a test is told that has nobody to run it."""
        pytest.fail(
            "async_session_browser: needs pytest-asyncio; get it with: pip install pytest-asyncio",
            pytrace=False,
        )


@pytest.fixture
def afterclose_server(
    request: pytest.FixtureRequest, _afterclose_session: "RunSession"
) -> "MockServer":
    """The mock auth server, for tests of one's own application.

    One server for the whole run, on a free port and configured by `afterclose.toml`; before each
    test nobody is signed in and the policies are the configured ones. Beside `session_browser` it
    is the one that the browser is signed in to.
    """
    from harness.runner.items import told_in_a_line

    if "session_browser" in request.fixturenames:
        # Which begins with a server that is reset.
        request.getfixturevalue("session_browser")
        return _afterclose_session.server
    with told_in_a_line():
        server = _afterclose_session.server
    server.reset()
    return server
