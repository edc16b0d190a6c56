"""Each named regression goes red with its fault and is green without, on the models."""

from collections.abc import Iterator

import pytest

from harness.bench import interpreter
from harness.engines.witness import Witness
from harness.engines.workshop import Options, Workshop
from harness.library import load_scenarios, scenario_files
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.records import Observation, Verdict
from harness.scenario import Browser
from harness.server.faults import Fault
from harness.server.running import MockServer
from tests.regressions import RED

SCENARIOS = {scenario.name: scenario for scenario in load_scenarios(scenario_files())}


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with MockServer() as server:
        workshop = Workshop(server.url, Options())
        yield workshop
        workshop.close()


def unexpected(
    workshop: Workshop, model: str, scenario: str, fault: Fault | None
) -> set[tuple[str, str]]:
    observations: list[Observation] = []
    witness = Witness(
        scenario=scenario,
        engine=model,
        preset="default",
        environments=DEFAULT_ENVIRONMENTS,
        observed=observations.append,
    )
    with interpreter(workshop, witness) as simulated:
        if fault is not None:
            workshop.run(workshop.target.arm(fault), 10)
        SCENARIOS[scenario](Browser(simulated))
    return {(o.policy, o.surface) for o in observations if o.verdict is Verdict.UNEXPECTED}


@pytest.mark.parametrize("model", ["simulated-chromium", "simulated-firefox"])
@pytest.mark.parametrize("fault", Fault)
def test_red_with_the_fault_and_green_without(
    workshop: Workshop, fault: Fault, model: str
) -> None:
    scenario, where = RED[fault]
    assert unexpected(workshop, model, scenario, None) == set()
    assert where <= unexpected(workshop, model, scenario, fault)
    assert unexpected(workshop, model, scenario, None) == set(), "it strikes once, and is reset"


def test_every_regression_has_its_fault() -> None:
    assert {name for name in SCENARIOS if name.startswith("regressions.")} == {
        scenario for scenario, _ in RED.values()
    }
