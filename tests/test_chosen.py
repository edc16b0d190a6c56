"""What the options of a run choose where nobody chooses."""

import pytest

from harness.policy import DEFAULT_ENVIRONMENTS, MORE_ENVIRONMENTS
from harness.presets import PRESETS
from harness.runner.chosen import Chosen

NAMES = [environment.name for environment in DEFAULT_ENVIRONMENTS]


def chosen(pytester: pytest.Pytester, *options: str) -> Chosen:
    return Chosen(pytester.parseconfig(*options))


def names(choice: Chosen) -> list[str]:
    return [environment.name for environment in choice.config.environments]


def test_a_browser_is_spared_a_second_lifecycle(pytester: pytest.Pytester) -> None:
    browser = chosen(pytester, "--afterclose-engine", "firefox")
    assert names(browser) == [name for name in NAMES if name not in MORE_ENVIRONMENTS]
    assert browser.presets == ("default", "continue")


def test_on_models_everything_is_played(pytester: pytest.Pytester) -> None:
    models = chosen(pytester, "--afterclose-engine", "simulated")
    assert names(models) == NAMES
    assert models.presets == tuple(PRESETS)


def test_what_is_asked_for_is_chosen(pytester: pytest.Pytester) -> None:
    asked = chosen(
        pytester, "--afterclose-engine", "chromium", "--afterclose-policy", "org_timeout",
        "--afterclose-preset", "continue-clear-on-exit", "--afterclose-preset", "background",
    )  # fmt: skip
    assert names(asked) == ["org_timeout"]
    assert asked.pairs == [("chromium", "continue+clear-on-exit"), ("chromium", "background")]


def test_your_own_environments_are_always_among_them(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("afterclose.toml").write_text(
        '[environments.acme]\npersistence = "persistent"\ninactivity_timeout = 60\n'
    )
    assert "acme" in names(chosen(pytester, "--afterclose-engine", "firefox"))
