"""What is left of a run that was interrupted, and whether it is the same one that is asked for."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.config import ConfigError
from harness.records import FORMAT, Run
from harness.reports.repeats import completed
from harness.result_file import first_run, read_records

__all__ = ["Resumption", "differing_items", "resumption_of"]

_SHOWN = 3


@dataclass(frozen=True)
class Resumption:
    """A run to go on with."""

    run: str
    """Its id."""
    items: tuple[str, ...]
    """All of its items, in its order."""
    completed: frozenset[tuple[str, int]]
    """Which need not be carried out again: names of items, and repetitions."""


def resumption_of(path: Path, now: Run, browsers: Collection[str]) -> Resumption | None:
    """The run in a result file, or None where there is nothing to go on with.

    `now` is what a run that began now would say of itself. Raises ConfigError where that is not
    the run in the file, and RecordsError for a file that cannot be read.
    """
    if not path.exists() or not path.stat().st_size:
        return None
    records = list(read_records([path], lambda _: None))
    there = first_run(path)
    if there is None:
        raise ConfigError(
            f"{path}: cannot be resumed: its first line is not a run's; choose another folder with "
            "--output, or begin anew without --resume"
        )
    if there.format < FORMAT:
        raise ConfigError(
            f"{path}: cannot be resumed: written by an older Afterclose, which did not say what "
            "had ended; begin anew without --resume"
        )
    differing = list(_differences(_compared(there, browsers), _compared(now, browsers)))
    if differing:
        raise ConfigError(f"{path}: cannot be resumed: {_told(differing)}")
    return Resumption(there.id, there.items, frozenset(completed(records)))


def differing_items(there: Sequence[str], here: Sequence[str]) -> str | None:
    """In words, how the items that were chosen now differ from a run's, or None."""
    differing = [
        f"items {where}: {', '.join(items[:_SHOWN])}{', …' * (len(items) > _SHOWN)} ({len(items)})"
        for where, items in (
            ("there, not chosen now", sorted({*there} - {*here})),
            ("chosen now, not there", sorted({*here} - {*there})),
        )
        if items
    ]
    return _told(differing) if differing else None


def _told(differing: Sequence[str]) -> str:
    more = len(differing) - _SHOWN
    listed = "; ".join(differing[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
    return f"{listed}. Ask for what it was begun with, or begin anew without --resume"


def _compared(run: Run, browsers: Collection[str]) -> dict[str, str]:
    """What must be the same, in words by dotted name. Python and the operating system may be others
    on the machine that goes on."""
    configuration = msgspec.json.decode(msgspec.json.encode(run.configuration))
    environments = configuration.pop("environments")
    return dict(
        _flat(
            {
                "policies": list(environments),
                "policy": configuration.pop("policies"),
                "environments": environments,
                **configuration,
                "shard": run.shard,
                "versions": {n: run.versions.get(n) for n in ("afterclose", *browsers)},
            }
        )
    )


def _flat(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield name, ", ".join(sorted(map(str, value)))
    else:
        yield name, "" if value is None else str(value)


def _differences(there: Mapping[str, str], here: Mapping[str, str]) -> Iterator[str]:
    """Details of a policy that is in one alone are told by its name."""
    for name in there:
        if name in here and there[name] != here[name]:
            yield f"{name}: {there[name] or 'none'} there, {here[name] or 'none'} now"
