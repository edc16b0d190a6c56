"""A scenario up to one of its checks."""

import pytest

from harness.runner.one_check import EnoughError, OneCheck, checks_of
from harness.scenario import Browser, Check, Scenario, Step, scenario


def _two() -> Scenario:
    """Not where it would be found, and carried out."""

    def steps(browser: Browser) -> None:
        browser.sign_in()
        browser.check("first")
        browser.quit()
        browser.start()
        browser.check("second")

    return scenario(title="Two", claims="")(steps)


class Heard:
    def __init__(self) -> None:
        self.done: list[Step] = []
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def perform(self, step: Step) -> None:
        self.done.append(step)

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        self.seen.append((label, tuple(step.verb for step in steps)))
        return {}


@pytest.mark.parametrize(
    ("check", "seen"),
    [(0, ("first", ("sign_in", "check"))), (1, ("second", ("sign_in", "quit", "start", "check")))],
)
def test_one_is_looked_at(check: int, seen: tuple[str, tuple[str, ...]]) -> None:
    heard = Heard()
    two = _two()
    assert checks_of(two) == [0, 1]
    with pytest.raises(EnoughError):
        two(Browser(OneCheck(heard, check)))
    assert heard.seen == [seen]
    assert tuple(step.verb for step in heard.done) == seen[1][:-1]
