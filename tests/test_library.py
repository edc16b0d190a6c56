import inspect
from pathlib import Path

import pytest

from harness.runner.library import ESSENTIAL, LibraryError, load_scenarios, packs, scenario_files
from harness.scenario import steps_of

PROMISED = {
    "tab_close.close_one_of_two_tabs",
    "tab_close.close_every_tab",
    "window_close.close_one_of_two_windows",
    "browser_close.quit_and_start",
    "browser_close.quit_and_start_twice",
    "session_restore.restore_previous_session",
    "crash.crash_at_once",
    "crash.crash_after_settling",
    "os_shutdown.end_session_at_once",
    "os_shutdown.end_session_after_settling",
    "inactivity.just_under_the_timeout",
    "inactivity.past_the_timeout",
    "inactivity.past_the_timeout_while_closed",
    "inactivity.activity_keeps_it_alive",
    "inactivity.revived_cookie_meets_expired_session",
    "sign_out.sign_out_and_restart",
    "sign_out.sign_out_in_another_tab",
    "sign_out.sign_out_then_crash",
    "policy_change.override_switched_on_while_signed_in",
    "revocation.revoked_while_closed",
}


def test_the_scenarios_that_come_with_the_package() -> None:
    found = load_scenarios(scenario_files())
    assert {scenario.name for scenario in found} >= PROMISED
    for scenario in found:
        steps = steps_of(scenario)
        assert any(step.verb == "check" for step in steps), scenario.name
        assert all([scenario.title, scenario.claims, scenario.covers]), scenario.name


def test_packs_are_folders_and_share_no_scenario() -> None:
    named = {pack: [s.name for s in load_scenarios(scenario_files([folder]))]
             for pack, folder in packs().items()}  # fmt: skip
    assert set(named) == {ESSENTIAL, "applications", "recovery", "limits", "vendor", "regressions"}
    names = [name for pack in named.values() for name in pack]
    assert len(set(names)) == len(names)
    assert sorted(names) == sorted(s.name for s in load_scenarios(scenario_files()))


def test_what_is_essential() -> None:
    """Few enough for five minutes, those with several tabs and windows among them, and none that
    only a vendor's test asks."""
    found = load_scenarios(scenario_files([packs()[ESSENTIAL]]))
    assert 12 <= len(found) <= 22
    assert sum("open_tab" in {step.verb for step in steps_of(s)} for s in found) >= 4
    assert {s.name.partition(".")[0] for s in found} == {
        "tab_close", "window_close", "browser_close", "session_restore", "crash", "os_shutdown",
        "inactivity", "sign_out", "policy_change", "revocation",
    }  # fmt: skip


def test_a_folder_of_folders_is_searched(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "mine.py").write_text("")
    (tmp_path / "pack" / "conftest.py").write_text("")
    assert scenario_files([tmp_path]) == [tmp_path / "pack" / "mine.py"]


def test_scenarios_name_no_engine_no_preset_and_no_result() -> None:
    """In what they do; `covers` names what vendors call their tests."""
    for scenario in load_scenarios(scenario_files()):
        text = inspect.getsource(scenario.function).partition("(browser: Browser) -> None:")[2]
        assert text
        for word in ("chromium", "firefox", "State", "assert", "preset", "verdict", "if "):
            assert word not in text, f"{scenario.name} says {word}"


def test_paths_that_hold_no_scenarios(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no such folder or Python file"):
        scenario_files([tmp_path / "none"])
