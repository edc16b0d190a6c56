from datetime import timedelta
from typing import Any

import pytest

from harness.policy import Limits
from harness.scenario import (
    Browser,
    Check,
    Moment,
    Scenario,
    ScenarioError,
    Step,
    narrate,
    scenario,
    steps_of,
)


class Listener:
    def __init__(self) -> None:
        self.performed: list[Step] = []

    def perform(self, step: Step) -> None:
        self.performed.append(step)

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        return {}


@pytest.fixture
def example() -> Scenario:
    @scenario(title="A title", claims="A claim.", covers=("rfc6265bis 5.7",))
    def example(browser: Browser) -> None:
        browser.sign_in()
        browser.open_tab()
        browser.close_tab(1)
        browser.wait(timedelta(days=1, hours=2, minutes=1))
        browser.administrator.revoke_sessions()
        browser.quit()
        browser.start()
        browser.check("at the end")

    return example


def test_a_scenario_has_a_name_and_can_be_told(example: Scenario) -> None:
    assert isinstance(example, Scenario)
    assert example.name == "test_scenario.example"
    assert [narrate(step) for step in steps_of(example)] == [
        "Sign in to the application.",
        "Open a new tab.",
        "Close the first tab.",
        "Stay away for 1 day, 2 hours and 1 minute.",
        "An administrator revokes every session.",
        "Close the browser.",
        "Start the browser.",
        "Check: at the end.",
    ]


def test_only_a_page_that_is_open_refreshes() -> None:
    listener = Listener()
    browser = Browser(listener)

    def refuse() -> None:
        with pytest.raises(ScenarioError, match="no application is open in the tab in use"):
            browser.refresh_tokens()

    refuse()
    browser.sign_in()
    browser.refresh_tokens()
    browser.open_tab()
    refuse()
    browser.visit()
    browser.refresh_tokens()
    browser.close_tab()
    browser.refresh_tokens()
    browser.quit()
    with pytest.raises(ScenarioError, match="not running"):
        browser.refresh_tokens()
    browser.start()
    refuse()
    assert [step.verb for step in listener.performed].count("refresh_tokens") == 3


def test_moments_are_counted_from_a_refresh_too() -> None:
    listener = Listener()
    browser = Browser(listener, {Limits(3600)})
    browser.sign_in()
    browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
    browser.refresh_tokens()
    browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
    waits = [step.value for step in listener.performed if step.verb == "wait"]
    assert waits == [timedelta(seconds=3599)] * 2


def test_verbs_reach_the_interpreter_in_order(example: Scenario) -> None:
    listener = Listener()
    example(Browser(listener))
    assert [step.verb for step in listener.performed] == [
        "sign_in", "open_tab", "close_tab", "wait", "revoke_sessions", "quit", "start",
    ]


def test_what_nobody_could_do_is_refused() -> None:
    browser = Browser(Listener())
    with pytest.raises(ScenarioError, match="there is no tab 2; 1 open"):
        browser.close_tab(2)
    with pytest.raises(ScenarioError, match="running already"):
        browser.start()
    with pytest.raises(ScenarioError, match="more than nothing"):
        browser.wait(timedelta(0))
    browser.close_tab()
    for verb in (browser.sign_in, browser.quit, browser.settle, browser.open_tab):
        with pytest.raises(ScenarioError, match="not running; start it first"):
            verb()
    with pytest.raises(ScenarioError, match="not running"):
        browser.check("closed")


def test_signing_in_as_somebody_else() -> None:
    """A step names whoever signs in instead of somebody else, and nobody who does so again."""
    listener = Listener()
    browser = Browser(listener)
    for person in ("ada", "bob", None, "bob", "ada"):
        browser.sign_in(as_=person)
    assert [step.value for step in listener.performed] == [None, "bob", None, None, "ada"]
    told = [narrate(step) for step in listener.performed[:2]]
    assert told == [
        "Sign in to the application.", "Sign in to the application as somebody else: Bob.",
    ]  # fmt: skip
    with pytest.raises(ScenarioError, match="nobody called 'eve'; known: ada, bob"):
        browser.sign_in(as_="eve")


def test_tabs_are_asked_for_right_after_the_start() -> None:
    browser = Browser(Listener())
    browser.sign_in()
    browser.quit()
    browser.start()
    browser.check("started")
    browser.restore_previous_session()
    browser.restart()
    browser.open_tab()
    with pytest.raises(ScenarioError, match="right after the start"):
        browser.restore_previous_session()


def test_the_browser_ends_with_its_last_window() -> None:
    browser = Browser(Listener())
    browser.open_window()
    browser.close_window(1)
    browser.open_tab()
    browser.close_tab(2)
    browser.close_window()
    browser.start()


