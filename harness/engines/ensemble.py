"""Many models at once: one scenario, carried out step by step in every model that is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.engines.simulated import Simulated
from harness.engines.witness import Witness
from harness.engines.world import World, Worlds
from harness.model.family import Family
from harness.records import Observation
from harness.scenario import Browser, Check, Scenario, Step

__all__ = ["Member", "play"]


@dataclass(kw_only=True)
class Member:
    """One model with one preset, and what came of the scenario there."""

    family: Family
    witness: Witness
    observations: list[Observation] = field(default_factory=list)
    steps: tuple[Step, ...] = ()
    failure: Exception | None = None
    """Why it broke off, if it did."""


class _Ensemble:
    """An interpreter that passes each step on to all of its members."""

    def __init__(self, world: World, members: Sequence[Member]) -> None:
        self._playing: list[tuple[Member, Simulated]] = []
        for member in members:
            member.witness.observed = member.observations.append
            simulated = Simulated(world, member.family, member.witness)
            self._playing.append((member, simulated.__enter__()))

    def perform(self, step: Step) -> None:
        """Do one step in every model."""
        self._each(lambda member, simulated: simulated.perform(step))

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        """Observe every model. A scenario that is played here is told nothing of it."""
        self._each(lambda member, simulated: simulated.observe(label, steps))
        return {}

    def _each(self, do: Callable[[Member, Simulated], object]) -> None:
        for member, simulated in self._playing:
            if member.failure is None:
                try:
                    do(member, simulated)
                except Exception as error:
                    member.failure = error


def play(worlds: Worlds, scenario: Scenario, members: Sequence[Member]) -> None:
    """Carry the scenario out in every member at once, all for the same environments; each then has
    its observations."""
    environments = [environment.name for environment in members[0].witness.environments]
    ensemble = _Ensemble(worlds.world_of(scenario, environments), members)
    browser = Browser(ensemble)
    try:
        scenario(browser)
    finally:
        for member in members:
            member.steps = browser.steps
