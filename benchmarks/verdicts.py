"""What a verdict is worth, and what it costs.

Plays every scenario in the models of Chromium and Firefox, and judges each check twice: as it came
out, and with every outcome turned round. A cell in which both pass would be no check, nor would
one that takes whoever is signed in.

    python -m benchmarks.verdicts
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from harness.engines import MODELS, presets_of
from harness.engines.answer_memo import AnswerMemos
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.lockstep import Member, play
from harness.judging import Judge
from harness.people import FIRST, PEOPLE
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.received import Look, Received
from harness.records import Verdict
from harness.runner.library import load_scenarios, scenario_files
from harness.server.running import MockServer
from harness.setup import Setup, parts_of

_PASSING = {Verdict.KEPT, Verdict.LIMITATION}


def members(memos: AnswerMemos) -> Iterator[tuple[str, Member]]:
    """Every lifecycle of the suite in both models."""
    for scenario in load_scenarios(scenario_files()):
        for environments in parts_of(scenario, DEFAULT_ENVIRONMENTS):
            together = [
                Member(
                    family=MODELS[engine],
                    setup=Setup(
                        engine=engine,
                        preset=preset,
                        environments=environments,
                        keeps=scenario.keeps,
                    ),
                )
                for engine in ("simulated-chromium", "simulated-firefox")
                for preset in presets_of(engine)
            ]
            play(memos, scenario, together)
            yield from ((scenario.name, member) for member in together)


def turned_round(look: Look) -> Look:
    """The same, with every outcome the other one."""
    return _altered(
        look,
        lambda received: {
            "signed_in": not received.signed_in,
            "who": () if received.signed_in else (PEOPLE[FIRST].email,),
        },
    )


def of_somebody_else(look: Look) -> Look:
    """The same, with the other person signed in wherever one is, and one where both are."""
    first, second = (person.email for person in PEOPLE.values())
    return _altered(
        look,
        lambda received: {
            "who": received.who and ((second,) if received.who[0] == first else (first,))
        },
    )


def _altered(look: Look, change: Callable[[Received], dict[str, Any]]) -> Look:
    seen = {
        environment: {
            surface: replace(received, **change(received))
            for surface, received in surfaces.items()
        }
        for environment, surfaces in look.seen.items()
    }
    return Look(seen=seen, time=look.time, notes=look.notes, listed=look.listed)


def main() -> None:
    """Print the figures; raise AssertionError where a cell accepts both outcomes."""
    cells = both = neither = anybody = checks = 0
    taken = 0.0
    with MockServer() as server:
        pool = BrowserPool(server.url, Options())
        with AnswerMemos(pool) as memos:
            for name, member in members(memos):
                used = time.process_time()
                judge = Judge(name, member.setup)
                judged = [judge.observations(*look) for look in member.looks]
                taken += time.process_time() - used
                checks += len(member.looks)
                opposite, other = Judge(name, member.setup), Judge(name, member.setup)
                for (label, steps, look), observations in zip(member.looks, judged, strict=True):
                    for one, two, three in zip(
                        observations,
                        opposite.observations(label, steps, turned_round(look)),
                        other.observations(label, steps, of_somebody_else(look)),
                        strict=True,
                    ):
                        passing = sum(o.verdict in _PASSING for o in (one, two))
                        cells += 1
                        both += passing == 2
                        neither += passing == 0
                        anybody += one.signed_in and three.verdict in _PASSING
        pool.close()
    print(f"{cells} cells, of which accept both outcomes: {both}; neither: {neither}; "
        f"whoever is signed in: {anybody}")
    print(f"judging: {taken / checks * 1000:.2f} ms a check, {taken / cells * 1e6:.0f} µs a cell")
    assert both == neither == anybody == 0


if __name__ == "__main__":
    main()
