"""What pytest keeps for us with its configuration and its items: the keys."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from harness.records import Observation
    from harness.runner.screen import Screen
    from harness.runner.steps import Tell

__all__ = ["FAILED", "STEPS", "TERMINAL", "UNEXPECTED", "Teller"]


class Teller(Protocol):
    """Who tells what a run came to, in the place of pytest's terminal reporter."""

    screen: "Screen"

    def summary(
        self, lines: Sequence[str], attention: Sequence[str], items: Sequence[str]
    ) -> None:
        """What the reports say in short; of that what needs a look, and of which items that is."""


FAILED = pytest.StashKey[bool]()
"""Whether a test has failed: its fixture is not told."""
UNEXPECTED = pytest.StashKey[list["Observation"]]()
"""What a test's own browser showed that is not as expected."""
STEPS: "pytest.StashKey[Tell]" = pytest.StashKey()
"""Who is told of steps as they happen, if anybody is."""
TERMINAL: "pytest.StashKey[Teller]" = pytest.StashKey()
"""Where there is one."""
