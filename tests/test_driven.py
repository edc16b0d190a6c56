"""Time at a target, and what cannot be done there."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.policy import Environment
from harness.scenario import Moment, Step, UnsupportedVerbError
from harness.setup import Setup
from harness.targets.driven import TargetSite
from harness.targets.loading import load_target
from harness.targets.running import RunningTarget
from tests.targets import in_toml


@contextmanager
def site(folder: Path, *, clock: bool, real_wait: float = 0) -> Iterator[TargetSite]:
    target = load_target(in_toml(folder))
    if not clock:
        target.clock = None
    environment = Environment(name="default", policy=target.policies["default"])
    setup = Setup(
        engine="chromium", preset="default", environments=[environment], target=target.name
    )
    pool = BrowserPool("", Options())
    known = {"SHOP_PASSWORD": "x"}
    with closing(RunningTarget(target, real_wait=real_wait, environment=known)) as running:
        try:
            running.prepare("default")
            yield TargetSite(running, pool, ENGINES["chromium"], setup)
        finally:
            pool.close()


def waited(seconds: float, until: Moment | None = None) -> Step:
    return Step("wait", timedelta(seconds=seconds), until)


def test_a_clock_is_moved(tmp_path: Path) -> None:
    with site(tmp_path, clock=True) as target:
        passed = asyncio.run(target.wait(waited(60), 60))
        assert (passed.aged, passed.less) == (False, 0)
        assert passed.how == "the target's clock was moved through its address"
        assert target._running.moved
        early = asyncio.run(
            target.wait(waited(1799, Moment.JUST_BEFORE_THE_TIMEOUT), 1799)
        )
        assert early.less == 120
        assert "but for 120 s" in early.how


def test_without_one_waiting_is_real_as_far_as_it_may_be(tmp_path: Path) -> None:
    with site(tmp_path, clock=False, real_wait=0.01) as target:
        passed = asyncio.run(target.wait(waited(0.01), 0.01))
        assert (passed.aged, passed.how) == (True, "waited for real")
        with pytest.raises(UnsupportedVerbError, match=r"60 s are more than may be waited for"):
            asyncio.run(target.wait(waited(60), 60))


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (Step("revoke_sessions"), "has no administrator"),
        (Step("override_session_policy"), "has no administrator"),
        (Step("refresh_tokens"), "cannot be made to do that"),
        (Step("sign_in", "bob"), "has nobody called bob"),
    ],
)
def test_what_cannot_be_done(step: Step, reason: str, tmp_path: Path) -> None:
    with site(tmp_path, clock=True) as target, pytest.raises(UnsupportedVerbError, match=reason):
        target.check(step)
