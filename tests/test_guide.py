"""`afterclose guide`, with somebody in the person's place who has no browser."""

import re
import signal
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.cli import app
from harness.records import Done, Error, Observation, Run, State, Unsupported, Verdict
from harness.result_file import read_records
from tests.guided import Guide, Person, guided

QUIT = "browser_close.quit_and_start"


def begun(guide: Guide) -> Person:
    """The person has come for the first time."""
    person = Person(guide.until(r"Address: (\S+)"))
    person.come()
    guide.until("taken for safari")
    guide.until("Sign in to")
    return person


def test_what_was_done_is_seen_and_what_cannot_be_is_asked_for(tmp_path: Path) -> None:
    """A sign-out in one of three tabs, a restart, and all tabs that came back."""
    scenario = "session_restore.several_tabs_after_sign_out"
    with guided(tmp_path, scenario, "--browser", "Safari", "--browser-version", "18.2") as guide:
        person = begun(guide)
        person.come()
        for step in ("open", "visit", "open", "visit"):
            if step == "open":
                guide.until("Open a new tab")
                guide.enter()
            else:
                guide.until("Open the application again")
                person.come()
        guide.until("Sign out in")
        person.come()
        guide.until("Close the browser")
        guide.enter()
        guide.until("Start the browser, told")
        guide.until("Then come to")
        person.come()
        guide.until("Have other tabs come back")
        person.come()
        guide.until("Have other tabs come back")
        guide.enter()
        guide.until("Report: ")
        assert guide.end()[0] == 0
    records = list(read_records([tmp_path / "report" / "results.ndjson"]))
    run, *found, done = records
    assert isinstance(run, Run)
    assert run.configuration["guided"] == {"user_agent": "Test/1.0", "setting": "", "rules": ""}
    assert list(run.scenarios) == [scenario]
    assert isinstance(done, Done)
    observations = [o for o in found if isinstance(o, Observation)]
    assert len(observations) == len(found) == 14
    assert {(o.engine, o.engine_version, o.preset) for o in observations} == {
        ("safari", "18.2", "default")
    }
    assert {(o.observed, o.verdict) for o in observations} == {
        (State.SIGNED_OUT, Verdict.KEPT)
    }
    (tabs,) = {o.evidence.tabs for o in observations if o.surface == "app:session_storage"}
    assert len(tabs) == 2
    assert observations[0].evidence.notes == (
        "a person did the steps; User-Agent: Test/1.0",
    )
    assert observations[0].steps[-1] == "Check: in the restored tabs."


def test_time_is_moved_and_a_promise_that_is_broken_is_unexplained(tmp_path: Path) -> None:
    """What is appended is reported with what was there. Nothing of the cookies is dropped here, as
    in a browser that restores its last session."""
    for scenario in ("inactivity.past_the_timeout_while_closed", QUIT):
        with guided(tmp_path, scenario, "--browser", "safari", "--setting", "as ever") as guide:
            person = begun(guide)
            person.come()
            guide.until("Close the browser")
            guide.enter()
            guide.until("Start the browser")
            guide.until("Then come to")
            person.come()
            guide.until("Report: ")
            assert guide.end()[0] == 0
    records = list(read_records([tmp_path / "report" / "results.ndjson"]))
    assert [type(r).__name__ for r in records if not isinstance(r, Observation)] == [
        "Run", "Done", "Run", "Done",
    ]  # fmt: skip
    shown = {
        (o.scenario, o.policy): (o.observed, o.verdict, o.evidence.reason, o.evidence.time)
        for o in records
        if isinstance(o, Observation) and o.surface == "sso"
    }
    time = ("86401 s: the server's clock was moved; no browser grew older",)
    past = "inactivity.past_the_timeout_while_closed"
    assert shown == {
        (past, "persistent"): ("signed_out", "kept", "inactive", time),
        (past, "non_persistent"): ("signed_out", "kept", "inactive", time),
        (QUIT, "persistent"): ("signed_in", "kept", None, ()),
        (QUIT, "non_persistent"): ("signed_in", "unexplained", None, ()),
    }
    assert {r.preset for r in records if isinstance(r, Observation)} == {"as-ever"}
    assert past in (tmp_path / "report" / "junit.xml").read_text()


