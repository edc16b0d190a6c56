"""A comparison as text, as Markdown and as JSON."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.records import Observation, State, Verdict
from harness.reports.compare import (
    Cell,
    Change,
    Comparison,
    ItemChange,
    Outcome,
    Results,
    counted_checks,
)

__all__ = ["FORMATS", "before", "counts", "sections"]


def _text(comparison: Comparison) -> str:
    """For a terminal: a heading and a line for each change."""
    lines = [*_versions(comparison), f"{counts(comparison)}."]
    for heading, rows in sections(comparison):
        lines += ["", f"{heading}:", *(f"  {place}: {told}" for place, told in rows)]
    return "\n".join([*lines, ""])


def _markdown(comparison: Comparison) -> str:
    """The same, in tables."""
    lines = ["# What changed", "", *(f"- {_safe(line)}" for line in _versions(comparison))]
    lines += ["", f"**{counts(comparison)}.**"]
    for heading, rows in sections(comparison):
        lines += ["", f"## {heading}", "", "| where | what |", "|---|---|"]
        lines += [f"| {_safe(place)} | {_safe(told)} |" for place, told in rows]
    return "\n".join([*lines, ""])


def _safe(text: str) -> str:
    """In a table of Markdown."""
    text = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return " ".join(text.split())


def counts(comparison: Comparison) -> str:
    """In a sentence, without its full stop."""
    if comparison.same:
        return f"Nothing changed in {_cells(comparison.compared)}"
    return (
        f"{_cells(comparison.compared)} compared: {len(comparison.outcomes)} with another outcome, "
        f"{len(comparison.verdicts)} with another verdict or limitation alone; "
        f"{len(comparison.only_old)} only in the old, {len(comparison.only_new)} only in the new; "
        f"items that ended otherwise: {len(comparison.items)}"
    )


def _cells(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"


def _versions(comparison: Comparison) -> Iterator[str]:
    for which, results in (("old", comparison.old), ("new", comparison.new)):
        told = "; ".join(f"{e} {', '.join(v)}" for e, v in results.versions.items())
        yield f"{which}: {results.name}: {told or 'nothing observed'}"


def sections(comparison: Comparison) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Headings, and under each a place and what is to be said of it."""
    sections = {
        "Other outcomes": [_changed(change) for change in comparison.outcomes],
        "Other verdicts or limitations": [_changed(change) for change in comparison.verdicts],
        "Only in the old": _checks(comparison.only_old),
        "Only in the new": _checks(comparison.only_new),
        "Items that ended otherwise": [_ended(change) for change in comparison.items],
    }
    yield from ((heading, rows) for heading, rows in sections.items() if rows)


def before(comparison: Comparison) -> Callable[[Observation], str | None]:
    """Says of an observation of the new results what the old ones had there; None where that is the
    same, or nothing."""
    told = {change.cell: _side_told(change, change.old) for change in comparison.changed}
    apart = {cell.engine for cell in told if cell.engine_version}

    def what_was(o: Observation) -> str | None:
        version = o.engine_version if o.engine in apart else ""
        place = o.scenario, o.check, o.engine, o.preset, o.policy, o.surface
        return told.get(Cell(*place, version))

    return what_was


def _item(scenario: str, engine: str, preset: str, version: str) -> str:
    return f"{scenario}[{engine}{f' {version}' if version else ''}-{preset}]"


def _check(cell: Cell) -> str:
    return _item(cell.scenario, cell.engine, cell.preset, cell.engine_version)


def _changed(change: Change) -> tuple[str, str]:
    cell = change.cell
    sides = [_side_told(change, side) for side in (change.old, change.new)]
    return f"{_check(cell)} {cell.policy}/{cell.surface}, {cell.check}", " → ".join(sides)


def _side_told(change: Change, side: Sequence[Outcome]) -> str:
    states = [{outcome.shown[0] for outcome in of} for of in (change.old, change.new)]
    # Who it is matters where whether anybody is does not tell the two apart.
    who = "outcome" in change.what and states[0] == states[1]
    return " or ".join(dict.fromkeys(_outcome(outcome, who, len(side) > 1) for outcome in side))


def _outcome(outcome: Outcome, who: bool, versions: bool) -> str:
    state, people = outcome.shown
    named = f" as {' and '.join(people)}" if who and people else ""
    limitation = f", {outcome.limitation}" if outcome.limitation else ""
    version = f", {outcome.engine_version}" if versions else ""
    return f"{state}{named} ({outcome.verdict}{limitation}{version})"


def _checks(cells: Iterable[Cell]) -> list[tuple[str, str]]:
    return [
        (f"{_check(cell)} {cell.check}".rstrip(), _cells(count))
        for cell, count in counted_checks(cells).items()
    ]


def _ended(change: ItemChange) -> tuple[str, str]:
    sides = [
        " and ".join(f"{verdict}: {' '.join(why.split())}" for verdict, why in side) or "neither "
        "broke off nor unsupported"
        for side in (change.old, change.new)
    ]
    item = change.item
    place = _item(item.scenario, item.engine, item.preset, item.engine_version)
    return place, " → ".join(sides)


def _json(comparison: Comparison) -> str:
    """Everything, for programs; keys are those of results."""
    told = {
        "old": _side(comparison.old),
        "new": _side(comparison.new),
        "compared": comparison.compared,
        "changed": [
            {
                **_named(change.cell._asdict()),
                "what": change.what,
                "old": [_told(outcome) for outcome in change.old],
                "new": [_told(outcome) for outcome in change.new],
            }
            for change in comparison.changed
        ],
        "only_in_old": [_named(cell._asdict()) for cell in comparison.only_old],
        "only_in_new": [_named(cell._asdict()) for cell in comparison.only_new],
        "items": [
            {
                **_named(change.item._asdict()),
                "old": [_why(verdict, why) for verdict, why in change.old],
                "new": [_why(verdict, why) for verdict, why in change.new],
            }
            for change in comparison.items
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _side(results: Results) -> dict[str, Any]:
    return {"name": results.name, "versions": results.versions}


def _named(place: Mapping[str, str]) -> dict[str, str]:
    """Without the version where versions are not told apart."""
    return {key: value for key, value in place.items() if value or key != "engine_version"}


def _told(outcome: Outcome) -> dict[str, Any]:
    state: State = outcome.shown[0]
    return {
        "engine_version": outcome.engine_version,
        "observed": state,
        "who": outcome.shown[1],
        "verdict": outcome.verdict,
        "limitation": outcome.limitation,
    }


def _why(verdict: Verdict, why: str) -> dict[str, str]:
    return {"verdict": verdict, "why": why}


FORMATS: Mapping[str, Callable[[Comparison], str]] = {
    "text": _text,
    "markdown": _markdown,
    "json": _json,
}
"""What renders a comparison, by the name of the format."""
