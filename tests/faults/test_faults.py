"""Every fault is found by the suite, and no cell that it changes passes.

The packs below are played on the models of Chromium and Firefox, as installed and set to reopen
what was open, against a server with the fault. `docs/faults.md` has what came of it:

    python -m tests.faults.test_faults
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engines import MODELS
from harness.engines.ensemble import Member, play
from harness.engines.witness import Witness
from harness.engines.workshop import Options, Workshop
from harness.engines.world import Worlds
from harness.library import load_scenarios, packs, scenario_files
from harness.policy import (
    DEFAULT_ENVIRONMENTS,
    Environment,
    Organization,
    Override,
    Persistence,
    Policy,
)
from harness.records import Observation, Verdict
from harness.server.running import MockServer
from tests.faults.catalog import FAULTS

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
PACKS = ("essential", "limits", "regressions")
Cell = tuple[str, str, str, str, str, str]


def _environment(name: str, override: Override) -> Environment:
    return Environment(
        name=name,
        policy=Policy(persistence=Persistence.NON_PERSISTENT),
        organizations=(Organization(code=name, override=override),),
    )


ENVIRONMENTS = (
    *DEFAULT_ENVIRONMENTS,
    _environment(
        "org_timeout", Override(use_inactivity_timeout=True, inactivity_timeout=2 * 86_400)
    ),
    _environment(
        "org_switched_off",
        Override(persistence=Persistence.PERSISTENT, inactivity_timeout=2 * 86_400),
    ),
)
"""With one whose organization overrides the timeout alone, and one that has values stored and their
switches off."""


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with MockServer(ENVIRONMENTS) as server:
        workshop = Workshop(server.url, Options())
        yield workshop
        workshop.close()


def observe(workshop: Workshop) -> tuple[dict[Cell, Observation], set[str]]:
    """The suite's cells, and the scenarios that broke off."""
    found: dict[Cell, Observation] = {}
    broken: set[str] = set()
    with Worlds(workshop) as worlds:
        for scenario in load_scenarios(scenario_files([packs()[name] for name in PACKS])):
            members = [
                Member(
                    family=MODELS[f"simulated-{engine}"],
                    witness=Witness(
                        scenario=scenario.name,
                        engine=f"simulated-{engine}",
                        preset=preset,
                        environments=ENVIRONMENTS,
                        keeps=scenario.keeps,
                        observed=lambda observation: None,
                    ),
                )
                for engine in ("chromium", "firefox")
                for preset in ("default", "continue")
            ]
            play(worlds, scenario, members)
            for member in members:
                if member.failure is not None:
                    broken.add(f"{scenario.name} {member.witness.engine}")
                for o in member.observations:
                    key = (o.scenario, o.check, o.engine, o.preset, o.policy, o.surface)
                    found[key] = o
    return found, broken


@pytest.fixture(scope="module")
def without(workshop: Workshop) -> tuple[dict[Cell, Observation], set[str]]:
    return observe(workshop)


def test_without_a_fault_nothing_is_unexpected(
    without: tuple[dict[Cell, Observation], set[str]],
) -> None:
    cells, _ = without
    assert {o.verdict for o in cells.values()} == {Verdict.KEPT, Verdict.LIMITATION}


def row(
    name: str,
    workshop: Workshop,
    patch: pytest.MonkeyPatch,
    without: tuple[dict[Cell, Observation], set[str]],
) -> tuple[str, int, int, int, int]:
    """Name, cells whose outcome it changes, of those red, red in all, and what it breaks off."""
    FAULTS[name](patch)
    cells, broken = observe(workshop)
    patch.undo()
    normal, broken_before = without
    changed = [key for key, o in cells.items() if o.observed is not normal[key].observed]
    red = [key for key, o in cells.items() if o.verdict is Verdict.UNEXPECTED]
    passing = [key for key in changed if cells[key].verdict is not Verdict.UNEXPECTED]
    return name, len(changed), len(changed) - len(passing), len(red), len(broken - broken_before)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_no_cell_that_it_changes_passes(
    name: str,
    workshop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    without: tuple[dict[Cell, Observation], set[str]],
) -> None:
    found = row(name, workshop, monkeypatch, without)
    _, changed, changed_and_red, red, broken = found
    assert red or broken
    assert changed_and_red == changed
    assert line_of(found) in PAGE.read_text(encoding="utf-8")


def line_of(found: tuple[str, int, int, int, int]) -> str:
    return f"| {' | '.join(map(str, found))} |"


def test_the_page_has_every_fault_and_no_other() -> None:
    assert len(FAULTS) >= 40
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    assert [line.split(" | ")[0].removeprefix("| ") for line in rows[1:]] == list(FAULTS)


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    head = text[: text.index("|---")].rstrip()
    with MockServer(ENVIRONMENTS) as server:
        shop = Workshop(server.url, Options())
        before = observe(shop)
        rows = [row(name, shop, pytest.MonkeyPatch(), before) for name in FAULTS]
        shop.close()
    lines = [head, "|---|---|---|---|---|", *map(line_of, rows)]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
