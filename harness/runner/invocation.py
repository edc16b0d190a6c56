"""One run of pytest, as each of its processes knows it.

Nothing heavy is imported here: every project that has Afterclose installed loads this, and most
of its runs need no more.
"""

import secrets
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.runner.plan import Plan

if TYPE_CHECKING:
    from harness.runner.results import Results
    from harness.runner.run_session import RunSession
    from harness.runner.serving import Serving

__all__ = ["INVOCATION", "Invocation", "session_of"]


class Invocation:
    """What the processes of a run agree on, and the session of this one. Its methods are hooks.

    Until something of Afterclose is collected it reads nothing, makes nothing and ends nothing.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._given: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._distributes = False
        self._run_session: RunSession | None = None
        self._others: list[tuple[Serving, RunSession]] = []
        self.refused = False
        """Whether the results are of a run that this one cannot go on with."""

    @cached_property
    def plan(self) -> Plan:
        """What the run is to carry out, and where."""
        # A test may have gone to another folder since.
        report = self._config.invocation_params.dir / self._config.getoption("afterclose_report")
        name = f"afterclose-{secrets.token_hex(4)}"
        given = self._given or {}
        return Plan(
            run=given.get("afterclose_run", name),
            folder=Path(given.get("afterclose_folder", Path(tempfile.gettempdir()) / name)),
            results=report / "results.ndjson",
        )

    @property
    def results(self) -> Path:
        """The result file."""
        return self.plan.results

    @property
    def run_session(self) -> "RunSession":
        """What the items of this process share."""
        if self._run_session is None:
            from harness.runner.run_session import RunSession

            self._run_session = RunSession(self._config, self.plan)
        return self._run_session

    def session_for(self, serving: "Serving") -> "RunSession":
        """What tests share whose fixtures say that of server and browsers; results are the run's.
        Raises ConfigError."""
        from harness.runner.run_session import RunSession
        from harness.runner.serving import Serving

        if serving == Serving.of(self.run_session.config):
            return self.run_session
        for known, session in self._others:
            if known == serving:
                return session
        session = RunSession(self._config, self.plan, serving)
        session.results = self.run_session.results
        self._others.append((serving, session))
        return session

    @property
    def written(self) -> "Results | None":
        """What this process writes to, if it has come to that."""
        return self._run_session.results if self._run_session is not None else None

    @property
    def worker(self) -> bool:
        """Whether another process began the run."""
        return self._given is not None

    @property
    def wrote(self) -> bool:
        """Whether the run has left a record. Nobody tells the process that distributes it, so that
        one looks at what is there."""
        if not (self._run_session or self._distributes) or not self.results.exists():
            return False
        from harness.result_file import run_of

        return run_of(self.results) == self.plan.run

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """pytest-xdist's hook: tell a worker which run it belongs to."""
        self._distributes = True
        node.workerinput["afterclose_folder"] = str(self.plan.folder)
        node.workerinput["afterclose_run"] = self.plan.run

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, error: object) -> None:
        """pytest-xdist's hook: sweep up after a worker that was killed, now: the run may go on for
        hours."""
        if error and self.plan.folder.exists():
            from harness.engines.leftovers import clear

            clear(self.plan.folder.iterdir())

    def pytest_unconfigure(self) -> None:
        """End everything; the process that began the run also sweeps up after its workers."""
        browsers = self._distributes and (self.plan.folder.exists() or self.wrote)
        for session in (self._run_session, *(other for _, other in self._others)):
            if session is not None:
                browsers = browsers or session.started
                session.close()
        if browsers and not self.worker:
            from harness.engines.leftovers import remove
            from harness.engines.processes import kill_users_of

            kill_users_of(self.plan.folder)
            remove(self.plan.folder)


INVOCATION = pytest.StashKey[Invocation]()


def session_of(config: pytest.Config) -> "RunSession":
    """What the items of this process share."""
    return config.stash[INVOCATION].run_session
