"""The named regressions in real browsers: red with the fault."""


import pytest

from harness.engines.browser_pool import BrowserPool
from harness.faults import Fault
from harness.records import Verdict
from harness.runner.library import load_scenarios, scenario_files
from harness.setup import Setup
from tests.judged import FOUR, observe
from tests.regressions import RED

pytestmark = pytest.mark.browser
SCENARIOS = {scenario.name: scenario for scenario in load_scenarios(scenario_files())}


@pytest.mark.parametrize("fault", Fault)
def test_red_with_the_fault_and_green_without(pool: BrowserPool, fault: Fault) -> None:
    engine = "firefox" if fault is Fault.SIGN_OUT_KEEPS_TOKEN else "chromium"
    scenario, where = RED[fault]
    for armed in (False, True):
        setup = Setup(engine=engine, preset="default", environments=FOUR)

        def arm(armed: bool = armed) -> None:
            if armed:
                pool.run(pool.control.arm(fault), 10)

        observations = observe(pool, setup, SCENARIOS[scenario], arm)
        red = {(o.policy, o.surface) for o in observations if o.verdict is Verdict.UNEXPECTED}
        assert where <= red if armed else not red
