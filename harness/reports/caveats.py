"""Caveats: what result files do not have that they should, and where they contradict each other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from harness.records import Done, Observation, Record, Run
from harness.reports.repeats import Outcome, counted, made_good, outcome_of

__all__ = ["caveats_of", "unfinished", "whole"]

_SHOWN = 5
_Cell = tuple[str, str, str, str, str]
_MUST_FIT = ("policies", "environments", "settings")
"""Of a configuration: engines and presets may differ between files that are read together."""


def caveats_of(files: Mapping[str, Sequence[Record]]) -> list[str]:
    """A sentence for each thing that a reader must know before believing the matrix of the records
    in these files, by name. None where all is there, and fits."""
    records = [record for of in files.values() for record in of]
    return [
        *_shards(records),
        *_unfinished(records),
        *_broke_off(records),
        *_configurations(files),
        *_contradictions(files),
    ]


def unfinished(records: Sequence[Record]) -> list[str]:
    """The items that the runs were to carry out and that did not end, in order."""
    ended = {(r.item, r.repetition) for r in records if isinstance(r, Done)}
    found: dict[str, None] = {}
    for run in records:
        if isinstance(run, Run):
            times = range(1, _repeat(run) + 1)
            found |= dict.fromkeys(
                item for item in run.items if not all((item, n) in ended for n in times)
            )
    return list(found)


def whole(records: Sequence[Record]) -> bool:
    """Whether every shard is there, and every item has ended."""
    shards = _shards_there(records)
    return not unfinished(records) and all(len(there) == of for (of, _), there in shards.items())


def _repeat(run: Run) -> int:
    repeat = run.configuration.get("repeat", 1)
    return repeat if isinstance(repeat, int) else 1


def _unfinished(records: Sequence[Record]) -> Iterator[str]:
    items = unfinished(records)
    if items:
        what, them = ("1 item", "it") if len(items) == 1 else (f"{len(items)} items", "them")
        yield f"{what} did not end, and --resume goes on with {them}: {_listed(sorted(items))}"


def _broke_off(records: Sequence[Record]) -> Iterator[str]:
    errors = {f"{error.item} ({error.message})" for error in made_good(records)}
    if errors:
        what, they = ("1 item", "it") if len(errors) == 1 else (f"{len(errors)} items", "they")
        yield f"{what} broke off before {they} came to an end: {_listed(sorted(errors), '; ')}"


def _shards_there(records: Sequence[Record]) -> dict[tuple[int, str], set[int]]:
    """Their numbers, by how many there are and of what."""
    there: dict[tuple[int, str], set[int]] = defaultdict(set)
    for run in records:
        if isinstance(run, Run) and run.shard:
            number, _, total = run.shard.partition("/")
            there[int(total), run.whole].add(int(number))
    return there


def _shards(records: Sequence[Record]) -> Iterator[str]:
    there = _shards_there(records)
    for (of, _), numbers in sorted(there.items()):
        missing = [f"{number}/{of}" for number in range(1, of + 1) if number not in numbers]
        if missing:
            here = [f"{number}/{of}" for number in sorted(numbers)]
            yield f"of the shards {_listed(here)} are here, and {_listed(missing)} are not"
    if len({of for of, _ in there}) < len(there):
        yield "the shards are cut from other items, or by other durations: some may be missing"
    empty = {r.shard for r in records if isinstance(r, Run) and r.shard and not r.items}
    for shard in sorted(empty):
        yield f"shard {shard} is empty: there are fewer items than shards"


def _configurations(files: Mapping[str, Sequence[Record]]) -> Iterator[str]:
    """Each difference once, from the first file that has the thing."""
    first: dict[str, tuple[object, str]] = {}
    told: set[str] = set()
    for name, records in files.items():
        for run in records:
            if not isinstance(run, Run):
                continue
            for what, value in _fitting(run):
                known, where = first.setdefault(what, (value, name))
                if known != value and what not in told:
                    told.add(what)
                    yield f"{what} differs between {where} ({known}) and {name} ({value})"


def _fitting(run: Run) -> Iterator[tuple[str, object]]:
    for part in _MUST_FIT:
        values = run.configuration.get(part)
        if isinstance(values, dict):
            for key, value in values.items():
                yield f"{part}.{key}", value
    yield "version of afterclose", run.versions.get("afterclose")


def _contradictions(files: Mapping[str, Sequence[Record]]) -> Iterator[str]:
    """Of one version of an engine: another one may do something else."""
    seen: dict[tuple[str, _Cell], dict[str, dict[Outcome, Observation]]] = {}
    for name, records in files.items():
        for o in counted(records):
            outcome = outcome_of(o) if isinstance(o, Observation) else None
            if outcome and isinstance(o, Observation):
                cell = o.check, o.engine_version, o.policy, o.surface, o.item
                by_file = seen.setdefault((o.item, cell), {})
                by_file.setdefault(name, {}).setdefault(outcome, o)
    told = [
        f"{item} {cell[2]}/{cell[3]}, {cell[0]}: "
        + ", ".join(
            f"{' and '.join(sorted(_told(o) for o in outcomes.values()))} in {name}"
            for name, outcomes in by_file.items()
        )
        for (item, cell), by_file in seen.items()
        if len({frozenset(outcomes) for outcomes in by_file.values()}) > 1
    ]
    if told:
        yield f"the files contradict each other in {_count(told)}: {_listed(sorted(told), '; ')}"


def _told(observation: Observation) -> str:
    return f"{observation.told_observed} ({observation.verdict})"


def _count(cells: Sequence[str]) -> str:
    return "1 cell" if len(cells) == 1 else f"{len(cells)} cells"


def _listed(names: Sequence[str], separator: str = ", ") -> str:
    more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return separator.join([*names[:_SHOWN], *more])
