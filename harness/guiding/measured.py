"""What a person says of the browser that is measured, and what it says of itself."""

import re
from dataclasses import dataclass

from harness.config import ConfigError, name_one_of
from harness.model.families import FAMILIES, family_of
from harness.presets import CHOOSABLE, canonical

__all__ = ["MeasuredBrowser", "browser_named", "version_in"]

_RULES = tuple(family.engine for family in FAMILIES)
_NONE = "none"
_VERSIONS = (
    r"Edg[A-Z]?[a-zA-Z]*/([\d.]+)",
    r"OPR/([\d.]+)",
    r"SamsungBrowser/([\d.]+)",
    r"(?:CriOS|FxiOS|Vivaldi|Epiphany)/([\d.]+)",
    r"Firefox/([\d.]+)",
    r"Chrome/([\d.]+)",
    r"Version/([\d.]+)",
)
"""Where a `User-Agent` has the version: what is more particular comes first."""


@dataclass(frozen=True, kw_only=True)
class MeasuredBrowser:
    """A browser that nobody drives."""

    engine: str
    """Its name in records."""
    version: str
    """Empty: what its `User-Agent` says."""
    preset: str
    """How it is set up: a preset's name, or what the person calls it."""
    setting: str
    """The same as it was said."""
    rules: str
    """The engine by whose rules it is judged, or nothing."""


def browser_named(
    name: str, *, version: str = "", setting: str = "", rules: str | None = None
) -> MeasuredBrowser:
    """Read what was said. Where `rules` are not named they are those of the browser of that name,
    if there are any. Raises ConfigError."""
    engine = _slug(name)
    if not engine:
        raise ConfigError(f"--browser: must be a name such as safari, not '{name}'")
    if engine.startswith("simulated"):
        raise ConfigError(f"--browser: {name} is a model; 'afterclose run --engine' has those")
    known = family_of(engine)
    chosen = (known.engine if known else _NONE) if rules is None else rules
    name_one_of("rules", chosen, (*_RULES, _NONE))
    try:
        preset = canonical(setting or "default")
    except ValueError:
        if chosen != _NONE:
            raise ConfigError(
                f"--setting: '{setting}' is none whose rules are known: default, or one or more of "
                f"{', '.join(CHOOSABLE)}, joined by +; or judge by none, with --rules none"
            ) from None
        preset = _slug(setting)
        if not preset:
            raise ConfigError(f"--setting: must have letters or digits, not '{setting}'") from None
    return MeasuredBrowser(
        engine=engine,
        version=version,
        preset=preset,
        setting=setting,
        rules="" if chosen == _NONE else chosen,
    )


def version_in(agent: str) -> str:
    """The version that a `User-Agent` says, or nothing."""
    found = (re.search(pattern, agent) for pattern in _VERSIONS)
    return next((match[1] for match in found if match), "")


def _slug(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))
