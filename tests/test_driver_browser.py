"""Lifecycles in real browsers: what the issue promises, and that breaking the server shows."""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool
from harness.engines.mock import MockSite
from harness.policy import EffectivePolicy, Override, Policy
from harness.records import Observation, Verdict
from harness.runner.library import load_scenarios, scenario_files
from harness.server.sessions import EndReason, SessionStore
from harness.server.signing_in import SignIn
from harness.server.sso_cookie import SsoCookie
from harness.server.tenants import Tenant
from harness.setup import Setup
from tests.judged import FOUR, Drive, driving, observe

pytestmark = pytest.mark.browser
SCENARIOS = {scenario.name: scenario for scenario in load_scenarios(scenario_files())}
Run = Callable[..., None]


@pytest.fixture
def observations() -> list[Observation]:
    return []


@pytest.fixture
def drive(pool: BrowserPool, observations: list[Observation]) -> Drive:
    return partial(driving, pool, note=observations.append)


@pytest.fixture
def run(pool: BrowserPool, observations: list[Observation]) -> Run:
    def carry_out(scenario: str, engine: str = "chromium", preset: str = "default") -> None:
        setup = Setup(engine=engine, preset=preset, environments=FOUR)
        observations.extend(observe(pool, setup, SCENARIOS[scenario]))

    return carry_out


