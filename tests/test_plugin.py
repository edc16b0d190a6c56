"""How the plugin behaves in projects that use nothing of it, and in those that do."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.records import Done, Error, Observation, Run, Verdict
from harness.result_file import read_records

INNOCENT = "def test_innocent():\n    pass\n"
GUARD = """
import psutil


def walk(*arguments, **options):
    raise AssertionError("every process of the machine was looked at")


psutil.process_iter = psutil.pids = walk
"""
BAD = "[environments.acme]\npersistence = 'sometimes'\n"
SAID = r"afterclose\.toml: environments\.acme\.persistence: must be"
MODEL = (
    "--afterclose-engine", "simulated-chromium", "--afterclose-preset", "default",
    "--afterclose-policy", "non_persistent",
)  # fmt: skip
SCENARIO = """
from harness import Browser, scenario


@scenario(title="Lunch", claims="A session survives lunch.")
def lunch(browser: Browser) -> None:
    browser.sign_in()
    browser.check("at lunch")
"""


@pytest.fixture
def temporary(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of the project's runs, beside the project."""
    folder = pytester.path.parent / f"{pytester.path.name}-temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def names(folder: Path) -> set[str]:
    """What is in a folder, but for what pytest and pytester put there."""
    own = {"__pycache__", ".pytest_cache", "stdout", "stderr"}
    return {p.name for p in folder.iterdir() if not p.name.startswith("runpytest-")} - own


@pytest.mark.parametrize(
    "options",
    [(), ("-n", "2"), ("-p", "no:playwright"), ("-p", "no:xdist"), ("--collect-only",)],
    ids=lambda options: " ".join(options) or "as it is",
)
def test_a_project_that_uses_nothing_is_left_alone(
    pytester: pytest.Pytester, temporary: Path, options: tuple[str, ...]
) -> None:
    pytester.makeconftest(GUARD)
    pytester.makepyfile(test_mine=INNOCENT)
    pytester.makefile(".toml", afterclose=BAD)
    before = names(pytester.path)
    done = pytester.runpytest_subprocess(*options)
    assert done.ret == 0
    if "--collect-only" not in options:
        done.assert_outcomes(passed=1)
    assert names(temporary) == set()
    assert names(pytester.path) == before
    assert "Afterclose" not in done.stdout.str()


def test_an_empty_folder_is_left_alone(pytester: pytest.Pytester, temporary: Path) -> None:
    done = pytester.runpytest_subprocess("-p", "no:playwright")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "INTERNALERROR" not in done.stdout.str() + done.stderr.str()
    assert names(temporary) == set()


def test_a_project_may_have_options_of_those_names(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "def pytest_addoption(parser):\n"
        "    for name in ('engine', 'preset', 'policy', 'config', 'report'):\n"
        "        parser.addoption(f'--{name}', default='mine')\n"
    )
    pytester.makepyfile(
        "def test_options(pytestconfig):\n"
        "    assert pytestconfig.getoption('--engine') == 'steam'\n"
        "    assert pytestconfig.getoption('--policy') == 'mine'\n"
    )
    pytester.runpytest_subprocess("--engine", "steam").assert_outcomes(passed=1)


def test_a_project_may_have_options_of_playwrights_names_instead(
    pytester: pytest.Pytester,
) -> None:
    """Where pytest-playwright is not, they mean something else."""
    pytester.makeconftest(
        "def pytest_addoption(parser):\n"
        "    for name in ('browser', 'output', 'tracing', 'slowmo', 'headed', 'screenshot'):\n"
        "        parser.addoption(f'--{name}', default='mine')\n"
    )
    (pytester.mkdir("scenarios") / "meals.py").write_text(SCENARIO)
    done = pytester.runpytest_subprocess("-p", "no:playwright", *MODEL)
    done.assert_outcomes(passed=1)
    assert (pytester.path / "report" / "results.ndjson").exists()


