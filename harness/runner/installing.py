"""Finding browsers, and getting those that are missing."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable

from playwright.async_api import async_playwright

from harness.engines import ENGINES, Engine
from harness.engines.engine import Installation

__all__ = ["find_engines", "how_to_get", "install", "missing_engines"]

_DOWNLOAD_TIMEOUT = 600


def find_engines(names: Iterable[str] = ENGINES) -> dict[str, Installation | None]:
    """The browser behind each engine, or None where there is none."""

    async def find() -> dict[str, Installation | None]:
        async with async_playwright() as playwright:
            paths = {name: getattr(playwright, name).executable_path for name in names}
        return {name: ENGINES[name].find(path) for name, path in paths.items()}

    return asyncio.run(find())


def missing_engines(names: Iterable[str]) -> list[str]:
    """Those behind which there is no browser. Playwright takes most of a second to say where its
    own would be, so it is asked only for those that are found nowhere else."""
    unfound = [name for name in names if ENGINES[name].find("") is None]
    found = find_engines(unfound) if unfound else {}
    return [name for name in unfound if found[name] is None]


def how_to_get(engine: Engine) -> str:
    """One line for somebody who lacks a browser."""
    return (
        f"{engine.title} is not installed; get it with 'afterclose engines --install' or "
        f"'apt-get install {engine.package}'"
    )


def install(engine: Engine) -> str | None:
    """Get a browser: Playwright's own where it can be driven and had, else the system's package.

    Returns None, or one line that says why it could not be had and what to do.
    """
    if engine.name == "chromium" and _playwright_install(engine):
        return None
    if shutil.which("apt-get") is None:
        return f"{engine.title}: no apt-get here; install the browser with your system's packages"
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and not _runs([*prefix, "true"]):
        return f"{engine.title}: not allowed to install packages; run: sudo apt-get install " + (
            engine.package
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", engine.package]):
        result = subprocess.run(
            [*prefix, *command], env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            last = (result.stderr.strip().splitlines() or ["it gave no reason"])[-1]
            return f"{engine.title}: {' '.join(command)} failed: {last}"
    return None


def _playwright_install(engine: Engine) -> bool:
    command = [sys.executable, "-m", "playwright", "install", engine.name, "--no-shell"]
    try:
        result = subprocess.run(
            command, capture_output=True, timeout=_DOWNLOAD_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0 and find_engines([engine.name])[engine.name] is not None


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