def sso(observations: list[Observation]) -> dict[str, tuple[bool, str, str | None]]:
    return {
        o.policy: (o.signed_in, o.verdict.value, o.limitation)
        for o in observations
        if o.surface == "sso"
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_closing_and_starting_again(
    run: Run, observations: list[Observation], engine: str
) -> None:
    run("browser_close.quit_and_start", engine, "default")
    assert sso(observations) == {
        "persistent": (True, "kept", None),
        "non_persistent": (False, "kept", None),
        "org_persistent": (True, "kept", None),
        "org_non_persistent": (False, "kept", None),
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_reopening_what_was_open(
    run: Run, observations: list[Observation], engine: str
) -> None:
    run("browser_close.quit_and_start", engine, "continue")
    restored = (True, "limitation", "session-restore-revives-session")
    assert sso(observations) == {
        "persistent": (True, "kept", None),
        "non_persistent": restored,
        "org_persistent": (True, "kept", None),
        "org_non_persistent": restored,
    }
    evidence = next(o.evidence for o in observations if o.policy == "non_persistent")
    assert "sso_session" in evidence.cookies_sent
    assert "Max-Age" not in evidence.set_cookie[0]


def _always_max_age(monkeypatch: pytest.MonkeyPatch) -> None:
    original = SsoCookie.set

    def broken(
        self: SsoCookie, request: object, tenant: Tenant, session: object, response: object
    ) -> None:
        original(self, request, tenant, session, response)  # type: ignore[arg-type]
        for morsel in response.cookies.values():  # type: ignore[attr-defined]
            morsel["max-age"] = 86_400

    monkeypatch.setattr(SsoCookie, "set", broken)


def _never_inactive(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Tenant.end_reason

    def broken(self: Tenant, session: object) -> EndReason | None:
        reason = original(self, session)  # type: ignore[arg-type]
        return None if reason is EndReason.INACTIVE else reason

    monkeypatch.setattr(Tenant, "end_reason", broken)


def _no_override(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(
        cls: type, environment: Policy, override: object, timeout: int | None = None
    ) -> EffectivePolicy:
        return original(environment, Override(), timeout)

    original = EffectivePolicy.of
    monkeypatch.setattr(EffectivePolicy, "of", classmethod(broken))


def _no_sign_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(
        self: SignIn, request: object, tenant: object, target: str, *, everywhere: bool
    ) -> object:
        from aiohttp import web

        return web.Response(status=302, headers={"Location": target})

    monkeypatch.setattr(SignIn, "end", broken)
    monkeypatch.setattr(SessionStore, "end", lambda self, session, reason: None)


@pytest.mark.parametrize(
    ("break_server", "scenario", "policies"),
    [
        (_always_max_age, "browser_close.quit_and_start", {"non_persistent", "org_non_persistent"}),
        (_never_inactive, "inactivity.past_the_timeout", {"non_persistent", "org_non_persistent"}),
        (_no_override, "browser_close.quit_and_start", {"org_persistent", "org_non_persistent"}),
        (_no_sign_out, "sign_out.sign_out_and_restart",
         {"persistent", "org_persistent", "non_persistent", "org_non_persistent"}),
    ],
)
def test_a_broken_server_turns_the_run_red(
    run: Run,
    observations: list[Observation],
    monkeypatch: pytest.MonkeyPatch,
    break_server: Callable[[pytest.MonkeyPatch], None],
    scenario: str,
    policies: set[str],
) -> None:
    break_server(monkeypatch)
    run(scenario)
    red = [o for o in observations if o.verdict is Verdict.UNEXPECTED]
    assert {o.policy for o in red if o.surface == "sso"} == policies


CHROMIUM_CHOICES = {
    "default": (None, None),
    "continue": (1, None),
    "clear-on-exit": (None, 4),
    "private": (None, None),
}


@pytest.mark.parametrize("preset", CHROMIUM_CHOICES)
def test_a_preset_is_the_vendors_settings_and_one_choice_in_chromium(
    drive: Drive, preset: str
) -> None:
    with drive("chromium", preset) as (driver, browser):
        browser.quit()
        assert driver._process.profile is not None
        text = (driver._process.profile / "Default" / "Preferences").read_text()
    preferences = json.loads(text)
    content = preferences["profile"].get("default_content_setting_values", {})
    found = (preferences.get("session", {}).get("restore_on_startup"), content.get("cookies"))
    assert found == CHROMIUM_CHOICES[preset]
    assert preferences["profile"]["exit_type"] == "Normal"


FIREFOX_CHOICES: dict[str, dict[str, object]] = {
    "default": {},
    "continue": {"browser.startup.page": 3},
    "private": {"browser.privatebrowsing.autostart": True},
}


@pytest.mark.parametrize("preset", FIREFOX_CHOICES)
def test_playwrights_changes_are_undone_in_firefox(drive: Drive, preset: str) -> None:
    with drive("firefox", preset) as (driver, _):
        assert driver._process.profile is not None
        lines = (driver._process.profile / "user.js").read_text().splitlines()
    found = dict(
        json.loads(f"[{line.partition('(')[2].rpartition(')')[0]}]")
        for line in lines
        if line.startswith("user_pref(")
    )
    vendor: dict[str, object] = {
        "browser.startup.page": 1,
        "browser.sessionstore.resume_from_crash": True,
        "toolkit.startup.max_resumed_crashes": 3,
    }
    expected = vendor | FIREFOX_CHOICES[preset]
    assert {name: found.get(name) for name in expected} == expected
    touched = {n for n in found if n.startswith(("browser.sessionstore.", "privacy.sanitize"))}
    assert touched == {"browser.sessionstore.resume_from_crash"}


@pytest.mark.parametrize("engine", ENGINES)
def test_settling_means_on_disk(
    run: Run, observations: list[Observation], engine: str
) -> None:
    run("crash.crash_after_settling", engine)
    revived = (True, "limitation", "crash-recovery-revives-session")
    found = sso(observations)
    assert (found["persistent"], found["non_persistent"]) == ((True, "kept", None), revived)
    token = [o for o in observations if o.surface == "app:local_storage"]
    assert all(o.signed_in for o in token)


def test_time_passes_in_an_open_and_in_a_closed_browser(
    run: Run, observations: list[Observation]
) -> None:
    for name in ("past_the_timeout", "past_the_timeout_while_closed"):
        run(f"inactivity.{name}")
    lost = [o for o in observations if (o.policy, o.surface) == ("persistent", "sso")]
    assert [o.evidence.reason for o in lost] == ["no_cookie", "no_cookie"]
    assert ["open browser" in o.evidence.time[0] for o in lost] == [True, False]


def test_a_window_may_hold_several_tabs(drive: Drive, observations: list[Observation]) -> None:
    with drive() as (_, browser):
        browser.sign_in()
        browser.open_window()
        browser.open_tab()
        browser.close_window(1)
        browser.close_tab()
        browser.check("one tab is left")
    assert sso(observations)["persistent"][0]


def test_pictures_can_be_taken(drive: Drive, tmp_path: Path) -> None:
    with drive() as (driver, browser):
        assert driver.screenshot(tmp_path / "page.png")
        browser.quit()
        assert not driver.screenshot(tmp_path / "none.png")
    assert (tmp_path / "page.png").stat().st_size > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_the_public_complaint_and_its_opposite(
    run: Run, observations: list[Observation], engine: str
) -> None:
    """kinde-auth-react issue 201: non-persistent is set, `ksp.persistent` is false, and somebody is
    still signed in after closing the browser. The other way round, a persistent policy does not
    reach a cookie without a lifetime."""
    run("browser_close.quit_and_start", engine, "default")
    seen = {(o.policy, o.surface): o for o in observations}
    for surface in ("app:local_storage", "app:long_cookie"):
        complaint = seen["non_persistent", surface]
        assert complaint.signed_in
        assert complaint.evidence.persistent_claim is False
        assert complaint.verdict is Verdict.LIMITATION
    assert not seen["non_persistent", "sso"].signed_in
    assert not seen["non_persistent", "app:ksp_cookie"].signed_in
    assert not seen["non_persistent", "app:memory"].signed_in
    opposite = seen["persistent", "app:session_cookie"]
    assert not opposite.signed_in
    assert opposite.limitation == "application-cookie-ends-with-the-browser"
    assert seen["persistent", "sso"].signed_in
    assert seen["persistent", "app:memory"].signed_in


@pytest.mark.parametrize("engine", ENGINES)
def test_session_storage_is_looked_at_in_the_tab_in_use(
    drive: Drive, observations: list[Observation], engine: str
) -> None:
    with drive(engine, "continue") as (_, browser):
        browser.sign_in()
        browser.check("in the tab that signed in")
        browser.open_tab()
        browser.check("in another tab")
        browser.close_tab()
        browser.quit()
        browser.start()
        browser.check("in the tab that was restored")
    states = [o.signed_in for o in observations
              if (o.policy, o.surface) == ("persistent", "app:session_storage")]
    assert states == [True, False, True]
    assert not [o for o in observations if o.verdict is Verdict.UNEXPECTED]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tab_at_the_auth_server_is_looked_at(
    drive: Drive, observations: list[Observation], engine: str
) -> None:
    """A browser that had no time to write may bring it back there."""
    with drive(engine, "default") as (driver, browser):
        browser.sign_in()
        page, pool = driver._page, driver._pool
        assert isinstance(driver._site, MockSite)
        (address,) = {e.issuer for e in driver._site._environments if e.name == "persistent"}
        pool.run(page.goto(f"{address}/.well-known/openid-configuration"), 30)
        browser.check("at the auth server")
        assert page.url.startswith(address)
    seen = {o.surface: o.signed_in for o in observations if o.policy == "persistent"}
    assert seen["app:session_storage"]
    assert all(seen.values())


def test_settling_waits_for_the_session_file(drive: Drive) -> None:
    """Chromium's second time: the exit mark is on disk, and cookies are made to be at once."""
    with drive("chromium", "default") as (driver, browser):
        browser.sign_in()
        browser.settle()
        browser.open_tab()
        changed = time.time()
        browser.visit()
        browser.settle()
        sessions = (driver._process.profile / "Default" / "Sessions").glob("Session_*")
        assert max(file.stat().st_mtime for file in sessions) >= changed
