"""What a browser leaves in its session file when it clears data."""

from collections.abc import Sequence
from dataclasses import replace

from harness.model.agent import Tab
from harness.model.disk import Disk, SessionFile, behind_others, without_storage
from harness.model.family import Facts, Family, Question

__all__ = ["cleared"]


def cleared(family: Family, facts: Facts, disk: Disk) -> tuple[SessionFile, list[Tab]]:
    """The session file without what is cleared, and the tabs whose storage is spared although they
    are loaded."""
    tabs = disk.session.tabs
    behind = behind_others(tabs)
    if not (behind and _says(family, Question.SPARE_TABS_BEHIND, facts)):
        behind = []
    left = _without_known(family, facts, disk, [tab for tab in tabs if tab not in behind])
    spared = [tab for tab in left if tab.session_storage]
    return replace(disk.session, cookies=[], tabs=[*behind, *left]), spared


def _without_known(family: Family, facts: Facts, disk: Disk, tabs: Sequence[Tab]) -> list[Tab]:
    """But for what origins have that keep nothing else, where those are spared."""
    known = {origin for origin, items in disk.local_storage.items() if items}
    stray = any(tab.session_storage.keys() - known for tab in tabs)
    if not (stray and _says(family, Question.SPARE_STRAY_STORAGE, facts)):
        return without_storage(tabs)
    copies = [tab.copy() for tab in tabs]
    for tab in copies:
        for origin in known:
            tab.session_storage.pop(origin, None)
    return copies


def _says(family: Family, question: Question, facts: Facts) -> bool:
    return family.asks(question) and bool(family.decide(question, facts).answer)
