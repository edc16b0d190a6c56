"""Results that cannot be kept: a sentence, exit status 4, and the run can be finished later."""

import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.killing import AFTERCLOSE, cells, read, run, times
from tests.patience import PATIENCE

SCENARIOS = ("browser_close", "--engine", "simulated-chromium")


def limited(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_full_disk_ends_the_run_in_a_sentence(tmp_path: Path, workers: str) -> None:
    """As full as the operating system says: no file may become larger."""
    full = subprocess.run(
        [*AFTERCLOSE, "run", *SCENARIOS, "-n", workers],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
        preexec_fn=limited(500_000),
    )  # fmt: skip
    assert full.returncode == 4, full.stdout + full.stderr
    assert "Traceback" not in full.stdout + full.stderr
    said = [line for line in full.stderr.splitlines() if "results.ndjson" in line]
    (line,) = said
    assert "results.ndjson: cannot be written: File too large; see to that, and finish" in line
    assert times(read(tmp_path))
    finished = run(*SCENARIOS, "--resume", cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (0, ""), finished.stdout
    assert set(times(read(tmp_path)).values()) == {1}
    whole = tmp_path / "whole"
    whole.mkdir()
    run(*SCENARIOS, cwd=whole)
    assert cells(read(tmp_path)) == cells(read(whole))


REMOVING = """
import shutil

from harness import Browser, scenario


@scenario(title="One", claims="It is written.")
def one(browser: Browser) -> None:
    browser.sign_in()
    browser.check("one")


@scenario(title="Two", claims="It is written.")
def two(browser: Browser) -> None:
    browser.sign_in()
    browser.check("two")
"""
CONFTEST = """
import shutil


def pytest_runtest_{when}(item):
    if "two" in item.name:
        shutil.rmtree("report")
"""


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("setup", "did not end, and --resume goes on with it: removing.one["),
        ("teardown", "results.ndjson: removed in the middle of the run; see to that, and finish"),
    ],
    ids=["between two items", "after the last"],
)
def test_results_that_are_removed_in_the_middle_are_missed(
    tmp_path: Path, when: str, said: str
) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.format(when=when))
    (tmp_path / "removing.py").write_text(REMOVING)
    one = ("removing.py", "--engine", "simulated-chromium", "--preset", "default")
    done = run(*one, cwd=tmp_path)
    assert done.returncode == 4, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (tmp_path / "conftest.py").unlink()
    again = run(*one, "--resume", cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert set(times(read(tmp_path)).values()) == {1}
    assert len(times(read(tmp_path))) == 2
