"""Making what was found as short as it can be: steps are left out for as long as it stays wrong."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from harness.exploring.lifecycle import Lifecycle, is_possible
from harness.model.families import SETTLED_AFTER
from harness.scenario import Step

__all__ = ["AT_ONCE", "is_sharp", "shorten"]

AT_ONCE = 2
"""Verbs that a browser can be through with before it writes anything down."""
_CRASHES = ("crash", "end_os_session")


def is_sharp(steps: Sequence[Step]) -> bool:
    """Whether each crash comes at once after what changed something, or when all of it is on disk:
    between the two, chance decides. After a sign-out nothing settles in Chromium for a minute, and
    for ten seconds after a restart, over a crash too, its profile says that it restarts: so a crash
    comes directly after the restart, or the start, then."""
    unwritten, signed_out, restarted, running = 0, False, False, True
    for step in steps:
        long = isinstance(step.value, timedelta) and step.value >= SETTLED_AFTER
        if step.verb in _CRASHES and unwritten > AT_ONCE:
            return False
        if signed_out and (step.verb == "settle" or (long and step.verb == "wait")):
            return False
        if step.verb == "settle" or (step.verb == "wait" and long):
            unwritten, restarted = 0, restarted and not running
        elif step.verb in ("start", "restart"):
            restarted = restarted or step.verb == "restart"
            unwritten, signed_out, running = (AT_ONCE if restarted else 1), False, True
        else:
            unwritten += 1
            restarted = restarted and step.verb not in ("quit", "end_os_session")
            running = running and step.verb not in _CRASHES
        signed_out = signed_out or step.verb.startswith("sign_out")
    return True


def shorten(lifecycle: Lifecycle, wrong: Callable[[Lifecycle], bool]) -> Lifecycle:
    """The shortest that is still wrong, a step or two at a time left out: an end and the start
    after it go together. `wrong` is asked of one that is shorter, possible, and as sharp as the
    first."""
    sharp = is_sharp(lifecycle.steps)

    def shorter(number: int, count: int) -> Lifecycle | None:
        steps = (*lifecycle.steps[:number], *lifecycle.steps[number + count :])
        tried = replace(lifecycle, steps=steps)
        fits = is_possible(steps) and is_sharp(steps) >= sharp
        return tried if fits and wrong(tried) else None

    number = 0
    while number < len(lifecycle.steps):
        found = shorter(number, 1) or shorter(number, 2)
        lifecycle, number = (found, 0) if found else (lifecycle, number + 1)
    return lifecycle
