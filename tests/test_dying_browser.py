"""A browser that dies, or what drives it: the item is an error, and --resume makes it good."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.records import Error, Observation, Record, Verdict
from harness.reports.repeats import counted
from harness.result_file import read_records
from harness.runner.library import packs
from tests.patience import PATIENCE

pytestmark = pytest.mark.browser

KILLING = """
import os, signal, psutil
from harness.engines.driver import Driver
killed = []
sign_in = Driver._sign_in
async def signing_in(self, step):
    if len(killed) < {times}:
        victim = {victim}
        killed.append(victim)
        os.kill(victim, signal.SIGKILL)
    await sign_in(self, step)
Driver._sign_in = signing_in
def pytest_unconfigure():
    print("killed", len(killed))
"""
BROWSER = "self._process._leader"
NAME = "quit_and_start"
"""Nothing in it depends on how quick the machine is."""
DRIVER = "[p.pid for p in psutil.Process().children() if 'run-driver' in p.cmdline()][-1]"


def carried_out(tmp_path: Path, victim: str, times: int, *more: str) -> tuple[str, list[Record]]:
    (tmp_path / "killing.py").write_text(KILLING.format(victim=victim, times=times))
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", f"{packs()['essential'] / 'browser_close.py'}::{NAME}",
         "-p", "killing", "--afterclose-engine", "chromium", "--afterclose-preset", "default",
         "--afterclose-policy", "persistent", "-p", "no:cacheprovider", *more],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert f"killed {times}" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout, [*read_records([tmp_path / "report" / "results.ndjson"])]


@pytest.mark.parametrize(
    ("victim", "said"),
    [
        (BROWSER, "sign_in: Chromium: it has ended by itself"),
        (DRIVER, "sign_in: Chromium: Playwright's driver has ended by itself"),
    ],
    ids=["browser", "driver"],
)
def test_what_died_is_an_error_and_carried_out_again_when_asked(
    tmp_path: Path, victim: str, said: str
) -> None:
    told, records = carried_out(tmp_path, victim, 1)
    assert [r.message for r in records if isinstance(r, Error)] == [said]
    assert said in told
    assert not any(isinstance(record, Observation) for record in records)
    _, records = carried_out(tmp_path, victim, 0, "--afterclose-resume")
    observations = [record for record in counted(records) if isinstance(record, Observation)]
    assert {o.verdict for o in observations} == {Verdict.KEPT, Verdict.LIMITATION}
    assert len({o.surface for o in observations}) == len(observations), "none was kept twice"
    assert not any(isinstance(record, Error) for record in counted(records))
