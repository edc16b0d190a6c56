"""Engines: what carries scenarios out in a browser, or in a model of one."""

from collections.abc import Iterable, Sequence

from harness.engines.chromium import Chromium
from harness.engines.engine import Engine
from harness.engines.firefox import Firefox
from harness.model.families import FAMILIES
from harness.model.family import Family, Question
from harness.presets import PRESETS, choices_of

__all__ = [
    "ENGINES",
    "MODELS",
    "NAMES",
    "PRESETS",
    "Engine",
    "Family",
    "cannot_of",
    "expand",
    "model_of",
    "presets_of",
    "takes",
]

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (Chromium(), Firefox())}
"""Every engine that drives a real browser, by its name."""

MODELS: dict[str, Family] = {family.name: family for family in FAMILIES}
"""Every model of a browser, by its name."""

_ALL_MODELS = "simulated"

_PRESETS_OF_ALL = tuple(
    preset for preset in PRESETS if all(preset in engine.presets for engine in ENGINES.values())
)

NAMES = (*ENGINES, *MODELS, _ALL_MODELS)
"""What `--engine` takes; `simulated` stands for every model."""


def expand(names: Iterable[str]) -> list[str]:
    """The names of engines, with `simulated` taken for every model."""
    return [name for asked in names for name in (MODELS if asked == _ALL_MODELS else [asked])]


def model_of(name: str) -> str:
    """The name of an engine's model, or of the model itself. Raises LookupError where there is
    none; the message is for the user."""
    if name in MODELS:
        return name
    for model, family in MODELS.items():
        if family.engine == name:
            return model
    known = ", ".join(family.engine for family in MODELS.values() if family.engine in ENGINES)
    raise LookupError(f"{name} has no model to be held against; engines that have: {known}")


def cannot_of(name: str) -> Sequence[tuple[str, str | None]]:
    """Verbs that an engine or a model cannot do: with a preset, or None for with any."""
    if name in ENGINES:
        return ENGINES[name].cannot
    return () if MODELS[name].asks(Question.REOPEN_PINNED) else (("pin_tab", None),)


def takes(name: str, preset: str) -> bool:
    """Whether an engine, or the engine behind a model, can be set up so."""
    choices = choices_of(preset)
    real = ENGINES.get(name) or ENGINES.get(MODELS[name].engine)
    return real.suits(choices) if real else all(e.suits(choices) for e in ENGINES.values())


def presets_of(name: str) -> tuple[str, ...]:
    """The presets that were measured which an engine, or the engine behind a model, can be set up
    with."""
    if name in ENGINES:
        return ENGINES[name].presets
    real = ENGINES.get(MODELS[name].engine)
    return real.presets if real else _PRESETS_OF_ALL
