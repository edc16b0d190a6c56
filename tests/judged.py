"""Lifecycles whose observations a test looks at."""

from collections.abc import Callable

from harness.engines.browser_pool import BrowserPool
from harness.judging import Acting, Judge, Judged
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.records import Observation
from harness.runner.run_session import engine_for
from harness.scenario import Browser, Scenario
from harness.setup import Setup

__all__ = ["FOUR", "browser_of", "observe"]

FOUR = DEFAULT_ENVIRONMENTS[:4]
"""As many as go through one lifecycle in a browser."""


def browser_of(
    acting: Acting, setup: Setup, note: Callable[[Observation], None], name: str = "test.case"
) -> Browser:
    """A browser for a scenario, whose observations are told to `note`."""
    return Browser(Judged(acting, Judge(name, setup), note), setup.limits)


def observe(
    pool: BrowserPool,
    setup: Setup,
    scenario: Scenario | Callable[[Browser], None],
    begin: Callable[[], None] = lambda: None,
) -> list[Observation]:
    """Carry a scenario out; `begin` is called once the browser has been started."""
    observations: list[Observation] = []
    name = scenario.name if isinstance(scenario, Scenario) else "test.case"
    with engine_for(pool, setup) as acting:
        begin()
        scenario(browser_of(acting, setup, observations.append, name))
    return observations
