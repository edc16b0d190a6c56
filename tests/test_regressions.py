"""Each named regression goes red with its fault and is green without, on the models."""

from collections.abc import Iterator

import pytest

from harness.engines.workshop import Options, Workshop
from harness.faults import Fault
from harness.library import load_scenarios, scenario_files
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.records import Verdict
from harness.server.running import MockServer
from harness.setup import Setup
from tests.judged import observe
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
    setup = Setup(engine=model, preset="default", environments=DEFAULT_ENVIRONMENTS)

    def arm() -> None:
        if fault is not None:
            workshop.run(workshop.target.arm(fault), 10)

    observations = observe(workshop, setup, SCENARIOS[scenario], arm)
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
