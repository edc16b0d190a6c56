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
    if (FOLDER / file).with_name("server.mjs").exists():
        if shutil.which("npm") is None:
            pytest.skip("node is not installed")
        install(FOLDER)
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "target", "check", str(FOLDER / file)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240,
        env={**os.environ, **PASSWORDS},
    )  # fmt: skip
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
            left = int(cookie.partition(": lasts ")[2].partition(" s;")[0])
            assert seconds - 100 < left <= seconds
        said = re.findall(r"  contradicts the promise: (.*)", found[policy])
        assert len(said) == bool(contradicts)
        assert all(line.startswith(contradicts) for line in said)
    assert not any(password in done.stdout for password in PASSWORDS.values())
