"""Afterclose: what is left of a login after the tab, the window or the browser is closed."""

from typing import TYPE_CHECKING, Any

from harness.scenario import Browser, Moment, scenario

if TYPE_CHECKING:
    from harness.policy import Policy as Policy
    from harness.targets.target import Person as Person
    from harness.targets.target import Target as Target

_ELSEWHERE = {
    "Person": "harness.targets.target",
    "Policy": "harness.policy",
    "Target": "harness.targets.target",
}
"""What takes a moment to load, and is for those who name it."""

__all__ = ["Browser", "Moment", "Person", "Policy", "Target", "scenario"]


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ELSEWHERE[name]), name)
