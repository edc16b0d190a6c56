"""Packages from npm for tests, as their lock file names them."""

import fcntl
import subprocess
from pathlib import Path

from tests.patience import PATIENCE

__all__ = ["install"]


def install(folder: Path) -> None:
    """Install them in a folder that has a `package-lock.json`, unless they are there."""
    installed = folder / "node_modules" / ".package-lock.json"
    with (folder / "install.lock").open("w") as lock:
        # One process of a parallel run at a time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (folder / "package-lock.json").stat().st_mtime
        if not installed.exists() or installed.stat().st_mtime < wanted:
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=folder, check=True, capture_output=True, timeout=PATIENCE,
            )  # fmt: skip
