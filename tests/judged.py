"""Lifecycles whose observations a test looks at."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool
from harness.engines.driver import Driver
from harness.judging import Acting, Judge, Judged
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.records import Observation
from harness.runner.run_session import engine_for
from harness.scenario import Browser, Scenario
from harness.setup import Setup

__all__ = ["FOUR", "Drive", "browser_of", "driving", "observe"]

FOUR = DEFAULT_ENVIRONMENTS[:4]
"""As many as go through one lifecycle in a browser."""
Drive = Callable[..., AbstractContextManager[tuple[Driver, Browser]]]
"""`driving`, in a pool."""


def browser_of(
    acting: Acting, setup: Setup, note: Callable[[Observation], None], name: str = "test.case"
) -> Browser:
    """A browser for a scenario, whose observations are told to `note`."""
    return Browser(Judged(acting, Judge(name, setup), note), setup.limits)


@contextmanager
def driving(
    pool: BrowserPool,
    engine: str = "chromium",
    preset: str = "default",
    *,
    note: Callable[[Observation], None] = lambda _: None,
) -> Iterator[tuple[Driver, Browser]]:
    """A driver of a real browser, and the browser for a scenario that it carries out."""
    setup = Setup(engine=engine, preset=preset, environments=FOUR)
    with Driver(pool, ENGINES[engine], setup) as driver:
        yield driver, browser_of(driver, setup, note)


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
