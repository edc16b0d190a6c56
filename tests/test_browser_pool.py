"""What is told of a browser that cannot be started; the browser is none."""

import asyncio
import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from harness.engines.browser_pool import BrowserDiedError, BrowserPool, BrowserPoolError, Options
from harness.engines.chromium import Chromium
from harness.engines.engine import Installation, LaunchOptions
from harness.engines.firefox import Firefox
from harness.engines.new_profile import copied
from tests.patience import PATIENCE


class Fake(Chromium):
    """It starts by raising something, or leaves no trace."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def find(self, playwright_path: str) -> Installation:
        return Installation(path=Path("/opt/fake"), version="1", kind="system")

    async def launch(self, *_: Any) -> Any:
        if self.error:
            raise self.error

        class Context:
            async def close(self) -> None:
                pass

        return Context()


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrowserPool]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pool = BrowserPool("http://localhost:1", Options(), folder=tmp_path / "run")
    yield pool
    pool.close()
    assert not pool.folder.exists()


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (PlaywrightTimeoutError("60 s\nmore"), BrowserPoolError,
         "Chromium did not start in time: does /opt/fake run here?"),
        (PlaywrightError("closed\nmore"), BrowserDiedError,
         "Chromium ended while it was started: does /opt/fake run here?"),
        (None, BrowserPoolError, "Chromium left no lock in its profile: is the temporary folder"),
    ],
    ids=["hangs", "ends", "swept"],
)  # fmt: skip
def test_what_does_not_start_is_told_in_a_sentence(
    pool: BrowserPool, error: Exception | None, kind: type[Exception], said: str
) -> None:
    with pytest.raises(BrowserPoolError) as raised:
        pool.run(pool.new_profile(Fake(error), "default"), 30)
    assert type(raised.value) is kind
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)
    assert not any(pool.folder.glob("new-*")), "nothing is left of it"


class Slow(Fake):
    """It leaves the lock that is there until that has been looked at as it starts, and then has one
    of a process; once that one has been looked at, the process ends, or the start does."""

    def __init__(self, process: subprocess.Popen[bytes], *, ends: bool) -> None:
        super().__init__()
        self._process = process
        self._ends = ends
        self._starts = False
        self._looks = asyncio.Event()
        self._looked = asyncio.Event()

    def process(self, profile: Path) -> int | None:
        found = super().process(profile)
        if self._starts:
            self._looks.set()
        if found == self._process.pid:
            if self._ends:
                self._process.kill()
            self._looked.set()
        return found

    async def launch(self, _: Any, options: LaunchOptions) -> Any:
        self._starts = True
        await self._looks.wait()
        (options.profile / "SingletonLock").unlink(missing_ok=True)
        (options.profile / "SingletonLock").symlink_to(f"host-{self._process.pid}")
        await self._looked.wait()
        return await (asyncio.Event().wait() if self._ends else super().launch())


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    sleeping = [sys.executable, "-c", "import signal; signal.pause()"]
    process = subprocess.Popen(sleeping, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_one_that_ends_while_it_starts_is_not_waited_for(
    pool: BrowserPool, process: subprocess.Popen[bytes]
) -> None:
    """Playwright waits for a minute where it has answered before."""
    with pytest.raises(BrowserDiedError, match="Chromium ended while it was started: does /opt"):
        pool.run(pool.new_profile(Slow(process, ends=True), "default"), PATIENCE)
    assert not any(pool.folder.glob("new-*")), "nothing is left of it"


def test_one_that_ends_because_its_folder_was_swept_says_so(
    pool: BrowserPool, process: subprocess.Popen[bytes]
) -> None:
    class Swept(Slow):
        def process(self, profile: Path) -> int | None:
            found = super().process(profile)
            if found is not None:
                shutil.rmtree(pool.folder)
            return found

    with pytest.raises(BrowserPoolError, match=r"Chromium did not start: is the temporary fold"):
        pool.run(pool.new_profile(Swept(process, ends=True), "default"), PATIENCE)


def test_the_lock_of_a_life_before_says_nothing(
    pool: BrowserPool, process: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """A crash leaves it, until the next start."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / "SingletonLock").symlink_to(f"host-{gone.pid}")
    engine = Slow(process, ends=False)
    _, leader = pool.run(pool.launch(engine, tmp_path, "default"), PATIENCE)
    assert leader == process.pid


