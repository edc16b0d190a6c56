"""Which browsers are there."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from harness.engines import ENGINES
from harness.engines.engine import Installation
from harness.runner import installing
from harness.runner.installing import missing_engines

OWN = Installation(path=Path("/own/chrome"), version="1.0", kind="playwright")


@pytest.mark.parametrize("there", [[], ["firefox"], ["chromium"], ["chromium", "firefox"]])
def test_playwright_is_asked_of_those_alone_that_are_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, there: list[str]
) -> None:
    for name, engine in ENGINES.items():
        found = Installation(path=Path("/usr/bin", name), version="1.0", kind="system")
        monkeypatch.setattr(engine, "find", {"": found if name in there else None}.get)
    asked: list[str] = []

    def of_playwright(names: Iterable[str]) -> dict[str, Installation | None]:
        """It has a Chromium of its own."""
        asked.extend(names)
        return {name: OWN if name == "chromium" else None for name in asked}

    monkeypatch.setattr(installing, "find_engines", of_playwright)
    assert missing_engines(ENGINES) == [name for name in ["firefox"] if name not in there]
    assert asked == [name for name in ENGINES if name not in there]
