"""The pytest plugin: scenarios as items, and a browser for people's own tests.

A file in a folder named `scenarios`, or one named on the command line, is searched for scenarios;
each becomes one item per engine and preset. pytest-playwright's options mean what they mean there.
"""

import contextlib
import os
import platform
import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from harness.config import Config, ConfigError, load_config, name_one_of
from harness.engines import ENGINES, PRESETS, Engine
from harness.engines.driver import Driver, DriverError
from harness.engines.processes import kill_users_of
from harness.engines.target import TargetError
from harness.engines.workshop import Options, Workshop, locked
from harness.library import LibraryError, load_scenarios, scenario_files
from harness.limitations import LIMITATIONS
from harness.records import (
    Error,
    LimitationNote,
    Observation,
    Run,
    ScenarioNote,
    Unsupported,
    Verdict,
    append_record,
    read_records,
)
from harness.reports import write_reports
from harness.reports.terminal import summary_lines
from harness.scenario import Browser, Scenario, ScenarioError, UnsupportedVerbError, narrate
from harness.server.running import MockServer

__all__: list[str] = []

_DEFAULT_PRESETS = ("default", "continue")


class _UnexpectedError(Exception):
    """Observations that no limitation explains; the message lists them."""


class _Bench:
    """What the items of one process share. Nothing is started before the first item needs it."""

    def __init__(self, config: pytest.Config, settings: Config) -> None:
        self.engines = _chosen("engine", _engine_names(config), ENGINES, ENGINES)
        presets = config.getoption("afterclose_preset")
        self.presets = _chosen("preset", presets, PRESETS, _DEFAULT_PRESETS)
        self.settings = settings
        self.results = Path(config.getoption("afterclose_report")) / "results.ndjson"
        self.artifacts = Path(config.getoption("--output"))
        self._options = Options(
            headed=config.getoption("--headed"),
            slow_mo=config.getoption("--slowmo"),
            tracing=config.getoption("--tracing"),
            screenshot=config.getoption("--screenshot"),
        )
        self._config = config
        self._worker = hasattr(config, "workerinput")
        self.folder = Path(
            config.workerinput["afterclose_folder"]
            if hasattr(config, "workerinput")
            else tempfile.mkdtemp(prefix="afterclose-")
        )
        self._server: MockServer | None = None
        self._workshop: Workshop | None = None

    @property
    def workshop(self) -> Workshop:
        """The shared workshop, with its server running."""
        if self._workshop is None:
            self._server = MockServer(
                self.settings.environments, cookie_name=self.settings.cookie_name
            )
            self._server.__enter__()
            self._workshop = Workshop(self._server.url, self._options, folder=self.folder)
        return self._workshop

    def write(self, record: Observation | Unsupported | Error) -> None:
        """Append to the results, which begin anew with the first record of a run."""
        if not self.wrote:
            self._begin_results()
        append_record(self.results, record)

    @property
    def wrote(self) -> bool:
        """Whether this run has left a record, in whichever process."""
        return (self.folder / "results-begun").exists()

    def _begin_results(self) -> None:
        with locked(self.folder / "results.lock"):
            if not self.wrote:
                self.results.parent.mkdir(parents=True, exist_ok=True)
                self.results.unlink(missing_ok=True)
                append_record(self.results, _run_record(self._config, self))
                (self.folder / "results-begun").touch()

    def close(self) -> None:
        """End everything; the process that began the run also sweeps up after its workers."""
        if self._workshop is not None:
            self._workshop.close()
        if self._server is not None:
            self._server.__exit__(None, None, None)
        if not self._worker:
            kill_users_of(self.folder)
            shutil.rmtree(self.folder, ignore_errors=True)


_BENCH = pytest.StashKey[_Bench]()
_FAILED = pytest.StashKey[bool]()


def _engine_names(config: pytest.Config) -> list[str]:
    return [*config.getoption("afterclose_engine"), *config.getoption("--browser")]


