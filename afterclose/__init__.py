"""Afterclose, by the name that it is installed by: what scenarios and tests of one's own need.

`harness` has the same, and everything else.
"""

from typing import TYPE_CHECKING, Any

from harness import Browser, Moment, scenario
from harness.scenario import Check

if TYPE_CHECKING:
    from harness.policy import Policy as Policy
    from harness.records import Observation as Observation
    from harness.runner.async_session_browser import AsyncSessionBrowser as AsyncSessionBrowser
    from harness.runner.session_browser import SessionBrowser as SessionBrowser
    from harness.server.running import MockServer as MockServer
    from harness.targets.target import Person as Person
    from harness.targets.target import Target as Target

_ELSEWHERE = {
    "AsyncSessionBrowser": "harness.runner.async_session_browser",
    "MockServer": "harness.server.running",
    "Observation": "harness.records",
    "Person": "harness.targets.target",
    "Policy": "harness.policy",
    "SessionBrowser": "harness.runner.session_browser",
    "Target": "harness.targets.target",
}
"""What takes a moment to load, and is for those who name it."""

__all__ = [
    "AsyncSessionBrowser",
    "Browser",
    "Check",
    "MockServer",
    "Moment",
    "Observation",
    "Person",
    "Policy",
    "SessionBrowser",
    "Target",
    "scenario",
]


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module 'afterclose' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ELSEWHERE[name]), name)
