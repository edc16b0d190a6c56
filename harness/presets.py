"""Presets: how a person has set a browser up, the same for every engine and model."""

from dataclasses import dataclass

__all__ = ["CHOICES", "PRESETS", "Choices"]


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


CHOICES: dict[str, Choices] = {
    "default": Choices(meaning="as the vendor ships it"),
    "continue": Choices(
        meaning="set to reopen, at the start, what was open at the end", reopen=True
    ),
    "clear-on-exit": Choices(
        meaning="set to delete cookies and site data when it is closed", clear=True
    ),
    "private": Choices(meaning="private browsing", private=True),
    "continue-clear-on-exit": Choices(
        meaning="set to reopen what was open, and to delete cookies and site data when closed",
        reopen=True,
        clear=True,
    ),
    "background": Choices(
        meaning="set to keep running in the background when its last window is closed",
        background=True,
    ),
    "continue-background": Choices(
        meaning="set to keep running in the background, and to reopen what was open",
        reopen=True,
        background=True,
    ),
    "background-clear-on-exit": Choices(
        meaning="set to keep running in the background, and to delete cookies and site data when "
        "its last window is closed",
        clear=True,
        background=True,
    ),
    "continue-background-clear-on-exit": Choices(
        meaning="set to keep running in the background, to reopen what was open, and to delete "
        "cookies and site data when its last window is closed",
        reopen=True,
        clear=True,
        background=True,
    ),
    "continue-privacy-1": Choices(
        meaning="set to reopen what was open, but no data of encrypted sites (privacy_level 1)",
        reopen=True,
        privacy_level=1,
    ),
    "continue-privacy-2": Choices(
        meaning="set to reopen what was open, but no data of any site (privacy_level 2)",
        reopen=True,
        privacy_level=2,
    ),
}
"""What each preset means, by name."""

PRESETS: dict[str, str] = {name: choices.meaning for name, choices in CHOICES.items()}
"""The presets in words, by name."""
