"""A browser's new profile: the copy of one that has run once."""

import asyncio
import contextlib
import errno
import os
import shutil
from pathlib import Path

__all__ = ["copied", "reason_of"]

_ROOM = 2_500_000
"""Bytes without which there is no room for a profile: a fresh one of Chromium's has 2,778,303."""


async def copied(template: Path, profile: Path) -> None:
    """Copy it into a folder that is empty. Nothing is left of that where whoever waits for it is
    cancelled. Raises OSError."""
    copying = asyncio.ensure_future(
        asyncio.to_thread(shutil.copytree, template, profile, symlinks=True, dirs_exist_ok=True)
    )
    try:
        await asyncio.shield(copying)
    except asyncio.CancelledError:
        # A thread cannot be interrupted.
        await asyncio.wait({copying})
        await asyncio.to_thread(shutil.rmtree, profile, ignore_errors=True)
        raise


def reason_of(error: OSError, folder: Path) -> str:
    """Why no profile could be made in a folder, in words."""
    full = os.strerror(errno.ENOSPC)
    # A browser that ran on a full disk leaves less than a profile, without a word.
    with contextlib.suppress(OSError):
        if shutil.disk_usage(folder).free < _ROOM:
            return full
    if not isinstance(error, shutil.Error):
        return error.strerror or str(error)
    # Of a whole folder that is copied there is one for each file.
    reasons = [str(why) for _, _, why in error.args[0]]
    return full if any(full in why for why in reasons) else "files vanished while it was copied"
