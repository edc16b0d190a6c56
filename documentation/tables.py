"""Tables of Markdown, and what they say of cells."""

from collections.abc import Iterable, Mapping, Sequence

from documentation.results import SCENARIOS, Browser, Results, last_check
from harness.records import Observation, Verdict
from harness.reports.matrix import SSO

__all__ = ["USUAL", "cell", "cells", "joined", "table"]

USUAL = ("persistent", "non_persistent")
"""The environments that most tables are about."""
_TOLD = {"persistent": "persistent", "non_persistent": "non-persistent"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar in a text would end its cell."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def joined(names: Sequence[str], word: str = "and") -> str:
    """As a sentence lists them."""
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def cell(o: Observation, to: str) -> str:
    """In or out; with a sign, and a link to the reason, where that is not as promised. `to` is the
    way from the page to the folder of the limitations."""
    state = "in" if o.signed_in else "out"
    if o.verdict is Verdict.KEPT:
        return state
    if o.verdict is Verdict.LIMITATION:
        return f"**[≈ {state}]({to}{o.limitation}.md)**"
    return f"**{state}, unexpected**"


def cells(
    measured: Results,
    scenario: str,
    *,
    surface: str = SSO,
    check: str | None = None,
    presets: Sequence[str] = (),
    policies: Sequence[str] = USUAL,
    to: str = "limitations/",
) -> str:
    """A scenario's last check, or the one that is named: presets down, browsers and policies
    across. Raises ValueError where nothing is measured of that."""
    found: dict[tuple[str, str, str], Observation] = {
        (o.preset, o.engine, o.policy): o for o in measured.of(scenario, surface, check)
    }
    if not found:
        label = check or last_check(SCENARIOS[scenario][1])
        raise ValueError(f"{scenario}, {label}, {surface}: nothing is measured of that")
    columns = [(b, policy) for b in measured.browsers for policy in policies]
    rows = [
        [f"`{preset}`", *(_cell(found, preset, b, policy, to) for b, policy in columns)]
        for preset in _presets(measured)
        if preset in (presets or [preset]) and any(key[0] == preset for key in found)
    ]
    head = [f"{b.short}, {_TOLD.get(policy, policy)}" for b, policy in columns]
    return table(["preset", *head], rows)


def _presets(measured: Results) -> list[str]:
    """Those of all browsers, in their order."""
    return list(dict.fromkeys(preset for b in measured.browsers for preset in b.presets))


def _cell(
    found: Mapping[tuple[str, str, str], Observation],
    preset: str,
    browser: Browser,
    policy: str,
    to: str,
) -> str:
    if preset not in browser.presets:
        return "–"
    seen = found.get((preset, browser.engine, policy))
    return cell(seen, to) if seen else "–"
