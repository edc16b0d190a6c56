"""The results of a run: one file, which any of its processes may begin, and all append to."""

import contextlib
import hashlib
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest

from harness.config import Config
from harness.limitations import LIMITATIONS
from harness.policy import Environment
from harness.records import FORMAT, LimitationNote, Move, Record, Run, ScenarioNote
from harness.result_file import RecordsError, append_records, begin_results
from harness.runner.chosen import Chosen
from harness.runner.library import LibraryError, load_scenarios, scenario_files
from harness.runner.plan import Plan
from harness.scenario import Scenario, Step, steps_of

__all__ = ["Results", "configured", "limitation_notes", "run_record", "scenario_notes"]


class Results:
    """The result file of the run with that id. Nothing is made before the first record."""

    def __init__(self, path: Path, run: str, describe: Callable[[], Run]) -> None:
        self.path = path
        self._run = run
        self._describe = describe
        self._begun = False
        self.failure: str | None = None
        """Why something could not be written."""

    @property
    def begun(self) -> bool:
        """Whether this process has left something in the file."""
        return self._begun

    def begin(self) -> None:
        """Have the file say which run it is of, unless it does."""
        self.write()

    def write(self, *records: Record) -> None:
        """Append records; raise RecordsError where that cannot be done."""
        try:
            # Begun anew where somebody has taken the file away.
            if not self._begun or not self.path.exists():
                begin_results(self.path, self._run, self._describe)
                self._begun = True
            append_records(self.path, records)
        except OSError as error:
            self.failure = f"{self.path}: cannot be written: {error.strerror}"
            raise RecordsError(self.failure) from None


def run_record(
    config: pytest.Config, plan: Plan, chosen: Chosen, browsers: Mapping[str, str]
) -> Run:
    """What a run says of itself, and of the scenarios that were named to it."""
    invoked = config.workerinput["mainargv"][1:] if hasattr(config, "workerinput") else config.args
    folder = config.invocation_params.dir
    paths = [folder / argument.partition("::")[0] for argument in invoked]
    scenarios: list[Scenario] = []
    with contextlib.suppress(LibraryError):
        named = [path for path in paths if path.is_file() or path.name == "scenarios"]
        scenarios = load_scenarios(scenario_files(named)) if named else []
    return Run(
        id=plan.run,
        format=FORMAT,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={name: version(name) for name in ("afterclose", "playwright", "pytest", "aiohttp")}
        | {"python": platform.python_version(), **browsers},
        platform=platform.platform(),
        configuration={
            "engines": list(chosen.engines),
            "presets": list(chosen.presets),
            **configured(chosen.config),
            "target": chosen.target.name if chosen.target else None,
            "headed": chosen.options.headed,
            "repeat": chosen.repeat,
        },
        scenarios=scenario_notes(scenarios),
        limitations=limitation_notes(),
        items=plan.items,
        shard=plan.shard,
        whole=plan.whole,
    )


def configured(config: Config) -> dict[str, object]:
    """What a run says of the environments that it is about, and of the server's settings."""
    settings = config.settings
    return {
        "policies": {
            environment.name: {
                "persistence": environment.effective_policy.persistence,
                "inactivity_timeout": environment.effective_policy.inactivity_timeout,
                "absolute_timeout": environment.effective_policy.absolute_timeout,
            }
            for environment in config.environments
        },
        "environments": {e.name: _digest(e) for e in config.environments},
        "settings": asdict(settings) | {"activity": sorted(settings.activity)},
    }


def scenario_notes(scenarios: Iterable[Scenario]) -> dict[str, ScenarioNote]:
    """What scenarios say of themselves, by name."""
    return {
        scenario.name: ScenarioNote(
            title=scenario.title,
            claims=scenario.claims,
            covers=tuple(scenario.covers),
            pack=Path(scenario.function.__code__.co_filename).parent.name,
            moves=_moves(scenario),
        )
        for scenario in scenarios
    }


def limitation_notes() -> dict[str, LimitationNote]:
    """The registry, by id."""
    return {
        limitation.id: LimitationNote(
            sentence=limitation.sentence, sources=tuple(limitation.sources)
        )
        for limitation in LIMITATIONS
    }


def _moves(scenario: Scenario) -> tuple[Move, ...]:
    try:
        return tuple(map(_move, steps_of(scenario)))
    except Exception:
        # One that goes by what a check says, where nobody looks.
        return ()


def _move(step: Step) -> Move:
    value = step.value
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    return Move(step.verb, seconds, step.until.name.lower() if step.until else "")


def _digest(environment: Environment) -> str:
    """Tells an environment from one that is configured in another way, be it by what no policy
    shows, an organization to which nobody signs in."""
    return hashlib.sha256(msgspec.json.encode(environment, order="sorted")).hexdigest()[:8]
