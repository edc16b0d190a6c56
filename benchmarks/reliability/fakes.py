"""Browsers that do not start, and a server that stops in the middle."""

import os
from pathlib import Path

__all__ = ["fake_browser", "server_that_stops"]

_FAKE = """#!/bin/sh
case "$*" in
    --version) echo "Fake 1.0" ;;
    *) exec {instead} ;;
esac
"""
_PACK = """
from harness import Browser, scenario


@scenario(title="Before", claims="The server is there.")
def before(browser: Browser) -> None:
    browser.sign_in()
    browser.check("before")


@scenario(title="Stopped", claims="The server is not there.")
def stopped(browser: Browser) -> None:
    browser.sign_in()
    browser.check("stopped")


@scenario(title="Afterwards", claims="The server is not there.")
def afterwards(browser: Browser) -> None:
    browser.sign_in()
    browser.check("afterwards")
"""
_CONFTEST = """
import asyncio

from harness.runner.invocation import session_of


def pytest_runtest_setup(item):
    if item.name.startswith("stopped"):
        server = session_of(item.config)._server
        asyncio.run_coroutine_threadsafe(server.stop(), server._loop).result()
"""


def fake_browser(folder: Path, engine: str, instead: str) -> dict[str, str]:
    """The environment in which the engine finds a browser that tells a version, and does something
    else `instead` of starting."""
    programs = folder / "bin"
    programs.mkdir()
    for name in {"chromium": ("chromium",), "firefox": ("firefox-esr", "firefox")}[engine]:
        program = programs / name
        program.write_text(_FAKE.format(instead=instead))
        program.chmod(0o755)
    return {
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        # Playwright's own would come first.
        "PLAYWRIGHT_BROWSERS_PATH": str(programs),
    }


def server_that_stops(folder: Path) -> str:
    """A pack of three items whose server stops after the first."""
    pack = folder / "stopping"
    pack.mkdir()
    (pack / "stopping.py").write_text(_PACK)
    (pack / "conftest.py").write_text(_CONFTEST)
    return str(pack / "stopping.py")