def test_a_scenario_is_told_nothing_of_what_came_out() -> None:
    """The same in a browser, in many models at once, and when it is told as steps."""

    @scenario(title="", claims="")
    def curious(browser: Browser) -> None:
        assert browser.check("now")["persistent", "sso"].signed_in

    for carry_out in (lambda: curious(Browser(Listener())), lambda: steps_of(curious)):
        with pytest.raises(ScenarioError, match="told nothing of what came out"):
            carry_out()
    unread = Browser(Listener())
    unread.tells = False
    for read in (len, list, bool):
        with pytest.raises(ScenarioError, match="session_browser"):
            read(unread.check(read.__name__))
    assert Browser(Listener()).check("a test's own") == {}


def test_what_looks_at_nothing_is_no_scenario() -> None:
    """It could not fail."""

    @scenario(title="", claims="")
    def blind(browser: Browser) -> None:
        browser.sign_in()

    with pytest.raises(ScenarioError, match="it looks at nothing"):
        steps_of(blind)


@pytest.mark.parametrize("label", [5, "", "  ", None])
def test_a_check_is_called_by_text(label: Any) -> None:
    with pytest.raises(ScenarioError, match="check: the label must be text, not"):
        Browser(Listener()).check(label)


def test_each_check_has_its_own_name() -> None:
    """Reports place what came out by it."""
    browser = Browser(Listener())
    browser.check("now")
    with pytest.raises(ScenarioError, match="check 'now': there was one already"):
        browser.check("now")


@pytest.mark.parametrize("time", [5, "3 days", None])
def test_a_time_is_a_timedelta(time: Any) -> None:
    for verb in ("wait", "set_clock_back"):
        with pytest.raises(ScenarioError, match=rf"{verb}: must be a time as timedelta\(hours=1\)"):
            getattr(Browser(Listener()), verb)(time)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [(Moment.JUST_BEFORE_THE_TIMEOUT, 3599), (Moment.JUST_AFTER_THE_TIMEOUT, 3601)],
)
def test_a_wait_until_a_moment_is_counted_from_the_last_activity(
    moment: Moment, seconds: int
) -> None:
    listener = Listener()
    browser = Browser(listener, {Limits(3600)})
    browser.sign_in()
    browser.wait(timedelta(seconds=600))
    browser.wait_until(moment)
    assert listener.performed[-1] == Step("wait", timedelta(seconds=seconds - 600), moment)
    browser.visit()
    browser.wait_until(moment)
    assert listener.performed[-1] == Step("wait", timedelta(seconds=seconds), moment)
    assert moment.value in narrate(listener.performed[-1])


def test_a_moment_that_is_over_or_is_not_one_is_refused() -> None:
    browser = Browser(Listener(), {Limits(3600)})
    browser.wait(timedelta(hours=2))
    with pytest.raises(ScenarioError, match="later than just before the inactivity timeout"):
        browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
    with pytest.raises(ScenarioError, match=r"timeouts differ \(60, 3600 s\)"):
        Browser(Listener(), {Limits(3600), Limits(60)}).wait_until(Moment.JUST_AFTER_THE_TIMEOUT)


def test_active_until_a_moment() -> None:
    listener = Listener()
    browser = Browser(listener, {Limits(3600, 9000)})
    browser.sign_in()
    browser.visit_until(Moment.JUST_AFTER_THE_ABSOLUTE_LIMIT)
    told = [(s.verb, s.value.total_seconds() if isinstance(s.value, timedelta) else None, s.until)
            for s in listener.performed]  # fmt: skip
    assert told == [
        ("sign_in", None, None),
        ("wait", 3000, None),
        ("visit", None, None),
        ("wait", 3000, None),
        ("visit", None, None),
        ("wait", 3001, Moment.JUST_AFTER_THE_ABSOLUTE_LIMIT),
    ]
    with pytest.raises(ScenarioError, match="visit_until: it is later than just after"):
        browser.visit_until(Moment.JUST_AFTER_THE_ABSOLUTE_LIMIT)


def test_without_limits_that_is_told_in_words() -> None:
    @scenario(title="", claims="")
    def active(browser: Browser) -> None:
        browser.visit_until(Moment.JUST_BEFORE_THE_ABSOLUTE_LIMIT)
        browser.check("then")

    assert [narrate(step) for step in steps_of(active)][:-1] == [
        "Stay away for less than the inactivity timeout, once or more.",
        "Open the application again and let it ask the auth server who you are.",
        "Stay away until just before the absolute limit has passed.",
    ]


def test_without_a_timeout_a_moment_is_told_in_words() -> None:
    @scenario(title="", claims="")
    def relative(browser: Browser) -> None:
        browser.sign_in()
        browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
        browser.check("then")

    assert relative.moments == {Moment.JUST_BEFORE_THE_TIMEOUT}
    assert narrate(steps_of(relative)[1]) == (
        "Stay away until just before the inactivity timeout has passed."
    )
    assert narrate(steps_of(relative, Limits(60))[1]) == (
        "Stay away until just before the inactivity timeout has passed, for 59 seconds."
    )
