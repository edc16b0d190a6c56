"""What the items of one pytest process share: the server, the pool, the results; and how one
lifecycle is carried out and written down."""

import contextlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from importlib.metadata import version as own_version
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.config import Config
from harness.engines import ENGINES, MODELS, Engine
from harness.engines.answer_memo import AnswerMemo, AnswerMemos
from harness.engines.browser_pool import BrowserPool
from harness.engines.driver import Driver
from harness.engines.leftovers import clear_runs
from harness.engines.processes import end_with_parent
from harness.engines.simulated import Simulated
from harness.judging import Acting, Judge, Judged
from harness.policy import Environment, Limits
from harness.records import Error, Observation, Record, Run, Unsupported, Verdict, item_name
from harness.reports.baseline import Failure
from harness.runner.artifacts import kept_in, take_screenshot, with_kept
from harness.runner.attempt import Attempt, UnexpectedError
from harness.runner.chosen import Chosen
from harness.runner.installing import find_engines
from harness.runner.plan import Plan
from harness.runner.providing import Providers
from harness.runner.results import Results, run_record
from harness.runner.resuming import Resumption, resumption_of
from harness.runner.serving import Serving
from harness.runner.stash import FAILED, STEPS
from harness.runner.steps import Telling
from harness.scenario import Browser, Interpreter, UnsupportedVerbError, narrate
from harness.server.running import MockServer
from harness.setup import Setup
from harness.targets.driven import TargetSite
from harness.targets.provided import ProvidedSite
from harness.targets.running import RunningTarget

__all__ = ["RunSession", "TooSlowError", "engine_for", "lifecycle", "plain"]


class TooSlowError(Exception):
    """A lifecycle that the machine was too slow for, of which nothing was written down."""


