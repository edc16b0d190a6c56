"""What models share that carry scenarios out: the server, and its answers.

Browsers that are in the same state show a server in the same state the same, and are answered the
same. So one of them asks for all: a whole suite then takes seconds. Where only a part of a browser
comes into it, the same state of that part will do. Nothing of what a browser decides is shared.

The state of the server is the number of steps by which it has been changed: a `moment`. Looking
changes nothing there, nor does what happens to a browser.
"""

import http.client
import time
from collections.abc import Callable, Coroutine, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from harness.engines.browser_pool import BrowserPool
from harness.engines.control_client import PARTS, ServedEnvironment
from harness.model.agent import Storages, Tab, UserAgent, copy_of
from harness.model.cookies import Cookie, CookieStore
from harness.received import Received, Seen
from harness.scenario import Scenario, Step, steps_of
from harness.verbs import verbs_that

__all__ = ["CHANGING", "AnswerMemo", "AnswerMemos"]

_T = TypeVar("_T")
_ALL = (*PARTS, "page")
"""With what the tabs show."""
CHANGING = verbs_that(lambda verb: verb.server)
"""Verbs that change something on the server."""
_TIMEOUT = 30.0
"""Seconds that the server may take to answer."""


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What became of a browser when it did something, and what came of that."""

    cookies: Sequence[Cookie]
    local_storage: Storages
    tabs: Sequence[Tab]
    operations: int
    result: Any

    @classmethod
    def of(cls, agent: UserAgent, tabs: Sequence[Tab], operations: int, result: Any) -> "_Outcome":
        """What has become of it; `operations` it had before."""
        return cls(
            cookies=tuple(agent.cookies),
            local_storage=copy_of(agent.local_storage),
            tabs=[tab.copy() for tab in tabs],
            operations=agent.cookies.operations - operations,
            result=result,
        )


class AnswerMemo:
    """One server from one reset to the next."""

    def __init__(self, pool: BrowserPool) -> None:
        self._pool = pool
        self._resets = 0
        self.control = pool.control
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", urlsplit(self.control.url).port, timeout=_TIMEOUT
        )
        self.began = time.time()
        self._environments: list[ServedEnvironment] = []
        self._done: set[tuple[int, str]] = set()
        self._outcomes: dict[Hashable, _Outcome] = {}

    def close(self) -> None:
        """Close the connection to the server."""
        self.connection.close()

    def begin(self, names: Sequence[str], keeps: Sequence[str]) -> list[ServedEnvironment]:
        """Reset the server, once; the environments named."""
        if not self._environments:
            self.call(self.control.reset(keeps))
            self.call(self.control.stop_clock())
            self._resets = self.control.resets
            self._environments = self.call(self.control.environments(names))
        return self._environments

    @property
    def over(self) -> bool:
        """Whether somebody else has reset the server since."""
        return self._resets != self.control.resets

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Ask the server for something."""
        return self._pool.run(work, _TIMEOUT)

    def once(
        self, moment: int, what: str, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Do something to the server, unless another model has done it at this moment."""
        if (moment, what) not in self._done:
            self._done.add((moment, what))
            self.call(work())

    def share(
        self,
        moment: int,
        what: str,
        action: Callable[[], _T],
        agent: UserAgent,
        tabs: Sequence[Tab],
    ) -> _T:
        """Do something that the server sees, once at this moment for all browsers in the same
        state. What the action returns."""
        key = (moment, what, tuple(_state(agent, tabs, _ALL)))
        if key in self._outcomes:
            shared: _T = self._take_over(self._outcomes[key], agent, tabs, _ALL)
            return shared
        before = agent.cookies.operations
        result = action()
        self._outcomes[key] = _Outcome.of(agent, tabs, before, result)
        return result

    def look(
        self,
        moment: int,
        action: Callable[[Sequence[str]], Mapping[str, Seen]],
        agent: UserAgent,
        tab: Tab,
        parts: Sequence[str],
    ) -> Seen:
        """Show the server those parts of a browser, each once at this moment for all browsers in
        which it is in the same state: what one part shows does not depend on the others. What it
        received; the action says it of each part that it is given."""
        keys = {part: (moment, part, tuple(_state(agent, [tab], [part]))) for part in parts}
        known = [part for part in parts if keys[part] in self._outcomes]
        missing = [part for part in parts if part not in known]
        before = agent.cookies.operations
        shown = dict(action(missing)) if missing else {}
        for part in missing:
            self._outcomes[keys[part]] = _Outcome.of(agent, [tab], before, shown[part])
        for part in known:
            shown[part] = self._take_over(self._outcomes[keys[part]], agent, [tab], [part])
        seen: dict[str, dict[str, Received]] = {}
        for part in parts:
            for environment, surfaces in shown[part].items():
                seen.setdefault(environment, {}).update(surfaces)
        return seen

    def _take_over(
        self, outcome: _Outcome, agent: UserAgent, tabs: Sequence[Tab], parts: Sequence[str]
    ) -> Any:
        if "cookies" in parts:
            count = agent.cookies.operations + outcome.operations
            agent.cookies = CookieStore(outcome.cookies, operations=count)
        if "browser" in parts:
            agent.local_storage = copy_of(outcome.local_storage)
        if "tab" in parts:
            for tab, other in zip(tabs, outcome.tabs, strict=True):
                tab.keep_as(other)
        if "page" in parts:
            for tab, other in zip(tabs, outcome.tabs, strict=True):
                tab.show_as(other)
        return outcome.result


class AnswerMemos:
    """The memos of one server, one after the other. A context manager.

    Scenarios in which people sign in, and nothing else changes the server, are all alike to it:
    such neighbours share a memo.
    """

    def __init__(self, pool: BrowserPool) -> None:
        self._pool = pool
        self._latest: AnswerMemo | None = None
        self._shared_by: tuple[Sequence[str], Sequence[str]] | None = None

    def __enter__(self) -> "AnswerMemos":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open."""
        if self._latest is not None:
            self._latest.close()
            self._latest = None

    def memo_of(self, scenario: Scenario, environments: Sequence[str]) -> AnswerMemo:
        """The memo to carry a scenario out in, for the environments named."""
        changing = [step for step in steps_of(scenario) if step.verb in CHANGING]
        alike = (scenario.keeps, environments) if changing == [Step("sign_in")] else None
        latest = self._latest
        if latest is not None and alike == self._shared_by is not None and not latest.over:
            return latest
        self.close()
        self._latest, self._shared_by = AnswerMemo(self._pool), alike
        return self._latest


def _state(agent: UserAgent, tabs: Sequence[Tab], parts: Sequence[str]) -> Iterator[Hashable]:
    """All of those parts that the server, or a page, could tell a browser from another by."""
    if "cookies" in parts:
        strict = any(cookie.same_site == "strict" for cookie in agent.cookies)
        yield agent.redirects_count and strict
        yield agent.trusts_localhost
        yield frozenset(agent.cookies)
        yield agent.cookies.rivals
    if "browser" in parts:
        yield _frozen(agent.local_storage)
    if "tab" in parts:
        for tab in tabs:
            yield _frozen(tab.session_storage), frozenset(tab.unused)
    if "page" in parts:
        yield tuple(tab.url for tab in tabs)


def _frozen(storages: Storages) -> Hashable:
    return frozenset((o, frozenset(items.items())) for o, items in storages.items() if items)
