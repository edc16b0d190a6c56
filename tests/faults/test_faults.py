"""Every fault is found by the suite, and no cell that it changes passes.

Here the packs below are played on the models of Chromium, set to reopen what was open, and of
Firefox as installed, against a server with the fault, one after the other until one finds it.
`docs/faults.md` has what came of the whole suite, both ways in both:

    python -m tests.faults.test_faults
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from harness.engines import MODELS
from harness.engines.answer_memo import AnswerMemos
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.lockstep import Member, play
from harness.judging import Judge
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.records import Observation, Verdict
from harness.runner.library import load_scenarios, packs, scenario_files
from harness.server.running import MockServer
from harness.setup import Setup, parts_of
from tests.faults.catalog import FAULTS

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
PACKS = ("essential", "applications", "limits", "regressions")
Pair = tuple[str, str]
PAIRS: Collection[Pair] = (("chromium", "continue"), ("firefox", "default"))
EVERY_PAIR = [
    (engine, preset) for engine in ("chromium", "firefox") for preset in ("default", "continue")
]
Cell = tuple[str, str, str, str, str, str]


@pytest.fixture(scope="module")
def pool() -> Iterator[BrowserPool]:
    with MockServer(DEFAULT_ENVIRONMENTS) as server:
        pool = BrowserPool(server.url, Options())
        yield pool
        pool.close()


def observe(
    pool: BrowserPool, chosen: Collection[str] = PACKS, pairs: Collection[Pair] = PAIRS
) -> tuple[dict[Cell, Observation], set[str]]:
    """The cells of some packs, and the scenarios that broke off."""
    found: dict[Cell, Observation] = {}
    broken: set[str] = set()
    with AnswerMemos(pool) as memos:
        for scenario in load_scenarios(scenario_files([packs()[name] for name in chosen])):
            members = []
            for environments in parts_of(scenario, DEFAULT_ENVIRONMENTS):
                together = [
                    Member(
                        family=MODELS[f"simulated-{engine}"],
                        setup=Setup(
                            engine=f"simulated-{engine}",
                            preset=preset,
                            environments=environments,
                            keeps=scenario.keeps,
                        ),
                    )
                    for engine, preset in pairs
                ]
                play(memos, scenario, together)
                members += together
            for member in members:
                if member.failure is not None:
                    broken.add(f"{scenario.name} {member.setup.engine}")
                judge = Judge(scenario.name, member.setup)
                for o in (o for look in member.looks for o in judge.observations(*look)):
                    key = (o.scenario, o.check, o.engine, o.preset, o.policy, o.surface)
                    found[key] = o
    return found, broken


@pytest.fixture(scope="module")
def without(pool: BrowserPool) -> tuple[dict[Cell, Observation], set[str]]:
    return observe(pool)


def test_without_a_fault_nothing_is_unexpected(
    without: tuple[dict[Cell, Observation], set[str]],
) -> None:
    cells, _ = without
    assert {o.verdict for o in cells.values()} == {Verdict.KEPT, Verdict.LIMITATION}


def row(
    name: str,
    pool: BrowserPool,
    without: tuple[dict[Cell, Observation], set[str]],
    chosen: Collection[str] = PACKS,
    pairs: Collection[Pair] = PAIRS,
) -> tuple[str, int, int, int, int]:
    """Name, cells whose outcome it changes, of those red, red in all, and what it breaks off."""
    normal, broken_before = without
    with pytest.MonkeyPatch.context() as faulty:
        FAULTS[name](faulty)
        cells, broken = observe(pool, chosen, pairs)
    changed = [key for key, o in cells.items() if o.shown != normal[key].shown]
    red = [key for key, o in cells.items() if o.verdict is Verdict.UNEXPECTED]
    passing = [key for key in changed if cells[key].verdict is not Verdict.UNEXPECTED]
    return name, len(changed), len(changed) - len(passing), len(red), len(broken - broken_before)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_no_cell_that_it_changes_passes(
    name: str,
    pool: BrowserPool,
    without: tuple[dict[Cell, Observation], set[str]],
) -> None:
    for pack in PACKS:
        _, changed, changed_and_red, red, broken = row(name, pool, without, [pack])
        assert changed_and_red == changed
        if red or broken:
            return
    pytest.fail("no pack finds it")


def line_of(found: tuple[str, int, int, int, int]) -> str:
    return f"| {' | '.join(map(str, found))} |"


def test_the_page_has_every_fault_and_no_other() -> None:
    assert len(FAULTS) >= 40
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    rows = [line.strip("| ").split(" | ") for line in lines[1:]]
    assert [name for name, *_ in rows] == list(FAULTS)
    assert all(red == changed for _, changed, red, _, _ in rows)


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    head = text[: text.index("|---")].rstrip()
    with MockServer(DEFAULT_ENVIRONMENTS) as server:
        shop = BrowserPool(server.url, Options())
        before = observe(shop, packs(), EVERY_PAIR)
        rows = [row(name, shop, before, packs(), EVERY_PAIR) for name in FAULTS]
        shop.close()
    lines = [head, "|---|---|---|---|---|", *map(line_of, rows)]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
