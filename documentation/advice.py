"""What the pages of the limitations say beside what is measured."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["ADVICE"]

ADVICE: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
"""By a limitation's id: title, what one would expect, what can be done, and sources for that."""
