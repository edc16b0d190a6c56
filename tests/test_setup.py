import pytest

from harness.policy import DEFAULT_ENVIRONMENTS
from harness.scenario import Browser, Moment, Scenario, Step, UnsupportedVerbError, scenario
from harness.settings import APP_KINDS, Settings
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
    assert setup.timeouts == {3600, 86_400}
    assert setup.names == NAMES


def test_a_refresh_takes_an_application_that_does() -> None:
    plain = Setup(engine="chromium", preset="default", environments=DEFAULT_ENVIRONMENTS)
    with pytest.raises(UnsupportedVerbError, match='keeps=\\("refreshing",\\), or apps in'):
        plain.check(Step("refresh_tokens"))
    plain.check(Step("visit"))
    for more in ({"keeps": ("refreshing",)}, {"settings": Settings(apps=("refreshing",))}):
        setup = Setup(
            engine="chromium", preset="default", environments=DEFAULT_ENVIRONMENTS, **more
        )
        setup.check(Step("refresh_tokens"))
        assert setup.kinds[-1] == "refreshing"
    assert plain.kinds == APP_KINDS
