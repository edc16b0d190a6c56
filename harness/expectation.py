"""What an observation will be, exactly: the rules of the browser, applied to the steps at a
reference site.

The server under test is never asked, so that one with a bug does not move what is expected of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.model.agent import Stores
from harness.model.family import Family
from harness.model.playing import Clock, Player
from harness.model.trail import Decision
from harness.people import PEOPLE
from harness.presets import choices_of
from harness.records import Shown, State
from harness.reference import ReferenceSite, Sight
from harness.scenario import Step
from harness.setup import Setup

__all__ = ["Expectation", "Expected"]

_BEGAN = 1_800_000_000.0
"""Any time does."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What one surface of one environment will show, and why."""

    state: State
    who: tuple[str, ...]
    """As whom: email addresses."""
    trail: tuple[Decision, ...]
    """The decisions that touched what it rests on, in order."""

    @property
    def shown(self) -> Shown:
        """State and people together."""
        return self.state, self.who


class Expectation:
    """One lifecycle on one browser, for all of its environments at once."""

    def __init__(self, family: Family, setup: Setup) -> None:
        choices, stores, clock = choices_of(setup.preset), Stores(), Clock(_BEGAN)
        self._site = ReferenceSite(
            setup.environments,
            setup.settings,
            setup.kinds,
            stores,
            began=_BEGAN,
            now=clock.now,
            family=family,
            choices=choices,
            https=setup.https,
        )
        self._player = Player(family, choices, stores, self._site, clock)
        self._player.perform(Step("start"))
        self._taken = 0

    def set_cookie(self, environment: str, surface: str) -> str | None:
        """The latest `Set-Cookie` that a surface rests on, or None."""
        return self._site.surfaces.set_cookies.get((environment, surface))

    def after(self, steps: Sequence[Step]) -> Mapping[tuple[str, str], Expected]:
        """What each surface of each environment shows at the check that is the last of the steps.
        They are those of the last call, and some more."""
        seen: Mapping[tuple[str, str], Sight] = {}
        for step in steps[self._taken :]:
            if step.verb == "check":
                seen = self._site.look(self._player.current, self._player.came_back)
            else:
                self._player.perform(step)
        self._taken = len(steps)
        return {
            key: Expected(
                state=State.SIGNED_IN if shown.who else State.SIGNED_OUT,
                who=tuple(sorted(PEOPLE[name].email for name in shown.who)),
                trail=shown.trail,
            )
            for key, shown in seen.items()
        }
