"""What the items of one pytest process share: the server, the workshop, the results; and how one
lifecycle is carried out and written down."""

import contextlib
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.config import Config, name_one_of
from harness.engines import ENGINES, MODELS, NAMES, PRESETS, Engine, expand
from harness.engines.driver import Driver
from harness.engines.processes import kill_users_of
from harness.engines.simulated import Simulated
from harness.engines.witness import Witness
from harness.engines.workshop import Options, Workshop, locked
from harness.engines.world import World, Worlds
from harness.library import LibraryError, load_scenarios, scenario_files
from harness.limitations import LIMITATIONS
from harness.records import (
    Error,
    LimitationNote,
    Observation,
    Run,
    ScenarioNote,
    Unsupported,
    append_records,
)
from harness.scenario import Browser, Scenario, UnsupportedVerbError, narrate
from harness.server.running import MockServer

__all__ = ["BENCH", "FAILED", "Bench", "UnexpectedError", "interpreter", "lifecycle"]

_DEFAULT_PRESETS = ("default", "continue")


class UnexpectedError(Exception):
    """Observations that no limitation explains; the message lists them."""


class Bench:
    """What the items of one process share. Nothing is started before the first item needs it."""

    def __init__(self, config: pytest.Config, loaded: Config) -> None:
        asked = [name_one_of("engine", name, NAMES) for name in _engine_names(config)]
        self.engines = tuple(dict.fromkeys(expand(asked) or ENGINES))
        # On models alone nothing costs much.
        usual = _DEFAULT_PRESETS if set(self.engines) & set(ENGINES) else PRESETS
        presets = config.getoption("afterclose_preset") or usual
        self.presets = tuple(
            dict.fromkeys(name_one_of("preset", name, PRESETS) for name in presets)
        )
        self.config = loaded
        self.results = Path(config.getoption("afterclose_report")) / "results.ndjson"
        self.artifacts = Path(config.getoption("--output"))
        self._options = Options(
            headed=config.getoption("--headed"),
            slow_mo=config.getoption("--slowmo"),
            tracing=config.getoption("--tracing"),
            screenshot=config.getoption("--screenshot"),
        )
        self._pytest = config
        self._worker = hasattr(config, "workerinput")
        self.folder = Path(
            config.workerinput["afterclose_folder"]
            if hasattr(config, "workerinput")
            else tempfile.mkdtemp(prefix="afterclose-")
        )
        self._server: MockServer | None = None
        self._workshop: Workshop | None = None
        self._worlds: Worlds | None = None

    @property
    def workshop(self) -> Workshop:
        """The shared workshop, with its server running."""
        if self._workshop is None:
            self._server = MockServer(self.config.environments, settings=self.config.settings)
            self._server.__enter__()
            self._workshop = Workshop(self._server.url, self._options, folder=self.folder)
        return self._workshop

    @property
    def worlds(self) -> Worlds:
        """Where models carry scenarios out."""
        if self._worlds is None:
            self._worlds = Worlds(self.workshop)
        return self._worlds

    def write(self, *records: Observation | Unsupported | Error) -> None:
        """Append to the results, which begin anew with the first record of a run."""
        if not self.wrote:
            self._begin_results()
        append_records(self.results, records)

    @cached_property
    def version(self) -> str:
        """Afterclose's own: its models have no other."""
        return version("afterclose")

    @property
    def wrote(self) -> bool:
        """Whether this run has left a record, in whichever process."""
        return (self.folder / "results-begun").exists()

    def _begin_results(self) -> None:
        with locked(self.folder / "results.lock"):
            if not self.wrote:
                self.results.parent.mkdir(parents=True, exist_ok=True)
                self.results.unlink(missing_ok=True)
                append_records(self.results, [_run_record(self._pytest, self)])
                (self.folder / "results-begun").touch()

    def close(self) -> None:
        """End everything; the process that began the run also sweeps up after its workers."""
        if self._worlds is not None:
            self._worlds.close()
        if self._workshop is not None:
            self._workshop.close()
        if self._server is not None:
            self._server.__exit__(None, None, None)
        if not self._worker:
            kill_users_of(self.folder)
            shutil.rmtree(self.folder, ignore_errors=True)