def test_a_fixture_of_the_same_name_is_the_projects(pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", afterclose=BAD)
    pytester.makepyfile(
        "import pytest\n"
        "@pytest.fixture\n"
        "def session_browser():\n"
        "    return 'mine'\n"
        "def test_mine(session_browser):\n"
        "    assert session_browser == 'mine'\n"
    )
    done = pytester.runpytest_subprocess("--afterclose-engine", "netscape")
    done.assert_outcomes(passed=1)


def test_nothing_heavy_is_loaded_for_others(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import sys\n"
        "def pytest_unconfigure():\n"
        "    print('loaded:', sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    pytester.makepyfile(test_mine=INNOCENT)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-s", "-p", "harness.runner.plugin"],
        cwd=pytester.path, env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(re.findall(r"'([\w.]+)'", done.stdout.partition("loaded:")[2]))
    assert {"harness", "pytest"} <= loaded
    heavy = {"playwright", "pydantic", "aiohttp", "jinja2", "msgspec", "psutil", "joserfc", "typer"}
    assert loaded & heavy == set()


@pytest.mark.parametrize(
    ("needing", "outcome"),
    [
        ("def test_it(session_browser):\n    pass\n", {"errors": 1}),
        ("def test_it(afterclose_server):\n    pass\n", {"errors": 1}),
        (None, {"failed": 1}),
    ],
    ids=["session_browser", "afterclose_server", "a scenario"],
)
def test_a_mistake_in_the_configuration_is_told_where_it_matters(
    pytester: pytest.Pytester, needing: str | None, outcome: dict[str, int]
) -> None:
    pytester.makefile(".toml", afterclose=BAD)
    pytester.makepyfile(test_mine=INNOCENT)
    if needing:
        pytester.makepyfile(test_needing=needing)
    else:
        (pytester.mkdir("scenarios") / "meals.py").write_text(SCENARIO)
    done = pytester.runpytest_subprocess(*MODEL)
    done.assert_outcomes(passed=1, **outcome)
    output = done.stdout.str()
    assert len(re.findall(f"^(E +)?{SAID}", output, re.MULTILINE)) == 1
    assert "Error" not in output
    assert not (pytester.path / "report").exists()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--afterclose-engine", "netscape"), "unknown engine 'netscape'"),
        (("--afterclose-preset", "continu"), "unknown preset 'continu'. Did you mean 'continue'?"),
        (("--afterclose-policy", "persistant"), "unknown policy 'persistant'. Did you mean"),
        (("--afterclose-config", "none.toml"), "none.toml: cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
@pytest.mark.parametrize("kind", ["test", "scenario"])
def test_a_mistake_on_the_command_line_is_told_where_it_matters(
    pytester: pytest.Pytester, option: tuple[str, str], said: str, kind: str
) -> None:
    pytester.makepyfile(test_mine=INNOCENT)
    pytester.runpytest_subprocess(*option).assert_outcomes(passed=1)
    if kind == "test":
        pytester.makepyfile(test_needing="def test_it(session_browser):\n    pass\n")
    else:
        (pytester.mkdir("scenarios") / "meals.py").write_text(SCENARIO)
    pytester.runpytest_subprocess(*option, "-k", "innocent").assert_outcomes(passed=1)
    done = pytester.runpytest_subprocess(*option)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = done.stderr.str().strip().splitlines()
    assert line.startswith(f"ERROR: {said}")


def test_a_mistake_on_the_command_line_is_told_by_workers_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_mine=INNOCENT, test_needing="def test_it(session_browser):\n    pass\n"
    )
    done = pytester.runpytest_subprocess("-n", "2", *MODEL, "--afterclose-preset", "continu")
    done.assert_outcomes(passed=1, errors=2)
    said = re.findall(r"^(?:E +)?unknown preset 'continu'\.", done.stdout.str(), re.MULTILINE)
    assert len(said) == 2


def test_folders_named_scenarios_are_others_too(
    pytester: pytest.Pytester, temporary: Path
) -> None:
    folder = pytester.mkdir("scenarios")
    (folder / "deploy.py").write_text("raise RuntimeError('a scenario of the load harness ran')\n")
    (folder / "latin.py").write_bytes(b"# a sc\xe9nario\nraise RuntimeError\n")
    pytester.makepyfile(test_mine=INNOCENT)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    (folder / "meals.py").write_text(SCENARIO)
    pytester.runpytest_subprocess(*MODEL).assert_outcomes(passed=2)
    run, *observations, done = read_records([pytester.path / "report" / "results.ndjson"])
    assert isinstance(run, Run)
    assert isinstance(done, Done)
    assert {type(record) for record in observations} == {Observation}
    assert names(temporary) == set()


def test_scenarios_may_import_afterclose_by_that_name(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("scenarios")
    (folder / "meals.py").write_text(SCENARIO.replace("from harness", "from afterclose"))
    pytester.runpytest_subprocess(*MODEL).assert_outcomes(passed=1)


def test_what_annotations_need_is_there() -> None:
    code = (
        "import sys, afterclose\n"
        "assert not {'aiohttp', 'playwright', 'pydantic'} & sys.modules.keys()\n"
        "for name in afterclose.__all__:\n"
        "    assert getattr(afterclose, name) is not None\n"
        "from afterclose import Check, MockServer, Observation, SessionBrowser\n"
        "import harness\n"
        "assert afterclose.Browser is harness.Browser\n"
        "from afterclose import Nonsense\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1].startswith("ImportError: cannot import name 'Nonsense'")


def test_collecting_makes_nothing(pytester: pytest.Pytester, temporary: Path) -> None:
    (pytester.mkdir("scenarios") / "meals.py").write_text(SCENARIO)
    done = pytester.runpytest_subprocess("--collect-only", *MODEL)
    done.stdout.fnmatch_lines(["*lunch?simulated-chromium-default?*"])
    assert not (pytester.path / "report").exists()
    assert names(temporary) == set()


ARMED = """
import pytest
from harness.engines.browser_pool import BrowserPool

pools = []
begin = BrowserPool.__init__


def remember(self, *arguments, **options):
    begin(self, *arguments, **options)
    pools.append(self)


BrowserPool.__init__ = remember


@pytest.fixture
def fault(session_browser):
    pools[-1].run(pools[-1].control.arm("endless_session"), 10)
"""
TOO_LONG = """
from datetime import timedelta


def test_too_long(session_browser, fault):
    session_browser.sign_in()
    session_browser.wait(timedelta(hours=23))
    session_browser.visit()
    session_browser.wait(timedelta(hours=25))
    seen = session_browser.check("long after")
    assert {own}


def test_fine(session_browser):
    session_browser.sign_in()
    assert session_browser.check("at once")["non_persistent", "sso"].signed_in
"""


@pytest.mark.parametrize(
    ("own", "said", "unsaid"),
    [
        ("seen", "unexpected: non_persistent/sso long after: promised signed_out", "assert seen"),
        ("not seen", "assert not", "unexpected: non_persistent"),
    ],
    ids=["by itself", "after the test's own"],
)
def test_what_is_unexpected_fails_a_test_of_ones_own(
    pytester: pytest.Pytester, own: str, said: str, unsaid: str
) -> None:
    pytester.makeconftest(ARMED)
    pytester.makepyfile(test_mine=TOO_LONG.format(own=own))
    done = pytester.runpytest_subprocess(*MODEL)
    done.assert_outcomes(passed=1, failed=1)
    told = done.stdout.str().partition("= Afterclose =")[0]
    assert said in told
    assert unsaid not in told
    assert "harness/" not in told
    records = list(read_records([pytester.path / "report" / "results.ndjson"]))
    unexpected = [r for r in records if getattr(r, "verdict", None) is Verdict.UNEXPECTED]
    assert unexpected
    assert not [record for record in records if isinstance(record, Error)]


def test_what_is_unexpected_may_be_expected_to_fail(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(ARMED)
    marked = TOO_LONG.format(own="seen").replace(
        "def test_too_long", "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_too_long"
    )
    pytester.makepyfile(test_mine=marked)
    pytester.runpytest_subprocess(*MODEL).assert_outcomes(passed=1, xfailed=1)


def test_a_test_may_name_its_browser_itself(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import pytest\n"
        "@pytest.mark.parametrize(\n"
        "    'session_browser', [('simulated-firefox', 'continue')], indirect=True\n"
        ")\n"
        "@pytest.mark.parametrize(argnames='number', argvalues=[1, 2])\n"
        "def test_mine(session_browser, number):\n"
        "    session_browser.sign_in()\n"
        "    (one, *_) = session_browser.check('here').values()\n"
        "    assert (one.engine, one.preset) == ('simulated-firefox', 'continue')\n"
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_an_interrupt_where_there_is_no_line_is_an_interrupt(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "def test_mine():\n"
        "    raise KeyboardInterrupt\n"
        "test_mine.__code__ = test_mine.__code__.replace(co_linetable=b'')\n"
    )
    done = pytester.runpytest_subprocess()
    assert done.ret == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in done.stdout.str()
    assert not done.stderr.str()
