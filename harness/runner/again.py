"""The command that runs one item again."""

import os
import re
import shlex
from collections.abc import Sequence

import pytest

from harness.engines import NAMES
from harness.presets import CHOOSABLE
from harness.runner.library import scenario_files

__all__ = ["command_for"]

_CHOICE = "|".join(map(re.escape, CHOOSABLE))
_PAIR = re.compile(
    rf"({'|'.join(sorted(NAMES, key=len, reverse=True))})-"
    rf"(default|(?:{_CHOICE})(?:\+(?:{_CHOICE}))*)(?:-|$)"
)


def command_for(config: pytest.Config, nodeid: str) -> str:
    """Of an item, in the browser and with the preset that it had: what a shell takes."""
    return shlex.join(["afterclose", "run", *_arguments(config, nodeid)])


def _arguments(config: pytest.Config, nodeid: str) -> Sequence[str]:
    path, _, name = nodeid.partition("::")
    name, _, parameters = name.partition("[")
    file = config.rootpath / path
    if file.resolve() in {known.resolve() for known in scenario_files()}:
        place = f"{file.stem}.{name}"
    else:
        place = f"{os.path.relpath(file, config.invocation_params.dir)}::{name}"
    # pytest joins engine and preset, and what else a test is for, by hyphens.
    pair = _PAIR.search(parameters.rstrip("]"))
    chosen = zip(("--engine", "--preset"), pair.groups() if pair else (), strict=False)
    named = [
        (f"--{option}", value)
        for option in ("config", "target", "baseline")
        if (value := config.getoption(f"afterclose_{option}"))
    ]
    policies = [("--policy", policy) for policy in config.getoption("afterclose_policy")]
    return [place, *(part for pair in (*chosen, *policies, *named) for part in pair)]
