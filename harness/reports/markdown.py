"""`limitations.md`: what browsers do to session policies, and where this run saw it."""

from collections.abc import Sequence
from typing import NamedTuple

from harness.records import Observation
from harness.reports.matrix import Matrix, surface_order

__all__ = ["render_limitations"]


class _Place(NamedTuple):
    """A line of the table, less the policies that it is true of."""

    scenario: str
    engine: str
    preset: str
    surface: str
    promised: str
    observed: str


def render_limitations(matrix: Matrix) -> str:
    """Each limitation with its sources and the places where it was seen."""
    lines = ["# Limitations of session cookies", "", *_preface(matrix), "", *_flaky(matrix)]
    seen: dict[str, list[Observation]] = {}
    for observation in matrix.observations():
        if observation.limitation is not None:
            seen.setdefault(observation.limitation, []).append(observation)
    for name, note in matrix.limitations.items():
        lines += [f"## {name}", "", note.sentence, ""]
        lines += [f"- Source: {source}" for source in note.sources]
        lines += ["", *_seen(matrix, seen.get(name, [])), ""]
    return "\n".join(lines)


def _preface(matrix: Matrix) -> list[str]:
    browsers = sorted({f"{column.engine} {column.engine_version}" for column in matrix.columns})
    when = ", ".join(run.started for run in matrix.runs)
    observed = f"Observed with {' and '.join(browsers)}, run started {when}."
    return [observed, *(f"\nBeware: {caveat}." for caveat in matrix.caveats)]


def _flaky(matrix: Matrix) -> list[str]:
    flaky = matrix.flaky()
    if not flaky:
        return []
    lines = [
        "## Flaky", "", "What follows says nothing of these cells: repeated, they differed.", "",
        "| scenario | check | engine | preset | policy | surface | how often what |",
        "|---|---|---|---|---|---|---|",
    ]
    for o, repeats in flaky:
        told = "<br>".join([repeats.sentence, *repeats.evidence])
        cells = (o.scenario, o.check, o.engine, o.preset, o.policy, o.surface, told)
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _seen(matrix: Matrix, observations: Sequence[Observation]) -> list[str]:
    if not observations:
        return ["**Not seen in this run.**"]
    lines = [
        "| scenario | engine | preset | surface | policies | promised | observed |",
        "|---|---|---|---|---|---|---|",
    ]
    policies: dict[_Place, set[str]] = {}
    for o in observations:
        place = _Place(o.scenario, o.engine, o.preset, o.surface, o.told_promised, o.told_observed)
        policies.setdefault(place, set()).add(o.policy)
    for place in sorted(policies, key=_order):
        listed = ", ".join(policy for policy in matrix.policies if policy in policies[place])
        cells = (place.scenario, place.engine, place.preset, place.surface, listed)
        lines.append(f"| {' | '.join([*cells, place.promised, place.observed])} |")
    return lines


def _order(place: _Place) -> tuple[object, ...]:
    surface = surface_order(place.surface)
    return place.scenario, place.engine, place.preset, surface, place.promised, place.observed
