"""Parts of pages that people write which are filled in from the committed results.

    <!-- measured: cells scenario=browser_close.quit_and_start presets=default,continue -->
    …
    <!-- /measured -->
"""

import re
import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from documentation.results import SCENARIOS, Results
from documentation.tables import cell, cells, joined, table
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.records import Observation, Run, Verdict
from harness.reports.answers import QUESTIONS, answers
from harness.reports.matrix import SSO, SYMBOLS, matrix_of
from harness.scenario import steps_of
from harness.settings import APP_KINDS

__all__ = ["filled"]

_REGION = re.compile(r"(<!-- measured: (.+?) -->\n).*?(<!-- /measured -->)", re.DOTALL)
_SHOWN = ("default", "continue")
_POLICIES = ("persistent", "non_persistent", "org_persistent", "org_non_persistent")
"""What a run has that is told nothing else."""


def filled(page: Path, text: str, measured: Results) -> str:
    """The page with every such part as the results have it. Raises ValueError for a part that
    asks for what there is not."""

    def fill(match: re.Match[str]) -> str:
        name, *words = shlex.split(match[2])
        options = dict(word.split("=", 1) for word in words)
        if name not in _PARTS:
            raise ValueError(f"{page}: there is no part {name!r}; known: {', '.join(_PARTS)}")
        try:
            part = _PARTS[name](measured, options)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{page}: {match[2]}: {error}") from None
        return f"{match[1]}{part}\n{match[3]}"

    return _REGION.sub(fill, text)


def _told(measured: Results, options: Mapping[str, str]) -> str:
    return (
        f"{measured.told} {len(measured.observations):,} cells of {len(SCENARIOS)} scenarios: "
        f"{_counted(measured.observations)}."
    )


def _counted(observations: Sequence[Observation]) -> str:
    verdicts = Counter(o.verdict for o in observations)
    told = {Verdict.LIMITATION: "limitations"}
    return ", ".join(
        f"{number:,} {told.get(verdict, verdict)}" for verdict, number in sorted(verdicts.items())
    )


def _browsers(measured: Results, options: Mapping[str, str]) -> str:
    rows = [
        [b.name, f"{b.first} to {b.last}", f"{len(b.presets)}",
         f"{sum(o.engine == b.engine for o in measured.observations):,}"]
        for b in measured.browsers
    ]  # fmt: skip
    return table(["browser", "measured", "presets", "cells"], rows)


def _cells(measured: Results, options: Mapping[str, str]) -> str:
    presets = options.get("presets", "")
    return cells(
        measured,
        options["scenario"],
        surface=options.get("surface", SSO),
        check=options.get("check"),
        presets=presets.split(",") if presets else (),
        to=options.get("to", "limitations/"),
    )


def _answers(measured: Results, options: Mapping[str, str]) -> str:
    """The report's own sentences, of all that was measured."""
    policies = {e.name: {"persistence": e.effective_policy.persistence} for e in
                DEFAULT_ENVIRONMENTS if e.name in ("persistent", "non_persistent")}  # fmt: skip
    run = Run(started="", versions={}, platform="", configuration={"policies": policies})
    asked = [
        o for o in measured.observations
        if o.scenario in QUESTIONS and o.surface == SSO and o.policy in policies
    ]  # fmt: skip
    found = answers(matrix_of([run, *asked]))
    persistent = options["persistence"] == "persistent"
    group = next(group for group in found if group.persistent is persistent)
    return "\n".join(f"* {answer.symbol} {answer.text}" for answer in group.answers)


def _questions(measured: Results, options: Mapping[str, str]) -> str:
    """What becomes of the session at the auth server, event by event, with every preset."""
    lines = []
    for scenario, when in QUESTIONS.items():
        _, one = SCENARIOS[scenario]
        lines += [f"### {when[0].upper()}{when[1:]}", "", f"{one.title} (`{scenario}`).", ""]
        lines += [cells(measured, scenario), ""]
    return "\n".join(lines).rstrip()


def _overrides(measured: Results, options: Mapping[str, str]) -> str:
    """Whether an organization's override comes out like an environment with that policy."""
    alike = {"org_persistent": "persistent", "org_non_persistent": "non_persistent"}
    found = {
        (o.engine, o.scenario, o.check, o.preset, o.surface, o.policy): o
        for o in measured.observations
    }
    # What an administrator switches on in those is the opposite of what is in force.
    switched = {
        name for name, (_, scenario) in SCENARIOS.items()
        if any(step.verb == "override_session_policy" for step in steps_of(scenario))
    }  # fmt: skip
    rows = []
    for overridden, plain in alike.items():
        pairs = [
            (o, found[*key[:-1], plain])
            for key, o in found.items()
            if key[-1] == overridden
            and (*key[:-1], plain) in found
            and o.scenario not in switched
        ]
        differing = [one for one, other in pairs if one.shown != other.shown]
        where = joined(sorted({f"`{o.scenario}`, `{o.surface}`" for o in differing})) or "–"
        rows.append(
            [f"`{overridden}`", f"`{plain}`", f"{len(pairs):,}", f"{len(differing):,}", where]
        )
    return table(["environment", "held against", "cells", "that differ", "where"], rows)


