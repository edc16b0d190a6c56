"""Engines: what carries scenarios out in a browser."""

from harness.engines.chromium import Chromium
from harness.engines.engine import PRESETS, Engine
from harness.engines.firefox import Firefox

__all__ = ["ENGINES", "PRESETS", "Engine"]

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (Chromium(), Firefox())}
"""Every engine by its name."""
