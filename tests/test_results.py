"""What a run has written stays written, whatever becomes of its temporary folder."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.records import Error, Observation, Record, Run
from harness.result_file import RecordsError, read_records
from harness.runner.results import Results

SWEEPING = """
import os
import shutil
from pathlib import Path

from harness import Browser, scenario


def sweep() -> None:
    folder = Path(os.environ["TMPDIR"])
    if {whole}:
        shutil.rmtree(folder, ignore_errors=True)
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


@scenario(title="Before", claims="It is written.")
def before(browser: Browser) -> None:
    browser.sign_in()
    browser.check("before")


@scenario(title="During", claims="It is written.")
def during(browser: Browser) -> None:
    browser.sign_in()
    sweep()
    browser.check("during")


@scenario(title="Later", claims="It is written.")
def later(browser: Browser) -> None:
    browser.sign_in()
    browser.check("later")
"""
MODEL = ("--afterclose-engine", "simulated-chromium", "--afterclose-policy", "persistent")


def results(folder: Path) -> list[Record]:
    return list(read_records([folder / "report" / "results.ndjson"]))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The temporary folder of a run, with a short path: Chromium's socket in it may have 107
    characters."""
    with tempfile.TemporaryDirectory(prefix="short-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)
        # It takes away what it has made, and that is to be there.
        Path(folder).mkdir(exist_ok=True)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
@pytest.mark.parametrize("whole", [True, False], ids=["the folder", "its files"])
def test_results_outlive_the_temporary_folder(
    pytester: pytest.Pytester, short: Path, workers: tuple[str, ...], whole: bool
) -> None:
    file = pytester.mkdir("scenarios") / "sweeping.py"
    file.write_text(SWEEPING.format(whole=whole))
    done = pytester.runpytest_subprocess(
        *MODEL, "--afterclose-preset", "default", "--afterclose-preset", "continue", *workers
    )
    done.assert_outcomes(passed=6)
    run, *rest = results(pytester.path)
    assert isinstance(run, Run)
    assert Counter((o.check, o.preset) for o in rest if isinstance(o, Observation)) == {
        (check, preset): 7
        for check in ("before", "during", "later")
        for preset in ("default", "continue")
    }
    assert (pytester.path / "report" / "index.html").exists()


SWEPT_IN_A_BROWSER = """
import os
import shutil
from pathlib import Path

from harness import Browser, scenario


@scenario(title="Swept", claims="Nothing can be said of a browser without its profile.")
def swept(browser: Browser) -> None:
    browser.sign_in()
    for path in Path(os.environ["TMPDIR"]).iterdir():
        shutil.rmtree(path, ignore_errors=True)
    browser.quit()
    browser.start()
    browser.check("after the sweep")


@scenario(title="Next", claims="A session survives.")
def then(browser: Browser) -> None:
    browser.sign_in()
    browser.check("at the end")
"""


@pytest.mark.browser
def test_a_swept_profile_is_an_error_and_the_next_item_has_its_own(
    pytester: pytest.Pytester, short: Path
) -> None:
    (pytester.mkdir("scenarios") / "sweeping.py").write_text(SWEPT_IN_A_BROWSER)
    done = pytester.runpytest_subprocess(
        "--afterclose-engine", "chromium", "--afterclose-preset", "default",
        "--afterclose-policy", "persistent",
    )  # fmt: skip
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["the browser's profile was removed in the middle: *"])
    assert "Traceback" not in done.stdout.str()
    records = results(pytester.path)
    (error,) = [record for record in records if isinstance(record, Error)]
    assert error.scenario == "sweeping.swept"
    assert error.message.startswith("the browser's profile was removed in the middle: ")
    assert len(error.message.splitlines()) == 1
    seen = Counter(o.check for o in records if isinstance(o, Observation))
    assert seen == {"at the end": 7}
    assert [path.name for path in short.iterdir() if path.name.startswith("afterclose")] == []


def test_results_whose_file_was_taken_away_begin_anew(tmp_path: Path) -> None:
    """In another process of the run too, and with nothing lost where nothing was taken."""
    described: list[str] = []

    def describe() -> Run:
        described.append("once more")
        return Run(id="run", started="", versions={}, platform="", configuration={})

    path = tmp_path / "report" / "results.ndjson"
    error = Error(
        scenario="a.b", engine="x", engine_version="", preset="", message="gone", steps=()
    )
    first, second = (Results(path, "run", describe) for _ in range(2))
    for one in (first, second, first):
        one.write(error)
    assert [type(record) for record in read_records([path])] == [Run, Error, Error, Error]
    assert len(described) == 1
    shutil.rmtree(path.parent)
    second.write(error)
    first.write(error)
    assert [type(record) for record in read_records([path])] == [Run, Error, Error]


def test_results_that_cannot_be_written_are_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "report").touch()
    results = Results(tmp_path / "report" / "results.ndjson", "run", lambda: pytest.fail("no"))
    with pytest.raises(RecordsError, match=r"results.ndjson: cannot be written: "):
        results.write()
