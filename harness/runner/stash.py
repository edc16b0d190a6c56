"""What pytest keeps for us with its configuration and its items: the keys."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.records import Observation

__all__ = ["FAILED", "UNEXPECTED"]

FAILED = pytest.StashKey[bool]()
"""Whether a test has failed: its fixture is not told."""
UNEXPECTED = pytest.StashKey[list["Observation"]]()
"""What a test's own browser showed that is not as expected."""
