"""A baseline made anew from what was observed; entries that are needed stay as they are written."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from harness.records import Error, Observation, Verdict
from harness.reports.baseline import UNEXPLAINED, Baseline, Entry, Failure, Standing, failures
from harness.reports.matrix import Matrix

__all__ = ["Update"]


class _Group(NamedTuple):
    """Cells that one entry may be of: they differ in policy and surface alone."""

    scenario: str
    check: str
    engine: str
    preset: str
    verdict: Verdict
    observed: str | None


@dataclass(frozen=True)
class Update:
    """What becomes of a baseline."""

    kept: Sequence[Entry]
    """Needed, or about nothing that was looked at: with their reasons, dates and versions."""
    new: Sequence[Entry]
    dropped: Sequence[Entry]
    """About cells of these results, of which none needs them."""

    @classmethod
    def of(cls, matrix: Matrix, baseline: Baseline) -> "Update":
        """Make a baseline anew from results."""
        dropped = Standing.of(matrix, baseline).mended
        kept = [entry for entry in baseline.entries if entry not in dropped]
        # One that has expired is still of its cells: its date is for people to move.
        uncovered = [f for f in failures(matrix) if not any(e.accepts(f) for e in kept)]
        return cls(kept, list(_entries(matrix, uncovered)), dropped)

    @property
    def entries(self) -> list[Entry]:
        """All that the file is to have."""
        return [*self.kept, *self.new]


def _entries(matrix: Matrix, uncovered: Sequence[Failure]) -> Iterator[Entry]:
    groups: dict[_Group, set[tuple[str, str]]] = {}
    for failure in uncovered:
        pairs = groups.setdefault(_group(failure), set())
        if isinstance(failure, Observation):
            pairs.add((failure.policy, failure.surface))
    for group, pairs in groups.items():
        named = {key: glob.escape(value) for key, value in group._asdict().items() if value}
        named |= {"verdict": group.verdict}
        entry = replace(Entry(number=0, reason=UNEXPLAINED), **named)
        if not pairs:
            yield entry
        for policy, surface in _patterns(pairs, _alike(matrix, group)):
            yield replace(entry, policy=policy, surface=surface)


def _group(failure: Failure) -> _Group:
    item = failure.scenario, failure.engine, failure.preset
    check, observed = ("", None) if isinstance(failure, Error) else (
        failure.check, failure.told_observed
    )  # fmt: skip
    return _Group(item[0], check, *item[1:], failure.verdict, observed)


def _alike(matrix: Matrix, group: _Group) -> dict[tuple[str, str], bool]:
    """Each policy and surface at the check of a group, and whether all that was observed there, in
    whichever version, is as the group is."""
    alike: dict[tuple[str, str], bool] = {}
    for o in matrix.observations():
        if (o.scenario, o.check, o.engine, o.preset) == group[:4]:
            pair = o.policy, o.surface
            alike[pair] = alike.get(pair, True) and _group(o) == group
    return alike


def _patterns(
    pairs: set[tuple[str, str]], alike: dict[tuple[str, str], bool]
) -> Iterator[tuple[str, str]]:
    """Patterns of policy and surface for `pairs` and no other: `*` where all of several are alike.

    What was seen of a single policy or surface says nothing of others."""
    policies = sorted({policy for policy, _ in alike})
    surfaces = sorted({surface for _, surface in alike})
    every_policy, every_surface = len(policies) > 1, len(surfaces) > 1
    if all(alike.values()) and every_policy and every_surface:
        yield "*", "*"
        return
    left = set(pairs)
    for surface in surfaces if every_policy else ():
        of_surface = {pair for pair in alike if pair[1] == surface}
        if len(of_surface) > 1 and of_surface <= left and all(map(alike.get, of_surface)):
            yield "*", glob.escape(surface)
            left -= of_surface
    for policy in policies if every_surface else ():
        of_policy = {pair for pair in alike if pair[0] == policy}
        if len(of_policy) > 1 and of_policy <= left and all(map(alike.get, of_policy)):
            yield glob.escape(policy), "*"
            left -= of_policy
    for policy, surface in sorted(left):
        yield glob.escape(policy), glob.escape(surface)
