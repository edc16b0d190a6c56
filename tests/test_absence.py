from datetime import timedelta

import pytest

from harness.absence import Absence
from harness.policy import Limits
from harness.verbs import Moment, ScenarioError, Step, UnsupportedVerbError

BEFORE, AFTER = Moment.JUST_BEFORE_THE_ABSOLUTE_LIMIT, Moment.JUST_AFTER_THE_ABSOLUTE_LIMIT
HOUR = 3600


def wait(seconds: int) -> Step:
    return Step("wait", timedelta(seconds=seconds))


def seconds(*limits: Limits, until: Moment = AFTER) -> list[float]:
    pauses = Absence(set(limits)).pauses(until)
    return [pause.total_seconds() for pause in pauses if pause is not None]


def test_the_absolute_limit_is_counted_from_the_sign_in_and_the_timeout_from_activity() -> None:
    absence = Absence({Limits(100, 1000)})
    for step in (Step("sign_in"), wait(60), Step("visit"), wait(10)):
        absence.note(step)
    assert absence.until(Moment.JUST_BEFORE_THE_TIMEOUT) == timedelta(seconds=89)
    assert absence.until(BEFORE) == timedelta(seconds=929)
    assert absence.until(AFTER) == timedelta(seconds=931)
    for step in (Step("refresh_tokens"), wait(1)):
        absence.note(step)
    assert absence.until(Moment.JUST_BEFORE_THE_TIMEOUT) == timedelta(seconds=98)
    assert absence.until(BEFORE) == timedelta(seconds=928)
    absence.note(Step("sign_in"))
    assert absence.until(BEFORE) == timedelta(seconds=999)


def test_a_moment_that_is_over_or_is_not_one_is_refused() -> None:
    absence = Absence({Limits(100, 1000)})
    absence.note(wait(999))
    with pytest.raises(ScenarioError, match="later than just before the absolute limit"):
        absence.until(BEFORE)
    with pytest.raises(ScenarioError, match=r"absolute limits differ \(none, 1000, 2000 s\)"):
        Absence({Limits(100, 2000), Limits(100, 1000), Limits(100)}).until(AFTER)
    assert Absence({Limits(100), Limits(100, 1000)}).until(Moment.JUST_AFTER_THE_TIMEOUT)


def test_where_there_is_no_such_limit_is_said() -> None:
    with pytest.raises(UnsupportedVerbError, match="no environment of this run has an absolute"):
        Absence({Limits(100), Limits(200)}).until(AFTER)
    with pytest.raises(UnsupportedVerbError, match="no environment of this run has an absolute"):
        list(Absence({Limits(100)}).pauses(AFTER))


def test_without_limits_nobody_knows() -> None:
    assert Absence(()).until(AFTER) is None
    assert list(Absence(()).pauses(AFTER)) == [None]


def test_once_at_least_is_somebody_active() -> None:
    assert seconds(Limits(24 * HOUR, HOUR)) == [1800]
    assert seconds(Limits(24 * HOUR, 36 * HOUR)) == [18 * HOUR]


@pytest.mark.parametrize("timeout", [2, 3, 7, 100])
@pytest.mark.parametrize("limit", [3, 4, 9, 24, 49])
@pytest.mark.parametrize("moment", [BEFORE, AFTER])
def test_the_inactivity_timeout_never_passes(timeout: int, limit: int, moment: Moment) -> None:
    pauses = seconds(Limits(timeout, limit), until=moment)
    last = moment.after(limit).total_seconds() - sum(pauses)
    assert pauses
    assert all(1 <= pause < timeout for pause in [*pauses, last])


def test_too_often_for_anybody() -> None:
    """A month with half an hour of inactivity."""
    with pytest.raises(UnsupportedVerbError, match="it takes 1440 visits to stay signed in until"):
        seconds(Limits(1800, 30 * 86_400))
