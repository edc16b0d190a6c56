"""What a project says of server and browsers by fixtures of its own."""

from pathlib import Path

import pytest

from harness.config import ConfigError
from harness.engines.browser_pool import Options
from harness.engines.engine import Installation, LaunchOptions
from harness.records import Observation, Verdict
from harness.result_file import read_records
from harness.runner.serving import Serving
from harness.settings import Settings

MODEL = ("--afterclose-engine", "simulated-chromium", "--afterclose-preset", "default")
CONFTEST = """
from dataclasses import replace
from pathlib import Path

import pytest

from harness.policy import Persistence, Policy


@pytest.fixture(scope="session")
def afterclose_environments(afterclose_environments):
    (one, *_) = afterclose_environments
    return [replace(one, name="shop", policy=Policy(persistence=Persistence.NON_PERSISTENT))]


@pytest.fixture(scope="session")
def afterclose_settings(afterclose_settings):
    return replace(afterclose_settings, cookie_name="mine")


@pytest.fixture(scope="session")
def afterclose_server_args():
    return {"state": Path("kept.sqlite")}
"""
OWN = """
def test_mine(session_browser, afterclose_server):
    session_browser.sign_in()
    assert session_browser.check("signed in")["shop", "sso"].signed_in
    (session,) = afterclose_server.sessions("shop")


def test_server_alone(afterclose_server):
    assert afterclose_server.sessions("shop") == ()
"""


def test_a_project_says_what_is_served(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(OWN)
    (pytester.mkdir("scenarios") / "meals.py").write_text(
        "from afterclose import Browser, scenario\n"
        "@scenario(title='Lunch', claims='As configured.')\n"
        "def lunch(browser: Browser) -> None:\n"
        "    browser.sign_in()\n"
        "    browser.check('at lunch')\n"
    )
    pytester.runpytest_subprocess(*MODEL).assert_outcomes(passed=3)
    observed = [
        record
        for record in read_records([pytester.path / "report" / "results.ndjson"])
        if isinstance(record, Observation)
    ]
    assert {o.policy for o in observed if o.check == "signed in"} == {"shop"}
    cookies = {c for o in observed if o.check == "signed in" for c in o.evidence.cookies_sent}
    assert any(cookie.startswith("mine") for cookie in cookies)
    assert "shop" not in {o.policy for o in observed if o.check == "at lunch"}
    assert (pytester.path / "kept.sqlite").exists()


@pytest.mark.parametrize(
    ("fixture", "returned", "said"),
    [
        ("afterclose_server_args", "{'htps': True}", "afterclose_server_args: unknown argument 'h"),
        ("afterclose_launch_args", "{'headless': False}",
         "afterclose_launch_args: headless is for Afterclose to say"),
        ("afterclose_launch_args", "{'argz': []}", "afterclose_launch_args: unknown argument 'arg"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_fixture_is_told_in_a_line(
    pytester: pytest.Pytester, fixture: str, returned: str, said: str
) -> None:
    pytester.makeconftest(
        "import pytest\n"
        "@pytest.fixture(scope='session')\n"
        f"def {fixture}():\n"
        f"    return {returned}\n"
    )
    pytester.makepyfile("def test_mine(session_browser): pass\ndef test_innocent(): pass\n")
    done = pytester.runpytest_subprocess(*MODEL)
    done.assert_outcomes(passed=1, errors=1)
    assert said in done.stdout.str()
    assert "harness/" not in done.stdout.str()


def test_what_an_engine_says_at_a_start_is_no_projects_to_say(tmp_path: Path) -> None:
    options = LaunchOptions(
        installation=Installation(path=tmp_path, version="1", kind="system"),
        profile=tmp_path,
        preset="default",
        temporary=tmp_path,
        more={"args": ["--mine"], "env": {"MINE": "1"}, "locale": "de-DE"},
    )
    given = options.arguments(args=["--ours"], env={"OURS": "1"}, channel="chromium")
    assert given["args"] == ["--ours", "--mine"]
    assert given["env"] == {"OURS": "1", "MINE": "1"}
    shared = {"args", "env", "locale", "ignore_https_errors"}
    for name in given.keys() - shared:
        with pytest.raises(ConfigError, match=f"{name} is for Afterclose to say"):
            serving(name).options(Options())
    assert serving("locale").options(Options()).launch_args == {"locale": None}


def serving(argument: str) -> Serving:
    return Serving(environments=(), settings=Settings(), launch_args={argument: None})


LAUNCHED = """
import pytest


@pytest.fixture(scope="session")
def afterclose_launch_args():
    return {"locale": "de-DE"}


@pytest.fixture(scope="session")
def afterclose_server_args():
    return {"https": True}


def test_mine(session_browser, afterclose_server):
    page = session_browser.page
    assert page.evaluate("navigator.language") == "de-DE"
    page.goto(afterclose_server.url)
    session_browser.sign_in()
    session_browser.quit()
    session_browser.start()
    assert session_browser.page.evaluate("navigator.language") == "de-DE"
    assert len(afterclose_server.sessions("persistent")) == 1
    seen = session_browser.check("again")
    assert seen["persistent", "sso"].signed_in
    assert not seen["non_persistent", "sso"].signed_in
    assert all("; Secure" in seen[place].evidence.set_cookie[0] for place in COOKIES)


def test_forgetful(session_browser, afterclose_server):
    # It does not say over https that its cookie is for https alone.
    afterclose_server.site.sign_in.cookie._secure = False
    session_browser.sign_in()
    session_browser.check("forgotten")


COOKIES = [
    (policy, surface)
    for policy in ("persistent", "non_persistent")
    for surface in ("sso", "app:ksp_cookie", "app:long_cookie", "app:session_cookie")
]
"""


@pytest.mark.browser
def test_browsers_are_started_as_the_project_says(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LAUNCHED)
    done = pytester.runpytest_subprocess(
        *("--afterclose-engine", "chromium", "--afterclose-engine", "firefox"),
        *("--afterclose-engine", "simulated-firefox", "-rs"),
        *("--afterclose-preset", "default", "--afterclose-policy", "persistent"),
        *("--afterclose-policy", "non_persistent"),
    )
    done.assert_outcomes(passed=2, failed=2, skipped=2)
    told = [line.partition(": ")[2] for line in done.stdout.lines if line.startswith("SKIPPED")]
    assert told == 2 * ["simulated-firefox: a model speaks no https"]
    done.stdout.fnmatch_lines(
        ["unexpected: persistent/sso forgotten:*cookie's attributes are not those of the policy*"]
    )
    records = list(read_records([pytester.path / "report" / "results.ndjson"]))
    found = {
        (o.check, o.surface) for o in records
        if isinstance(o, Observation) and o.verdict is Verdict.UNEXPECTED
    }  # fmt: skip
    assert found == {("forgotten", "sso")}
