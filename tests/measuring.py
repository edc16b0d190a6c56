"""What real browsers showed, cell by cell: recorded by a run, never typed.

    afterclose run --engine chromium --engine firefox --preset … --output report
    python -m tests.measuring report/results.ndjson

A cell is a scenario, check, preset, policy and surface. Each line of a file has the surfaces of one
policy as a word, in the order of `SURFACES`: `i` for signed in as the first person, `b` as the
second, `2` as both (in several tabs), `o` for signed out and `-` for not looked at; one that ends
early has nothing of the rest.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.engines.stopwatch import TOO_SLOW
from harness.people import PEOPLE
from harness.presets import canonical
from harness.records import Observation, Run
from harness.result_file import RecordsError, read_records
from harness.runner.library import load_scenarios, scenario_files
from harness.scenario import steps_of

__all__ = ["AT_ONCE", "SURFACES", "Cell", "Who", "days", "load", "record"]

AT_ONCE = 4
"""Environments that were in a browser together when this was recorded. It matters: a popup has what
the tab in front keeps of its own site, which is the last environment's."""

SURFACES = (
    "sso",
    "app:ksp_cookie",
    "app:long_cookie",
    "app:session_cookie",
    "app:memory",
    "app:local_storage",
    "app:session_storage",
    "app:secure_cookie",
    "app:strict_cookie",
    "app:partitioned_cookie",
    "app:domain_cookie",
    "app:backchannel_cookie",
    "app:refreshing",
)
_FOLDER = Path(__file__).parent / "measured"

_FIRST, _SECOND = (person.email for person in PEOPLE.values())
_SIGNS: dict[tuple[str, ...] | None, str] = {
    (): "o",
    (_FIRST,): "i",
    (_SECOND,): "b",
    (_FIRST, _SECOND): "2",
    None: "-",
}
_READ = {sign: who for who, sign in _SIGNS.items() if who is not None}

Cell = tuple[str, str, str, str, str]
"""Scenario, check, preset, policy and surface."""
Who = tuple[str, ...]
"""As whom: email addresses, nobody where it is empty."""


def days(engine: str) -> tuple[str, str]:
    """The days of the first and the last run of which cells are recorded, as ISO 8601 has them."""
    data = _read(engine)
    return data["first"], data["last"]


def load(engine: str) -> tuple[str, dict[Cell, Who]]:
    """The version of the browser that was measured, and as whom each cell was signed in."""
    data = _read(engine)
    cells = {
        (scenario, check, preset, policy, surface): _READ[sign]
        for scenario, checks in data["cells"].items()
        for check, presets in checks.items()
        for preset, policies in presets.items()
        for policy, word in policies.items()
        for surface, sign in zip(SURFACES, word.ljust(len(SURFACES), "-"), strict=True)
        if sign != "-"
    }
    return data["version"], cells


def _read(engine: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((_FOLDER / f"{engine}.json").read_text(encoding="utf-8"))
    return data


def record(paths: Iterable[Path]) -> None:
    """Write down what the real browsers of some result files showed. What is recorded of the same
    version stays where they show nothing newer; checks that no scenario has any more go."""
    known = {
        (scenario.name, step.value)
        for scenario in load_scenarios(scenario_files())
        for step in steps_of(scenario)
        if step.verb == "check"
    }
    seen: dict[str, dict[Cell, Who]] = {}
    versions: dict[str, str] = {}
    started: dict[str, set[str]] = {}
    day = ""
    for entry in read_records(paths):
        if isinstance(entry, Run):
            day = entry.started[:10]
        if not isinstance(entry, Observation) or entry.engine.startswith("simulated-"):
            continue
        if (entry.scenario, entry.check) in known and TOO_SLOW not in entry.evidence.notes:
            preset = canonical(entry.preset)
            cell = (entry.scenario, entry.check, preset, entry.policy, entry.surface)
            seen.setdefault(entry.engine, {})[cell] = entry.evidence.who
            versions[entry.engine] = entry.engine_version
            started.setdefault(entry.engine, set()).add(day)
    for engine, newer in seen.items():
        version, recorded = load(engine)
        same = version == versions[engine]
        older = recorded if same else {}
        dates = started[engine] | set(days(engine) if same else ())
        cells = {cell: shown for cell, shown in older.items() if cell[:2] in known} | newer
        tree: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
        for scenario, check, preset, policy, surface in cells:
            if surface == SURFACES[0]:
                word = "".join(
                    _SIGNS[cells.get((scenario, check, preset, policy, one))] for one in SURFACES
                ).rstrip("-")
                checks = tree.setdefault(scenario, {}).setdefault(check, {})
                checks.setdefault(preset, {})[policy] = word
        data = {
            "version": versions[engine], "first": min(dates), "last": max(dates), "cells": tree,
        }  # fmt: skip
        text = json.dumps(data, indent=1, sort_keys=True) + "\n"
        (_FOLDER / f"{engine}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        record(map(Path, sys.argv[1:]))
    except RecordsError as error:
        sys.exit(f"{error}; name the results.ndjson of a run in real browsers")
