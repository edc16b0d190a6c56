"""The ready targets, with their real software: what `afterclose target check` finds of each."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.node_packages import install

pytestmark = pytest.mark.browser
FOLDER = Path(__file__).parents[1] / "targets"
PASSWORDS = {f"{name}_PASSWORD": f"{name}&1" for name in ("DJANGO", "FLASK", "EXPRESS", "OIDC")}
SIGNED = "cookie _session and cookie _session.sig"


@pytest.mark.parametrize(
    ("file", "carries", "lasts", "contradicts"),
    [
        ("django/until_close.py", "cookie sessionid", {"until_close": None}, ""),
        ("django/two_weeks.py", "cookie sessionid", {"two_weeks": 1209600}, ""),
        (
            "flask/target.py", "cookie session", {"permanent": 2678400, "not_permanent": None},
            "app: sign_out does not sign out: the cookie is deleted, and the server still takes it",
        ),
        ("express/target.py", "cookie connect.sid", {"max_age": 1209600, "no_max_age": None}, ""),
        ("oidc_provider/target.py", SIGNED, {"remember": 1209600, "no_remember": None}, ""),
    ],
)  # fmt: skip
def test_what_is_found(
    file: str, carries: str, lasts: dict[str, int | None], contradicts: str, tmp_path: Path
) -> None:
    done = checked(file, tmp_path)
    assert done.returncode == (1 if contradicts else 0), done.stdout + done.stderr
    told = re.split(r"^\S+, policy (\w+): .*\n", done.stdout, flags=re.MULTILINE)[1:]
    found = dict(zip(told[::2], told[1::2], strict=True))
    assert set(found) == set(lasts)
    name = carries.split()[1]
    for policy, seconds in lasts.items():
        assert re.search(rf"  carries the session\n    \w+: {re.escape(carries)}\n", found[policy])
        (cookie,) = re.findall(rf"^    {re.escape(name)}=.*$", found[policy], re.MULTILINE)
        if seconds is None:
            assert ": session cookie; " in cookie
        else:
            assert seconds - 100 < seconds_of(cookie) <= seconds
        said = re.findall(r"  contradicts the promise: (.*)", found[policy])
        assert len(said) == bool(contradicts)
        assert all(line.startswith(contradicts) for line in said)
    assert not any(password in done.stdout for password in PASSWORDS.values())


def test_what_is_found_beside_the_mock(tmp_path: Path) -> None:
    """It keeps a session of its own for a day, whatever the policy, and is told of no end."""
    file = "express_openid_connect/target.py"
    done = checked(file, tmp_path, "--policy", "non_persistent")
    assert done.returncode == 1, done.stdout + done.stderr
    mocks, own = re.findall(r"^    (?:sso_session|appSession)=.*$", done.stdout, re.MULTILINE)
    assert ": session cookie; Domain 127.0.0.1, " in mocks
    assert 86_300 < seconds_of(own) <= 86_400
    for told in (
        "  carries the session\n    app: cookie appSession\n",
        "  sign-out\n    does not sign out\n",
        "    is revoked: the application's goes on\n",
        "  contradicts the promise: app: cookie appSession outlasts the browser, ",
        "  contradicts the promise: app: sign_out does not sign out: the cookie is deleted, ",
    ):
        assert told in done.stdout


def seconds_of(cookie: str) -> int:
    return int(cookie.partition(": lasts ")[2].partition(" s;")[0])


def checked(file: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What `target check` says of it."""
    if (FOLDER / file).with_name("server.mjs").exists():
        if shutil.which("npm") is None:
            pytest.skip("node is not installed")
        install(FOLDER)
    return subprocess.run(
        [sys.executable, "-m", "harness.cli", "target", "check", str(FOLDER / file), *options],
        cwd=folder, capture_output=True, text=True, check=False, timeout=240,
        env={**os.environ, **PASSWORDS},
    )  # fmt: skip
