"""Firefox asked to quit by Marionette, Mozilla's own protocol: as its menu asks it, and without a
window for somebody to ask it in.

Source: firefox-source-docs, testing/marionette/Protocol; remote/marionette/server.sys.mjs, and
remote/shared/Browser.sys.mjs for `quit`.
"""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

__all__ = ["ANY_PORT", "ARGUMENT", "MarionetteError", "forget", "quit_by_itself"]

ARGUMENT = "--marionette"
ANY_PORT = {"marionette.port": 0}
"""Preferences: of several browsers each has its own, which its profile names."""
_TIMEOUT = 20.0


class MarionetteError(Exception):
    """Firefox was asked to quit, and does not; the message is for the user."""


def forget(profile: Path) -> None:
    """The port of a life that ended too early to remove it."""
    _port(profile).unlink(missing_ok=True)


async def quit_by_itself(profile: Path, *, restart: bool = False) -> None:
    """Let the Firefox on a profile quit, or quit to start again; returns when it is about to.
    Raises MarionetteError."""
    flags = ["eAttemptQuit", *(["eRestart"] if restart else [])]
    command = json.dumps([0, 1, "Marionette:Quit", {"flags": flags}])
    try:
        async with asyncio.timeout(_TIMEOUT):
            port = int(await asyncio.to_thread(_port(profile).read_text))
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await _read(reader)
                writer.write(f"{len(command)}:{command}".encode())
                _, _, error, answer = await _read(reader)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        raise MarionetteError(f"Firefox does not quit within {_TIMEOUT:.0f} s") from None
    except (OSError, EOFError, ValueError) as trouble:
        raise MarionetteError(f"Firefox cannot be asked to quit: {trouble}") from None
    if error or answer["forced"]:
        why = error["message"] if error else "a page or an extension keeps it from that"
        raise MarionetteError(f"Firefox does not quit: {why}")


def _port(profile: Path) -> Path:
    return profile / "MarionetteActivePort"


async def _read(reader: asyncio.StreamReader) -> Any:
    """A message: its length in bytes, a colon, and JSON."""
    length = int((await reader.readuntil(b":"))[:-1])
    return json.loads(await reader.readexactly(length))
