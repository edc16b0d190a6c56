"""What people write about a login of their own, and what is said of their mistakes."""

import socket
from contextlib import closing
from pathlib import Path
from time import time

import pytest

from afterclose import Person, Policy, Target
from harness.policy import Persistence
from harness.scenario import UnsupportedVerbError
from harness.targets.first_file import first_file
from harness.targets.loading import load_target
from harness.targets.one_time import code_at, key_of
from harness.targets.process import TargetProcess
from harness.targets.running import RunningTarget
from harness.targets.target import TargetError
from tests.shop import shop
from tests.targets import PASSWORD, SECRET, in_python, in_toml

POLICIES = {"default": Policy(persistence="non_persistent")}  # type: ignore[arg-type]


@pytest.mark.parametrize("write", [in_python, in_toml])
def test_a_file_has_a_target(write: object, tmp_path: Path) -> None:
    target = load_target(in_python(tmp_path) if write is in_python else in_toml(tmp_path))
    assert target.name == "shop"
    assert target.policies["remembered"].persistence is Persistence.PERSISTENT
    assert {"sign_in", "sign_out"} <= {*target.functions}
    assert target.movable


def test_texts_are_what_policies_take() -> None:
    with pytest.raises(ValueError, match='must be "persistent" or "non_persistent", not \'ever\''):
        Policy(persistence="ever")  # type: ignore[arg-type]


def test_a_promise_has_to_be_made() -> None:
    with pytest.raises(TargetError, match=r"^policies: what is promised has to be said"):
        Target(name="shop", url="http://localhost/", policies={})


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"person": Person(password="hunter2")}, "person.password: must come from the environment"),
        ({"urls": {"other": "http://a/"}}, "urls: there is no policy 'other'; known: default"),
        ({"url": "localhost"}, "url: must begin with http:// or https://"),
        ({"url": "http://"}, "url: must begin with http:// or https://, and a host"),
        ({"urls": {"default": "http://["}}, "urls.default: must begin with http:// or https://, a"),
        ({"clock": "advance"}, "clock: must be an address"),
        (
            {"policies": {"x": Policy(persistence="persistent", inactivity_timeout=0)}},  # type: ignore[arg-type]
            "policies.x.inactivity_timeout: must be from 1",
        ),
    ],
)
def test_mistakes(more: dict[str, object], told: str) -> None:
    with pytest.raises(TargetError) as caught:
        Target(**{"name": "shop", "url": "http://a/", "policies": POLICIES, **more})  # type: ignore[arg-type]
    assert str(caught.value).startswith(told)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 +", "{file}:1: SyntaxError: "),
        ("\nraise KeyError('mine')", "{file}:2: KeyError: 'mine'"),
        ("shop = 1", "{file}: has no target; name it so: target = Target"),
        (
            "from afterclose import Target\n\ntarget = Target(name='a', url='http://a/', "
            "policies={})",
            "{file}:3: policies: what is promised has to be said",
        ),
        (
            "from afterclose import *\ntarget = Target(name='a', url='http://a/', "
            "policies={'d': Policy(persistence='persistent')})",
            "{file}: nothing says how a person signs in",
        ),
    ],
)
def test_mistakes_in_a_file_are_told_with_its_own_line(
    text: str, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(TargetError) as caught:
        load_target(file)
    assert str(caught.value).startswith(told.format(file=file))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="there is no such file"):
        load_target(tmp_path / "none.py")
    (tmp_path / "a.yaml").touch()
    with pytest.raises(TargetError, match=r"a Python module \(.py\) or TOML"):
        load_target(tmp_path / "a.yaml")


def test_a_variable_that_is_missing(tmp_path: Path) -> None:
    target = load_target(in_toml(tmp_path))
    with pytest.raises(TargetError, match="password: the environment variable SHOP_PASSWORD is"):
        target.check_secrets({})
    with closing(RunningTarget(target, environment={})) as running:
        with pytest.raises(TargetError, match="password: the environment variable SHOP_PASSWORD"):
            running.prepare("default")
        with pytest.raises(TargetError, match="SHOP_PASSWORD"):
            _ = running.secrets


