"""`limitations.md`: what browsers do to session policies, and where this run saw it."""

from collections.abc import Sequence

from harness.records import Observation
from harness.reports.matrix import Matrix

__all__ = ["render_limitations"]


def render_limitations(matrix: Matrix) -> str:
    """Each limitation with its sources and the places where it was seen."""
    lines = ["# Limitations of session cookies", "", *_preface(matrix), ""]
    seen: dict[str, list[Observation]] = {}
    for observation in matrix.observations():
        if observation.limitation is not None:
            seen.setdefault(observation.limitation, []).append(observation)
    for name, note in matrix.limitations.items():
        lines += [f"## {name}", "", note.sentence, ""]
        lines += [f"- Source: {source}" for source in note.sources]
        lines += ["", *_seen(seen.get(name, [])), ""]
    return "\n".join(lines)


def _preface(matrix: Matrix) -> list[str]:
    browsers = sorted({f"{column.engine} {column.engine_version}" for column in matrix.columns})
    when = ", ".join(run.started for run in matrix.runs)
    return [f"Observed with {' and '.join(browsers)}, run started {when}."]


def _seen(observations: Sequence[Observation]) -> list[str]:
    if not observations:
        return ["**Not seen in this run.**"]
    lines = [
        "| scenario | engine | preset | surface | policies | promised | observed |",
        "|---|---|---|---|---|---|---|",
    ]
    policies: dict[tuple[str, ...], list[str]] = {}
    for o in observations:
        place: tuple[str, ...] = (o.scenario, o.engine, o.preset, o.surface, o.promised, o.observed)
        policies.setdefault(place, []).append(o.policy)
    for where, names in sorted(policies.items()):
        listed = ", ".join(dict.fromkeys(names))
        lines.append(f"| {' | '.join([*where[:4], listed, *where[4:]])} |")
    return lines