def test_what_is_skipped_is_unsupported_and_the_next_one_goes_on(tmp_path: Path) -> None:
    scenarios = ("crash.crash_after_settling", "revocation.revoked_while_closed")
    with guided(tmp_path, *scenarios, "--browser", "safari", "--policy", "persistent") as guide:
        person = Person(guide.until(r"Address: (\S+)"))
        person.come()
        guide.until("Sign in to")
        person.come()
        guide.until("goes on by itself at")
        guide.enter("s")
        guide.until(r"revoked_while_closed\)")
        person.forget_all()
        guide.until("Sign in to")
        person.come()
        guide.until("Close the browser")
        guide.enter()
        guide.until("Start the browser")
        guide.until("Then come to")
        person.come()
        assert guide.until("persistent: signed in at (.*)") == (
            "app:ksp_cookie, app:long_cookie, app:session_cookie"
        )
        assert guide.end()[0] == 0
    records = list(read_records([tmp_path / "report" / "results.ndjson"]))
    (skipped,) = (record for record in records if isinstance(record, Unsupported))
    assert skipped.scenario == scenarios[0]
    assert skipped.reason == (
        "skipped by the person: Wait until what the browser remembers is on disk."
    )
    assert {o.evidence.reason for o in records if isinstance(o, Observation)} >= {"revoked"}


def test_what_was_observed_before_the_end_is_kept(tmp_path: Path) -> None:
    scenario = "policy_change.override_switched_on_while_signed_in"
    with guided(tmp_path, scenario, "--browser", "safari") as guide:
        person = begun(guide)
        person.come()
        guide.until("Open the application again")
        person.come()
        guide.until("Close the browser")
        guide.enter()
        guide.until("Start the browser")
        guide.until("Then come to")
        person.come()
        guide.until("Sign out in")
        guide.process.send_signal(signal.SIGINT)
        guide.until("Report: ")
        status, said = guide.end()
    assert status == 130
    assert "Traceback" not in said
    records = list(read_records([tmp_path / "report" / "results.ndjson"]))
    assert len([record for record in records if isinstance(record, Observation)]) == 14
    (ended,) = (record for record in records if isinstance(record, Unsupported))
    assert ended.reason == "ended by the person before its end"
    assert isinstance(records[-1], Done)


def test_ended_before_anything_was_observed(tmp_path: Path) -> None:
    """By the command that the documentation shows."""
    page = (Path(__file__).parent.parent / "docs" / "guide.md").read_text(encoding="utf-8")
    command = re.search(r"^afterclose guide (.*)$", page, re.MULTILINE)
    assert command is not None
    with guided(tmp_path, *command[1].split()) as guide:
        begun(guide)
        guide.process.send_signal(signal.SIGTERM)
        status, said = guide.end()
    assert status == 130
    assert "nothing was observed" in said
    assert (tmp_path / "guided" / "results.ndjson").read_bytes() == b""


