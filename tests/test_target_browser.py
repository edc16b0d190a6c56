"""A login of one's own in real browsers: what is found, what comes out, and what is said where it
does not do what it is described to do."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.records import Observation, Run, Verdict
from harness.result_file import read_records
from harness.server.running import MockServer
from harness.targets.checking import Checked, check_policy
from harness.targets.loading import load_target
from harness.targets.running import RunningTarget
from harness.targets.target import TargetError
from tests.targets import PASSWORD, in_python, in_toml

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pool() -> Iterator[BrowserPool]:
    pool = BrowserPool("", Options())
    yield pool
    pool.close()


def checked(
    pool: BrowserPool, file: Path, policy: str = "default", password: str = PASSWORD
) -> Checked:
    running = RunningTarget(
        load_target(file), file, artifacts=file.parent, environment={"SHOP_PASSWORD": password}
    )
    try:
        running.prepare(policy)
        return pool.run(check_policy(pool, ENGINES["chromium"], running, policy), 120)
    finally:
        running.close()


@pytest.mark.parametrize(
    ("policy", "flaws", "contradicts"),
    [
        ("default", (), []),
        ("remembered", (), []),
        ("default", ("eager",), ["app: cookie shop outlasts the browser, and non_persistent is"]),
        ("remembered", ("brief",), ["app: cookie shop ends with the browser, and persistent is"]),
        ("default", ("lame",), ["app: sign_out does not sign out: who comes back is signed in"]),
        ("default", ("deaf",), ["app: sign_out does not sign out: the cookie is deleted, and the"]),
    ],
)
def test_what_a_check_finds(
    policy: str, flaws: tuple[str, ...], contradicts: list[str], pool: BrowserPool, tmp_path: Path
) -> None:
    found = checked(pool, in_python(tmp_path, *flaws), policy)
    assert dict(found.told)["carries the session"] == ["app: cookie shop"]
    assert len(found.contradictions) == len(contradicts)
    for said, begins in zip(found.contradictions, contradicts, strict=True):
        assert said.startswith(begins)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'get_by_label("Email").fill(',
            'get_by_label("Emial").fill(timeout=300, value=',
            r"{file}:19: sign_in: Locator.fill: Timeout 300ms exceeded. \(waiting for "
            r'get_by_label\("Emial"\)\); the page \(http://localhost:\d+/\) says: \'Email',
        ),
        (
            'get_by_label("Email")',
            'locator("input")',
            r"{file}:19: sign_in: Locator.fill: Error: strict mode violation.* 3 elements",
        ),
        (
            'await page.get_by_label("Email").fill(person.email)',
            "1 / 0",
            r"{file}:19: sign_in: ZeroDivisionError: division by zero; the page",
        ),
        (
            "fill(person.password)",
            'fill("wrong")',
            r"{file}:24: sign_in: Locator.wait_for: Timeout 3000ms exceeded.* 'Wrong password",
        ),
        (
            'return await page.get_by_text("Welcome back").is_visible()',
            "return False",
            r"shop: sign_in came to its end, and 'app' is signed out: a wrong password, .* page",
        ),
        (
            'return await page.get_by_text("Welcome back").is_visible()',
            "return 1",
            r"shop: signed_in 'app' must return True or False, or the email of whoever is .* not 1",
        ),
        (
            'await page.get_by_text("Welcome").wait_for()',
            'raise RuntimeError(f"it was {person.password}")',
            r"{file}:24: sign_in: RuntimeError: it was •••; the page",
        ),
    ],
    ids=["nothing", "two", "raises", "wrong password", "never", "no bool", "a secret"],
)
def test_what_does_not_go_as_it_says(
    old: str, new: str, told: str, pool: BrowserPool, tmp_path: Path
) -> None:
    """The user's own line, what the page showed, and a picture of it."""
    file = in_python(tmp_path, change=(old, new))
    text = file.read_text().replace('"Welcome").wait_for()', '"Welcome").wait_for(timeout=3000)')
    file.write_text(text)
    with pytest.raises(TargetError) as caught:
        checked(pool, file)
    message = str(caught.value)
    assert re.match(told.replace("{file}", re.escape(str(file))), message), message
    assert "\n" not in message
    assert "tops3cret" not in message
    if "; the page" in message:
        picture = Path(message.rpartition("picture: ")[2])
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_certificate_that_is_not_trusted(pool: BrowserPool, tmp_path: Path) -> None:
    file = in_python(tmp_path, change=("command=", "ignore_https_errors=False, command=() and"))
    with MockServer(https=True) as server:
        text = file.read_text().replace('"http://localhost:{port}/",', f'"{server.url}",')
        file.write_text(text)
        with pytest.raises(TargetError, match="the certificate is not trusted; for one of"):
            checked(pool, file)


