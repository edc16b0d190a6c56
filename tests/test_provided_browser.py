"""An application whose identity provider is the mock, in a real browser: what is found of it, what
an administrator does to it, and what is said where the two do not come together."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.config import Config
from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.driver import Driver
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.runner.providing import Providers, provided_by
from harness.scenario import Step, UnsupportedVerbError
from harness.setup import Setup
from harness.targets.carriers import find_carriers
from harness.targets.checking import check_policy
from harness.targets.loading import load_target
from harness.targets.provided import ProvidedSite
from harness.targets.running import RunningTarget
from harness.targets.target import TargetError
from tests.notes import TOLD, notes

pytestmark = pytest.mark.browser
CHROMIUM, POLICY = ENGINES["chromium"], "persistent"
CONFIG = Config(environments=DEFAULT_ENVIRONMENTS[:1])


@pytest.fixture(scope="module")
def pool() -> Iterator[BrowserPool]:
    pool = BrowserPool("", Options())
    yield pool
    pool.close()


@pytest.fixture
def providers() -> Iterator[list[Providers]]:
    """Those that a test has begun, and with them the processes."""
    begun: list[Providers] = []
    yield begun
    for one in begun:
        one.close()


def running_at(file: Path, begun: list[Providers]) -> RunningTarget:
    target = load_target(file)
    begun.append(Providers(provided_by(CONFIG, target), target))
    return RunningTarget(target, file, provide=begun[-1].of)


def test_an_application_that_is_told_of_an_end(
    pool: BrowserPool, providers: list[Providers], tmp_path: Path
) -> None:
    """Of a revocation by the administrator, say, while the browser is open."""
    told = ('login="/login"', 'backchannel_logout="/told", login={"role": "link"}')
    file = notes(tmp_path, application=TOLD, target=told)
    running = running_at(file, providers)
    setup = Setup(
        engine="chromium", preset="default", environments=CONFIG.environments, target="notes"
    )
    try:
        running.prepare(POLICY)
        site = ProvidedSite(running, pool, CHROMIUM, setup)
        with Driver(pool, CHROMIUM, setup, site=site) as driver:
            driver.perform(Step("sign_in"))
            before = driver.look()
            driver.perform(Step("revoke_sessions"))
            after = driver.look()
            for step in (Step("sign_in", "bob"), Step("change_cookie_scope")):
                with pytest.raises(UnsupportedVerbError):
                    driver.perform(step)
        shown = [
            {surface: received.signed_in for surface, received in look.seen[POLICY].items()}
            for look in (before, after)
        ]
        assert shown == [{"sso": True, "app": True}, {"sso": False, "app": False}]
        assert after.seen[POLICY]["sso"].reason == "revoked"
        assert after.target is not None
        assert after.target.provided is not None
        assert after.target.provided.heeds == {"revoked"}
        assert [carrier.told for carrier in after.target.sent["sso"]] == ["cookie sso_session"]
    finally:
        running.close()


def test_an_application_that_asks_by_itself(
    pool: BrowserPool, providers: list[Providers], tmp_path: Path
) -> None:
    """Nobody has to begin a sign-in, and the mock's session alone is enough."""
    home = """self.say(f"Notes of {email}" if email else '<a href="/login">Sign in</a>')"""
    goes = 'self.say(f"Notes of {email}") if email else self.go("/login", "seen=1")'
    file = notes(tmp_path, application=(home, goes), target=('    login="/login",\n', ""))
    running = running_at(file, providers)
    try:
        running.prepare(POLICY)
        found = pool.run(find_carriers(pool, CHROMIUM, running, POLICY), 120)
        told = {tuple(carrier.told for carrier in one) for one in found.carriers["app"]}
        assert told == {("cookie notes",), ("cookie sso_session",)}
    finally:
        running.close()


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (
            ('login="/login"', 'callbacks=["/back"], login="/login"'),
            r"notes: the application asks to be called back at http://localhost:\d+/callback, which"
            r' is not registered: say callbacks=\["/callback"\] \(registered: http://localhost:\d+'
            r"/back\)",
        ),
        (
            ('    login="/login",\n', ""),
            r"sign_in: the application does not lead to the mock's form: say what begins a sign-in",
        ),
        (
            ("@target.signed_in", "@target.sign_in\nasync def own(page, person):\n    pass\n\n\n"
             "@target.signed_in"),
            r"notes: sign_in came to its end, and the application has not asked the mock for "
            r"anything: it is to ask http://127\.0\.0\.1:\d+, which its command is told of as ",
        ),
    ],
)  # fmt: skip
def test_what_does_not_come_together(
    target: tuple[str, str],
    told: str,
    pool: BrowserPool,
    providers: list[Providers],
    tmp_path: Path,
) -> None:
    running = running_at(notes(tmp_path, target=target), providers)
    try:
        running.prepare(POLICY)
        with pytest.raises(TargetError) as caught:
            pool.run(check_policy(pool, CHROMIUM, running, POLICY), 120)
    finally:
        running.close()
    assert re.match(told, str(caught.value)), caught.value
    assert "\n" not in str(caught.value)
