"""Which of the items that were collected are carried out: a shard's, what is left of a run.

Nothing heavy is imported here: see `invocation`.
"""

from typing import TYPE_CHECKING, Any

import pytest

from harness.runner.plan import Plan
from harness.scenario import Scenario

if TYPE_CHECKING:
    from harness.runner.invocation import Invocation
    from harness.runner.items import ScenarioItem

__all__ = ["Selection"]

_SAID = "afterclose_said"


class Selection:
    """The options `--afterclose-shard`, `-durations` and `-resume`. Its methods are hooks.

    The process that begins a run reads what they name, once, and tells its workers: they must all
    choose the same items, one that replaces another in the middle of the run included. Under
    pytest-xdist it collects nothing itself, so workers tell it what they have left out.
    """

    def __init__(self, config: pytest.Config, invocation: "Invocation") -> None:
        self._config = config
        self._invocation = invocation
        self._shard: str = config.getoption("afterclose_shard")
        given = getattr(config, "workerinput", None)
        self._told: dict[str, Any] = given["afterclose_selection"] if given else {}
        self._left_out = 0
        self._refusal: str | None = None

    def pytest_sessionstart(self) -> None:
        """A mistake in these options ends the run before it begins."""
        option = self._config.getoption
        used = self._shard or option("afterclose_resume") or option("afterclose_durations")
        if self._invocation.worker or not used:
            return
        from harness.config import ConfigError
        from harness.result_file import RecordsError

        try:
            self._told = self._read()
        except (ConfigError, RecordsError) as error:
            raise pytest.UsageError(str(error)) from None

    def _read(self) -> dict[str, Any]:
        from harness.result_file import read_records
        from harness.runner.shards import durations_of, parse_shard

        told: dict[str, Any] = {"durations": {}}
        if self._shard:
            self._invocation.plan.shard = str(parse_shard(self._shard))
        named = self._config.getoption("afterclose_durations")
        if named:
            path = self._config.invocation_params.dir / named
            told["durations"] = durations_of(read_records([path], lambda _: None))
        if self._config.getoption("afterclose_resume"):
            resumption = self._invocation.run_session.resumption()
            if resumption:
                self._invocation.plan.run = resumption.run
                self._invocation.plan.resumed = True
                told["items"] = list(resumption.items)
                told["completed"] = [list(at) for at in resumption.completed]
        return told

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """pytest-xdist's hook: tell a worker what has been read."""
        node.workerinput["afterclose_selection"] = self._told

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what is not of the shard, and what is completed. Tests of one's own stay: only
        they know what they find."""
        scenarios: list[ScenarioItem] = [item for item in items if _is_scenario(item)]  # type: ignore[misc]
        plan = self._invocation.plan
        self._choose(plan, list(dict.fromkeys(item.identity for item in scenarios)))
        if "items" in self._told:
            from harness.runner.resuming import differing_items

            self._refusal = differing_items(self._told["items"], plan.items)
        wanted = set() if self._refusal else set(plan.items)
        completed = {tuple(at) for at in self._told.get("completed", ())}
        left_out: set[pytest.Item] = {
            item
            for item in scenarios
            if item.identity not in wanted or (item.identity, item.repetition) in completed
        }
        if self._refusal:
            self._invocation.refused = True
            left_out.update(items)
        if left_out:
            self._left_out = len(left_out)
            self._config.hook.pytest_deselected(items=[i for i in items if i in left_out])
            items[:] = [item for item in items if item not in left_out]

    def _choose(self, plan: Plan, names: list[str]) -> None:
        plan.items = tuple(names)
        if not self._shard or not names:
            return
        from harness.runner.shards import cut, parse_shard, whole_of

        shard = parse_shard(self._shard)
        shards = cut(names, shard.of, self._told["durations"])
        mine = set(shards[shard.number - 1])
        plan.items = tuple(name for name in names if name in mine)
        plan.shard, plan.whole = str(shard), whole_of(shards)

    def pytest_collection_finish(self) -> None:
        """An empty shard leaves results that say so."""
        plan = self._invocation.plan
        if plan.whole and not plan.items:
            self._invocation.run_session.results.begin()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """That nothing is left to do is no error."""
        if self._invocation.worker:
            output = self._config.workeroutput  # type: ignore[attr-defined]
            output[_SAID] = self._left_out, self._refusal
        elif self._refusal:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self._left_out and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """pytest-xdist's hook: hear from a worker what it has left out."""
        # One that crashed has said nothing.
        output = getattr(node, "workeroutput", None) or {}
        left_out, refusal = output.get(_SAID, (0, None))
        self._left_out = max(self._left_out, left_out)
        self._refusal = self._refusal or refusal
        self._invocation.refused = self._refusal is not None

    def pytest_unconfigure(self) -> None:
        """Said last, where it is not lost in what pytest says of a run in which nothing ran."""
        if self._refusal and not self._invocation.worker:
            import sys

            print(
                f"ERROR: {self._invocation.results}: cannot be resumed: {self._refusal}",
                file=sys.stderr,
            )


def _is_scenario(item: pytest.Item) -> bool:
    return isinstance(getattr(item, "scenario", None), Scenario)
