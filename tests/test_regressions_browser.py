"""The named regressions in real browsers: red with the fault."""

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

pytestmark = pytest.mark.browser
SCENARIOS = {scenario.name: scenario for scenario in load_scenarios(scenario_files())}


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with MockServer() as server:
        workshop = Workshop(server.url, Options())
        yield workshop
        workshop.close()


@pytest.mark.parametrize("fault", Fault)
def test_red_with_the_fault_and_green_without(workshop: Workshop, fault: Fault) -> None:
    engine = "firefox" if fault is Fault.SIGN_OUT_KEEPS_TOKEN else "chromium"
    scenario, where = RED[fault]
    for armed in (False, True):
        setup = Setup(engine=engine, preset="default", environments=DEFAULT_ENVIRONMENTS)

        def arm(armed: bool = armed) -> None:
            if armed:
                workshop.run(workshop.target.arm(fault), 10)

        observations = observe(workshop, setup, SCENARIOS[scenario], arm)
        red = {(o.policy, o.surface) for o in observations if o.verdict is Verdict.UNEXPECTED}
        assert where <= red if armed else not red
