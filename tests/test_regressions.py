"""Each named regression goes red with its fault and is green without, on the models."""


import pytest

from harness.engines.browser_pool import BrowserPool
from harness.faults import Fault
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.records import Verdict
from harness.runner.library import load_scenarios, scenario_files
from harness.setup import Setup
from tests.judged import observe
from tests.regressions import RED

SCENARIOS = {scenario.name: scenario for scenario in load_scenarios(scenario_files())}


def unexpected(
    pool: BrowserPool, model: str, scenario: str, fault: Fault | None
) -> set[tuple[str, str]]:
    setup = Setup(engine=model, preset="default", environments=DEFAULT_ENVIRONMENTS)

    def arm() -> None:
        if fault is not None:
            pool.run(pool.control.arm(fault), 10)

    observations = observe(pool, setup, SCENARIOS[scenario], arm)
    return {(o.policy, o.surface) for o in observations if o.verdict is Verdict.UNEXPECTED}


@pytest.mark.parametrize("model", ["simulated-chromium", "simulated-firefox"])
@pytest.mark.parametrize("fault", Fault)
def test_red_with_the_fault_and_green_without(
    pool: BrowserPool, fault: Fault, model: str
) -> None:
    scenario, where = RED[fault]
    assert unexpected(pool, model, scenario, None) == set()
    assert where <= unexpected(pool, model, scenario, fault)
    assert unexpected(pool, model, scenario, None) == set(), "it strikes once, and is reset"


def test_every_regression_has_its_fault() -> None:
    assert {name for name in SCENARIOS if name.startswith("regressions.")} == {
        scenario for scenario, _ in RED.values()
    }