def _both_ways(measured: Results, options: Mapping[str, str]) -> str:
    """Every surface, after the browser was closed and started again."""
    surfaces = [SSO, *(f"app:{kind}" for kind in APP_KINDS)]
    columns = [("default", "persistent"), ("default", "non_persistent"),
               ("continue", "non_persistent")]  # fmt: skip
    rows = []
    for surface in surfaces:
        row = [f"`{surface}`"]
        for preset, policy in columns:
            seen = {
                b.short: cell(o, "limitations/")
                for b in measured.browsers
                for o in measured.of("browser_close.quit_and_start", surface)
                if (o.engine, o.preset, o.policy) == (b.engine, preset, policy)
            }
            alike = set(seen.values())
            row.append(
                alike.pop() if len(alike) == 1
                else ", ".join(f"{told} in {browser}" for browser, told in seen.items())
            )  # fmt: skip
        rows.append(row)
    return table(
        ["surface", "persistent", "non-persistent", "non-persistent, tabs reopened at start"], rows
    )


def _summary(measured: Results, options: Mapping[str, str]) -> str:
    """What README shows: the essential pack, as installed and set to continue."""
    columns = [(b, preset) for b in measured.browsers for preset in _SHOWN]
    rows = []
    for scenario in sorted(SCENARIOS):
        if SCENARIOS[scenario][0] != "essential":
            continue
        row = [f"`{scenario}`"]
        for b, preset in columns:
            seen = {
                o.policy: o
                for o in measured.of(scenario, SSO)
                if (o.engine, o.preset) == (b.engine, preset)
            }
            row.append(
                " / ".join(_plain(seen[policy]) for policy in ("persistent", "non_persistent"))
            )
        rows.append(row)
    heads = [f"{b.title} {preset}" for b, preset in columns]
    shown = [
        o for o in measured.observations
        if SCENARIOS[o.scenario][0] == "essential" and o.preset in _SHOWN and o.policy in _POLICIES
    ]  # fmt: skip
    told = f"{measured.told} {len(shown):,} cells, all surfaces: {_counted(shown)}."
    return f"{told}\n\n{table(['scenario', *heads], rows)}"


def _plain(o: Observation) -> str:
    sign = "" if o.verdict is Verdict.KEPT else f" {SYMBOLS[o.verdict]}"
    return f"{'in' if o.signed_in else 'out'}{sign}"


def _where(measured: Results, options: Mapping[str, str]) -> str:
    """In which scenarios, and with which presets, a limitation was seen at the auth server."""
    found: dict[str, dict[str, list[str]]] = {}
    for o in measured.observations:
        if o.limitation == options["limitation"] and o.surface == SSO:
            presets = found.setdefault(o.scenario, {}).setdefault(o.engine, [])
            if o.preset not in presets:
                presets.append(o.preset)
    rows = [
        [SCENARIOS[scenario][1].title, f"`{scenario}`",
         *(_presets(engines.get(b.engine, [])) for b in measured.browsers)]
        for scenario, engines in sorted(found.items())
    ]  # fmt: skip
    return table(["what happened", "scenario", *(b.short for b in measured.browsers)], rows)


def _presets(names: Sequence[str]) -> str:
    """The plainest, and how many besides."""
    if not names:
        return "–"
    plainest = min(names, key=lambda name: (name != "default", len(name)))
    return f"`{plainest}`{f' and {len(names) - 1} more' if len(names) > 1 else ''}"


def _differences(measured: Results, options: Mapping[str, str]) -> str:
    """Between two presets of one browser, cell by cell, of the session at the auth server."""
    before, after = options["before"], options["after"]
    sides: dict[str, dict[tuple[str, ...], Observation]] = {before: {}, after: {}}
    for o in measured.observations:
        if (o.engine, o.surface) == (options["engine"], SSO) and o.preset in sides:
            sides[o.preset][o.scenario, o.check, o.policy] = o
    common = sorted(sides[before].keys() & sides[after].keys())
    differing = [at for at in common if sides[before][at].shown != sides[after][at].shown]
    counted = Counter(at[0] for at in differing)
    rows = [
        [SCENARIOS[scenario][1].title, f"`{scenario}`", f"{number:,}",
         f"{sum(at[0] == scenario for at in common):,}"]
        for scenario, number in counted.items()
    ]  # fmt: skip
    back = sum(sides[after][at].signed_in for at in differing)
    told = (
        f"Of {len(common):,} cells that were measured with `{before}` and with `{after}`, "
        f"{len(differing):,} came out otherwise. In {back} of those somebody was signed in with "
        f"`{after}` who was not with `{before}`."
    )
    head = ["what happened", "scenario", "cells that differ", "of"]
    return f"{told}\n\n{table(head, rows)}"


_PARTS: Mapping[str, Callable[[Results, Mapping[str, str]], str]] = {
    "told": _told,
    "browsers": _browsers,
    "cells": _cells,
    "answers": _answers,
    "questions": _questions,
    "overrides": _overrides,
    "both-ways": _both_ways,
    "summary": _summary,
    "where": _where,
    "differences": _differences,
}
