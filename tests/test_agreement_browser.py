"""A part of the suite in real browsers, here and now, beside their models: what was recorded in
`tests/measured` still holds for the browsers of this machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines import model_of
from harness.engines.browser_pool import BrowserPool
from harness.engines.stopwatch import TOO_SLOW
from harness.records import Observation
from harness.reports.agreement import agreements
from harness.reports.matrix import matrix_of
from harness.runner.library import load_scenarios, scenario_files
from harness.setup import Setup
from tests.judged import FOUR, observe
from tests.patience import PATIENCE

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parent.parent
SCENARIOS = {scenario.name: scenario for scenario in load_scenarios(scenario_files())}


def observed(pool: BrowserPool, scenario: str, engine: str, preset: str) -> list[Observation]:
    found = SCENARIOS[scenario]
    setup = Setup(
        engine=engine, preset=preset, environments=FOUR, keeps=found.keeps
    )
    return observe(pool, setup, found)


@pytest.mark.parametrize(
    ("scenario", "engine", "preset"),
    [
        ("session_restore.restore_twice", "chromium", "default"),
        ("session_restore.restore_twice", "firefox", "default"),
        ("vendor_chromium.popup_last", "chromium", "continue"),
        ("vendor_chromium.browser_close", "chromium", "continue+background"),
        ("vendor_chromium.restart", "chromium", "clear-on-exit"),
        ("vendor_chromium.restart", "firefox", "clear-on-exit"),
        ("browser_close.quit_with_a_pinned_tab", "firefox", "default"),
        ("vendor_firefox.kinds_of_cookies", "firefox", "continue+privacy-1"),
        ("crash.start_long_after_a_crash", "firefox", "default"),
    ],
)
def test_model_and_browser_agree(
    pool: BrowserPool, scenario: str, engine: str, preset: str
) -> None:
    seen = observed(pool, scenario, engine, preset)
    modelled = observed(pool, scenario, model_of(engine), preset)
    (agreement,) = agreements(matrix_of([*seen, *modelled]))
    assert agreement.compared == len(seen) == len(modelled) > 0
    assert agreement.differing == []


def test_what_exploring_has_found_is_found_no_more(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "explore", "--engine", "chromium", "--examples", "0",
         "-n", "1", "--corpus", ROOT / "corpus"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    kept = len(list((ROOT / "corpus").glob("chromium-*.json")))
    counted = re.search(r"chromium: (\d+) lifecycles.* 0 found, (\d+) broken off", done.stdout)
    assert counted is not None, done.stdout
    carried_out, broken_off = map(int, counted.groups())
    assert carried_out + broken_off == kept
    # A slow machine is no reason to take chance for a difference, or to look at nothing.
    troubles = [line for line in done.stdout.splitlines() if line.startswith("!")]
    assert all(TOO_SLOW in line for line in troubles)
    assert carried_out > kept / 2
