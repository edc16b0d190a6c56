"""`compat.json`: what browsers do to session policies, in the shape of MDN's browser-compat-data.

A feature is a promise: that a surface, under a policy, is after the steps of a scenario as the
policy says. A browser supports it where the promise was kept; a preset is told as a preference that
has to be set. Engines that browser-compat-data has no name for are left out, and so are models of
browsers, and what nothing can be concluded from.

The shape is that of the types which npm's `@mdn/browser-compat-data` publishes (`types.d.ts`).
"""

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

from harness.records import Observation, Verdict
from harness.reports.matrix import Matrix

__all__ = ["render_compat"]

_NAMES = {"chromium": "chrome", "firefox": "firefox"}
"""Browser IDs, by engine."""
_CONCLUSIVE = (Verdict.KEPT, Verdict.LIMITATION, Verdict.UNEXPECTED)
_AS_INSTALLED = "default"

Tree = dict[str, Any]


def render_compat(matrix: Matrix) -> str:
    """One identifier below the other: scenario, check, policy, surface."""
    tree: Tree = {}
    statements: dict[tuple[str, str, str, str], dict[str, list[tuple[str, Tree]]]] = {}
    for o in matrix.observations():
        if o.engine in _NAMES and o.verdict in _CONCLUSIVE:
            place = o.scenario, o.check, o.policy, o.surface
            support = statements.setdefault(place, {}).setdefault(_NAMES[o.engine], [])
            support.append((o.preset, _statement(o, matrix)))
    for place, browsers in statements.items():
        at = tree
        for name in place:
            at = at.setdefault(_identifier(name), {})
        at["__compat"] = _compat(place, browsers, matrix)
    started = max((run.started for run in matrix.runs), default="")
    version = next((run.versions.get("afterclose", "") for run in matrix.runs), "")
    told = {"__meta": {"version": version, "timestamp": started},
            "http": {"session_policies": tree}}  # fmt: skip
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"


def _compat(
    place: tuple[str, str, str, str],
    support: Mapping[str, list[tuple[str, Tree]]],
    matrix: Matrix,
) -> Tree:
    scenario, check, policy, surface = place
    note = matrix.scenarios.get(scenario)
    title = note.title if note else scenario
    pack = f"{note.pack}/" if note and note.pack else ""
    return {
        "description": f"{escape(title)}, {escape(check)}: <code>{escape(surface)}</code> is as "
        f"the policy <code>{escape(policy)}</code> promises",
        "source_file": f"scenarios/{pack}{scenario.partition('.')[0]}.py",
        "support": {name: _support(found) for name, found in support.items()},
        "status": {"experimental": False, "standard_track": False, "deprecated": False},
    }


def _support(found: list[tuple[str, Tree]]) -> Tree | list[Tree]:
    """As installed first; one alone is no list."""
    ordered = [s for _, s in sorted(found, key=lambda pair: (pair[0] != _AS_INSTALLED, pair[0]))]
    return ordered[0] if len(ordered) == 1 else ordered


def _statement(o: Observation, matrix: Matrix) -> Tree:
    where = urlencode(
        {
            "open": "~".join((o.scenario, o.engine, o.engine_version, o.preset)),
            "at": "~".join((o.check, o.policy, o.surface)),
        }
    )
    seen = (
        f"<a href='index.html#{escape(where)}'>{o.engine_version}: promised {o.told_promised}, "
        f"observed {o.told_observed}</a>"
    )
    # Observed in that version alone: whether earlier ones did so, too, is not known.
    kept = o.verdict is Verdict.KEPT
    statement: Tree = {"version_added": f"≤{_major(o.engine_version)}" if kept else False}
    if o.preset != _AS_INSTALLED:
        statement["flags"] = [
            {"type": "preference", "name": "preset", "value_to_set": o.preset}
        ]
    limitation = matrix.limitations.get(o.limitation or "")
    if o.limitation:
        why = f"{o.limitation}: {escape(limitation.sentence)}" if limitation else o.limitation
        statement["notes"] = [why, seen]
    else:
        statement["notes"] = f"Unexpected: {seen}" if o.verdict is Verdict.UNEXPECTED else seen
    return statement


def _major(version: str) -> str:
    return version.partition(".")[0]


def _identifier(name: str) -> str:
    """Identifiers have letters, digits, `_`, `-`, `$` and `@` alone."""
    return re.sub(r"[^\w$@-]+", "_", name, flags=re.ASCII).strip("_") or "_"
