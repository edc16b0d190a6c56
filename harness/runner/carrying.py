"""Carrying items out for a worker of a cluster: a pytest in a process of its own, that collects
what a client has collected and is asked for one item after the other.

`python -m harness.runner.carrying` is started by `children`.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.records import Record, Run
from harness.runner.children import Parent
from harness.runner.invocation import INVOCATION, session_of
from harness.runner.luggage import Carried, Setting, place_of, unpack
from harness.runner.results import Results

__all__: list[str] = []


class _Kept(Results):
    """Results that the client writes down."""

    def __init__(self, path: Path, run: str, describe: Callable[[], Run]) -> None:
        super().__init__(path, run, describe)
        self.records: list[Record] = []

    def write(self, *records: Record) -> None:
        self.records += records


class _Carrying:
    """Its methods are hooks."""

    def __init__(self, parent: Parent, root: Path) -> None:
        self._parent = parent
        self._setting: Setting = parent.setting
        self._root = root
        self._results = _Kept(parent.folder / "results", "", _nobody_asks)
        self._reports: list[pytest.TestReport] = []
        self._troubles: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        session.config.stash[INVOCATION].plan.folder = self._parent.folder
        run_session = session_of(session.config)
        run_session.chosen.config = self._setting.config
        run_session.chosen.baseline = self._setting.baseline
        run_session.results = self._results

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be read here, although the client can."""
        if report.failed:
            said = [line for line in str(report.longrepr).splitlines() if line.startswith("E ")]
            last = said[-1].removeprefix("E").strip() if said else "it cannot be collected"
            path = report.nodeid.partition("::")[0]
            self._troubles[path] = f"{path} cannot be read there: {last}"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        there = {place_of(item, self._root): item for item in session.items}
        for places in self._parent.questions():
            # What is asked together is carried out together, and nothing else: models are.
            session.items[:] = [there[place] for place in places if place in there]
            self._parent.answer([self._carried(place, there.get(place)) for place in places])
        return True

    def _carried(self, place: tuple[str, str], item: pytest.Item | None) -> Carried:
        if item is None:
            missing = f"{place[0]} has no {place[1]} there"
            return Carried(place=place, trouble=self._troubles.get(place[0], missing))
        hook = item.config.hook
        hook.pytest_runtest_protocol(item=item, nextitem=None)
        carried = Carried(
            place=place,
            records=[*self._results.records],
            reports=[
                hook.pytest_report_to_serializable(config=item.config, report=report)
                for report in self._reports
            ],
            artifacts=_taken(session_of(item.config).chosen.artifacts),
        )
        self._results.records.clear()
        self._reports.clear()
        return carried


def _nobody_asks() -> Run:
    raise NotImplementedError


def _taken(folder: Path) -> dict[str, bytes]:
    """What is in a folder; it is not there any more."""
    taken = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            taken[str(path.relative_to(folder))] = path.read_bytes()
            path.unlink()
    return taken


def _arguments(setting: Setting, folder: Path, root: Path) -> Sequence[str]:
    return (
        *(str(root / name) for name in setting.collected),
        *setting.arguments,
        *("-c", "/dev/null", "--rootdir", str(root), "--confcutdir", str(root)),
        *("--afterclose-report", str(folder / "report")),
        # Beside the results, as at the client: records name what is kept from there.
        *("--output", str(folder / "report" / "artifacts")),
        *("-p", "playwright", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short"),
        "--continue-on-collection-errors",
    )


def _main() -> int:
    with Parent() as parent:
        root = parent.folder / "files"
        unpack(parent.setting.files, root)
        arguments = _arguments(parent.setting, parent.folder, root)
        return pytest.main([*arguments], plugins=[_Carrying(parent, root)])


if __name__ == "__main__":
    sys.exit(_main())
