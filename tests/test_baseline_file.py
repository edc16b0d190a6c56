"""The file of a baseline."""

import random
from datetime import date
from pathlib import Path

import pytest

from harness.config import ConfigError
from harness.records import Verdict
from harness.reports.baseline import Baseline, Entry
from harness.reports.matrix import matrix_of
from harness.reports.versions import version_range
from harness.runner.baseline_file import read_baseline, strangers, write_baseline
from tests.test_reports import RUN, observation

WHOLE = Entry(
    number=1,
    scenario="crash.*",
    check='"after"\\ \t\x7f\u20ac',
    engine="chromium",
    preset="continue+clear-on-exit",
    policy="non_persistent",
    surface="sso",
    verdict=Verdict.UNEXPECTED,
    observed="signed_in as bob@example.com",
    versions=version_range(">=128, <160"),
    reason="our proxy keeps it",
    expires=date(2027, 1, 31),
)


def write(folder: Path, text: str) -> Path:
    path = folder / "baseline.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    least = Entry(number=2, reason="")
    write_baseline(path, [WHOLE, least])
    assert {e.cells: (e.reason, e.expires) for e in read_baseline(path).entries} == {
        WHOLE.cells: (WHOLE.reason, WHOLE.expires), least.cells: ("", None),
    }  # fmt: skip
    assert "expires = 2027-01-31\n" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_the_same_file_whatever_the_order(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    entries = [Entry(number=n, scenario=f"a.s{n}", reason="") for n in range(9)]
    texts = set()
    for seed in range(5):
        random.Random(seed).shuffle(entries)
        write_baseline(path, entries)
        texts.add(path.read_text())
    assert len(texts) == 1


def test_the_comment_at_the_head_stays(tmp_path: Path) -> None:
    path = write(tmp_path, "# Ours.\n# Ask QA.\n\n# gone\n")
    write_baseline(path, [WHOLE])
    assert path.read_text(encoding="utf-8").startswith("# Ours.\n# Ask QA.\n\n[[accepted]]\n")


def test_a_preset_has_one_name(tmp_path: Path) -> None:
    text = '[[accepted]]\npreset = "clear-on-exit+continue"\nreason = "x"'
    (entry,) = read_baseline(write(tmp_path, text)).entries
    assert entry.preset == "continue+clear-on-exit"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[accepted]", "line 1: bad TOML"),
        ("[accepted]\nreason = 'x'", "accepted: must be tables, each headed [[accepted]]"),
        ("accepted = [1]", "accepted: must be tables"),
        ("[[acepted]]", "unknown key 'acepted'. Did you mean 'accepted'?"),
        ("[[accepted]]\nscenarios = 'a'", "entry 1: unknown key 'scenarios'. Did you mean"),
        ("[[accepted]]\nscenario = 'a'", "entry 1: reason is missing"),
        ("[[accepted]]\nreason = 1", "entry 1: reason: must be a text"),
        ("[[accepted]]\nengine = ''\nreason = 'x'", "entry 1: engine: must be a text"),
        ("[[accepted]]\nengine = ['a']\nreason = 'x'", "entry 1: engine: must be a text"),
        ("[[accepted]]\nverdict = 'kept'\nreason = 'x'", 'verdict: must be "flaky" or'),
        ("[[accepted]]\nobserved = 'in'\nreason = 'x'", "entry 1: observed: must be"),
        ("[[accepted]]\nexpires = '2027-01-31'\nreason = 'x'", "expires: must be a date without"),
        ("[[accepted]]\nexpires = 2027-01-31T00:00:00\nreason = 'x'", "expires: must be a date"),
        ("[[accepted]]\nversions = '>=160, <128'\nreason = 'x'", "versions: no version is in"),
        ("[[accepted]]\nversions = '128'\nreason = 'x'", "versions: must be bounds like"),
        (
            "[[accepted]]\nreason = 'x'\n[[accepted]]\nengine = 'a'\nreason = 'x'\n"
            "[[accepted]]\nengine = '*'\nreason = 'y'",
            "entry 3: is of the same cells as entry 1",
        ),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_baseline(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_what_is_there_nowhere_is_told() -> None:
    fine = [
        Entry(number=1, scenario="crash.*", engine="simulated-firefox", preset="*", reason=""),
        Entry(number=2, scenario="a.first", engine="netscape", reason=""),
        Entry(number=3, preset="private+background", reason=""),
    ]
    odd = [
        Entry(number=4, scenario="crash.crash_at_onc", reason=""),
        Entry(number=5, engine="chromiun", preset="continu", reason=""),
    ]
    baseline = Baseline(name="b.toml", entries=[*fine, *odd], today=date(2027, 1, 31))
    lines = strangers(baseline, matrix_of([RUN, observation(engine="netscape")]))
    assert lines == [
        "b.toml: entry 4 (scenario crash.crash_at_onc): accepts nothing: unknown scenario "
        "'crash.crash_at_onc'. Did you mean 'crash.crash_at_once'?",
        "b.toml: entry 5 (engine chromiun, preset continu): accepts nothing: unknown engine "
        "'chromiun'. Did you mean 'chromium'?",
        "b.toml: entry 5 (engine chromiun, preset continu): accepts nothing: unknown preset "
        "'continu'. Did you mean 'continue'?",
    ]
