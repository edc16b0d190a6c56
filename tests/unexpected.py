"""A project whose scenarios show, on a model, what is unexpected."""

from pathlib import Path

__all__ = ["make_project"]

_CONFTEST = """\
import os

import msgspec
from harness.engines.simulated import Simulated
from harness.judging import Judge
from harness.records import Verdict

look = Judge.observations
perform = Simulated.perform


def observations(self, *arguments):
    for o in look(self, *arguments):
        odd = f"{o.scenario} {o.policy}/{o.surface}" in os.environ.get("ODD", "").split(", ")
        yield msgspec.structs.replace(o, verdict=Verdict.UNEXPECTED) if odd else o


def quit_or_not(self, step):
    if step.verb == "quit" and os.environ.get("BROKEN"):
        raise RuntimeError("it broke off")
    perform(self, step)


Judge.observations = observations
Simulated.perform = quit_or_not
"""
_SCENARIOS = """\
from harness import Browser, scenario


@scenario(title="Sign in", claims="Somebody is signed in.")
def sign_in(browser: Browser) -> None:
    browser.sign_in()
    browser.check("at once")


@scenario(title="Leave", claims="It may break off.")
def leave(browser: Browser) -> None:
    browser.sign_in()
    browser.check("before")
    browser.quit()
"""


def make_project(folder: Path) -> list[str]:
    """Files that make a run show as unexpected what ODD names ("mine.sign_in persistent/sso", with
    commas), and break off the scenario `mine.leave` where BROKEN says so. Returns what to run."""
    (folder / "conftest.py").write_text(_CONFTEST)
    (folder / "mine.py").write_text(_SCENARIOS)
    return ["run", "mine.py", "--engine", "simulated-chromium", "--preset", "default"]
