"""A browser that is closed on a machine too slow to write down what it keeps."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool
from harness.engines.driver import Driver
from harness.engines.processes import wait_for_leader
from harness.engines.pulse import Pulse
from harness.engines.stopwatch import TOO_SLOW
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.scenario import Step
from harness.setup import Setup

pytestmark = pytest.mark.browser


@contextlib.contextmanager
def no_turn_for_the_storage(profile: Path) -> Iterator[None]:
    """Chromium's process that writes `localStorage` gets none before the browser has ended."""
    leader = ENGINES["chromium"].process(profile)
    assert leader is not None
    (storage,) = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any("StorageService" in word for word in process.info["cmdline"] or ())
        and os.getpgid(process.pid) == leader
    ]
    storage.send_signal(signal.SIGSTOP)

    def go_on() -> None:
        wait_for_leader(leader, 60)
        storage.send_signal(signal.SIGCONT)

    waiting = threading.Thread(target=go_on)
    waiting.start()
    try:
        yield
    finally:
        waiting.join()


@pytest.mark.parametrize("slow", [True, False])
@pytest.mark.parametrize("stopped", [True, False])
def test_what_was_not_written_is_chance_on_a_slow_machine_alone(
    pool: BrowserPool, monkeypatch: pytest.MonkeyPatch, slow: bool, stopped: bool
) -> None:
    """On one that is not, the browser does what it was never measured to do."""
    monkeypatch.setattr(Pulse, "late", slow)
    setup = Setup(engine="chromium", preset="default", environments=DEFAULT_ENVIRONMENTS[:1])
    with Driver(pool, ENGINES["chromium"], setup) as driver:
        driver.perform(Step("sign_in"))
        with contextlib.ExitStack() as stack:
            if stopped:
                (profile,) = pool.folder.glob("chromium-*")
                stack.enter_context(no_turn_for_the_storage(profile))
            driver.perform(Step("quit"))
        driver.perform(Step("start"))
        seen = driver.look()
    assert seen.seen["persistent"]["app:local_storage"].signed_in is not stopped
    assert seen.too_slow is (TOO_SLOW in seen.notes) is (slow and stopped)
