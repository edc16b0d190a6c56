"""What became of each thing that a browser stores: the decisions that touched it, in order."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from harness.model.cookies import Cookie

__all__ = ["Decision", "Thing", "Trails", "cookie_thing", "local_thing", "tab_thing"]

Thing = tuple[str, Hashable]
"""A cookie, or what an origin has in a storage."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a browser, or an application, did with a thing."""

    because: str
    """A sentence for the evidence."""
    limitations: tuple[str, ...] = ()
    """Ids of the limitations that it is a case of, where it bends a promise: one for each way."""


class Trails:
    """The trail of each thing that there is or was, for all lives of a browser on one profile."""

    def __init__(self) -> None:
        self._trails: dict[Thing, list[Decision]] = {}

    def begin(self, thing: Thing, *decisions: Decision) -> None:
        """A thing is stored, in the place of one like it."""
        self._trails[thing] = list(decisions)

    def touch(self, things: Iterable[Thing], decision: Decision) -> None:
        """Something is decided about things, whether or not that changes them."""
        for thing in things:
            self._trails.setdefault(thing, []).append(decision)

    def copy(self, thing: Thing, to: Thing) -> None:
        """A thing is stored as another is."""
        self._trails[to] = list(self._trails.get(thing, ()))

    def of(self, thing: Thing) -> tuple[Decision, ...]:
        """The decisions since it was stored."""
        return tuple(self._trails.get(thing, ()))


def cookie_thing(cookie: Cookie) -> Thing:
    """A cookie, whatever its value."""
    return "cookie", cookie.identity


def local_thing(origin: str) -> Thing:
    """What an origin has in `localStorage`."""
    return "local storage", origin


def tab_thing(tab: int, origin: str) -> Thing:
    """What an origin has in the `sessionStorage` of a tab, and of what comes back as that tab."""
    return "session storage", (tab, origin)
