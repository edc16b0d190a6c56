from datetime import timedelta

import pytest

from harness.scenario import (
    Browser,
    Check,
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


def test_the_browser_ends_with_its_last_window() -> None:
    browser = Browser(Listener())
    browser.open_window()
    browser.close_window(1)
    browser.open_tab()
    browser.close_tab(2)
    browser.close_window()
    browser.start()