def test_people(tmp_path: Path) -> None:
    target = load_target(in_python(tmp_path))
    target.people["bob"] = Person(email="bob@example.com", password="env:SHOP_PASSWORD")
    target.one_time_code(lambda: "123456")
    with closing(RunningTarget(target, environment={"SHOP_PASSWORD": PASSWORD})) as running:
        assert running.person(None).password == PASSWORD
        assert running.person("bob").one_time_code() == "123456"
        assert PASSWORD not in repr(running.person("bob"))
        with pytest.raises(UnsupportedVerbError, match="has nobody called grace"):
            running.person("grace")
    with pytest.raises(TargetError, match="no function for it"):
        Person().one_time_code()


def test_the_secret_of_an_authenticator(tmp_path: Path) -> None:
    target = load_target(in_python(tmp_path))
    target.people["bob"] = Person(email="bob@example.com", totp="env:BOB_TOTP")
    known = {"SHOP_PASSWORD": PASSWORD, "BOB_TOTP": "1890"}
    with (
        closing(RunningTarget(target, environment=known)) as running,
        pytest.raises(TargetError, match=r"^totp: env:BOB_TOTP is no secret of an authenticator"),
    ):
        running.person("bob")
    with closing(RunningTarget(target, environment={**known, "BOB_TOTP": SECRET})) as running:
        bob = running.person("bob")
        assert bob.one_time_code() in {code_at(key_of(SECRET), time() - ago) for ago in (0, 1)}
        assert SECRET not in repr(bob)
        assert running.secrets.redact(SECRET) == "•••"


def test_the_port_is_in_every_address(tmp_path: Path) -> None:
    target = load_target(in_toml(tmp_path))
    target.urls["remembered"] = "http://localhost:{port}/there"
    with closing(RunningTarget(target)) as running:
        port = target.url.rpartition(":")[2].strip("/")
        assert port.isdigit()
        assert running.url("default") == f"http://localhost:{port}/"
        assert running.url("remembered") == f"http://localhost:{port}/there"
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", int(port)))


def test_a_target_that_nobody_answers_for(tmp_path: Path) -> None:
    target = load_target(in_toml(tmp_path))
    target.command = ()
    with (
        closing(RunningTarget(target, environment={"SHOP_PASSWORD": "x"})) as running,
        pytest.raises(TargetError, match="shop is not reachable at http://localhost:"),
    ):
        running.prepare("default")


def test_a_process_that_ends_says_what_it_said(tmp_path: Path) -> None:
    target = load_target(in_toml(tmp_path))
    target.command = ("sh", "-c", "echo no such database; exit 3")
    with (
        closing(RunningTarget(target, environment={"SHOP_PASSWORD": "x"})) as running,
        pytest.raises(TargetError, match=r"ended with status 3 .*; it said: no such database"),
    ):
        running.prepare("default")
    with pytest.raises(TargetError, match="command: no-such-program: No such file"):
        TargetProcess(["no-such-program"], "http://localhost:1/", {})


def test_somebody_else_who_answers_at_its_port_is_not_taken_for_it(tmp_path: Path) -> None:
    with shop() as url, pytest.raises(TargetError, match=f"ended with status 1 before {url}"):
        TargetProcess(["sh", "-c", "exec false"], url, {})


def test_a_process_is_started_anew_once_its_clock_was_moved(tmp_path: Path) -> None:
    running = RunningTarget(load_target(in_toml(tmp_path)), environment={"SHOP_PASSWORD": "x"})
    try:
        running.prepare("default")
        first = running._process
        running.prepare("default")
        assert running._process is first
        running.moved = True
        running.prepare("default")
        assert running._process is not first
        assert not running.moved
        assert first is not None
        assert first._process.poll() is not None
    finally:
        running.close()


@pytest.mark.parametrize("suffix", [".py", ".toml"])
def test_the_first_file_is_a_target(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"target{suffix}"
    file.write_text(first_file("http://localhost:3000/", suffix))
    target = load_target(file)
    assert target.url == "http://localhost:3000/"
    assert "sign_out" in target.functions
