"""The option `--afterclose-dask`: the items of a run are carried out by a Dask cluster.

What comes back is written down and told here, as if it had been carried out here.
"""

import sys
from collections.abc import Mapping
from typing import Any

import pytest

from harness.engines import ENGINES, MODELS
from harness.result_file import RecordsError
from harness.runner.cluster import Cluster, ClusterError, Failure, Job, fitting
from harness.runner.invocation import Invocation
from harness.runner.items import ScenarioItem
from harness.runner.luggage import Carried, Luggage, Order, Place, Setting, place_of, unpack
from harness.runner.uncarried import broke_off, subject_of, unsupported

__all__ = ["Distribution"]

_AHEAD = 2
"""Items that are handed out for each that a worker carries out at a time: it need not wait."""


class Distribution:
    """Its methods are hooks, in a run that is distributed alone."""

    def __init__(self, config: pytest.Config, invocation: Invocation) -> None:
        self._config = config
        self._invocation = invocation
        self._address: str = config.getoption("afterclose_dask")
        self._cluster: Cluster | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Ask who is there: a run is resumed with the browsers of the cluster."""
        if self._config.getoption("dist", "no") != "no":
            raise pytest.UsageError("--dask and -n: a run is distributed in one of the two ways")
        run_session = self._invocation.run_session
        engines = [name for name in run_session.chosen.engines if name in ENGINES]
        try:
            self._cluster = Cluster(address=self._address, engines=engines, tell=_say)
        except ClusterError as error:
            raise pytest.UsageError(f"--dask: {error}") from None
        run_session.browsers = self._cluster.versions

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own, which would carry the items out here."""
        option = session.config.option
        if session.testsfailed and not option.continue_on_collection_errors:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        if option.collectonly or not session.items:
            return True
        try:
            self._distribute(session)
        except RecordsError as error:
            raise session.Failed(str(error)) from None
        except ClusterError as error:
            # The run is not whole, and that is how it ends.
            _say(f"{error}; finish the run with --resume")
            raise session.Failed(str(error)) from None
        finally:
            # Before the reports are made: nobody waits for what goes on.
            self.pytest_unconfigure()
        return True

    def _distribute(self, session: pytest.Session) -> None:
        cluster, run_session = self._cluster, self._invocation.run_session
        assert cluster is not None
        luggage = Luggage.of(self._config, session.items)
        items = {place_of(item, luggage.root): item for item in session.items}
        cluster.employ(
            Order(
                run=self._invocation.plan.run,
                module="harness.runner.carrying",
                setting=self._setting(luggage, {path for path, _ in items}),
            )
        )
        jobs = _jobs(items)
        for needs in [needs for needs in jobs if not fitting(cluster.workers, needs)]:
            reason = f"no worker of {self._address} has {needs}"
            for place in (place for job in jobs.pop(needs) for place in job.question):
                self._tell(items[place], unsupported(run_session, items[place], reason))
        for job, answer in cluster.outcomes(jobs, _AHEAD):
            if isinstance(answer, Failure):
                answer = [Carried(place=place, trouble=answer.sentence) for place in job.question]
            for carried in answer:
                item = items[carried.place]
                if carried.trouble:
                    self._tell(item, broke_off(run_session, item, carried.trouble))
                else:
                    self._came_back(session, item, carried)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)

    def _setting(self, luggage: Luggage, collected: set[str]) -> Setting:
        chosen = self._invocation.run_session.chosen
        options = chosen.options
        return Setting(
            arguments=(
                *(part for name in chosen.engines for part in ("--afterclose-engine", name)),
                *(part for name in chosen.presets for part in ("--afterclose-preset", name)),
                *("--afterclose-repeat", str(chosen.repeat)),
                *("--tracing", options.tracing, "--screenshot", options.screenshot),
                *("--slowmo", str(options.slow_mo)),
                f"--assert={self._config.getoption('assertmode')}",
            ),
            config=chosen.config,
            baseline=chosen.baseline,
            files=luggage.files,
            collected=tuple(sorted(collected)),
        )

    def _came_back(self, session: pytest.Session, item: pytest.Item, carried: Carried) -> None:
        """Write down what came of an item: in one go, as always."""
        run_session = self._invocation.run_session
        try:
            if carried.records:
                run_session.results.write(*carried.records)
        except RecordsError as error:
            session.shouldfail = str(error)
        unpack(carried.artifacts, run_session.chosen.artifacts)
        of_reports = self._config.hook.pytest_report_from_serializable
        self._tell(item, *(of_reports(config=self._config, data=d) for d in carried.reports))

    def _tell(self, item: pytest.Item, *reports: Any) -> None:
        """Whoever listens to pytest hears of an item, at its end."""
        results, hook = self._invocation.run_session.results, self._config.hook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in reports:
            report.nodeid, report.location = item.nodeid, item.location
            report.afterclose_wrote, report.afterclose_unwritten = results.begun, results.failure
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """However the run ended, nothing of it goes on anywhere."""
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            cluster.close()


def _jobs(items: Mapping[Place, pytest.Item]) -> dict[str, list[Job]]:
    """By what they need: an item for each browser; a scenario is played in all models at once."""
    together: dict[tuple[str, object], list[Place]] = {}
    for place, item in items.items():
        subject = subject_of(item)
        needs = subject.engine if subject and subject.engine in ENGINES else ""
        alike: object = place
        if isinstance(item, ScenarioItem) and item.engine in MODELS:
            alike = item.scenario, item.repetition
        together.setdefault((needs, alike), []).append(place)
    jobs: dict[str, list[Job]] = {}
    for (needs, _), places in together.items():
        jobs.setdefault(needs, []).append(Job(needs=needs, question=places))
    return jobs


def _say(sentence: str) -> None:
    print(f"afterclose: --dask: {sentence}", file=sys.stderr)
