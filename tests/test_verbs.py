"""Whoever follows a lifecycle knows every verb: one that is forgotten must not mean nothing."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.driver import Driver
from harness.model.agent import Stores
from harness.model.families import FAMILIES
from harness.model.playing import Clock, Player
from harness.policy import DEFAULT_ENVIRONMENTS, Persistence, Policy
from harness.presets import choices_of
from harness.promise import History
from harness.reference import ReferenceSite
from harness.scenario import Administrator, Browser
from harness.settings import Settings
from harness.setup import Setup
from harness.verbs import VERBS, Argument, Step, narrate, verbs_that

CARRIED_OUT = set(VERBS) - {"check"}


def missing(known: Iterable[str], asked: Iterable[str]) -> set[str]:
    return set(asked) ^ set(known)


def test_the_promise_knows_every_verb() -> None:
    history = History(Policy(persistence=Persistence.PERSISTENT), Settings())
    assert missing(history._verbs, VERBS) == set()


def test_the_models_know_every_verb() -> None:
    stores, clock, choices = Stores(), Clock(0.0), choices_of("default")
    site = ReferenceSite(
        DEFAULT_ENVIRONMENTS, Settings(), (), stores,
        began=0.0, now=clock.now, family=FAMILIES[0], choices=choices,
    )  # fmt: skip
    player = Player(FAMILIES[0], choices, stores, site, clock)
    assert missing(player._verbs, CARRIED_OUT) == set()


def test_the_driver_knows_every_verb() -> None:
    setup = Setup(engine="chromium", preset="default", environments=DEFAULT_ENVIRONMENTS)
    pool = BrowserPool("http://localhost:1", Options())
    driver = Driver(pool, ENGINES["chromium"], setup)
    pool.close()
    assert missing(driver._verbs, CARRIED_OUT) == set()


@pytest.mark.parametrize("verb", VERBS)
def test_a_scenario_can_say_every_verb_and_each_has_a_sentence(verb: str) -> None:
    assert hasattr(Administrator if VERBS[verb].administrator else Browser, verb)
    value = timedelta(days=1) if VERBS[verb].argument is Argument.TIME else None
    assert narrate(Step(verb, value)).endswith(".")


def test_what_changes_the_server_is_no_matter_of_the_browser_alone() -> None:
    assert verbs_that(lambda verb: verb.administrator) == {
        "change_cookie_scope", "mend_cookie_scope", "override_session_policy", "revoke_sessions",
    }  # fmt: skip
    assert "wait" in verbs_that(lambda verb: verb.server and verb.browser)
    assert verbs_that(lambda verb: verb.argument is Argument.TIME) == {"wait", "set_clock_back"}
