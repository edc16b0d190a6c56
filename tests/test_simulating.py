"""The whole suite on every model, as a person runs it."""

import subprocess
import sys
from pathlib import Path

from harness.engines import MODELS, presets_of
from harness.records import Item, Observation, Unsupported, Verdict
from harness.result_file import read_records
from harness.runner.library import load_scenarios, scenario_files
from tests.patience import PATIENCE


def test_the_whole_suite_on_every_model(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", "--engine", "simulated"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 unexpected" in done.stdout
    records = list(read_records([tmp_path / "report" / "results.ndjson"]))
    observations = [record for record in records if isinstance(record, Observation)]
    assert {o.verdict for o in observations} == {Verdict.KEPT, Verdict.LIMITATION}
    items = {(r.scenario, r.engine, r.preset) for r in records if isinstance(r, Item)}
    assert items == {
        (scenario.name, model, preset)
        for scenario in load_scenarios(scenario_files())
        for model in MODELS
        for preset in presets_of(model)
    }
    assert {r.scenario for r in records if isinstance(r, Unsupported)} == {
        "browser_close.quit_with_a_pinned_tab"
    }
    bent = [o for o in observations if o.verdict is Verdict.LIMITATION]
    assert bent
    assert all(o.evidence.decisions for o in bent), "the trail of what the surface rests on"
    assert (tmp_path / "report" / "index.html").exists()


def test_what_no_environment_has_is_unsupported(tmp_path: Path) -> None:
    """Each scenario says so, and what others can be asked of them still is."""
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", "--engine", "simulated", "--preset", "default",
         "--policy", "persistent", "--policy", "org_timeout", "absolute_limit", "inactivity"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    records = list(read_records([tmp_path / "report" / "results.ndjson"]))
    unsupported = [record for record in records if isinstance(record, Unsupported)]
    about = {s.name for s in load_scenarios(scenario_files()) if s.name.startswith("absolute_")}
    assert {(r.scenario, r.engine) for r in unsupported} == {
        (scenario, model) for scenario in about for model in MODELS
    }
    assert len(about) == 4
    assert all(r.reason.startswith("no environment of this run has an") for r in unsupported)
    assert any(isinstance(r, Observation) for r in records)
