"""What came out differently when it was repeated is told first, and never kept."""

import random
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec import structs

from harness.records import Done, Error, Evidence, Observation, Record, State, Verdict
from harness.reports import write_reports
from harness.reports.caveats import caveats_of
from harness.reports.matrix import Matrix, matrix_of
from harness.reports.repeats import Repeats, completed
from harness.reports.terminal import summary_lines
from tests.killing import read, run
from tests.report_page import ReportPage
from tests.test_reports import RUN, observation


def seen(
    repetition: int,
    *,
    out: bool = False,
    verdict: Verdict = Verdict.KEPT,
    notes: tuple[str, ...] = (),
) -> Observation:
    return structs.replace(
        observation(),
        repetition=repetition,
        observed=State.SIGNED_OUT if out else State.SIGNED_IN,
        verdict=verdict,
        duration_s=float(repetition),
        evidence=Evidence(notes=notes, time=("waited an hour",)),
    )


SLOW = Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("observations", "verdict", "sentence"),
    [
        ([seen(1), seen(2), seen(3)], Verdict.KEPT, "agreed 3 of 3"),
        ([seen(1), seen(2, out=True), seen(3)], Verdict.FLAKY,
         "2 of 3 signed_in, 1 of 3 signed_out"),
        ([seen(1), seen(2, verdict=Verdict.UNEXPECTED)], Verdict.FLAKY,
         "1 of 2 signed_in, 1 of 2 signed_in (unexpected)"),
        ([seen(1, out=True, verdict=SLOW), seen(2), seen(3)], Verdict.KEPT,
         "agreed 2 of 3, 1 inconclusive"),
        ([seen(1, verdict=SLOW), seen(2, verdict=SLOW)], SLOW, "2 of 2 inconclusive"),
        ([seen(1, verdict=Verdict.UNEXPECTED), seen(2, verdict=Verdict.UNEXPECTED)],
         Verdict.UNEXPECTED, "agreed 2 of 2"),
    ],
)  # fmt: skip
def test_a_cell_agrees_with_itself_or_is_flaky(
    observations: list[Observation], verdict: Verdict, sentence: str
) -> None:
    repeats = Repeats({o.repetition: o for o in observations})
    assert (repeats.shown.verdict, repeats.sentence) == (verdict, sentence)
    for order in (observations, observations[::-1]):
        matrix = matrix_of(order)
        assert dict(matrix.verdicts) == {verdict: 1}
        ((_, repeated),) = matrix.repeated()
        assert repeated.sentence == sentence


def test_as_whom_is_an_outcome_too() -> None:
    who = [structs.replace(seen(n), evidence=Evidence(who=(f"{n}@example.com",))) for n in (1, 2)]
    assert Repeats(dict(enumerate(who, start=1))).flaky


FLAKY = [seen(1, notes=("it had to be ended",)), seen(2, out=True)]


@pytest.fixture
def flaky() -> Matrix:
    agreeing = [structs.replace(seen(n), check="z") for n in (1, 2)]
    return matrix_of([RUN, *FLAKY, *agreeing, observation(check="a")])


def test_every_report_tells_it_first_and_with_the_evidence(flaky: Matrix, tmp_path: Path) -> None:
    write_reports(flaky, tmp_path)
    texts = {path.name: path.read_text() for path in tmp_path.iterdir()}
    texts["terminal"] = "\n".join(summary_lines(flaky))
    del texts["compat.json"]
    for name, text in texts.items():
        assert "1 of 2 signed_in, 1 of 2 signed_out" in text, name
        for evidence in (
            "repetition 1: signed_in after 1.000 s; time: waited an hour; note: it had to be ended",
            "repetition 2: signed_out after 2.000 s; time: waited an hour",
        ):
            assert evidence in text, name
    for name in ("junit.xml", "terminal"):
        assert "agreed 2 of 2" in texts[name], name
    assert {cell.repeated for cell in ReportPage(tmp_path).cells.values()} >= {
        "agreed 2 of 2", "1 of 2 signed_in, 1 of 2 signed_out",
    }  # fmt: skip
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()[0]
    assert suite.get("failures") == "1"
    first = suite.findall("testcase")[0]
    assert first.get("name") == "after: persistent/sso"
    assert first.find("failure[@type='flaky']") is not None
    page = texts["index.html"]
    assert page.index("repetition 2: signed_out") < page.index('id="matrix"')
    assert texts["limitations.md"].index("## Flaky") < texts["limitations.md"].index("## seen")
    assert texts["terminal"].index("1 flaky, 2 kept") < texts["terminal"].index("repetition 1")


