"""What several tabs of one browser show, taken together."""

from collections.abc import Sequence
from dataclasses import replace

from harness.received import Received, Seen

__all__ = ["in_any_tab"]


def in_any_tab(in_use: Seen, others: Sequence[tuple[str, Seen]]) -> Seen:
    """What belongs to a tab, as it was seen in the tab in use and in `others`, those that came back
    and where they are: signed in where any of them is, as
    whoever is in one. `tabs` says what each of them showed."""
    if not others:
        return in_use
    return {
        environment: {
            surface: _in_any(
                [
                    ("in the tab in use", shown),
                    *(
                        (f"in a tab that came back, at {where}", seen[environment][surface])
                        for where, seen in others
                    ),
                ]
            )
            if shown.part == "tab"
            else shown
            for surface, shown in surfaces.items()
        }
        for environment, surfaces in in_use.items()
    }


def _in_any(tabs: Sequence[tuple[str, Received]]) -> Received:
    _, first = tabs[0]
    found = next((shown for _, shown in tabs if shown.signed_in), first)
    who = tuple(sorted({address for _, shown in tabs for address in shown.who}))
    told = tuple(f"{where}: {_state(shown)}" for where, shown in tabs)
    return replace(found, who=who, tabs=told)


def _state(shown: Received) -> str:
    if shown.signed_in:
        return " as ".join(["signed in", *shown.who])
    return f"signed out ({shown.reason})"