BENCH = pytest.StashKey[Bench]()
FAILED = pytest.StashKey[bool]()


def _engine_names(config: pytest.Config) -> list[str]:
    return [*config.getoption("afterclose_engine"), *config.getoption("--browser")]


@contextlib.contextmanager
def lifecycle(
    item: pytest.Item,
    name: str,
    engine_name: str,
    preset: str,
    note: Callable[[Observation], None],
    keeps: Sequence[str] = (),
) -> Iterator[Browser]:
    """A browser for one item; what it shows is written down, and told to `note`."""
    bench = item.config.stash[BENCH]
    common = {"scenario": name, "engine": engine_name, "preset": preset}
    workshop = bench.workshop
    engine = ENGINES.get(engine_name)
    common["engine_version"] = _version(workshop, engine)
    if engine is not None and not common["engine_version"]:
        reason = f"{engine.title} is not installed; get it with: afterclose engines --install"
        bench.write(Unsupported(**common, reason=reason, steps=()))
        pytest.skip(reason)

    def observed(observation: Observation) -> None:
        bench.write(observation)
        note(observation)

    folder = bench.artifacts / "".join(c if c.isalnum() or c in "-_." else "-" for c in item.name)
    browser: Browser | None = None
    failed = True
    try:
        witness = Witness(
            scenario=name,
            engine=engine_name,
            engine_version=common["engine_version"],
            preset=preset,
            environments=bench.config.environments,
            settings=bench.config.settings,
            keeps=keeps,
            observed=observed,
        )
        with interpreter(workshop, witness, artifacts=folder) as carrying_out:
            browser = Browser(carrying_out)
            try:
                yield browser
                failed = False
            finally:
                failed = failed or item.stash.get(FAILED, False)
                _screenshot(workshop.options.screenshot, carrying_out, folder, failed)
    except UnsupportedVerbError as error:
        steps = tuple(narrate(step) for step in browser.steps) if browser else ()
        bench.write(Unsupported(**common, reason=str(error), steps=steps))
        failed = False
        pytest.skip(str(error))
    except (UnexpectedError, AssertionError):
        raise
    except Exception as error:
        steps = tuple(narrate(step) for step in browser.steps) if browser else ()
        message = str(error) or type(error).__name__
        bench.write(Error(**common, message=message, steps=steps))
        raise
    finally:
        if not failed and workshop.options.tracing == "retain-on-failure":
            shutil.rmtree(folder, ignore_errors=True)


def _version(workshop: Workshop, engine: Engine | None) -> str:
    if engine is None:
        return version("afterclose")
    installation = workshop.run(workshop.find(engine), 60)
    return installation.version if installation else ""


def interpreter(
    workshop: Workshop, witness: Witness, *, artifacts: Path | None = None
) -> Driver | Simulated:
    """What carries out a lifecycle on the engine, or the model, that the witness names."""
    if witness.engine in ENGINES:
        return Driver(workshop, ENGINES[witness.engine], witness, artifacts=artifacts)
    return Simulated(World(workshop), MODELS[witness.engine], witness)


def _screenshot(mode: str, driver: Driver | Simulated, folder: Path, failed: bool) -> None:
    wanted = mode == "on" or (mode == "only-on-failure" and failed)
    if wanted and isinstance(driver, Driver):
        folder.mkdir(parents=True, exist_ok=True)
        driver.screenshot(folder / "screenshot.png")


def _run_record(config: pytest.Config, bench: Bench) -> Run:
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
                for environment in bench.config.environments
            },
            "headed": config.getoption("--headed"),
        },
        scenarios={
            scenario.name: ScenarioNote(
                title=scenario.title, claims=scenario.claims, covers=tuple(scenario.covers)
            )
            for scenario in scenarios
        },
        limitations={
            limitation.id: LimitationNote(
                sentence=limitation.sentence, sources=tuple(limitation.sources)
            )
            for limitation in LIMITATIONS
        },
    )
