"""The pytest plugin: scenarios as items, and a browser for people's own tests.

A file in a folder named `scenarios`, in a pack there, or named on the command line is searched for
scenarios; each becomes one item per engine and preset. pytest-playwright's options mean what they
mean there.

pytest loads this in every project of an environment that has Afterclose, so it imports little:
what drives browsers is imported where it is first needed.
"""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from harness.runner import fixtures
from harness.runner.invocation import INVOCATION, Invocation, session_of
from harness.runner.selection import Selection
from harness.runner.stash import FAILED, UNEXPECTED
from harness.runner.summary import Summary
from harness.scenario import Scenario, UnsupportedVerbError

__all__: list[str] = []

_IMPORTS_US = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(?:harness|afterclose)\b", re.MULTILINE
)
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
        "--afterclose-target",
        metavar="FILE",
        help="a login of one's own, described in Python or TOML (default: the mock)",
    )
    group.addoption(
        "--afterclose-real-wait",
        metavar="LIMIT",
        default="0",
        help="how long may be waited for real at a target whose clock cannot be moved, as 90s or "
        "2m (default: 0)",
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


    for name, what in (
        ("engines", "engines of session_browser and of scenarios, where --afterclose-engine names "
         "none"),
        ("presets", "how they are set up, where --afterclose-preset names nothing"),
        ("policies", "environments to observe, where --afterclose-policy names none"),
    ):  # fmt: skip
        parser.addini(f"afterclose_{name}", what, type="args", default=[])
    parser.addini(
        "afterclose_config", "environments to add, relative to this file", default=""
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "afterclose(engines=(), presets=()): the browsers that session_browser is, of those that "
        "the command line names, if it does",
    )
    config.stash[INVOCATION] = invocation = Invocation(config)
    config.pluginmanager.register(invocation, "afterclose-invocation")
    config.pluginmanager.register(Selection(config, invocation), "afterclose-selection")
    config.pluginmanager.register(Summary(invocation), "afterclose-summary")
    config.pluginmanager.register(fixtures, "afterclose-fixtures")
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
        if not _IMPORTS_US.search(file_path.read_bytes()):
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
        pairs = _pairs_of(metafunc)
        metafunc.parametrize(
            "session_browser", pairs, indirect=True, ids=[f"{e}-{p}" for e, p in pairs]
        )


def _pairs_of(metafunc: pytest.Metafunc) -> list[tuple[str, str]]:
    chosen = session_of(metafunc.config).chosen
    marker = metafunc.definition.get_closest_marker("afterclose")
    if marker is None:
        return chosen.pairs
    from harness.config import ConfigError

    try:
        named = {
            name: [value] if isinstance(value, str) else value
            for name, value in marker.kwargs.items()
        }
        return chosen.pairs_for(*marker.args, **named)
    except (ConfigError, TypeError) as error:
        raise pytest.Collector.CollectError(
            f"{metafunc.definition.nodeid}: @pytest.mark.afterclose(engines=…, presets=…): {error}"
        ) from None


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
    info = getattr(item, "_fixtureinfo", None)
    if info is None or name not in info.names_closure:
        return False
    for definition in reversed(info.name2fixturedefs.get(name, ())):
        if definition.func.__module__ == fixtures.__name__:
            return True
        if name not in definition.argnames:
            return False
    return False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """What a test's browser showed fails it as its own assertions would, and after them; what it
    cannot do is a reason to skip it."""
    try:
        result = yield
    except UnsupportedVerbError as error:
        if not _uses(item, "session_browser"):
            raise
        pytest.skip(str(error))
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


@pytest.hookimpl(tryfirst=True)
def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Python 3.11 interrupts where there is no line, too (`tb_lineno` is None), of which pytest 9
    cannot tell: Ctrl+C would end a run as an internal error, and not in order."""
    excinfo.traceback = excinfo.traceback.filter(_has_line)


def _has_line(entry: Any) -> bool:
    try:
        return isinstance(entry.lineno, int)
    except TypeError:
        return False
