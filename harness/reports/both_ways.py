"""The two-way table: applications that outlive the SSO session, and those that end before it.

Kinde says that session settings "only apply to Kinde sessions and not sessions you maintain through
your own application". At every check where the two differ, that can be seen, in one direction or
the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harness.records import Observation
from harness.reports.matrix import Column, Matrix, Row

__all__ = ["Difference", "both_ways"]

_SSO = "sso"


@dataclass
class Difference:
    """How one kind of application compared with the SSO session, under one policy."""

    surface: str
    policy: str
    checks: int = 0
    """Checks at which both were observed."""
    outlives: list[str] = field(default_factory=list)
    """Where the application was signed in and the auth server was not: scenario and check."""
    ends_first: list[str] = field(default_factory=list)
    """Where it was the other way round."""
    unfollowed: int = 0
    """How many of `outlives` rest on an access token that said `ksp.persistent: false`."""


def both_ways(matrix: Matrix, engine: str) -> list[Difference]:
    """One entry per application and policy, over every check on an engine."""
    found: dict[tuple[str, str], Difference] = {}
    for row, column, observations in _checks(matrix, engine):
        signed_in = {o.policy: o.signed_in for o in observations if o.surface == _SSO}
        for observation in observations:
            if observation.surface == _SSO or observation.policy not in signed_in:
                continue
            key = observation.surface, observation.policy
            difference = found.setdefault(key, Difference(*key))
            difference.checks += 1
            place = f"{row.scenario} ({column.preset}): {row.check}"
            if observation.signed_in and not signed_in[observation.policy]:
                difference.outlives.append(place)
                if observation.evidence.persistent_claim is False:
                    difference.unfollowed += 1
            elif signed_in[observation.policy] and not observation.signed_in:
                difference.ends_first.append(place)
    surfaces = list(dict.fromkeys(surface for surface, _ in found))
    return sorted(found.values(), key=lambda difference: surfaces.index(difference.surface))


def _checks(
    matrix: Matrix, engine: str
) -> Iterable[tuple[Row, Column, Sequence[Observation]]]:
    for row in matrix.rows:
        for column in matrix.columns:
            cell = matrix.cell(row, column)
            if column.engine == engine and cell is not None:
                yield row, column, cell.observations
