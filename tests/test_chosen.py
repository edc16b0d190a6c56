"""What the options of a run choose, its configuration and markers, and where nobody chooses."""

import re

import pytest

from harness.policy import DEFAULT_ENVIRONMENTS, MORE_ENVIRONMENTS
from harness.presets import PRESETS
from harness.records import Observation
from harness.result_file import read_records
from harness.runner.chosen import Chosen, check_repeat

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


def test_as_often_as_a_cluster_is_asked_to() -> None:
    """What 10,000 items cost is measured: `python -m benchmarks.scale`."""
    check_repeat("10000")


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


TOML = "[environments.acme]\npersistence = 'persistent'\ninactivity_timeout = 60\n"
MARKED = """
import pytest


@pytest.mark.afterclose({mark})
def test_mine(session_browser):
    (one, *_) = session_browser.check("here").values()
    print("was", one.engine, one.preset)
"""


@pytest.mark.parametrize(
    ("mark", "options", "were"),
    [
        ("engines=('simulated-firefox', 'simulated-chromium'), presets='continue'", (),
         ["simulated-chromium continue", "simulated-firefox continue"]),
        ("engines='simulated'", ("--afterclose-engine", "simulated-firefox",
                                 "--afterclose-preset", "private"),
         ["simulated-firefox private"]),
        ("presets='private'", ("--afterclose-engine", "simulated-chromium"),
         ["simulated-chromium private"]),
        ("engines='simulated-firefox'", ("--afterclose-engine", "simulated-chromium"), []),
    ],
)  # fmt: skip
def test_a_marker_names_the_browsers_of_a_test(
    pytester: pytest.Pytester, mark: str, options: tuple[str, ...], were: list[str]
) -> None:
    pytester.makepyfile(MARKED.format(mark=mark))
    done = pytester.runpytest_subprocess("-s", "--afterclose-policy", "persistent", *options)
    assert sorted(re.findall(r"was (.+)", done.stdout.str())) == were
    done.assert_outcomes(passed=len(were), skipped=0 if were else 1)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("engines='netscape'", "unknown engine 'netscape'"),
        ("presets='continu'", "unknown preset 'continu'"),
        ("browsers='firefox'", "unexpected keyword argument 'browsers'"),
    ],
)
def test_a_mistake_in_a_marker_is_told_in_a_line(
    pytester: pytest.Pytester, mark: str, said: str
) -> None:
    pytester.makepyfile(MARKED.format(mark=mark))
    done = pytester.runpytest_subprocess()
    done.assert_outcomes(errors=1)
    assert said in done.stdout.str()
    assert "Traceback" not in done.stdout.str()
    assert "harness/" not in done.stdout.str()


def test_a_project_may_say_all_that_in_its_configuration(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        "[pytest]\n"
        "afterclose_engines = simulated-firefox\n"
        "afterclose_presets = private continue\n"
        "afterclose_policies = acme\n"
        "afterclose_config = sessions/mine.toml\n"
    )
    folder = pytester.mkdir("sessions")
    (folder / "mine.toml").write_text(TOML)
    pytester.makepyfile(MARKED.format(mark=""))
    done = pytester.runpytest_subprocess("-s")
    done.assert_outcomes(passed=2)
    assert sorted(re.findall(r"was (.+)", done.stdout.str())) == [
        "simulated-firefox continue", "simulated-firefox private"
    ]  # fmt: skip
    records = read_records([pytester.path / "report" / "results.ndjson"])
    assert {r.policy for r in records if isinstance(r, Observation)} == {"acme"}
    assert "simulated-chromium" in pytester.runpytest_subprocess(
        "-s", "--afterclose-engine", "simulated-chromium"
    ).stdout.str()
    (folder / "mine.toml").write_text(TOML.replace("persistent", "sometimes"))
    done = pytester.runpytest_subprocess()
    assert re.search(r"sessions/mine\.toml: environments\.acme\.persistence", done.stdout.str())
