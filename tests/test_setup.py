import pytest

from harness.policy import (
    DEFAULT_ENVIRONMENTS,
    Environment,
    Limits,
    Persistence,
    Policy,
)
from harness.scenario import Browser, Moment, Scenario, Step, UnsupportedVerbError, scenario
from harness.settings import APP_KINDS, Settings
from harness.setup import Setup, parts_of

NAMES = [environment.name for environment in DEFAULT_ENVIRONMENTS]


def scenario_that_waits(*until: Moment) -> Scenario:
    @scenario(title="", claims="")
    def waiting(browser: Browser) -> None:
        browser.sign_in()
        for moment in until:
            browser.wait_until(moment)
        browser.check("then")

    return waiting


def names_of(until: bool, at_once: int | None = None) -> list[list[str]]:
    moments = [Moment.JUST_AFTER_THE_TIMEOUT] if until else []
    parts = parts_of(scenario_that_waits(*moments), DEFAULT_ENVIRONMENTS, at_once)
    return [[environment.name for environment in part] for part in parts]


def test_all_environments_go_through_a_scenario_together() -> None:
    assert names_of(until=False) == [NAMES]


def test_where_time_is_relative_those_of_each_timeout_do() -> None:
    first, second = names_of(until=True)
    assert first == ["org_timeout"]
    assert sorted([*first, *second]) == sorted(NAMES)


def test_in_a_browser_four_do_and_the_rest_after_them() -> None:
    assert names_of(until=False, at_once=4) == [NAMES[:4], NAMES[4:]]
    assert [len(part) for part in names_of(until=True, at_once=4)] == [1, 4, 2]


def test_the_timeouts_in_force() -> None:
    setup = Setup(engine="chromium", preset="default", environments=DEFAULT_ENVIRONMENTS)
    assert setup.limits == {Limits(3600), Limits(86_400), Limits(86_400, 129_600)}
    assert setup.names == NAMES


def test_one_about_the_absolute_limit_is_for_those_that_have_it() -> None:
    """Those with the same of both limits go through it together; where none has any, all do, and
    it says so."""
    about = scenario_that_waits(
        Moment.JUST_AFTER_THE_TIMEOUT, Moment.JUST_AFTER_THE_ABSOLUTE_LIMIT
    )
    more = [
        Environment(
            name=name,
            policy=Policy(
                persistence=Persistence.PERSISTENT,
                inactivity_timeout=timeout,
                absolute_timeout=129_600,
            ),
        )
        for name, timeout in (("short", 60), ("like_it", 86_400))
    ]
    parts = parts_of(about, [*DEFAULT_ENVIRONMENTS, *more])
    assert [[e.name for e in part] for part in parts] == [["short"], ["absolute", "like_it"]]
    without = parts_of(about, DEFAULT_ENVIRONMENTS[:5])
    assert [[e.name for e in part] for part in without] == [["org_timeout"], NAMES[:4]]


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
