"""The ready targets, with their real software: what `afterclose target check` finds of each."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from harness.targets.loading import load_target
from harness.targets.running import RunningTarget
from harness.targets.target import TargetError
from tests.node_packages import install

FOLDER = Path(__file__).parents[1] / "targets"
DOCS = (FOLDER.parent / "docs" / "targets.md").read_text(encoding="utf-8")
NAMES = ("DJANGO", "DOKUWIKI", "EXPRESS", "FLASK", "OIDC")
PASSWORDS = {f"{name}_PASSWORD": f"{name}&1" for name in NAMES}
STILL_TAKEN = r"\w+: sign_out does not sign out: the cookie is deleted, and the server still takes"
TWO_WEEKS, A_MONTH, A_YEAR = 1209600, 2678400, 31536000
FOUND: Mapping[str, tuple[Mapping[str, tuple[str, int | None]], str]] = {
    "django/until_close.py": ({"until_close": ("sessionid", None)}, ""),
    "django/two_weeks.py": ({"two_weeks": ("sessionid", TWO_WEEKS)}, ""),
    "flask/target.py": (
        {"permanent": ("session", A_MONTH), "not_permanent": ("session", None)},
        STILL_TAKEN,
    ),
    "express/target.py": (
        {"max_age": (r"connect\.sid", TWO_WEEKS), "no_max_age": (r"connect\.sid", None)},
        "",
    ),
    "oidc_provider/target.py": (
        {
            "remember": (r"_session and cookie _session\.sig", TWO_WEEKS),
            "no_remember": (r"_session and cookie _session\.sig", None),
        },
        "",
    ),
    "dokuwiki/target.py": (
        {"remembered": (r"DW\w+", A_YEAR), "not_remembered": (r"DW\w+ and cookie DokuWiki", None)},
        STILL_TAKEN,
    ),
}
"""By file: what carries the session and how long the first of it lasts, by policy; and what
contradicts the promise."""
UNSEEN = sorted(
    file
    for file in (FOLDER / "unseen").glob("*.py")
    if "target = Target(" in file.read_text()
)


def need(file: str) -> None:
    """Have its software, or skip."""
    if (FOLDER / file).with_name("server.mjs").exists():
        if shutil.which("npm") is None:
            pytest.skip("node is not installed")
        install(FOLDER)
    software = ("/usr/share/dokuwiki", "/usr/bin/php", "/usr/lib/*/faketime/libfaketime.so.1")
    if file.startswith("dokuwiki") and not all(any(Path("/").glob(f[1:])) for f in software):
        pytest.skip("not installed: apt install dokuwiki php-cli php-xml libfaketime")


@pytest.mark.browser
@pytest.mark.parametrize("file", FOUND)
def test_what_is_found(file: str, tmp_path: Path) -> None:
    policies, contradicts = FOUND[file]
    done = checked(file, tmp_path)
    assert done.returncode == (1 if contradicts else 0), done.stdout + done.stderr
    assert done.stderr == ""
    told = re.split(r"^\S+, policy (\w+): .*\n", done.stdout, flags=re.MULTILINE)[1:]
    found = dict(zip(told[::2], told[1::2], strict=True))
    assert set(found) == set(policies)
    for policy, (carries, seconds) in policies.items():
        assert re.search(rf"  carries the session\n    \w+: cookie {carries}\n", found[policy])
        name = carries.partition(" ")[0]
        (cookie,) = re.findall(rf"^    {name}=.*$", found[policy], re.MULTILINE)
        if seconds is None:
            assert ": session cookie; " in cookie
        else:
            assert seconds - 200 < seconds_of(cookie) <= seconds
        said = re.findall(r"  contradicts the promise: (.*)", found[policy])
        assert len(said) == bool(contradicts)
        assert all(re.match(contradicts, line) for line in said)
    assert not any(password in done.stdout for password in PASSWORDS.values())


@pytest.mark.browser
def test_what_is_found_beside_the_mock(tmp_path: Path) -> None:
    """It keeps a session of its own for a day, whatever the policy, and is told of no end."""
    file = "express_openid_connect/target.py"
    done = checked(file, tmp_path, "--policy", "non_persistent")
    assert done.returncode == 1, done.stdout + done.stderr
    mocks, own = re.findall(r"^    (?:sso_session|appSession)=.*$", done.stdout, re.MULTILINE)
    assert ": session cookie; Domain 127.0.0.1, " in mocks
    assert 86_200 < seconds_of(own) <= 86_400
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
    need(file)
    return subprocess.run(
        [sys.executable, "-m", "harness.cli", "target", "check", str(FOLDER / file), *options],
        cwd=folder, capture_output=True, text=True, check=False, timeout=240,
        env={**os.environ, **PASSWORDS},
    )  # fmt: skip


@pytest.mark.parametrize("file", UNSEEN, ids=lambda file: file.stem)
def test_what_was_not_run_here_says_so_and_can_be_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = file.read_text()
    assert text.startswith('"""Written from the documentation, and not run here: ')
    assert "\nNot verified: " in text
    assert f"`unseen/{file.name}`" in DOCS
    _, _, settings = text.partition('"""')[2].partition('"""')[0].partition("\nSet ")
    names = set(re.findall(r"\b[A-Z0-9]+_[A-Z_]+\b", settings))
    for name in names:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(TargetError, match=rf"{file.name}:\d+: LookupError: the environment vari"):
        load_target(file)
    for name in names:
        monkeypatch.setenv(name, "https://localhost:1/")
    target = load_target(file)
    assert target.name == file.stem
    assert {"sign_in", "sign_out"} <= {*target.functions}
    with closing(RunningTarget(target)) as running, pytest.raises(TargetError, match="not reach"):
        running.prepare(next(iter(target.policies)))


def test_they_are_there() -> None:
    assert [file.stem for file in UNSEEN] == ["auth0", "keycloak", "kinde", "okta"]
