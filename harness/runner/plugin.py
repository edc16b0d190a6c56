"""The pytest plugin: scenarios as items, and a browser for people's own tests.

A file in a folder named `scenarios`, in a pack there, or named on the command line is searched for
scenarios; each becomes one item per engine and preset. pytest-playwright's options mean what they
mean there.

pytest loads this in every project of an environment that has Afterclose, so it imports little:
what drives browsers is imported where it is first needed.
"""

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.runner.invocation import INVOCATION, Invocation, session_of
from harness.runner.selection import Selection
from harness.runner.stash import FAILED, UNEXPECTED
from harness.runner.summary import Summary
from harness.scenario import Browser, Scenario

if TYPE_CHECKING:
    from harness.records import Observation
    from harness.server.running import MockServer

__all__: list[str] = []

_IMPORTS_HARNESS = re.compile(rb"^[ \t]*(?:from|import)[ \t]+harness\b", re.MULTILINE)
_FIXTURES = ("session_browser", "afterclose_server")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("afterclose", "Afterclose")
    for name, what in (
        ("engine", "browser, or model of one, as 'afterclose engines' lists them; 'simulated' is "
         "every model (default: every browser)"),
        ("preset", "how it is set up (default: default and continue; all of them on models)"),
        ("policy", "environment to observe (default: all)"),
    ):  # fmt: skip
        group.addoption(
            f"--afterclose-{name}",
            action="append",
            default=[],
            metavar=name.upper(),
            help=f"{what}; may be repeated",
        )
    group.addoption(
        "--afterclose-config",
        metavar="FILE",
        help="environments to add (default: afterclose.toml, if there is one)",
    )
    group.addoption(
        "--afterclose-baseline",
        metavar="FILE",
        help="what is known and accepted, and fails no test (default: nothing)",
    )
    group.addoption(
        "--afterclose-report",
        metavar="DIR",
        default="report",
        help="folder for results and reports (default: report)",
    )
    group.addoption(
        "--afterclose-repeat",
        metavar="K",
        default="1",
        help="carry each scenario out K times, and tell what comes out differently (default: 1)",
    )
    group.addoption(
        "--afterclose-shard",
        metavar="I/N",
        default="",
        help="carry out only this part of the scenarios, of N that together are all",
    )
    group.addoption(
        "--afterclose-durations",
        metavar="FILE",
        help="an earlier run's results.ndjson: shards that take as long as each other",
    )
    group.addoption(
        "--afterclose-resume",
        action="store_true",
        help="carry out what is left of the run that the results in the report folder are of",
    )
    group.addoption(
        "--afterclose-dask",
        metavar="ADDRESS",
        default="",
        help="the scheduler of a Dask cluster whose workers carry the items out",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[INVOCATION] = invocation = Invocation(config)
    config.pluginmanager.register(invocation, "afterclose-invocation")
    config.pluginmanager.register(Selection(config, invocation), "afterclose-selection")
    config.pluginmanager.register(Summary(invocation), "afterclose-summary")
    if config.getoption("afterclose_dask") and not invocation.worker:
        from harness.runner.distributing import Distribution

        config.pluginmanager.register(Distribution(config, invocation), "afterclose-distribution")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Scenarios need no `test_` in their names; files that have it are pytest's own to collect."""
    if file_path.suffix != ".py" or file_path.name in ("__init__.py", "conftest.py"):
        return None
    # pytest collects a file named on the command line by itself.
    of_scenarios = "scenarios" in (file_path.parent.name, file_path.parent.parent.name)
    if not of_scenarios or parent.session.isinitpath(file_path):
        return None
    patterns = parent.config.getini("python_files")
    if any(file_path.match(pattern) for pattern in patterns):
        return None
    # To collect is to execute, and others have folders of that name too.
    try:
        if not _IMPORTS_HARNESS.search(file_path.read_bytes()):
            return None
    except OSError:
        return None
    module: pytest.Collector = pytest.Module.from_parent(parent, path=file_path)
    return module


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    if not isinstance(obj, Scenario) or obj.function.__module__ != collector.obj.__name__:
        return None
    from harness.runner.items import ScenarioItem

    chosen = session_of(collector.config).chosen
    return [
        ScenarioItem.from_parent(
            collector,
            name=f"{name}[{engine}-{preset}{f'-{repetition}' if chosen.repeat > 1 else ''}]",
            scenario=obj,
            engine=engine,
            preset=preset,
            repetition=repetition,
        )
        for repetition in range(1, chosen.repeat + 1)
        for engine, preset in chosen.pairs
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test with a browser is one for every engine and preset, unless it says which itself."""
    if not _uses(metafunc.definition, "session_browser"):
        return
    marks = metafunc.definition.iter_markers("parametrize")
    named = [mark.args[0] if mark.args else mark.kwargs.get("argnames", "") for mark in marks]
    if not any("session_browser" in names for names in named):
        pairs = session_of(metafunc.config).chosen.pairs
        metafunc.parametrize(
            "session_browser", pairs, indirect=True, ids=[f"{e}-{p}" for e, p in pairs]
        )


def pytest_collection_finish(session: pytest.Session) -> None:
    """A mistake on the command line ends a run to which it matters; in a worker, where nobody
    would see that, the items tell."""
    invocation = session.config.stash[INVOCATION]
    if not invocation.worker and any(map(_is_ours, session.items)):
        from harness.config import ConfigError

        try:
            invocation.run_session.chosen.check_options()
        except ConfigError as error:
            raise pytest.UsageError(str(error)) from None


def _is_ours(item: pytest.Item) -> bool:
    scenario = isinstance(getattr(item, "scenario", None), Scenario)
    return scenario or any(_uses(item, name) for name in _FIXTURES)


def _uses(item: pytest.Item, name: str) -> bool:
    """Whether a test comes to our fixture of that name. A project may have one of its own."""
    fixtures = getattr(item, "_fixtureinfo", None)
    if fixtures is None or name not in fixtures.names_closure:
        return False
    for definition in reversed(fixtures.name2fixturedefs.get(name, ())):
        if definition.func.__module__ == __name__:
            return True
        if name not in definition.argnames:
            return False
    return False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """What a test's browser showed fails it as its own assertions would, and after them."""
    result = yield
    unexpected = item.stash.get(UNEXPECTED, [])
    if unexpected:
        from harness.runner.items import sentence

        pytest.fail("\n".join(map(sentence, unexpected)), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Remember a failed test for its fixture, which is not told."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def session_browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A browser signed in to nothing, for every engine and preset chosen.

    `check` returns what the server received, by environment and surface:
    `session_browser.check("label")["persistent", "sso"].signed_in`. What is unexpected fails the
    test at its end.
    """
    from harness.records import Verdict
    from harness.runner.items import told_in_a_line
    from harness.runner.run_session import lifecycle

    engine, preset = request.param
    name = f"{request.module.__name__.rpartition('.')[2]}.{request.function.__name__}"
    unexpected: list[Observation] = []
    request.node.stash[UNEXPECTED] = unexpected

    def note(observation: "Observation") -> None:
        if observation.verdict is Verdict.UNEXPECTED and not run_session.accepts(observation):
            unexpected.append(observation)

    with told_in_a_line():
        session_of(request.config).chosen.check()
        run_session = session_of(request.config)
        with run_session.attempt(name, engine, preset) as attempt:
            with lifecycle(run_session, request.node, attempt, note) as browser:
                yield browser
            attempt.failed = request.node.stash.get(FAILED, False)


@pytest.fixture(scope="session")
def _afterclose_server(pytestconfig: pytest.Config) -> "Iterator[MockServer]":
    from harness.runner.items import told_in_a_line
    from harness.server.running import MockServer

    with told_in_a_line():
        loaded = session_of(pytestconfig).chosen.config
    with MockServer(loaded.environments, settings=loaded.settings) as server:
        yield server


@pytest.fixture
def afterclose_server(_afterclose_server: "MockServer") -> "MockServer":
    """The mock auth server, for tests of one's own application.

    One server for the whole run, on a free port and configured by `afterclose.toml`; before each
    test nobody is signed in and the policies are the configured ones.
    """
    _afterclose_server.reset()
    return _afterclose_server
