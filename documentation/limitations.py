"""The pages of the limitations: one each, of the registry, the committed results, and
`advice.toml`, which says what people can do about it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from documentation.advice import ADVICE
from documentation.results import SCENARIOS, Browser, Results
from documentation.shown import SHOWN
from documentation.tables import USUAL, joined, table
from harness.limitations import LIMITATIONS, Limitation
from harness.presets import PRESETS
from harness.records import Observation, State
from harness.reports.matrix import SSO, surface_order

__all__ = ["example_of", "pages"]

_WAYS = {
    State.SIGNED_IN: ("signed out", "signed in", "Signed in although signed out is promised"),
    State.SIGNED_OUT: ("signed in", "signed out", "Signed out although signed in is promised"),
}
"""What is promised, what is seen instead, and the heading of those that do so."""


def pages(measured: Results) -> dict[str, str]:
    """Their texts, by the name of the file."""
    seen: dict[str, list[Observation]] = defaultdict(list)
    for o in measured.observations:
        if o.limitation is not None:
            seen[o.limitation].append(o)
    found = {f"{one.id}.md": _page(one, measured, seen[one.id]) for one in LIMITATIONS}
    return found | {"index.md": _index(measured, seen)}


def example_of(observations: Sequence[Observation], wanted: Sequence[str] = ()) -> Observation:
    """The one that is told: of the scenario and preset that are wanted, at the auth server if it is
    seen there, as installed if it is seen so, of a scenario that everybody runs, and short."""
    return min(
        observations,
        key=lambda o: (
            bool(wanted) and [o.scenario, o.preset] != list(wanted),
            o.surface != SSO, o.policy not in USUAL, list(PRESETS).index(o.preset),
            SCENARIOS[o.scenario][0] != "essential", len(o.steps), o.scenario, o.surface, o.engine,
            o.policy,
        ),
    )  # fmt: skip


def _page(limitation: Limitation, measured: Results, seen: Sequence[Observation]) -> str:
    advice = ADVICE[limitation.id]
    promised, instead, _ = _WAYS[limitation.explains]
    lines = [
        f"# {advice['title']}", "",
        f"`{limitation.id}`: somebody is **{instead}** although **{promised}** was promised.", "",
        limitation.sentence, "",
        "## What one would expect", "", advice["expect"], "",
        "## What happens", "",
        *_observed(limitation, measured, seen),
        "## What an operator can do", "", advice["operator"], "",
        "## What an application can do", "", advice["application"], "",
        "## Sources", "",
        *(f"* {_source(source)}" for source in (*limitation.sources, *advice.get("see", []))), "",
    ]  # fmt: skip
    return "\n".join(lines)


def _observed(
    limitation: Limitation, measured: Results, seen: Sequence[Observation]
) -> list[str]:
    """What happens, and how to see it."""
    if seen:
        return [*_happens(measured, seen), *_yourself(limitation, measured, seen)]
    why = ADVICE[limitation.id]["why_not"]
    if limitation.id in SHOWN:
        return _by_itself(limitation, measured, why)
    return [
        "**Not reproduced by a run**: no cell of the committed results of real browsers rests on "
        f"it. {why}", "",
    ]  # fmt: skip


def _by_itself(limitation: Limitation, measured: Results, why: str) -> list[str]:
    """Where it was seen, and the files to see it with."""
    shown = SHOWN[limitation.id]
    promised, instead, _ = _WAYS[limitation.explains]
    titles = {browser.engine: browser.title for browser in measured.browsers}
    names = [f"{titles[engine]} {seen.version}" for engine, seen in shown.seen.items()]
    lines = [
        f"Not seen in the runs of the suite. {why} Carried out by itself, as below, it was seen:",
        "",
    ]  # fmt: skip
    for name, seen in zip(names, shown.seen.values(), strict=True):
        where = joined([f"`{surface}`" for surface in sorted(seen.surfaces, key=surface_order)])
        lines.append(f"* {name} ({seen.day}): {where}")
    lines += [
        "", "## How to see it", "",
        f"With the policy `{shown.policy}`, in {joined(names, 'or')}, {_set_up(shown.preset)}:", "",
        *(f"{number}. {step}" for number, step in enumerate(shown.steps, start=1)),
        f"{len(shown.steps) + 1}. Look at the session at the auth server: it is **{instead}**. "
        f"Promised is {promised}.", "",
        "The same, carried out, in a folder with what follows:", "",
    ]  # fmt: skip
    for name, text in shown.files.items():
        language = name.rpartition(".")[2].replace("py", "python")
        lines += [f"`{name}`", "", f"```{language}", text.rstrip(), "```", ""]
    return [*lines, *_command(shown.scenario, shown.engines, shown.preset, shown.policy)]


def _source(source: str) -> str:
    """Addresses as links; what a vendor's file is called, as code."""
    first, _, rest = source.partition(" ")
    if first.startswith("https://"):
        return f"<{first}>{' ' + rest if rest else ''}"
    return source


