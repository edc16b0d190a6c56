"""How far a run is, and how long the rest will take."""

import pytest

from harness.runner.progress import Progress, item_of, name_of, told_time

A, B, C = (f"scenarios/essential/crash.py::{name}[chromium-default]" for name in "abc")


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def progress(time: Time, **recorded: float) -> Progress:
    of = {f"crash.{name}[chromium-default]": seconds for name, seconds in recorded.items()}
    found = Progress(of, time)
    found.expect([A, B, C])
    return found


def test_items_have_the_name_that_results_give_them() -> None:
    assert item_of(A) == name_of(A) == "crash.a[chromium-default]"
    assert name_of("x/crash.py::a[firefox-continue+privacy-2]") == (
        "crash.a[firefox-continue+privacy-2]"
    )
    assert name_of("crash.py::a[firefox-continue+privacy-2-3]") == (
        "crash.a[firefox-continue+privacy-2]"
    )


def test_an_earlier_run_tells_how_long_it_takes() -> None:
    time = Time()
    run = progress(time, a=4.0, b=6.0, c=10.0)
    assert (run.done, run.total, run.left) == (0, 3, 20.0)
    run.start(A)
    time.now += 3
    assert run.left == 17.0, "what is under way has been for a while"
    time.now += 5
    assert run.left == 16.0, "and never takes less than nothing"
    run.end(A, 8.0)
    assert run.left == 32.0, "twice as slow as then"
    run.at_a_time = 2
    assert (run.done, run.total, run.left, run.elapsed) == (1, 3, 16.0, 8.0)


def test_without_one_the_items_of_this_run_tell() -> None:
    time = Time()
    run = progress(time)
    assert run.left is None
    run.start(A)
    run.end(A, 3.0)
    assert run.left == 6.0
    run.expect([A, B, C])
    assert run.total == 3, "what is known counts once"
    run.end(B, 5.0)
    run.end(C, 5.0)
    assert run.left == 0.0
    assert run.done == 3
    assert not run.under_way


def test_a_repetition_takes_as_long_as_its_item() -> None:
    run = Progress({"crash.a[chromium-default]": 4.0}, Time())
    run.expect([A.replace("]", f"-{n}]") for n in (1, 2)])
    assert run.left == 8.0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (1800, "30 min"),
     (7260, "2 h 01 min")],
)  # fmt: skip
def test_times_are_told_to_people(seconds: float, told: str) -> None:
    assert told_time(seconds) == told
