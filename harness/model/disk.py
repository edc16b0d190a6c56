"""What is on disk of a browser: its profile, and the session file in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harness.model.agent import Storages, Tab
from harness.model.cookies import Cookie

__all__ = ["Disk", "SessionFile", "behind_others", "without_storage"]


@dataclass(kw_only=True)
class SessionFile:
    """What a browser writes down of its windows."""

    tabs: list[Tab] = field(default_factory=list)
    cookies: list[Cookie] = field(default_factory=list)
    written: float = 0.0
    crashes: int = 0
    """Crashes in a row before the life that wrote it."""

    @property
    def pinned(self) -> bool:
        return any(tab.pinned for tab in self.tabs)


@dataclass(kw_only=True)
class Disk:
    """A profile's files."""

    cookies: list[Cookie] = field(default_factory=list)
    local_storage: Storages = field(default_factory=dict)
    session: SessionFile = field(default_factory=SessionFile)
    mark: str = ""
    restarts: bool = False
    """Whether the next start is one of a restart."""


def behind_others(tabs: Sequence[Tab]) -> list[Tab]:
    """All but the last of each window, which is the one in front there."""
    in_front = {tab.window: tab for tab in tabs}
    return [tab for tab in tabs if tab is not in_front[tab.window]]


def without_storage(tabs: Iterable[Tab]) -> list[Tab]:
    """Copies of them that have nothing in their storages."""
    bare = [tab.copy() for tab in tabs]
    for tab in bare:
        tab.session_storage = {}
    return bare
