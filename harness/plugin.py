"""The pytest plugin: scenarios as items, and a browser for people's own tests.

A file in a folder named `scenarios`, or one named on the command line, is searched for scenarios;
each becomes one item per engine and preset. pytest-playwright's options mean what they mean there.
"""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.bench import BENCH, FAILED, Bench, UnexpectedError, lifecycle
from harness.config import ConfigError, load_config
from harness.engines import ENGINES, MODELS, NAMES, PRESETS, presets_of
from harness.engines.driver import DriverError
from harness.engines.simulated import SimulationError
from harness.engines.target import TargetError
from harness.engines.workshop import WorkshopError
from harness.records import Observation, RecordsError, Verdict, read_records, run_of
from harness.reports import write_reports
from harness.reports.matrix import matrix_of
from harness.reports.terminal import summary_lines
from harness.scenario import Browser, Scenario, ScenarioError
from harness.server.running import MockServer
from harness.simulating import simulate

__all__: list[str] = []

_TOLD = (
    UnexpectedError, DriverError, SimulationError, ScenarioError, TargetError, WorkshopError,
    RecordsError,
)  # fmt: skip
"""What is told in a line: nobody needs to see where it was raised."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("afterclose", "Afterclose")
    for name, what in (
        ("engine", f"browser to drive ({', '.join(NAMES)}; default: {', '.join(ENGINES)})"),
        ("preset", f"how it is set up ({', '.join(PRESETS)}; default: default, continue)"),
        ("policy", "environment to observe (default: all)"),
    ):
        group.addoption(
            f"--{name}",
            action="append",
            default=[],
            dest=f"afterclose_{name}",
            metavar=name.upper(),
            help=f"{what}; may be repeated",
        )
    group.addoption(
        "--afterclose-config",
        metavar="FILE",
        help="environments to add (default: afterclose.toml, if there is one)",
    )
    group.addoption(
        "--afterclose-report",
        metavar="DIR",
        default="report",
        dest="afterclose_report",
        help="folder for results and reports (default: report)",
    )


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--afterclose-config")
    try:
        loaded = load_config(Path(file) if file else None)
        loaded = loaded.only(config.getoption("afterclose_policy"))
        config.stash[BENCH] = Bench(config, loaded)
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist's hook: tell a worker where this run keeps its profiles."""
    node.workerinput["afterclose_folder"] = str(node.config.stash[BENCH].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    bench = config.stash.get(BENCH, None)
    if bench is not None:
        bench.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Scenarios need no `test_` in their names; files that have it are pytest's own to collect."""
    if file_path.suffix != ".py" or file_path.name in ("__init__.py", "conftest.py"):
        return None
    patterns = parent.config.getini("python_files")
    if any(file_path.match(pattern) for pattern in patterns):
        return None
    # pytest collects a file named on the command line by itself.
    if file_path.parent.name != "scenarios" or parent.session.isinitpath(file_path):
        return None
    module: pytest.Collector = pytest.Module.from_parent(parent, path=file_path)
    return module


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    if not isinstance(obj, Scenario) or obj.function.__module__ != collector.obj.__name__:
        return None
    bench = collector.config.stash[BENCH]
    return [
        ScenarioItem.from_parent(
            collector, name=f"{name}[{engine}-{preset}]", scenario=obj, engine=engine, preset=preset
        )
        for engine in bench.engines
        for preset in bench.presets
        if preset in presets_of(engine)
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "session_browser" in metafunc.fixturenames:
        bench = metafunc.config.stash[BENCH]
        pairs = [(engine, preset) for engine in bench.engines for preset in bench.presets]
        metafunc.parametrize(
            "session_browser", pairs, indirect=True, ids=[f"{e}-{p}" for e, p in pairs]
        )


class ScenarioItem(pytest.Item):
    """One scenario, on one engine, with one preset."""

    def __init__(self, *, scenario: Scenario, engine: str, preset: str, **options: Any) -> None:
        super().__init__(**options)
        self.scenario = scenario
        self.engine = engine
        self.preset = preset
        self.obj = scenario.function

    def runtest(self) -> None:
        unexpected: list[Observation] = []

        def note(observation: Observation) -> None:
            if observation.verdict is Verdict.UNEXPECTED:
                unexpected.append(observation)

        def judge() -> None:
            if unexpected:
                raise UnexpectedError("\n".join(map(_sentence, unexpected)))

        if self.engine in MODELS:
            simulate(self, self.scenario, self.engine, self.preset, note)
            judge()
        else:
            scenario = self.scenario
            with lifecycle(
                self, scenario.name, self.engine, self.preset, note, scenario.keeps
            ) as browser:
                scenario(browser)
                judge()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, _TOLD):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        line = self.scenario.function.__code__.co_firstlineno - 1
        return self.path, line, f"{self.scenario.name}[{self.engine}-{self.preset}]"


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
    `session_browser.check("label")["persistent", "sso"].signed_in`.
    """
    engine, preset = request.param
    name = f"{request.module.__name__.rpartition('.')[2]}.{request.function.__name__}"
    with lifecycle(request.node, name, engine, preset, lambda observation: None) as browser:
        yield browser


@pytest.fixture(scope="session")
def _afterclose_server(pytestconfig: pytest.Config) -> Iterator[MockServer]:
    loaded = pytestconfig.stash[BENCH].config
    with MockServer(loaded.environments, settings=loaded.settings) as server:
        yield server


@pytest.fixture
def afterclose_server(_afterclose_server: MockServer) -> MockServer:
    """The mock auth server, for tests of one's own application.

    One server for the whole run, on a free port and configured by `afterclose.toml`; before each
    test nobody is signed in and the policies are the configured ones.
    """
    _afterclose_server.reset()
    return _afterclose_server


def _sentence(observation: Observation) -> str:
    reason = f" ({observation.evidence.reason})" if observation.evidence.reason else ""
    return (
        f"unexpected: {observation.policy}/{observation.surface} {observation.check}: promised "
        f"{observation.promised}, observed {observation.observed}{reason}; sent: "
        f"{', '.join(observation.evidence.cookies_sent) or 'no cookies'}"
    )


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Render the reports, and say in short what they say."""
    bench = config.stash[BENCH]
    results = bench.results.path
    if hasattr(config, "workerinput") or run_of(results) != bench.run:
        return
    matrix = matrix_of(read_records([results]))
    if not matrix.cells:
        return
    folder = results.parent
    write_reports(matrix, folder)
    terminalreporter.section("Afterclose")
    for line in summary_lines(matrix):
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"Report: {os.path.relpath(folder / 'index.html')}")
