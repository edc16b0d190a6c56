"""Presets: how a person has set a browser up, the same for every engine and model.

A preset is composed of choices, `continue+clear-on-exit`, or is `default`, none at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

__all__ = ["CHOOSABLE", "PRESETS", "Choices", "canonical", "choices_of"]

_DEFAULT = "default"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a preset means."""

    meaning: str
    reopen: bool = False
    """Reopen, at the start, what was open at the end."""
    clear: bool = False
    """Delete cookies and site data when the browser is closed."""
    private: bool = False
    background: bool = False
    """Keep running when the last window is closed (Chromium)."""
    privacy_level: int = 0
    """For which sites the session file keeps data: 0 all, 1 those without encryption, 2 none
    (Firefox, `browser.sessionstore.privacy_level`)."""


CHOOSABLE: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "continue": ("to reopen, at the start, what was open at the end", {"reopen": True}),
    "background": (
        "to keep running in the background when its last window is closed", {"background": True}
    ),
    "clear-on-exit": (
        "to delete cookies and site data when it is closed", {"clear": True}
    ),
    "private": ("to browse privately", {"private": True}),
    "privacy-1": (
        "to keep no data of encrypted sites in its session file (privacy_level 1)",
        {"privacy_level": 1},
    ),
    "privacy-2": (
        "to keep no data of any site in its session file (privacy_level 2)", {"privacy_level": 2}
    ),
}  # fmt: skip
"""Each choice in words, and what it sets, in the order in which a preset names them."""

_OF_OLD = {
    "continue-clear-on-exit": "continue+clear-on-exit",
    "continue-background": "continue+background",
    "background-clear-on-exit": "background+clear-on-exit",
    "continue-background-clear-on-exit": "continue+background+clear-on-exit",
    "continue-privacy-1": "continue+privacy-1",
    "continue-privacy-2": "continue+privacy-2",
}
"""Names that presets had before they were composed, and are still known by."""


def canonical(name: str) -> str:
    """The one name of a preset, whichever of its names is given. Raises ValueError; the message
    says which choice there is not, or which two exclude each other."""
    asked = _OF_OLD.get(name, name).split("+")
    if asked == [_DEFAULT]:
        return _DEFAULT
    for choice in asked:
        if choice not in CHOOSABLE:
            raise ValueError(
                f"unknown preset '{name}': there is no choice '{choice}'; "
                f"default, or one or more of {', '.join(CHOOSABLE)}, joined by +"
            )
    if {"privacy-1", "privacy-2"} <= set(asked):
        raise ValueError(f"preset '{name}': privacy-1 and privacy-2 exclude each other")
    return "+".join(choice for choice in CHOOSABLE if choice in asked)


@lru_cache
def choices_of(preset: str) -> Choices:
    """What a preset means. Raises ValueError, as `canonical` does."""
    name = canonical(preset)
    if name == _DEFAULT:
        return Choices(meaning="as the vendor ships it")
    words, settings = zip(*(CHOOSABLE[choice] for choice in name.split("+")), strict=True)
    together: dict[str, Any] = {}
    for setting in settings:
        together |= setting
    return Choices(meaning=f"set {', and '.join(words)}", **together)


PRESETS: Mapping[str, str] = {
    name: choices_of(name).meaning
    for name in (
        "default",
        "continue",
        "clear-on-exit",
        "private",
        "continue+clear-on-exit",
        "background",
        "continue+background",
        "background+clear-on-exit",
        "continue+background+clear-on-exit",
        "continue+privacy-1",
        "continue+privacy-2",
    )
}
"""The presets that were measured, in words. Any other that is composed is expected by the rules."""