class RunSession:
    """What the items of one process share. Nothing is started before the first item needs it."""

    def __init__(
        self, config: pytest.Config, plan: Plan, serving: Serving | None = None
    ) -> None:
        self.chosen = Chosen(config)
        self._serving = serving
        self.browsers: Mapping[str, str] | None = None
        """The versions of the browsers, where they are elsewhere."""
        self._config = config
        self._plan = plan
        self._server: MockServer | None = None
        self._pool: BrowserPool | None = None
        self._memos: AnswerMemos | None = None
        self._target: RunningTarget | None = None
        self._providers: Providers | None = None

    @property
    def config(self) -> Config:
        """The configuration; raises ConfigError."""
        return self._serving.config() if self._serving else self.chosen.config

    @property
    def server(self) -> MockServer:
        """The mock auth server, running."""
        if self._server is None:
            self._server = (self._serving or Serving.of(self.config)).server()
            self._server.__enter__()
        return self._server

    @property
    def target(self) -> RunningTarget | None:
        """The login that is described by a file, or None for the mock. Raises ConfigError."""
        if self._target is None and (target := self.chosen.target) is not None:
            if target.client is not None:
                self._providers = Providers(self.config, target)
            self._target = RunningTarget(
                target,
                self.chosen.target_file,
                artifacts=self.chosen.artifacts,
                real_wait=self.chosen.real_wait,
                provide=self._providers.of if self._providers else None,
            )
        return self._target

    @property
    def pool(self) -> BrowserPool:
        """The shared pool, with its server running."""
        if self._pool is None:
            if hasattr(self._config, "workerinput"):
                end_with_parent(os.getppid())
            clear_runs()
            options = self.chosen.options
            target = self.target.target if self.target else None
            if target is not None:
                options = replace(options, ignore_https_errors=target.ignore_https_errors)
            self._pool = BrowserPool(
                self.server.url if target is None else "",
                self._serving.options(options) if self._serving else options,
                folder=self._plan.folder,
            )
        return self._pool

    @property
    def memos(self) -> AnswerMemos:
        """Where models carry scenarios out."""
        if self._memos is None:
            self._memos = AnswerMemos(self.pool)
        return self._memos

    @property
    def started(self) -> bool:
        """Whether there may be browsers to end."""
        return self._pool is not None

    @cached_property
    def results(self) -> Results:
        """Where what came of the items is written down."""
        return Results(self._plan.results, self._plan.run, self._describe)

    def attempt(self, scenario: str, engine: str, preset: str, repetition: int = 1) -> Attempt:
        """Around all that is done for an item: what comes of it is in the results then."""

        def write(*records: Record) -> None:
            self.results.write(*map(self.redacted, records))

        return Attempt(
            write if self.chosen.target_file else self.results.write,
            scenario=scenario,
            engine=engine,
            engine_version=_version(self.pool, ENGINES.get(engine)),
            preset=preset,
            repetition=repetition,
        )

    def redacted(self, record: Record) -> Record:
        """A record without a target's secrets. Raises TargetError."""
        if self.target is None:
            return record
        clean = self.target.secrets.redact_all(msgspec.to_builtins(record))
        return msgspec.convert(clean, type(record))

    def _describe(self) -> Run:
        if self.browsers is not None:
            return self._described(self.browsers)
        driven = [name for name in self.chosen.engines if name in ENGINES]
        browsers = {name: _version(self.pool, ENGINES[name]) for name in driven}
        return self._described(browsers)

    def _described(self, browsers: Mapping[str, str]) -> Run:
        return run_record(self._config, self._plan, self.chosen, browsers)

    def resumption(self) -> Resumption | None:
        """The run that the result file is of, to go on with. Raises ConfigError where it is another
        than this one, and RecordsError."""
        self.chosen.check()
        browsers = self.browsers
        if browsers is None:
            found = find_engines(name for name in self.chosen.engines if name in ENGINES)
            browsers = {name: there.version if there else "" for name, there in found.items()}
        return resumption_of(self._plan.results, self._described(browsers), browsers)

    def accepts(self, *records: Failure) -> str:
        """Why all of these, which fail a run, are accepted; nothing where one is not."""
        baseline = self.chosen.baseline
        entries = [baseline.acceptance(record) for record in records] if baseline else [None]
        told = [f"accepted, {entry.told}: {entry.reason}" for entry in entries if entry]
        return "; ".join(dict.fromkeys(told)) if len(told) == len(entries) else ""

    @cached_property
    def version(self) -> str:
        """Afterclose's own: its models have no other."""
        return own_version("afterclose")

    def setup(
        self,
        engine: str,
        preset: str,
        keeps: Sequence[str],
        environments: Sequence[Environment] = (),
    ) -> Setup:
        """A lifecycle of this run, for all of its environments or for some."""
        target = self.chosen.target
        return Setup(
            engine=engine,
            preset=preset,
            environments=environments or self.config.environments,
            keeps=keeps,
            settings=self.config.settings,
            target=target.name if target else "",
            https=target is None and self.server.url.startswith("https:"),
        )

    def close(self) -> None:
        """End everything that this process has started."""
        if self._memos is not None:
            self._memos.close()
        if self._pool is not None:
            self._pool.close()
        if self._server is not None:
            self._server.__exit__(None, None, None)
        if self._target is not None:
            self._target.close()
        if self._providers is not None:
            self._providers.close()


def plain(interpreter: Interpreter, limits: Collection[Limits], _: Acting) -> Browser:
    return Browser(interpreter, limits)