def test_a_scenario_that_breaks_off_is_an_error_and_the_next_one_goes_on(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(
        "from harness import Browser, scenario\n\n\n"
        '@scenario(title="Nothing", claims="Nothing.")\n'
        "def nothing(browser: Browser) -> None:\n"
        "    browser.quit()\n"
        '    browser.check("of what")\n\n\n'
        '@scenario(title="Odd", claims="Nothing.")\n'
        "def odd(browser: Browser) -> None:\n"
        "    browser.fly()\n"
    )
    with guided(tmp_path, "odd.py", *SAFARI) as guide:
        Person(guide.until(r"Address: (\S+)")).come()
        guide.until("Report: ")
        status, said = guide.end()
    assert status == 4
    assert "Traceback" not in said
    records = list(read_records([tmp_path / "report" / "results.ndjson"]))
    assert [(r.scenario, r.message) for r in records if isinstance(r, Error)] == [
        ("odd.nothing", "check 'of what': the browser is not running; start it first"),
        ("odd.odd", "AttributeError: 'Browser' object has no attribute 'fly'"),
    ]


SAFARI = ("--browser", "safari")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a scenario, browser_close.quit_and_start say"),
        (("browser_close.quit", *SAFARI), "Did you mean 'browser_close.quit_and_start'?"),
        (("nowhere/one.py", *SAFARI), "nowhere/one.py: no such file or folder"),
        (("broken.py", *SAFARI), "broken.py: cannot be read as Python: ValueError: of no use"),
        (("file.txt", *SAFARI), "file.txt: no such folder or Python file"),
        ((QUIT,), "say which browser is measured with --browser NAME"),
        ((QUIT, "--browser", "…"), "--browser: must be a name such as safari"),
        ((QUIT, "--browser", "simulated-firefox"), "is a model"),
        ((QUIT, *SAFARI, "--rules", "safari"), "unknown rules 'safari'"),
        ((QUIT, "--browser", "firefox", "--setting", "my way"), "is none whose rules are known"),
        ((QUIT, *SAFARI, "--policy", "persistant"), "Did you mean 'persistent'?"),
        ((QUIT, *SAFARI, "--real-wait", "soon"), "--real-wait: must be a time"),
        ((QUIT, *SAFARI, "--ca-out", "ca.pem"), "no certificate authority without --https"),
        ((QUIT, *SAFARI, "--host", "203.0.113.1"), "no IPv4 address of this machine"),
        ((QUIT, *SAFARI, "--domain", "Two words"), "--domain: must be a name"),
        ((QUIT, *SAFARI, "--output", "file.txt"), "file.txt: cannot be written"),
        ((QUIT, *SAFARI, "--output", "odd"), "not a result record"),
        ((QUIT, *SAFARI, "--config", "none.toml"), "none.toml: cannot be read"),
    ],
)
def test_mistakes_are_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").touch()
    (tmp_path / "broken.py").write_text("raise ValueError('of no use')\n")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "results.ndjson").write_text("no result\n")
    result = CliRunner().invoke(app, ["guide", *arguments])
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_a_port_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(app, ["guide", QUIT, *SAFARI, "--port", port])
    assert result.exit_code == 2
    assert re.fullmatch(r"afterclose: cannot listen on .*; choose another with --port\n",
                        result.stderr)  # fmt: skip


def test_time_that_a_browser_cannot_be_given_is_waited_for_or_left_out(tmp_path: Path) -> None:
    """The administrator has sessions last longer than their cookies, and somebody keeps a cookie
    that a browser would have dropped."""
    (tmp_path / "away.py").write_text(
        "from datetime import timedelta\n"
        "from harness import Browser, scenario\n\n\n"
        '@scenario(title="Stay away", claims="That is known.")\n'
        "def away(browser: Browser) -> None:\n"
        "    browser.sign_in()\n"
        "    browser.wait(timedelta(seconds=1))\n"
        '    browser.check("soon")\n'
        "    browser.wait(timedelta(days=1))\n"
        '    browser.check("late")\n'
    )
    policy = ("--policy", "persistent", "--real-wait", "1s")
    with guided(tmp_path, "away.py", *SAFARI, *policy) as guide:
        person = begun(guide)
        person.come()
        token = person.client.admin_token("persistent").json["access_token"]
        guide.until("Stay away for")
        person.client.json(
            "PATCH",
            person.client.url("persistent", "/api/v1/organizations/org_persistent/sessions"),
            {"authenticated_session_lifetime": 10 * 86_400,
             "is_use_org_authenticated_session_lifetime": True},
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        for _ in range(2):
            guide.until("Check: ")
            person.come()
        assert guide.end()[0] == 0
    records = list(read_records([tmp_path / "report" / "results.ndjson"]))
    observed = [record for record in records if isinstance(record, Observation)]
    surfaces = {o.surface for o in observed if o.check == "soon"}
    assert {o.surface for o in observed if o.check == "late"} == surfaces - {"sso", "app:memory"}
    assert observed[-1].evidence.time == (
        "1 s: waited for real, and the server's clock was moved as far",
        "86400 s: the server's clock was moved; no browser grew older",
    )
    (left_out,) = (record for record in records if isinstance(record, Unsupported))
    assert left_out.reason.startswith(
        "late: left out persistent/sso, persistent/app:memory: by then the browser has dropped "
        "the cookie sso_session"
    )
    assert left_out.steps[-1] == "Check: late."
