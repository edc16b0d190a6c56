"""Shards: the same items cut into the same parts on every machine, whatever order they come in."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from harness.config import ConfigError
from harness.records import Done, Observation, Record

__all__ = ["Shard", "cut", "durations_of", "parse_shard", "whole_of"]


class Shard(NamedTuple):
    """One part of so many, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def parse_shard(text: str) -> Shard:
    """Read `I/N`; raise ConfigError saying what is accepted."""
    numbers = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    shard = Shard(*map(int, numbers.groups())) if numbers else Shard(0, 0)
    if not 1 <= shard.number <= shard.of:
        raise ConfigError(
            f"--shard: must be I/N, two whole numbers with 1 <= I <= N such as 2/4, not '{text}'"
        )
    return shard


def cut(
    items: Collection[str], of: int, durations: Mapping[str, float]
) -> Sequence[tuple[str, ...]]:
    """So many shards that take about as long as each other, each in the order of names.

    The longest item first, always into the shard that has the least to do. An item whose duration
    is not known is taken for an average one.
    """
    known = [durations[item] for item in items if item in durations]
    average = sum(known) / len(known) if known else 1.0
    cost = {item: durations.get(item, average) for item in items}
    shards: list[list[str]] = [[] for _ in range(of)]
    spent = [0.0] * of
    for item in sorted(cost, key=lambda item: (-cost[item], item)):
        # Where what is known takes no time at all, the number of items decides.
        least = min(range(of), key=lambda n: (spent[n], len(shards[n]), n))
        shards[least].append(item)
        spent[least] += cost[item]
    return [tuple(sorted(shard)) for shard in shards]


def whole_of(shards: Iterable[Sequence[str]]) -> str:
    """Tells shards that belong together from those that were cut in another way."""
    text = "\n\n".join("\n".join(shard) for shard in shards)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def durations_of(records: Iterable[Record]) -> dict[str, float]:
    """How long each item took, by name: at most, where it was carried out several times; up to its
    last check, where its end was not written down."""
    found: dict[str, float] = defaultdict(float)
    for record in records:
        if isinstance(record, Done | Observation):
            found[record.item] = max(found[record.item], record.duration_s)
    return dict(found)