def _chosen(
    what: str, asked: Sequence[str], known: Any, default: Any
) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name_one_of(what, name, known) for name in asked or default))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("afterclose", "Afterclose")
    for name, what in (
        ("engine", f"browser to drive ({', '.join(ENGINES)}; default: all)"),
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
        settings = load_config(Path(file) if file else None)
        settings = settings.only(config.getoption("afterclose_policy"))
        config.stash[_BENCH] = _Bench(config, settings)
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist's hook: tell a worker where this run keeps its profiles."""
    node.workerinput["afterclose_folder"] = str(node.config.stash[_BENCH].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    bench = config.stash.get(_BENCH, None)
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
    bench = collector.config.stash[_BENCH]
    return [
        ScenarioItem.from_parent(
            collector, name=f"{name}[{engine}-{preset}]", scenario=obj, engine=engine, preset=preset
        )
        for engine in bench.engines
        for preset in bench.presets
        if preset in ENGINES[engine].presets
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "session_browser" in metafunc.fixturenames:
        bench = metafunc.config.stash[_BENCH]
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

        with _lifecycle(self, self.scenario.name, self.engine, self.preset, note) as browser:
            self.scenario(browser)
            if unexpected:
                raise _UnexpectedError("\n".join(map(_sentence, unexpected)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        told = (_UnexpectedError, DriverError, ScenarioError, TargetError)
        if isinstance(excinfo.value, told):
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
        item.stash[_FAILED] = True
    return report


@pytest.fixture
def session_browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A browser signed in to nothing, for every engine and preset chosen.

    `check` returns what the server received, by environment and surface:
    `session_browser.check("label")["persistent", "sso"].signed_in`.
    """
    engine, preset = request.param
    name = f"{request.module.__name__.rpartition('.')[2]}.{request.function.__name__}"
    with _lifecycle(request.node, name, engine, preset, lambda observation: None) as browser:
        yield browser


@contextlib.contextmanager
def _lifecycle(
    item: pytest.Item, name: str, engine_name: str, preset: str, note: Any
) -> Iterator[Browser]:
    bench = item.config.stash[_BENCH]
    engine: Engine = ENGINES[engine_name]
    common = {"scenario": name, "engine": engine_name, "preset": preset}
    workshop = bench.workshop
    installation = workshop.run(workshop.find(engine), 60)
    common["engine_version"] = installation.version if installation else ""
    if installation is None:
        reason = f"{engine.title} is not installed; get it with: afterclose engines --install"
        bench.write(Unsupported(**common, reason=reason, steps=[]))
        pytest.skip(reason)

    def observed(observation: Observation) -> None:
        bench.write(observation)
        note(observation)

    folder = bench.artifacts / "".join(c if c.isalnum() or c in "-_." else "-" for c in item.name)
    browser: Browser | None = None
    failed = True
    try:
        with Driver(
            workshop,
            engine,
            preset=preset,
            environments=bench.settings.environments,
            scenario=name,
            observed=observed,
            artifacts=folder,
        ) as driver:
            browser = Browser(driver)
            try:
                yield browser
                failed = False
            finally:
                failed = failed or item.stash.get(_FAILED, False)
                _screenshot(workshop.options.screenshot, driver, folder, failed)
    except UnsupportedVerbError as error:
        steps = [narrate(step) for step in browser.steps] if browser else []
        bench.write(Unsupported(**common, reason=str(error), steps=steps))
        failed = False
        pytest.skip(str(error))
    except (_UnexpectedError, AssertionError):
        raise
    except Exception as error:
        steps = [narrate(step) for step in browser.steps] if browser else []
        message = str(error) or type(error).__name__
        bench.write(Error(**common, message=message, steps=steps))
        raise
    finally:
        if not failed and workshop.options.tracing == "retain-on-failure":
            shutil.rmtree(folder, ignore_errors=True)


def _screenshot(mode: str, driver: Driver, folder: Path, failed: bool) -> None:
    if mode == "on" or (mode == "only-on-failure" and failed):
        folder.mkdir(parents=True, exist_ok=True)
        driver.screenshot(folder / "screenshot.png")


def _sentence(observation: Observation) -> str:
    reason = f" ({observation.evidence.reason})" if observation.evidence.reason else ""
    return (
        f"unexpected: {observation.policy}/{observation.surface} {observation.check}: promised "
        f"{observation.promised}, observed {observation.observed}{reason}; sent: "
        f"{', '.join(observation.evidence.cookies_sent) or 'no cookies'}"
    )


def _run_record(config: pytest.Config, bench: _Bench) -> Run:
    invoked = config.workerinput["mainargv"][1:] if hasattr(config, "workerinput") else config.args
    paths = [Path(argument.partition("::")[0]) for argument in invoked]
    scenarios: list[Scenario] = []
    with contextlib.suppress(LibraryError):
        named = [path for path in paths if path.is_file() or path.name == "scenarios"]
        scenarios = load_scenarios(scenario_files(named)) if named else []
    return Run(
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={name: version(name) for name in ("afterclose", "playwright", "pytest", "aiohttp")}
        | {"python": platform.python_version()},
        platform=platform.platform(),
        configuration={
            "engines": list(bench.engines),
            "presets": list(bench.presets),
            "policies": {
                environment.name: {
                    "persistence": environment.effective_policy.persistence,
                    "inactivity_timeout": environment.effective_policy.inactivity_timeout,
                }
                for environment in bench.settings.environments
            },
            "headed": config.getoption("--headed"),
        },
        scenarios={
            scenario.name: ScenarioNote(
                title=scenario.title, claims=scenario.claims, covers=list(scenario.covers)
            )
            for scenario in scenarios
        },
        limitations={
            limitation.id: LimitationNote(
                sentence=limitation.sentence, sources=list(limitation.sources)
            )
            for limitation in LIMITATIONS
        },
    )


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Render the reports, and say in short what they say."""
    bench = config.stash[_BENCH]
    if hasattr(config, "workerinput") or not bench.wrote or not bench.results.exists():
        return
    records = list(read_records([bench.results]))
    if not any(not isinstance(record, Run) for record in records):
        return
    folder = bench.results.parent
    write_reports(records, folder)
    terminalreporter.section("Afterclose")
    for line in summary_lines(records):
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"Report: {os.path.relpath(folder / 'index.html')}")