def _happens(measured: Results, seen: Sequence[Observation]) -> list[str]:
    scenarios = {o.scenario for o in seen}
    lines = [
        f"Seen in {len(seen):,} cells of {_count(len(scenarios), 'scenario')}. {measured.told}", ""
    ]
    presets = [p for p in PRESETS if any(o.preset == p for o in seen)]
    rows = [
        [f"`{preset}`", PRESETS[preset], *(_where(seen, preset, b) for b in measured.browsers)]
        for preset in presets
    ]
    return [*lines, table(["preset", "meaning", *(b.name for b in measured.browsers)], rows), ""]


def _where(seen: Sequence[Observation], preset: str, browser: Browser) -> str:
    if preset not in browser.presets:
        return "has no such setting"
    found = [o for o in seen if o.preset == preset and o.engine == browser.engine]
    if not found:
        return "not seen"
    surfaces = sorted({o.surface for o in found}, key=surface_order)
    scenarios = _count(len({o.scenario for o in found}), "scenario")
    named = joined([f"`{surface}`" for surface in surfaces[:3]])
    more = f" and {len(surfaces) - 3} more" if len(surfaces) > 3 else ""
    return f"{scenarios}: {named}{more}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _yourself(
    limitation: Limitation, measured: Results, seen: Sequence[Observation]
) -> list[str]:
    o = example_of(seen, ADVICE[limitation.id].get("example", ()))
    promised, instead, _ = _WAYS[o.observed]
    if o.promised is o.observed:
        promised = f"{instead} as {joined(o.promised_who)}"
        instead = f"{instead} as {joined(o.evidence.who)}"
    alike = [
        b for b in measured.browsers
        if any(
            (p.engine, p.scenario, p.check, p.preset, p.policy, p.surface)
            == (b.engine, o.scenario, o.check, o.preset, o.policy, o.surface)
            for p in seen
        )
    ]  # fmt: skip
    told = "the session at the auth server" if o.surface == SSO else f"the surface `{o.surface}`"
    lines = [
        "## How to see it", "",
        f"With the policy `{o.policy}`, in {joined([b.name for b in alike], 'or')}, "
        f"{_set_up(o.preset)}:", "",
        *(f"{number}. {step}" for number, step in enumerate(o.steps[:-1], start=1)),
        f"{len(o.steps)}. Look at {told}: it is **{instead}**. Promised is {promised}.", "",
    ]  # fmt: skip
    if o.evidence.decisions:
        browser = next(b for b in measured.browsers if b.engine == o.engine)
        lines += [f"What decides it in {browser.title}, by its rules, in order:", ""]
        lines += [f"* {because}" for because in o.evidence.decisions]
        lines += [""]
    return [
        *lines,
        f"The same, carried out (scenario `{o.scenario}` of the pack "
        f"`{SCENARIOS[o.scenario][0]}`):", "",
        *_command(o.scenario, [b.engine for b in alike], o.preset, o.policy),
    ]  # fmt: skip


def _command(scenario: str, engines: Sequence[str], preset: str, policy: str) -> list[str]:
    named = "".join(f" --engine {engine}" for engine in engines)
    return [
        "```console",
        f"$ afterclose run {scenario}{named} \\",
        f"    --preset {preset} --policy {policy}",
        "```", "",
    ]  # fmt: skip


def _set_up(preset: str) -> str:
    return "as installed" if preset == "default" else PRESETS[preset]


def _index(measured: Results, seen: Mapping[str, Sequence[Observation]]) -> str:
    lines = [
        "# Limitations", "",
        "The documented ways in which browsers and applications bend what a session policy "
        "promises: the reasons that results name. A limitation is never a permission; which one "
        "is behind a cell follows from what became of the cookie there "
        "([how a verdict comes about](../verdict.md)).", "",
        measured.told, "",
    ]  # fmt: skip
    for state, (_, _, heading) in _WAYS.items():
        rows = [
            [
                f"[{ADVICE[one.id]['title']}]({one.id}.md)", one.sentence,
                *(_cells(seen[one.id], b) for b in measured.browsers),
            ]
            for one in LIMITATIONS if one.explains is state
        ]  # fmt: skip
        head = ["limitation", "in a sentence", *(f"cells, {b.short}" for b in measured.browsers)]
        lines += [f"## {heading}", "", table(head, rows), ""]
    missing = [one.id for one in LIMITATIONS if not seen[one.id]]
    alone = joined([f"[`{name}`]({name}.md)" for name in missing if name in SHOWN])
    never = joined([f"[`{name}`]({name}.md)" for name in missing if name not in SHOWN])
    lines += [
        f"Settings or a lifecycle of their own, which the suite does not have, show {alone}: their "
        f"pages say which, and where that was seen. Not reproduced in a real browser: {never}.", "",
        "```{toctree}", ":hidden:", "",
        *(one.id for one in LIMITATIONS), "```", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _cells(seen: Sequence[Observation], browser: Browser) -> str:
    return f"{sum(o.engine == browser.engine for o in seen):,}"
