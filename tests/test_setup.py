from harness.policy import DEFAULT_ENVIRONMENTS, Limits
from harness.scenario import Browser, Moment, Scenario, scenario
from harness.setup import Setup, parts_of

NAMES = [environment.name for environment in DEFAULT_ENVIRONMENTS]


def scenario_that_waits(*, until: bool) -> Scenario:
    @scenario(title="", claims="")
    def waiting(browser: Browser) -> None:
        browser.sign_in()
        if until:
            browser.wait_until(Moment.JUST_AFTER_THE_TIMEOUT)

    return waiting


def names_of(until: bool, at_once: int | None = None) -> list[list[str]]:
    parts = parts_of(scenario_that_waits(until=until), DEFAULT_ENVIRONMENTS, at_once)
    return [[environment.name for environment in part] for part in parts]


def test_all_environments_go_through_a_scenario_together() -> None:
    assert names_of(until=False) == [NAMES]


def test_where_time_is_relative_those_of_each_timeout_do() -> None:
    first, second = names_of(until=True)
    assert first == ["org_timeout"]
    assert sorted([*first, *second]) == sorted(NAMES)


def test_in_a_browser_four_do_and_the_rest_after_them() -> None:
    assert names_of(until=False, at_once=4) == [NAMES[:4], NAMES[4:]]
    assert [len(part) for part in names_of(until=True, at_once=4)] == [1, 4, 1]


def test_the_timeouts_in_force() -> None:
    setup = Setup(engine="chromium", preset="default", environments=DEFAULT_ENVIRONMENTS)
    assert setup.limits == {Limits(3600), Limits(86_400), Limits(86_400, 129_600)}
    assert setup.names == NAMES
