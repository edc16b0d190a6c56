"""What is kept of a lifecycle beside its results: a screenshot, a trace of Playwright's."""

import os
from pathlib import Path

from msgspec import structs

from harness.engines.driver import Driver
from harness.judging import Acting
from harness.records import Error, Observation, Unsupported

__all__ = ["kept_in", "take_screenshot", "with_kept"]


def take_screenshot(mode: str, acting: Acting, folder: Path, failed: bool) -> None:
    """Of what the browser shows, if that is wanted. `mode`: as pytest-playwright's option has
    it."""
    wanted = mode == "on" or (mode == "only-on-failure" and failed)
    if wanted and isinstance(acting, Driver):
        folder.mkdir(parents=True, exist_ok=True)
        acting.screenshot(folder / "screenshot.png")


def kept_in(folder: Path, results: Path) -> tuple[str, ...]:
    """The files in a folder, relative to the result file's."""
    files = sorted(folder.iterdir()) if folder.is_dir() else ()
    return tuple(os.path.relpath(path, results.parent) for path in files)


def with_kept(
    record: Observation | Unsupported | Error, kept: tuple[str, ...]
) -> Observation | Unsupported | Error:
    """A record that says what was kept."""
    if isinstance(record, Observation) and kept:
        return structs.replace(record, evidence=structs.replace(record.evidence, kept=kept))
    return structs.replace(record, kept=kept) if isinstance(record, Error) and kept else record
