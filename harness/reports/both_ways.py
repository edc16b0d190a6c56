"""The two-way table: applications that outlive the SSO session, and those that end before it.

Kinde says that session settings "only apply to Kinde sessions and not sessions you maintain through
your own application". At every check where the two differ, that can be seen, in one direction or
the other.
"""

from dataclasses import dataclass, field

from harness.reports.matrix import SSO, Matrix, surface_order

__all__ = ["Difference", "both_ways"]


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
    for row, column, cell in matrix.placed():
        if column.engine != engine:
            continue
        for observation in cell.observations:
            session = cell.at(observation.policy, SSO)
            if session is None or observation is session:
                continue
            key = observation.surface, observation.policy
            difference = found.setdefault(key, Difference(*key))
            difference.checks += 1
            place = f"{row.scenario} ({column.preset}): {row.check}"
            if observation.signed_in and not session.signed_in:
                difference.outlives.append(place)
                if observation.evidence.persistent_claim is False:
                    difference.unfollowed += 1
            elif session.signed_in and not observation.signed_in:
                difference.ends_first.append(place)
    surfaces = sorted({surface for surface, _ in found}, key=surface_order)
    places = ((surface, policy) for surface in surfaces for policy in matrix.policies)
    return [found[place] for place in places if place in found]
