"""Who is behind what was not expected of a target: the browser, the server or the application."""

from collections.abc import Collection, Sequence

from harness.deeds import Carrier
from harness.reference.target import Foreseen

__all__ = ["behind"]


def behind(
    foreseen: Foreseen,
    *,
    signed_in: bool,
    sets: Sequence[frozenset[Carrier]],
    sent: Collection[Carrier],
) -> str | None:
    """A sentence, or None where all is as expected. `sets` are the carriers of which each set
    suffices, `sent` those that the browser had with it."""
    if signed_in == foreseen.signed_in:
        return None
    all_of_them = frozenset(c for one in sets for c in one)
    if foreseen.signed_in:
        if any(one <= frozenset(sent) for one in sets):
            return (
                f"the server: the browser came with {_told(sent)}, and it takes that for signed "
                "out before the policy has ended the session"
            )
        gone = foreseen.there - frozenset(sent)
        return (
            f"the browser: it was to come with {_told(gone)}, by its rules and what the target "
            "has set, and did not"
        )
    if not any(one <= frozenset(sent) for one in sets):
        return (
            f"the application: somebody is signed in without {_told(all_of_them - set(sent))}, "
            "which was found to carry the session"
        )
    if foreseen.over:
        return f"the server: it still takes {_told(sent)}, although {foreseen.over}"
    came = frozenset(sent) - foreseen.there
    return (
        f"the browser: it came with {_told(came)}, which by its rules and what the target has "
        "set it was to have lost"
    )


def _told(carriers: Collection[Carrier]) -> str:
    return ", ".join(carrier.told for carrier in sorted(carriers)) or "nothing"
