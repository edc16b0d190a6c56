"""What pytest keeps for us with its configuration and its items: the keys."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.records import Observation
    from harness.runner.steps import Tell
    from harness.runner.terminal import Terminal

__all__ = ["FAILED", "STEPS", "TERMINAL", "UNEXPECTED"]

FAILED = pytest.StashKey[bool]()
"""Whether a test has failed: its fixture is not told."""
UNEXPECTED = pytest.StashKey[list["Observation"]]()
"""What a test's own browser showed that is not as expected."""
STEPS: "pytest.StashKey[Tell]" = pytest.StashKey()
"""Who is told of steps as they happen, if anybody is."""
TERMINAL: "pytest.StashKey[Terminal]" = pytest.StashKey()
"""Who tells what the run came to, where that is not pytest's terminal reporter."""
