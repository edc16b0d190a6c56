"""Every family of browsers that has a table of rules."""

from collections.abc import Iterable

from harness.model.chromium_rules import CHROMIUM
from harness.model.family import Family, Rhythm
from harness.model.firefox_rules import FIREFOX
from harness.model.webkitgtk_rules import WEBKITGTK

__all__ = ["FAMILIES", "family_of", "rhythms_of"]

FAMILIES: tuple[Family, ...] = (CHROMIUM, FIREFOX, WEBKITGTK)


def family_of(engine: str) -> Family | None:
    """The table for an engine, real or simulated, or None where there is none."""
    return next((family for family in FAMILIES if engine in (family.name, family.engine)), None)


def rhythms_of(engine: str) -> Iterable[Rhythm]:
    """When an engine writes to disk by itself; nothing where nobody has measured it."""
    family = family_of(engine)
    return family.rhythms.values() if family else ()
