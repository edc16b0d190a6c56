"""Every family of browsers that has a table of rules."""

from collections.abc import Iterable
from datetime import timedelta

from harness.model.chromium_rules import CHROMIUM
from harness.model.family import Family, Rhythm
from harness.model.firefox_rules import FIREFOX
from harness.model.webkitgtk_rules import WEBKITGTK

__all__ = ["FAMILIES", "SETTLED_AFTER", "family_of", "rhythms_of"]

FAMILIES: tuple[Family, ...] = (CHROMIUM, FIREFOX, WEBKITGTK)

SETTLED_AFTER = timedelta(
    seconds=1 + max(rhythm.interval for family in FAMILIES for rhythm in family.rhythms.values())
)
"""By then an open browser has written everything down, by the slowest rhythm of any."""


def family_of(engine: str) -> Family | None:
    """The table for an engine, real or simulated, or None where there is none."""
    return next((family for family in FAMILIES if engine in (family.name, family.engine)), None)


def rhythms_of(engine: str) -> Iterable[Rhythm]:
    """When an engine writes to disk by itself; nothing where nobody has measured it."""
    family = family_of(engine)
    return family.rhythms.values() if family else ()
