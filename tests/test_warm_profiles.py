"""What is kept of browsers that have run once, and taken again; the browser is none."""

import asyncio
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.chromium import Chromium
from harness.engines.engine import Installation, LaunchOptions
from harness.engines.leftovers import clear_runs
from harness.engines.warm_profiles import WarmProfiles
from tests.patience import PATIENCE

HOURS = 3600
INSTALLED = Installation(path=Path("/opt/a"), version="1", kind="system")
NEWER = Installation(path=Path("/opt/a"), version="2", kind="system")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "afterclose"


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """A profile, with a lock that leads nowhere, as browsers have them."""
    profile = tmp_path / "ran"
    (profile / "startupCache").mkdir(parents=True)
    (profile / "startupCache" / "scripts").write_text("compiled")
    (profile / "compatibility.ini").write_text(
        "[Compatibility]\nLastVersion=1\nLastPlatformDir=/a/b\nLastAppDir=/a/b/browser\n"
    )
    (profile / "lock").symlink_to("127.0.1.1:+1")
    return profile


def warm(
    engine: str = "firefox", installed: Installation = INSTALLED, *, headed: bool = False
) -> WarmProfiles:
    return WarmProfiles(ENGINES[engine], installed, headed=headed)


def take(kept: WarmProfiles, profile: Path) -> bool:
    return asyncio.run(kept.take(profile, profile.parent / "run"))


def keep(kept: WarmProfiles, profile: Path) -> None:
    asyncio.run(kept.keep(profile))


def test_what_was_kept_is_taken_by_its_like_alone(tmp_path: Path, ran: Path) -> None:
    assert not take(warm(), tmp_path / "none")
    keep(warm(), ran)
    assert take(warm(), tmp_path / "taken")
    assert (tmp_path / "taken" / "startupCache" / "scripts").read_text() == "compiled"
    assert os.readlink(tmp_path / "taken" / "lock") == "127.0.1.1:+1"
    assert (tmp_path / "taken" / "compatibility.ini").read_text().splitlines()[1:] == [
        "LastVersion=1",
        f"LastPlatformDir={tmp_path / 'run' / 'firefox-app'}",
        f"LastAppDir={tmp_path / 'run' / 'firefox-app' / 'browser'}",
    ]
    for other in (warm("chromium"), warm(installed=NEWER), warm(headed=True)):
        assert not take(other, tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("hours", "taken", "there"), [(11.9, True, True), (12.1, False, True), (24.1, False, False),
                                  (-1, False, True), (-25, False, False)]
)  # fmt: skip
def test_it_is_taken_for_half_a_day_and_gone_after_a_day(
    tmp_path: Path, ran: Path, cache: Path, hours: float, taken: bool, there: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Of a clock that was set back, too."""
    keep(warm(), ran)
    (old,) = cache.iterdir()
    later = time.time() + hours * HOURS
    monkeypatch.setattr(time, "time", lambda: later)
    assert take(warm(), tmp_path / "taken") is taken
    keep(warm("chromium"), ran)
    assert old.exists() is there


def test_the_latest_is_taken(
    tmp_path: Path, ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    for hours in (2, 3, 1):
        monkeypatch.setattr(time, "time", lambda then=now + hours * HOURS: then)
        (ran / "startupCache" / "scripts").write_text(f"after {hours} hours")
        keep(warm(), ran)
    monkeypatch.setattr(time, "time", lambda: now + 4 * HOURS)
    assert take(warm(), tmp_path / "taken")
    assert (tmp_path / "taken" / "startupCache" / "scripts").read_text() == "after 3 hours"


def test_what_vanishes_while_it_is_copied_is_not_taken(
    tmp_path: Path, ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(warm(), ran)

    def copytree(_: Path, target: Path, **__: Any) -> None:
        target.mkdir()
        raise shutil.Error([("a", "b", "gone")])

    monkeypatch.setattr(shutil, "copytree", copytree)
    assert not take(warm(), tmp_path / "taken")
    assert not (tmp_path / "taken").exists()


def test_what_is_not_whole_any_more_is_not_taken(tmp_path: Path, ran: Path) -> None:
    (ran / "compatibility.ini").unlink()
    keep(warm(), ran)
    assert not take(warm(), tmp_path / "taken")
    assert not (tmp_path / "taken").exists()


def test_what_is_kept_in_part_is_not_there(
    tmp_path: Path, ran: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a process that was killed, say: the next run removes it, and not while one keeps it."""

    def killed(*_: object, **__: object) -> None:
        clear_runs()
        assert len(list(cache.iterdir())) == 1
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            keep(warm(), ran)
    assert len(list(cache.iterdir())) == 1
    assert not take(warm(), tmp_path / "taken")
    keep(warm(), ran)
    clear_runs()
    assert len(list(cache.iterdir())) == 1
    assert take(warm(), tmp_path / "taken")


@pytest.mark.parametrize("what", ["file", "nowhere"])
def test_a_folder_that_is_none_is_no_trouble(
    tmp_path: Path, ran: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    if what == "file":
        (tmp_path / "cache").touch()
    else:

        def nobody() -> Path:
            raise RuntimeError("no home")

        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setattr(Path, "home", nobody)
    keep(warm(), ran)
    assert not take(warm(), tmp_path / "taken")


class Counted(Chromium):
    """A browser that leaves a profile and no process."""

    def __init__(self) -> None:
        self.starts = 0

    def find(self, playwright_path: str) -> Installation:
        return INSTALLED

    def prepare(self, profile: Path, preset: str) -> None:
        pass

    def process(self, profile: Path) -> int | None:
        return 2**22 + 1

    async def launch(self, _: Any, options: LaunchOptions) -> Any:
        self.starts += 1

        class Context:
            browser = None

            async def close(self) -> None:
                pass

        return Context()


@pytest.mark.parametrize(("options", "starts"), [(Options(), 1),
                                                 (Options(launch_args={"args": ["--x"]}), 2)])
def test_the_next_process_starts_no_browser_for_it(
    tmp_path: Path, options: Options, starts: int
) -> None:
    """But where somebody gives it arguments: they may do anything to a profile."""
    engine = Counted()
    for number in range(2):
        pool = BrowserPool("http://localhost:1", options, folder=tmp_path / f"run{number}")
        try:
            assert pool.run(pool.new_profile(engine, "default"), PATIENCE).exists()
        finally:
            pool.close()
    assert engine.starts == starts
