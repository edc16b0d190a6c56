"""The simulated browser against the running server."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from harness.engines import MODELS, expand, presets_of
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.simulated import SimulationError
from harness.model.agent import AgentError
from harness.model.family import Question
from harness.policy import DEFAULT_ENVIRONMENTS, Environment, Persistence, Policy
from harness.records import Observation, Verdict
from harness.scenario import Browser, UnsupportedVerbError
from harness.server.running import MockServer
from harness.setup import Setup
from tests.judged import observe

LONG = Environment(
    name="five_hundred_days",
    policy=Policy(persistence=Persistence.PERSISTENT, inactivity_timeout=500 * 86_400),
)
ENVIRONMENTS = (*DEFAULT_ENVIRONMENTS, LONG)
Try = Callable[..., list[Observation]]


@pytest.fixture(scope="module")
def pool() -> Iterator[BrowserPool]:
    with MockServer(ENVIRONMENTS) as server:
        pool = BrowserPool(server.url, Options())
        yield pool
        pool.close()


@pytest.fixture
def attempt(pool: BrowserPool) -> Try:
    def run(
        lifecycle: Callable[[Browser], None], model: str = "chromium", preset: str = "default"
    ) -> list[Observation]:
        setup = Setup(engine=f"simulated-{model}", preset=preset, environments=ENVIRONMENTS)
        return observe(pool, setup, lifecycle)

    return run


def signed_in(observations: list[Observation], surface: str = "sso") -> set[str]:
    return {o.policy for o in observations if o.surface == surface and o.signed_in}


ALL = {environment.name for environment in ENVIRONMENTS}
PERSISTENT = {"persistent", "org_persistent", LONG.name, "org_timeout", "absolute"}


def crash_after(time: timedelta) -> Callable[[Browser], None]:
    def lifecycle(browser: Browser) -> None:
        browser.sign_in()
        browser.wait(time)
        browser.crash()
        browser.start()
        browser.check("after")

    return lifecycle


@pytest.mark.parametrize(
    ("model", "seconds", "left"),
    [
        ("chromium", 1, set()),
        ("chromium", 29, set()),
        ("chromium", 31, ALL),
        ("firefox", 1, PERSISTENT),
        ("firefox", 14, PERSISTENT),
        ("firefox", 16, ALL),
        ("webkitgtk", 1, PERSISTENT),
        ("webkitgtk", 31, PERSISTENT),
    ],
)
def test_what_a_crash_leaves_depends_on_the_rhythm(
    attempt: Try, model: str, seconds: int, left: set[str]
) -> None:
    assert signed_in(attempt(crash_after(timedelta(seconds=seconds)), model)) == left


def test_many_operations_make_chromium_write(attempt: Try) -> None:
    def lifecycle(browser: Browser) -> None:
        for _ in range(10):
            browser.sign_in()
            browser.sign_out()
        browser.sign_in()
        browser.crash()
        browser.start()
        browser.check("after")

    # Written in the middle of it, so what is left is what an earlier sign-out has ended.
    observations = attempt(lifecycle)
    reasons = {o.evidence.reason for o in observations if o.surface == "sso"}
    assert reasons & {"signed_out", "replaced", None} - {"no_cookie"}


@pytest.mark.parametrize(("model", "let_in"), [("chromium", False), ("firefox", True)])
def test_firefox_makes_restored_cookies_anew_so_they_come_last(
    attempt: Try, model: str, let_in: bool
) -> None:
    def lifecycle(browser: Browser) -> None:
        browser.sign_in()
        browser.administrator.override_session_policy()
        browser.administrator.change_cookie_scope()
        browser.sign_out()
        browser.sign_in()
        browser.check("an older session cookie beside a persistent one")
        browser.quit()
        browser.start()
        browser.check("after")

    observations = attempt(lifecycle, model, "continue")
    assert Verdict.UNEXPECTED not in {o.verdict for o in observations}
    *_, last = (o for o in observations if (o.policy, o.surface) == ("non_persistent", "sso"))
    assert last.evidence.cookies_sent == ("sso_session", "sso_session")
    assert last.signed_in is let_in
    first, *_ = (o for o in observations if (o.policy, o.surface) == ("non_persistent", "sso"))
    turned = last.evidence.duplicates == first.evidence.duplicates[::-1]
    assert turned is let_in


def test_each_decision_is_told_in_words(attempt: Try) -> None:
    def lifecycle(browser: Browser) -> None:
        browser.sign_in()
        browser.quit()
        browser.start()
        browser.check("after")

    decisions = {
        o.policy: o.evidence.decisions for o in attempt(lifecycle) if o.surface == "sso"
    }
    assert decisions["non_persistent"] == (
        "Chromium (model) dropped session cookies at start: last exit not Crashed, start-up page "
        "new tab",
    )
    assert decisions["persistent"] == ("Chromium (model) had it on disk",)


@pytest.mark.parametrize(("model", "preset"), [(m, p) for m in MODELS for p in presets_of(m)])
def test_every_model_can_do_every_verb(attempt: Try, model: str, preset: str) -> None:
    def lifecycle(browser: Browser) -> None:
        browser.sign_in()
        browser.open_tab()
        browser.open_popup()
        browser.close_window()
        if model == "simulated-firefox":
            browser.pin_tab()
        browser.open_window()
        browser.visit()
        browser.close_window(1)
        browser.settle()
        browser.restart()
        browser.restore_previous_session()
        browser.check("restarted")
        browser.crash()
        browser.set_clock_back(timedelta(hours=1))
        browser.start(restoring=True)
        browser.sign_out_during_visit()
        browser.end_os_session()
        browser.start()
        browser.open_tab()
        browser.close_tab()
        browser.close_tab()
        browser.start()
        browser.administrator.revoke_sessions()
        browser.check("at the end")

    observations = attempt(lifecycle, model.removeprefix("simulated-"), preset)
    assert not signed_in([o for o in observations if o.check == "at the end"])


@pytest.mark.parametrize(("days", "alive"), [(399, {LONG.name}), (401, set())])
def test_the_cap_ends_what_the_session_does_not(attempt: Try, days: int, alive: set[str]) -> None:
    def lifecycle(browser: Browser) -> None:
        browser.sign_in()
        browser.quit()
        browser.wait(timedelta(days=days))
        browser.start()
        browser.check("after")

    observations = attempt(lifecycle)
    assert signed_in(observations) == alive
    capped = [o for o in observations if o.limitation == "cookie-lifetime-capped"]
    assert bool(capped) is not bool(alive)


@pytest.mark.parametrize("model", ["chromium", "webkitgtk"])
def test_what_no_rule_tells_is_unsupported(attempt: Try, model: str) -> None:
    with pytest.raises(UnsupportedVerbError, match="has no rule for pinned tabs"):
        attempt(lambda browser: browser.pin_tab(), model)


def test_a_refresh_without_an_application_that_does_is_unsupported(attempt: Try) -> None:
    def lifecycle(browser: Browser) -> None:
        browser.sign_in()
        browser.refresh_tokens()

    with pytest.raises(UnsupportedVerbError, match="no application here has refresh tokens"):
        attempt(lifecycle)


def test_a_page_in_the_way_is_one_line(attempt: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_knows(self: object, url: str, forms: object) -> None:
        raise AgentError(f"{url}: a page that nobody knows")

    monkeypatch.setattr("harness.engines.simulated._HttpSite._form", nobody_knows)
    with pytest.raises(SimulationError, match="a page that nobody knows"):
        attempt(lambda browser: browser.sign_in())


def test_simulated_stands_for_every_model() -> None:
    assert expand(["chromium", "simulated"]) == ["chromium", *MODELS]


@pytest.mark.parametrize("family", MODELS.values(), ids=lambda family: family.name)
def test_every_rule_has_words_and_a_source(family: object) -> None:
    rules = family.rules  # type: ignore[attr-defined]
    assert all(rule.because and rule.sources for rule in rules)
    last = {rule.question: rule for rule in rules}
    assert set(last) <= set(Question)
    for rule in rules:
        assert not any(name in rule.because for name in ("scenario", "quit_and_start"))
