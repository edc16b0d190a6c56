"""A sign-in that a person does once, in a window of Playwright's own recorder, as the lines of a
target's `sign_in`."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.targets.target import TargetError

__all__ = ["can_record", "record_command", "recorded", "steps_in"]

_BROWSER = "PWTEST_CLI_EXECUTABLE_PATH"
"""How Playwright's recorder is told another browser than its own: it has no option for that."""
_FILL = re.compile(r"^(\s*await (?P<what>.+?)\.fill)\(.*\)$")
_CODE = re.compile(r"\b(code|otp|one-time|token)\b", re.IGNORECASE)
_PASSWORD = re.compile(r"passw|kennwort|contrase|mot de passe", re.IGNORECASE)


def can_record() -> bool:
    """Whether there is a display to show a window at."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def record_command(url: str, output: str = "") -> list[str]:
    """What records a sign-in."""
    return [
        sys.executable, "-m", "playwright", "codegen", "--target", "python-async",
        *(["--output", output] if output else []), url,
    ]  # fmt: skip


def recorded(url: str, browser: Path) -> Sequence[str]:
    """The lines, once the person has closed the window. Raises TargetError."""
    with tempfile.TemporaryDirectory(prefix="afterclose-") as folder:
        script = Path(folder) / "recorded.py"
        done = subprocess.run(
            record_command(url, str(script)), env={**os.environ, _BROWSER: str(browser)},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode or not script.exists():
            said = [line for line in done.stderr.splitlines() if "Error" in line][:1]
            told = "".join(said) or f"status {done.returncode}"
            raise TargetError(f"Playwright's recorder has recorded nothing: {told}")
        return steps_in(script.read_text(encoding="utf-8"), url)


def steps_in(script: str, url: str) -> Sequence[str]:
    """The lines of a script of Playwright's recorder that sign in at an address, without what was
    typed: that is the person's, and what they have typed may be secret."""
    _, _, after = script.partition("page = await context.new_page()\n")
    lines = [line for line in after.partition("# -----")[0].splitlines() if line.strip()]
    first = f'    await page.goto("{url}")'
    kept: list[str] = []
    fields: list[str] = []
    for line in lines:
        if (line == first and not kept) or line.strip() == "await page.close()":
            continue
        filled = _FILL.match(line)
        if filled is None:
            kept.append(line)
            continue
        what = filled["what"]
        if what not in fields:
            fields.append(what)
        kept.append(f"{filled[1]}({_value(what, fields.index(what))})")
    return kept


def _value(what: str, number: int) -> str:
    """Who somebody is comes first, and the password after that, unless the field says so itself."""
    if _PASSWORD.search(what):
        return "person.password"
    if _CODE.search(what):
        return "person.one_time_code()"
    return "person.password" if number else "person.email"