def run(folder: Path, *arguments: str) -> tuple[int, str, list[Observation]]:
    """Exit status, what was said, and what was observed."""
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", "-n", "0", "--output", "out", *arguments],
        cwd=folder,
        env={**os.environ, "SHOP_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=300,
    )
    records = list(read_records([folder / "out" / "results.ndjson"]))
    assert all(
        record.configuration["target"] == "shop" for record in records if isinstance(record, Run)
    )
    seen = [record for record in records if isinstance(record, Observation)]
    return done.returncode, done.stdout + done.stderr, seen


def test_a_run(tmp_path: Path) -> None:
    """Each check is the last of a lifecycle of its own; nothing that is kept has the password."""
    file = in_toml(tmp_path)
    status, said, seen = run(
        tmp_path, "--target", file.name, "--engine", "chromium", "--preset", "default",
        "--tracing", "on", "browser_close.quit_and_start_twice",
    )  # fmt: skip
    assert status == 0, said
    assert len(seen) == 2 * 2 * 2
    assert {o.verdict for o in seen} == {Verdict.KEPT}
    assert {o.evidence.carriers for o in seen} == {("cookie shop",)}
    remembered = [o for o in seen if o.policy == "remembered"]
    assert {o.evidence.cookies_sent for o in remembered} == {("shop",)}
    assert all("Max-Age=604800" in o.evidence.set_cookie[0] for o in remembered)
    assert {o.evidence.cookies_sent for o in seen if o.policy == "default"} == {()}
    assert [*tmp_path.glob("out/artifacts/**/trace-*.zip")]
    leaks(tmp_path / "out")


def leaks(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for entry in archive.namelist():
                    assert b"tops3cret" not in archive.read(entry), entry
        elif path.is_file():
            assert b"tops3cret" not in path.read_bytes(), path


def test_a_server_that_goes_on_after_its_own_timeout(tmp_path: Path) -> None:
    file = in_python(tmp_path, "endless")
    status, said, seen = run(
        tmp_path, "--target", file.name, "--engine", "chromium", "--preset", "continue",
        "--policy", "default", "inactivity.past_the_timeout_while_closed",
    )  # fmt: skip
    assert status == 1, said
    (observation,) = seen
    assert observation.verdict is Verdict.UNEXPECTED
    assert observation.evidence.behind == (
        "the server: it still takes cookie shop, although the inactivity timeout of 1800 s has "
        "passed"
    )
    assert observation.evidence.behind in said


def test_firefox(tmp_path: Path) -> None:
    file = in_python(tmp_path)
    status, said, seen = run(
        tmp_path, "--target", file.name, "--engine", "firefox", "--preset", "continue",
        "browser_close.quit_and_start",
    )  # fmt: skip
    assert status == 0, said
    assert {(o.policy, o.verdict, o.limitation) for o in seen} == {
        ("default", Verdict.LIMITATION, "session-restore-revives-session"),
        ("remembered", Verdict.KEPT, None),
    }


def test_what_cannot_be_done_there(tmp_path: Path) -> None:
    """No clock, and nobody who administers it."""
    clock = 'clock="http://localhost:{port}/advance?seconds={seconds}",'
    file = in_python(tmp_path, change=(clock, ""))
    status, said, seen = run(
        tmp_path, "--target", file.name, "--engine", "chromium", "--preset", "default",
        "--policy", "default", "inactivity.past_the_timeout_while_closed",
        "revocation.revoked_while_closed",
    )  # fmt: skip
    assert (status, seen) == (0, []), said
    assert "1801 s are more than may be waited for real (0 s)" in said
    assert "the target shop has no administrator to do that" in said
