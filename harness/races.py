"""Outcomes that are a race in the vendor's own browser, and no fault of a policy or of a server.

A cell for which one is declared is `inconclusive`, whatever came out, and says why. Everything else
has one expected outcome; so this list is to stay empty for as long as that can be helped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.setup import Setup
from harness.verbs import Step

__all__ = ["RACES", "Race", "race_in"]


@dataclass(frozen=True, kw_only=True)
class Race:
    """One race: what runs against what in the browser, and where it was measured."""

    because: str
    sources: tuple[str, ...]
    applies: Callable[[Setup, str, Sequence[Step]], bool]
    """Whether a surface shows it after some steps."""


RACES: tuple[Race, ...] = ()


def race_in(
    setup: Setup, surface: str, steps: Sequence[Step], races: Sequence[Race] = RACES
) -> Race | None:
    """The race that decides what a surface shows after the steps, or None."""
    return next((race for race in races if race.applies(setup, surface, steps)), None)
