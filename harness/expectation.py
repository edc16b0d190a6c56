"""What an observation will be, exactly: the rules of the browser, applied to the steps at a
reference site.

The server under test is never asked, so that one with a bug does not move what is expected of it.
"""

from collections.abc import Iterable, Mapping, Sequence

from harness.model.agent import Stores
from harness.model.family import Facts, Family, Question
from harness.model.playing import Clock, Player
from harness.policy import Environment
from harness.presets import CHOICES
from harness.records import State
from harness.reference import ReferenceSite
from harness.scenario import Step
from harness.settings import Settings

__all__ = ["Expectation"]

_BEGAN = 1_800_000_000.0
"""Any time does."""


class Expectation:
    """One lifecycle on one browser with one preset, for some environments at once."""

    def __init__(
        self,
        family: Family,
        preset: str,
        environments: Sequence[Environment],
        settings: Settings,
        keeps: Iterable[str] = (),
    ) -> None:
        choices, stores, clock = CHOICES[preset], Stores(), Clock(_BEGAN)
        facts = Facts(choices=choices)
        self._site = ReferenceSite(
            environments,
            settings,
            tuple(dict.fromkeys((*settings.apps, *keeps))),
            stores,
            began=_BEGAN,
            now=clock.now,
            redirects_count=bool(family.decide(Question.REDIRECTS_COUNT, facts).answer),
            trusts_localhost=bool(family.decide(Question.TRUSTS_LOCALHOST, facts).answer),
        )
        self._player = Player(family, choices, stores, self._site, clock)
        self._player.perform(Step("start"))
        self._taken = 0

    def set_cookie(self, environment: str, surface: str) -> str | None:
        """The latest `Set-Cookie` that a surface rests on, or None."""
        return self._site.set_cookies.get((environment, surface))

    def after(self, steps: Sequence[Step]) -> Mapping[tuple[str, str], State]:
        """What each surface of each environment shows at the check that is the last of the steps.
        They are those of the last call, and some more."""
        seen: Mapping[tuple[str, str], bool] = {}
        for step in steps[self._taken :]:
            if step.verb == "check":
                seen = self._site.look(self._player.current, self._player.came_back)
            else:
                self._player.perform(step)
        self._taken = len(steps)
        return {
            key: State.SIGNED_IN if signed_in else State.SIGNED_OUT
            for key, signed_in in seen.items()
        }
