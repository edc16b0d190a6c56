"""A lifecycle as data: what was explored, what is kept of it, and the scenario it becomes."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from harness.people import PEOPLE
from harness.scenario import Browser, Interpreter, ScenarioError, Step
from harness.verbs import VERBS, Argument

__all__ = ["Lifecycle", "LifecycleError", "carry_out", "is_possible"]

class LifecycleError(Exception):
    """Data that is no lifecycle; the message is for the user."""


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """Steps on an engine with a preset, for some environments at once."""

    engine: str
    preset: str
    policies: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def id(self) -> str:
        """A short name for it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:8]

    def to_json(self) -> str:
        """As a corpus file has it."""
        data = {
            "engine": self.engine,
            "preset": self.preset,
            "policies": list(self.policies),
            "steps": [_step_to_json(step) for step in self.steps],
        }
        return json.dumps(data, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Lifecycle":
        """Read a corpus file; raise LifecycleError."""
        try:
            data = _Data.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise LifecycleError(f"{where + ': ' if where else ''}{first['msg']}") from None
        lifecycle = cls(
            engine=data.engine,
            preset=data.preset,
            policies=tuple(data.policies),
            steps=tuple(_step_from_json(step) for step in data.steps),
        )
        try:
            carry_out(Browser(_Nobody()), lifecycle.steps)
        except ScenarioError as error:
            raise LifecycleError(f"steps: {error}") from None
        return lifecycle

    def to_scenario(self, claims: str) -> str:
        """A scenario that can be pasted into a file of scenarios."""
        lines = [
            "@scenario(",
            f'    title="Found by exploration: {self.engine}, {self.preset}",',
            f'    claims="{claims}",',
            ")",
            f"def found_{self.id}(browser: Browser) -> None:",
            *(f"    {_call(step)}" for step in self.steps),
        ]
        if any(isinstance(step.value, timedelta) for step in self.steps):
            lines = ["from datetime import timedelta", "", *lines]
        return "\n".join(lines) + "\n"


class _StepData(BaseModel):
    verb: str
    value: int | str | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None


class _Data(BaseModel):
    engine: str
    preset: str
    policies: Annotated[list[str], Field(min_length=1)]
    steps: Annotated[list[_StepData], Field(min_length=1)]


def _step_to_json(step: Step) -> dict[str, Any]:
    if isinstance(step.value, timedelta):
        return {"verb": step.verb, "seconds": step.value.total_seconds()}
    return {"verb": step.verb} | ({} if step.value is None else {"value": step.value})


def _step_from_json(data: _StepData) -> Step:
    verb, value = data.verb, data.value
    if verb in VERBS and VERBS[verb].argument is Argument.TIME and data.seconds is not None:
        return Step(verb, timedelta(seconds=data.seconds))
    known = VERBS.get(verb)
    fits = known is not None and _FITS[known.argument](value)
    if not fits:
        raise LifecycleError(f"steps: there is no step {verb!r} with {value!r}")
    return Step(verb, value)


_FITS: Mapping[Argument, Callable[[object], bool]] = {
    Argument.NOTHING: lambda value: value is None,
    Argument.NUMBER: lambda value: value is None or isinstance(value, int),
    Argument.TIME: lambda value: False,
    Argument.LABEL: lambda value: isinstance(value, str),
    Argument.RESTORING: lambda value: value in (None, "restoring"),
    Argument.PERSON: lambda value: value is None or value in PEOPLE,
}
"""Whether a value can be an argument of that kind. A time is written in seconds."""


def _call(step: Step) -> str:
    if VERBS[step.verb].administrator:
        return f"browser.administrator.{step.verb}()"
    if isinstance(step.value, timedelta):
        return f"browser.{step.verb}(timedelta(seconds={step.value.total_seconds():.0f}))"
    if step.verb == "start":
        return "browser.start(restoring=True)" if step.value else "browser.start()"
    if step.verb == "sign_in" and step.value is not None:
        return f"browser.{step.verb}(as_={json.dumps(step.value)})"
    value = "" if step.value is None else json.dumps(step.value)
    return f"browser.{step.verb}({value})"


def carry_out(browser: Browser, steps: Iterable[Step]) -> None:
    """Do the steps; raise ScenarioError where one could not follow on the last."""
    for step in steps:
        if VERBS[step.verb].administrator:
            getattr(browser.administrator, step.verb)()
        elif step.verb == "start":
            browser.start(restoring=bool(step.value))
        elif step.verb == "sign_in" and isinstance(step.value, str):
            browser.sign_in(as_=step.value)
        elif step.value is None:
            getattr(browser, step.verb)()
        else:
            getattr(browser, step.verb)(step.value)


def is_possible(steps: Sequence[Step]) -> bool:
    """Whether a person could do the steps one after the other, and something is looked at."""
    try:
        carry_out(Browser(_Nobody()), steps)
    except ScenarioError:
        return False
    return any(step.verb == "check" for step in steps)


class _Nobody(Interpreter):
    def perform(self, step: Step) -> None:
        """Only whether the steps follow on each other is asked."""

    def observe(self, label: str, steps: tuple[Step, ...]) -> dict[Any, Any]:
        """Nothing is there to see."""
        return {}
