import pytest

from harness.config import ConfigError, preset_named
from harness.engines import ENGINES, takes
from harness.presets import PRESETS, canonical, choices_of


@pytest.mark.parametrize(
    ("name", "preset"),
    [
        ("default", "default"),
        ("continue", "continue"),
        ("clear-on-exit+continue", "continue+clear-on-exit"),
        ("continue+continue", "continue"),
        ("continue-clear-on-exit", "continue+clear-on-exit"),
        ("continue-background-clear-on-exit", "continue+background+clear-on-exit"),
        ("continue-privacy-2", "continue+privacy-2"),
        ("private+clear-on-exit", "clear-on-exit+private"),
    ],
)
def test_a_preset_has_one_name_and_is_known_by_its_old_one(name: str, preset: str) -> None:
    assert canonical(name) == preset
    assert choices_of(name) == choices_of(preset)


def test_the_eleven_that_were_measured_are_composed() -> None:
    assert len(PRESETS) == 11
    assert [canonical(name) for name in PRESETS] == list(PRESETS)
    both = choices_of("continue+clear-on-exit")
    assert (both.reopen, both.clear, both.private) == (True, True, False)
    assert both.meaning == (
        "set to reopen, at the start, what was open at the end, and to delete cookies and site "
        "data when it is closed"
    )
    assert choices_of("privacy-2").privacy_level == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("contnue", "unknown preset 'contnue'. Did you mean 'continue'?"),
        ("continue+nothing", "there is no choice 'nothing'; default, or one or more of continue"),
        ("continue+default", "there is no choice 'default'"),
        ("privacy-1+privacy-2", "exclude each other"),
        ("", "unknown preset ''"),
    ],
)
def test_what_is_no_preset_is_said(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match="preset") as error:
        preset_named(name)
    assert message in str(error.value)


def test_what_an_engine_can_be_set_up_with() -> None:
    assert takes("chromium", "background+private")
    assert not takes("firefox", "background")
    assert takes("simulated-firefox", "privacy-1")
    assert not takes("chromium", "continue+privacy-1")
    assert not takes("simulated-webkitgtk", "background")
    for engine in ENGINES.values():
        assert {"default", "continue", "continue+clear-on-exit"} <= set(engine.presets)