@contextlib.contextmanager
def lifecycle(
    run_session: RunSession,
    item: pytest.Item,
    attempt: Attempt,
    note: Callable[[Observation], None],
    keeps: Sequence[str] = (),
    environments: Sequence[Environment] = (),
    *,
    again: bool = False,
    make: Callable[[Interpreter, Collection[Limits], Acting], Browser] = plain,
) -> Iterator[Browser]:
    """A browser for one item; what it shows is told to `note`, and to the attempt at the end. It is
    about all environments of the run, unless some are given.

    `again`: whether it can be carried out once more. Then the attempt is told nothing of what is
    inconclusive, and TooSlowError is raised. `make`: the browser, of what carries its steps out.
    """
    pool = run_session.pool
    engine = ENGINES.get(attempt.engine)
    version = attempt.engine_version
    common: dict[str, Any] = {
        "scenario": attempt.scenario,
        "engine": attempt.engine,
        "engine_version": version,
        "preset": attempt.preset,
    }
    if engine is not None and not version:
        reason = f"{engine.title} is not installed; get it with: afterclose engines --install"
        attempt.note(Unsupported(**common, reason=reason, steps=()))
        pytest.skip(reason)

    observations: list[Observation] = []
    target = run_session.target
    tell = item.config.stash.get(STEPS, None)
    item_told = item_name(attempt.scenario, attempt.engine, attempt.preset)

    def observed(observation: Observation) -> None:
        pool.check_profile()
        observations.append(observation)
        note(observation)

    plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in item.name)
    attempt.lifecycles += 1
    number = f"{attempt.lifecycles}-" if attempt.lifecycles > 1 else ""
    folder = run_session.chosen.artifacts / f"{plain}{number}"
    browser: Browser | None = None
    trouble: Unsupported | Error | None = None
    failed = True
    try:
        setup = run_session.setup(attempt.engine, attempt.preset, keeps, environments)
        judge = Judge(attempt.scenario, setup, version)
        if target is not None:
            target.prepare(setup.names[0])
        with engine_for(pool, setup, artifacts=folder, target=target) as acting:
            judged: Interpreter = Judged(acting, judge, observed)
            if tell is not None:
                judged = Telling(judged, partial(tell, item_told), observations)
            browser = make(judged, setup.limits, acting)
            try:
                yield browser
                if again and any(o.verdict is Verdict.INCONCLUSIVE for o in observations):
                    observations.clear()
                    raise TooSlowError
                failed = False
            except (TooSlowError, UnexpectedError, UnsupportedVerbError):
                raise
            except Exception:
                # A profile that was swept away is behind it, however it shows.
                pool.check_profile()
                raise
            finally:
                failed = failed or item.stash.get(FAILED, False)
                take_screenshot(pool.options.screenshot, acting, folder, failed)
    except UnsupportedVerbError as error:
        steps = tuple(narrate(step) for step in browser.steps) if browser else ()
        trouble = Unsupported(**common, reason=str(error), steps=steps)
        failed = False
        pytest.skip(str(error))
    except (TooSlowError, UnexpectedError, AssertionError):
        raise
    except Exception as error:
        steps = tuple(narrate(step) for step in browser.steps) if browser else ()
        message = str(error) or type(error).__name__
        trouble = Error(**common, message=message, steps=steps)
        raise
    finally:
        if not failed and pool.options.tracing == "retain-on-failure":
            shutil.rmtree(folder, ignore_errors=True)
        kept = kept_in(folder, run_session.results.path)
        attempt.note(*(with_kept(record, kept) for record in (*observations, trouble) if record))


def _version(pool: BrowserPool, engine: Engine | None) -> str:
    if engine is None:
        return own_version("afterclose")
    installation = pool.run(pool.find(engine), 60)
    return installation.version if installation else ""


def engine_for(
    pool: BrowserPool,
    setup: Setup,
    *,
    artifacts: Path | None = None,
    target: RunningTarget | None = None,
) -> Driver | Simulated:
    """What acts in a lifecycle: a driver of the browser, or the model, that the setup names. A
    context manager."""
    if setup.engine in ENGINES:
        engine = ENGINES[setup.engine]
        site: TargetSite | None = None
        if target is not None:
            kind = TargetSite if target.provider is None else ProvidedSite
            site = kind(target, pool, engine, setup)
        return Driver(pool, engine, setup, artifacts=artifacts, site=site)
    return Simulated(AnswerMemo(pool), MODELS[setup.engine], setup)