def test_nothing_is_left_of_a_copy_that_nobody_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is removed once the thread that makes it has ended, which cannot be interrupted."""
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    copytree, to_thread = shutil.copytree, asyncio.to_thread
    called: list[tuple[str, bool]] = []

    def slowly(*of: Any, **how: Any) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)
        copytree(*of, **how)
        ended.set()

    async def noted(function: Any, *of: Any, **how: Any) -> Any:
        called.append((function.__name__, ended.is_set()))
        return await to_thread(function, *of, **how)

    monkeypatch.setattr(shutil, "copytree", slowly)
    monkeypatch.setattr(asyncio, "to_thread", noted)
    template, profile = tmp_path / "template", tmp_path / "profile"
    for folder in (template, profile):
        folder.mkdir()
    (template / "prefs.js").touch()

    async def interrupted() -> None:
        copying = asyncio.ensure_future(copied(template, profile))
        await to_thread(begun.wait)
        copying.cancel()
        # Until it has done all that it does before the thread ends.
        for _ in range(10):
            await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await copying

    asyncio.run(interrupted())
    assert called == [("slowly", False), ("rmtree", True)]
    assert not profile.exists()


def test_a_driver_that_died_leaves_no_profile_that_it_was_making(pool: BrowserPool) -> None:
    left = pool._made() / "new-firefox-1"
    left.mkdir()
    driver = subprocess.Popen([sys.executable, "-c", ""])
    driver.wait()
    pool._driver = driver.pid
    assert pool.died() == "Playwright's driver has ended by itself"
    assert not left.exists()


@pytest.mark.parametrize("kind", [PlaywrightError, PlaywrightTimeoutError])
def test_a_folder_that_is_swept_while_a_browser_starts_is_told(
    pool: BrowserPool, monkeypatch: pytest.MonkeyPatch, kind: type[PlaywrightError]
) -> None:
    async def launched(*_: object) -> None:
        shutil.rmtree(pool.folder)
        raise kind("closed")

    monkeypatch.setattr(Fake, "launch", launched)
    with pytest.raises(BrowserPoolError, match=r"Chromium did not start: is the temporary fold"):
        pool.run(pool.new_profile(Fake(), "default"), 30)


def test_a_folder_of_which_only_the_program_is_gone_yet_is_told(
    pool: BrowserPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Firefox runs from a copy in it, without which it fails before the rest is swept, too."""
    program = tmp_path / "firefox"
    program.touch()

    async def launched(*_: object, executable_path: Path, **__: object) -> None:
        await asyncio.to_thread(executable_path.unlink)
        raise PlaywrightError("it does not exist")

    monkeypatch.setattr(
        Firefox, "find", lambda *_: Installation(path=program, version="1", kind="system")
    )
    kind = SimpleNamespace(executable_path="", launch_persistent_context=launched)
    monkeypatch.setattr(pool, "_playwright", SimpleNamespace(firefox=kind))
    with pytest.raises(BrowserPoolError, match=r"^Firefox did not start, .*/firefox is gone: is"):
        pool.run(pool.new_profile(Firefox(), "default"), PATIENCE)
    assert not any(pool.folder.glob("new-*")), "nothing is left of it"


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, os.strerror(errno.ENOSPC)), (errno.ENOENT, "files vanished while it was")],
)
def test_why_a_profile_could_not_be_copied_is_told(
    pool: BrowserPool, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    template = pool._made() / "template-chromium"
    template.mkdir()
    template.with_suffix(".whole").touch()

    def copied(*_: object, **__: object) -> None:
        raise shutil.Error([("a", "b", str(OSError(number, os.strerror(number), "b")))])

    monkeypatch.setattr(shutil, "copytree", copied)
    with pytest.raises(BrowserPoolError, match=f"no profile could be made: {said}"):
        pool.run(pool.new_profile(Fake(), "default"), 30)
    assert not any(pool.folder.glob("chromium-*")), "nothing is left of it"


def test_a_full_disk_is_told_whatever_fails_by_it(
    pool: BrowserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that ran on it for the first time has left no whole profile."""
    template = pool._made() / "template-chromium"
    template.mkdir()
    template.with_suffix(".whole").touch()

    def prepared(*_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(Fake, "prepare", prepared)
    for free, said in ((1_000_000, "No space left on device"), (10**9, "No such file")):
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
        with pytest.raises(BrowserPoolError, match=f"no profile could be made: {said}"):
            pool.run(pool.new_profile(Fake(), "default"), 30)