def test_repeats_in_any_order_give_the_same_reports(tmp_path: Path) -> None:
    broken: list[Record] = [
        Error(
            scenario="a.first", engine="chromium", engine_version="1", preset="default",
            message=f"died {n}", steps=(), repetition=n,
        )
        for n in (1, 2)
    ]  # fmt: skip
    records: list[Record] = [RUN, *FLAKY, seen(3, verdict=SLOW), *broken, observation("z.last")]
    told = set()
    for seed in range(5):
        random.Random(seed).shuffle(records)
        matrix = matrix_of(records)
        write_reports(matrix, tmp_path)
        files = [path.read_text() for path in sorted(tmp_path.iterdir())]
        told.add("\n".join([*files, *summary_lines(matrix)]))
    assert len(told) == 1
    assert "died 1" in told.pop()


def test_an_attempt_that_was_cut_short_counts_for_nothing() -> None:
    whole, cut = (structs.replace(FLAKY[n], attempt=str(n), repetition=1) for n in (0, 1))
    done = Done(
        scenario="a.first", engine="chromium", preset="default", attempt="0", duration_s=1.0
    )
    orders: list[list[Record]] = [[whole, done, cut], [cut, done, whole]]
    for order in orders:
        assert list(matrix_of(order).observations()) == [whole]


def done(attempt: str, repetition: int = 1) -> Done:
    return Done(
        scenario="a.first", engine="chromium", preset="default", attempt=attempt,
        repetition=repetition, duration_s=1.0,
    )  # fmt: skip


def test_an_attempt_that_broke_off_counts_until_the_item_comes_to_its_end() -> None:
    version = observation().engine_version
    broken = Error(
        scenario="a.first", engine="chromium", engine_version=version, preset="default",
        message="died", steps=(), attempt="1",
    )  # fmt: skip
    good: list[Record] = [structs.replace(seen(1), attempt="2"), done("2")]
    assert matrix_of([broken, done("1")]).verdicts[Verdict.ERROR] == 1
    assert completed([broken, done("1")]) == []
    for order in ([broken, done("1"), *good], [*good, broken, done("1")]):
        assert dict(matrix_of(order).verdicts) == {Verdict.KEPT: 1}
        assert completed(order) == [("a.first[chromium-default]", 1)]
        (caveat,) = caveats_of({"one": order})
        assert caveat == (
            "1 item broke off before it came to an end: a.first[chromium-default] (died)"
        )
    elsewhere = structs.replace(broken, engine_version="another")
    assert matrix_of([elsewhere, done("1"), *good]).verdicts[Verdict.ERROR] == 1
    another_time = structs.replace(broken, repetition=2)
    assert matrix_of([another_time, done("1", 2), *good]).verdicts[Verdict.ERROR] == 1


CONFTEST = """
import os


def pytest_runtest_setup(item):
    os.environ["REPETITION"] = str(item.repetition)
"""
WOBBLY = """
import os

from harness import Browser, scenario


@scenario(title="Wobbly", claims="It is another one each time.")
def wobbly(browser: Browser) -> None:
    browser.sign_in()
    browser.check("at first")
    if os.environ.get("REPETITION") == "2":
        browser.sign_out()
    browser.check("at last")
"""
ONE = ("--engine", "simulated-chromium", "--preset", "default", "--policy", "persistent")


def test_a_flaky_run_fails(tmp_path: Path) -> None:
    """Also when there was nothing left to do, and in pytest itself."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "wobbly.py").write_text(WOBBLY)
    for more in ((), ("--resume",), ("--resume", "-n", "2")):
        done = run("wobbly.py", *ONE, "--repeat", "3", *more, cwd=tmp_path)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "7 flaky, 7 kept, 0 limitation" in done.stdout
        assert "Cells that were repeated: 7 flaky, 7 agreed 3 of 3." in done.stdout
    assert sum(isinstance(record, Done) for record in read(tmp_path)) == 3


def test_a_flaky_run_of_pytest_fails(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    (pytester.mkdir("scenarios") / "wobbly.py").write_text(WOBBLY)
    options = ("--afterclose-engine", "simulated-chromium", "--afterclose-preset", "default")
    done = pytester.runpytest_subprocess(*options, "--afterclose-repeat", "2")
    done.assert_outcomes(passed=2)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    once = pytester.runpytest_subprocess(*options)
    once.assert_outcomes(passed=1)
    assert once.ret == pytest.ExitCode.OK
    refused = pytester.runpytest_subprocess(*options, "--afterclose-repeat", "x")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    assert refused.stderr.str().count("must be a whole number from 1") == 1
