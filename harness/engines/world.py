"""What models share that carry out the same scenario step by step: the server, and its answers.

Browsers that are in the same state show the server the same, and are answered the same. So one of
them asks for all: a whole suite then takes seconds. Where only a part of a browser comes into it,
the same state of that part will do. Nothing of what a browser decides is shared.
"""

import http.client
import time
from collections.abc import Callable, Coroutine, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from harness.engines.model.agent import Storages, Tab, UserAgent, copy_of
from harness.engines.model.cookies import Cookie, CookieStore
from harness.engines.target import PARTS, TargetEnvironment
from harness.engines.workshop import Workshop

__all__ = ["World"]

_T = TypeVar("_T")
_ALL = (*PARTS, "page")
"""With what the tabs show."""
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


class World:
    """One server during one scenario."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self.target = workshop.target
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", urlsplit(self.target.url).port, timeout=_TIMEOUT
        )
        self.began = time.time()
        self._environments: list[TargetEnvironment] = []
        self._done: set[tuple[int, str]] = set()
        self._outcomes: dict[Hashable, _Outcome] = {}

    def close(self) -> None:
        """Close the connection to the server."""
        self.connection.close()

    def begin(self, names: Sequence[str], keeps: Sequence[str]) -> list[TargetEnvironment]:
        """Reset the server, once; the environments named."""
        if not self._environments:
            self.call(self.target.reset(keeps))
            self._environments = self.call(self.target.environments(names))
        return self._environments

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Ask the server for something."""
        return self._workshop.run(work, _TIMEOUT)

    def once(
        self, step: int, what: str, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Do something to the server, unless another model has done it in this step."""
        if (step, what) not in self._done:
            self._done.add((step, what))
            self.call(work())

    def share(
        self,
        step: int,
        what: str,
        action: Callable[[], _T],
        agent: UserAgent,
        tabs: Sequence[Tab],
    ) -> _T:
        """Do something that the server sees, once in this step for all browsers in the same state.
        What the action returns."""
        key = (step, what, tuple(_state(agent, tabs, _ALL)))
        if key in self._outcomes:
            shared: _T = self._take_over(self._outcomes[key], agent, tabs, _ALL)
            return shared
        before = agent.cookies.operations
        result = action()
        self._outcomes[key] = _Outcome.of(agent, tabs, before, result)
        return result

    def look(
        self,
        step: int,
        action: Callable[[Sequence[str]], Mapping[str, _T]],
        agent: UserAgent,
        tab: Tab,
    ) -> Mapping[str, _T]:
        """Show the server each part of a browser, once in this step for all browsers in which it is
        in the same state: what one part shows does not depend on the others. What the action
        returns of each part that it is given."""
        keys = {part: (step, part, tuple(_state(agent, [tab], [part]))) for part in PARTS}
        known = [part for part in PARTS if keys[part] in self._outcomes]
        missing = [part for part in PARTS if part not in known]
        before = agent.cookies.operations
        shown = dict(action(missing)) if missing else {}
        for part in missing:
            self._outcomes[keys[part]] = _Outcome.of(agent, [tab], before, shown[part])
        for part in known:
            shown[part] = self._take_over(self._outcomes[keys[part]], agent, [tab], [part])
        return {part: shown[part] for part in PARTS}

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


def _state(agent: UserAgent, tabs: Sequence[Tab], parts: Sequence[str]) -> Iterator[Hashable]:
    """All of those parts that the server, or a page, could tell a browser from another by."""
    if "cookies" in parts:
        strict = any(cookie.same_site == "strict" for cookie in agent.cookies)
        yield agent.redirects_count and strict
        yield frozenset(agent.cookies)
    if "browser" in parts:
        yield _frozen(agent.local_storage)
    if "tab" in parts:
        for tab in tabs:
            yield _frozen(tab.session_storage), frozenset(tab.unused)
    if "page" in parts:
        yield tuple(tab.url for tab in tabs)


def _frozen(storages: Storages) -> Hashable:
    return frozenset((o, frozenset(items.items())) for o, items in storages.items() if items)
