"""Every family of browsers that has a table of rules."""

from harness.model.chromium_rules import CHROMIUM
from harness.model.family import Family
from harness.model.firefox_rules import FIREFOX
from harness.model.webkitgtk_rules import WEBKITGTK

__all__ = ["FAMILIES", "family_of"]

FAMILIES: tuple[Family, ...] = (CHROMIUM, FIREFOX, WEBKITGTK)


def family_of(engine: str) -> Family | None:
    """The table for an engine, real or simulated, or None where there is none."""
    return next((family for family in FAMILIES if engine in (family.name, family.engine)), None)
