"""What the items of one pytest process share: the server, the pool, the results; and how one
lifecycle is carried out and written down."""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.config import Config
from harness.engines import ENGINES, MODELS, Engine
from harness.engines.answer_memo import AnswerMemo, AnswerMemos
from harness.engines.browser_pool import BrowserPool
from harness.engines.driver import Driver
from harness.engines.simulated import Simulated
from harness.judging import Acting, Judge, Judged
from harness.policy import Environment
from harness.records import Error, Observation, Unsupported, Verdict
from harness.reports.baseline import Failure, is_failure
from harness.runner.chosen import Chosen
from harness.runner.results import Results, run_record
from harness.runner.stash import FAILED
from harness.scenario import Browser, UnsupportedVerbError, narrate
from harness.server.running import MockServer
from harness.setup import Setup

__all__ = ["RunSession", "TooSlowError", "UnexpectedError", "engine_for", "lifecycle"]


class UnexpectedError(Exception):
    """Observations that are not as expected; the message lists them."""


class TooSlowError(Exception):
    """A lifecycle that the machine was too slow for, of which nothing was written down."""


class RunSession:
    """What the items of one process share. Nothing is started before the first item needs it."""

    def __init__(self, config: pytest.Config, *, folder: Path, results: Path, run: str) -> None:
        """`folder` is for what is needed for a while, `run` the id of the run."""
        self.chosen = Chosen(config)
        self._folder = folder
        self._results = Results(results, run, lambda: run_record(config, run, self.chosen))
        self._server: MockServer | None = None
        self._pool: BrowserPool | None = None
        self._memos: AnswerMemos | None = None
        self.failed: list[Failure] = []
        """What the item that runs has written down that fails it, unless it is accepted."""

    @property
    def config(self) -> Config:
        """The configuration; raises ConfigError."""
        return self.chosen.config

    @property
    def pool(self) -> BrowserPool:
        """The shared pool, with its server running."""
        if self._pool is None:
            self._server = MockServer(self.config.environments, settings=self.config.settings)
            self._server.__enter__()
            self._pool = BrowserPool(self._server.url, self.chosen.options, folder=self._folder)
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

    def write(self, *records: Observation | Unsupported | Error) -> None:
        """Append to the results, which begin anew with the first record of a run."""
        self._results.write(*records)
        self.failed += [r for r in records if isinstance(r, Failure) and is_failure(r)]

    def accepts(self, *records: Failure) -> str:
        """Why all of these, which fail a run, are accepted; nothing where one is not."""
        baseline = self.chosen.baseline
        entries = [baseline.acceptance(record) for record in records] if baseline else [None]
        told = [f"accepted, {entry.told}: {entry.reason}" for entry in entries if entry]
        return "; ".join(dict.fromkeys(told)) if len(told) == len(entries) else ""

    @cached_property
    def version(self) -> str:
        """Afterclose's own: its models have no other."""
        return version("afterclose")

    def setup(
        self,
        engine: str,
        preset: str,
        keeps: Sequence[str],
        environments: Sequence[Environment] = (),
    ) -> Setup:
        """A lifecycle of this run, for all of its environments or for some."""
        return Setup(
            engine=engine,
            preset=preset,
            environments=environments or self.config.environments,
            keeps=keeps,
            settings=self.config.settings,
        )

    def close(self) -> None:
        """End everything that this process has started."""
        if self._memos is not None:
            self._memos.close()
        if self._pool is not None:
            self._pool.close()
        if self._server is not None:
            self._server.__exit__(None, None, None)


@contextlib.contextmanager
def lifecycle(
    run_session: RunSession,
    item: pytest.Item,
    name: str,
    engine_name: str,
    preset: str,
    note: Callable[[Observation], None],
    keeps: Sequence[str] = (),
    environments: Sequence[Environment] = (),
    *,
    again: bool = False,
) -> Iterator[Browser]:
    """A browser for one item; what it shows is told to `note`, and written down at the end. It is
    about all environments of the run, unless some are given.

    `again`: whether it can be carried out once more. Then nothing is written down of what is
    inconclusive, and TooSlowError is raised.
    """
    common = {"scenario": name, "engine": engine_name, "preset": preset}
    pool = run_session.pool
    engine = ENGINES.get(engine_name)
    common["engine_version"] = _version(pool, engine)
    if engine is not None and not common["engine_version"]:
        reason = f"{engine.title} is not installed; get it with: afterclose engines --install"
        run_session.write(Unsupported(**common, reason=reason, steps=()))
        pytest.skip(reason)

    observations: list[Observation] = []

    def observed(observation: Observation) -> None:
        pool.check_profile()
        observations.append(observation)
        note(observation)

    def write_down(*records: Unsupported | Error) -> None:
        if observations or records:
            run_session.write(*observations, *records)
            observations.clear()

    plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in item.name)
    folder = run_session.chosen.artifacts / plain
    browser: Browser | None = None
    failed = True
    try:
        setup = run_session.setup(engine_name, preset, keeps, environments)
        judge = Judge(name, setup, common["engine_version"])
        with engine_for(pool, setup, artifacts=folder) as acting:
            browser = Browser(Judged(acting, judge, observed), setup.limits)
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
                _screenshot(pool.options.screenshot, acting, folder, failed)
    except UnsupportedVerbError as error:
        steps = tuple(narrate(step) for step in browser.steps) if browser else ()
        write_down(Unsupported(**common, reason=str(error), steps=steps))
        failed = False
        pytest.skip(str(error))
    except (TooSlowError, UnexpectedError, AssertionError):
        raise
    except Exception as error:
        steps = tuple(narrate(step) for step in browser.steps) if browser else ()
        message = str(error) or type(error).__name__
        write_down(Error(**common, message=message, steps=steps))
        raise
    finally:
        write_down()
        if not failed and pool.options.tracing == "retain-on-failure":
            shutil.rmtree(folder, ignore_errors=True)


def _version(pool: BrowserPool, engine: Engine | None) -> str:
    if engine is None:
        return version("afterclose")
    installation = pool.run(pool.find(engine), 60)
    return installation.version if installation else ""


def engine_for(
    pool: BrowserPool, setup: Setup, *, artifacts: Path | None = None
) -> Driver | Simulated:
    """What acts in a lifecycle: a driver of the browser, or the model, that the setup names. A
    context manager."""
    if setup.engine in ENGINES:
        return Driver(pool, ENGINES[setup.engine], setup, artifacts=artifacts)
    return Simulated(AnswerMemo(pool), MODELS[setup.engine], setup)


def _screenshot(mode: str, acting: Acting, folder: Path, failed: bool) -> None:
    wanted = mode == "on" or (mode == "only-on-failure" and failed)
    if wanted and isinstance(acting, Driver):
        folder.mkdir(parents=True, exist_ok=True)
        acting.screenshot(folder / "screenshot.png")

