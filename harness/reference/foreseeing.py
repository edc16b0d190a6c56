"""What is expected at a target: the steps in the model of a browser, with what it really set."""

from collections.abc import Mapping, Sequence

from harness.deeds import TargetLook
from harness.model.agent import Stores
from harness.model.family import Family
from harness.model.playing import Clock, Player
from harness.policy import Policy
from harness.presets import Choices
from harness.promise import History
from harness.reference.browser import ReferenceBrowser
from harness.reference.provided import ProvidedSite
from harness.reference.target import BEGAN, Foreseen, TargetSite
from harness.scenario import Step
from harness.settings import Settings

__all__ = ["asking_alone", "foresee"]

_ENDS = ("quit", "crash", "end_os_session", "restart", "close_tab", "close_window")
"""What is noted of them came before."""


def foresee(
    family: Family,
    choices: Choices,
    policy: Policy,
    steps: Sequence[Step],
    look: TargetLook,
    settings: Settings | None = None,
) -> Mapping[str, Foreseen]:
    """What each surface is to show after the steps, the last of which is the check. `settings` are
    the mock's, where that is the identity provider."""
    stores, clock = Stores(), Clock(BEGAN)
    browser = ReferenceBrowser(stores, clock.now, family, choices)
    history = History(policy, settings or Settings())
    site: TargetSite
    if look.provided is None:
        site = TargetSite(stores, browser, policy, look)
    else:
        site = ProvidedSite(stores, browser, policy, look, settings or Settings())
    player = Player(family, choices, stores, site, clock)
    player.perform(Step("start"))
    for step, deed in zip(steps, look.deeds, strict=False):
        site.deed = deed
        history.take(step)
        site.persistence = history.persistence
        if step.verb in _ENDS:
            site.enact(None)
            player.machine.changed()
        player.perform(step)
        if site.deed.cookies or site.deed.local or site.deed.session:
            if step.verb not in _ENDS and deed.url:
                site.come_back(player.current)
            else:
                site.enact(None)
            player.machine.changed()
    return {surface: site.look_at(surface, player.current) for surface in look.carriers}


def asking_alone(steps: Sequence[Step], look: TargetLook) -> tuple[Step, ...]:
    """The steps without the visits that the identity provider was not told of: they are no activity
    there, and nothing that a promise is about."""
    provided = look.provided
    if provided is None:
        return tuple(steps)
    *done, check = steps
    return (
        *(
            step
            for step, deed in zip(done, look.deeds, strict=False)
            if step.verb != "visit" or provided.asked(deed)
        ),
        check,
    )
