"""One run of pytest, as each of its processes knows it.

Nothing heavy is imported here: every project that has Afterclose installed loads this, and most
of its runs need no more.
"""

import secrets
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.runner.run_session import RunSession

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

    @cached_property
    def folder(self) -> Path:
        """Where the run keeps what it needs for a while; named here, made by those who need it."""
        if self._given is not None:
            return Path(self._given["afterclose_folder"])
        return Path(tempfile.gettempdir()) / f"afterclose-{secrets.token_hex(4)}"

    @property
    def id(self) -> str:
        """The same in every process of the run, and of no other."""
        return self.folder.name

    @cached_property
    def results(self) -> Path:
        """The result file. A test may have gone to another folder since."""
        report: str = self._config.getoption("afterclose_report")
        return self._config.invocation_params.dir / report / "results.ndjson"

    @property
    def run_session(self) -> "RunSession":
        """What the items of this process share."""
        if self._run_session is None:
            from harness.runner.run_session import RunSession

            self._run_session = RunSession(
                self._config, folder=self.folder, results=self.results, run=self.id
            )
        return self._run_session

    @property
    def worker(self) -> bool:
        """Whether another process began the run."""
        return self._given is not None

    @property
    def _wrote(self) -> bool:
        """Whether the run has left a record. Nobody tells the process that distributes it, so that
        one looks at what is there."""
        if not (self._run_session or self._distributes) or not self.results.exists():
            return False
        from harness.records import run_of

        return run_of(self.results) == self.id

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """pytest-xdist's hook: tell a worker which run it belongs to."""
        self._distributes = True
        node.workerinput["afterclose_folder"] = str(self.folder)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Render the reports, and say in short what they say."""
        if self.worker or not self._wrote:
            return
        from harness.records import read_records
        from harness.reports.matrix import matrix_of
        from harness.runner.telling import report

        matrix = matrix_of(read_records([self.results]))
        if not matrix.cells:
            return
        terminalreporter.section("Afterclose")
        baseline = self.run_session.chosen.baseline
        for line in report(matrix, self.results.parent, baseline):
            terminalreporter.write_line(line)

    def pytest_unconfigure(self) -> None:
        """End everything; the process that began the run also sweeps up after its workers."""
        browsers = self._distributes and (self.folder.exists() or self._wrote)
        if self._run_session is not None:
            browsers = browsers or self._run_session.started
            self._run_session.close()
        if browsers and not self.worker:
            from harness.engines.processes import kill_users_of

            kill_users_of(self.folder)
            shutil.rmtree(self.folder, ignore_errors=True)


INVOCATION = pytest.StashKey[Invocation]()


def session_of(config: pytest.Config) -> "RunSession":
    """What the items of this process share."""
    return config.stash[INVOCATION].run_session
