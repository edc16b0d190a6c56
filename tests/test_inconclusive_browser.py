"""A machine that is too slow for the question: the item is run once more, and then says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.records import Observation, Verdict
from harness.result_file import read_records
from harness.runner.library import packs
from tests.patience import PATIENCE

pytestmark = pytest.mark.browser

SLOW = """
from harness.engines import driver
asked = []
def too_slow(self):
    asked.append(1)
    return len(asked) <= {times}
driver.Stopwatch.too_slow = too_slow
def pytest_unconfigure():
    print("asked", len(asked), "times")
"""


@pytest.mark.parametrize(
    ("times", "verdicts"),
    [(1, {Verdict.LIMITATION}), (2, {Verdict.INCONCLUSIVE})],
)
def test_what_is_inconclusive_is_run_once_more(
    tmp_path: Path, times: int, verdicts: set[Verdict]
) -> None:
    (tmp_path / "slow_machine.py").write_text(SLOW.format(times=times))
    scenario = packs()["recovery"] / "crash.py"
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", f"{scenario}::crash_at_once", "-p", "slow_machine",
         "--afterclose-engine", "chromium", "--afterclose-preset", "default",
         "--afterclose-policy", "persistent", "-p", "no:cacheprovider"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "asked 2 times" in done.stdout
    records = read_records([tmp_path / "report" / "results.ndjson"])
    observations = [record for record in records if isinstance(record, Observation)]
    assert {o.verdict for o in observations} == verdicts
    assert len({o.surface for o in observations}) == len(observations), "none was kept twice"
