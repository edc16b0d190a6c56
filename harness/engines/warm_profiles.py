"""Profiles of browsers that have run once, kept in the user's cache folder: a run of today need not
start Firefox once more (3 s, measured) to have its caches written.

What is kept is made of nothing but a start and an end of an installed browser, with nobody signed
in. Whoever removes the folder loses time alone.
"""

import asyncio
import contextlib
import hashlib
import inspect
import re
import shutil
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from harness.engines.engine import Engine, Installation
from harness.engines.leftovers import cache_folder, hold, new_folder, remove
from harness.engines.new_profile import copied

__all__ = ["WarmProfiles"]

_FRESH = 12 * 3600
"""Seconds that a profile is used. Browsers begin some of their work once a day."""
_KEPT = re.compile(r"(.+-[0-9a-f]{12})-(\d+)")


class WarmProfiles:
    """Those of one engine, as it is installed and started. Trouble with the folder is no error:
    nothing is kept then, and nothing taken."""

    def __init__(self, engine: Engine, installation: Installation, *, headed: bool) -> None:
        self._engine = engine
        self._name = f"{engine.name}-{_digest(engine, installation, headed)}"

    async def take(self, profile: Path, temporary: Path) -> bool:
        """Copy the latest to where nothing is yet, for browsers with that temporary folder; whether
        there was one."""
        latest = await asyncio.to_thread(self._latest)
        if latest is None:
            return False
        try:
            await copied(latest, profile)
            await asyncio.to_thread(self._engine.move, profile, temporary)
        except OSError:
            await asyncio.to_thread(shutil.rmtree, profile, ignore_errors=True)
            return False
        return True

    async def keep(self, profile: Path) -> None:
        """Copy a profile that no browser uses, and remove what nobody takes any more."""
        now = int(time.time())
        with contextlib.suppress(OSError, RuntimeError):
            folder = await asyncio.to_thread(_made)
            part = new_folder(folder)
            with await asyncio.to_thread(hold, part):
                try:
                    await copied(profile, part / "profile")
                    # Another may have kept one in the same second.
                    whole = folder / f"{self._name}-{now}"
                    await asyncio.to_thread((part / "profile").rename, whole)
                finally:
                    await asyncio.to_thread(remove, part)
            await asyncio.to_thread(_clear, now)

    def _latest(self) -> Path | None:
        now = time.time()
        mine = [(made, path) for name, made, path in _kept() if name == self._name]
        fresh = [one for one in mine if 0 <= now - one[0] < _FRESH]
        return max(fresh)[1] if fresh else None


def _made() -> Path:
    folder = cache_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _clear(now: float) -> None:
    for _, made, path in _kept():
        # Somebody may have begun to copy it as long as it was fresh.
        if abs(now - made) > 2 * _FRESH:
            shutil.rmtree(path, ignore_errors=True)


def _kept() -> Iterator[tuple[str, int, Path]]:
    """Their names, when they were made, in seconds of Unix time, and where they are."""
    with contextlib.suppress(OSError, RuntimeError):
        for path in cache_folder().iterdir():
            if found := _KEPT.fullmatch(path.name):
                yield found[1], int(found[2]), path


def _digest(engine: Engine, installation: Installation, headed: bool) -> str:
    """Of all that a profile comes of: the browser, and how it is started."""
    how = Path(inspect.getfile(type(engine))).read_bytes()
    what = (str(installation.path), installation.version, headed, version("playwright"))
    return hashlib.sha256(repr(what).encode() + how).hexdigest()[:12]
