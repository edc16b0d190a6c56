"""An application whose identity provider is the mock: what is said of it, what it is told, and what
is said of mistakes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from afterclose import Person, Policy, Target
from harness.config import Config, ConfigError
from harness.policy import Application, Environment
from harness.runner.providing import Providers, provided_by
from harness.settings import Settings
from harness.targets.client import Asking, Provider
from harness.targets.loading import load_target
from harness.targets.running import RunningTarget
from harness.targets.target import TargetError
from tests.notes import notes

GIVEN: dict[str, Any] = {
    "name": "notes",
    "url": "http://localhost:{port}/",
    "identity_provider": "mock",
    "command": ["python", "notes.py"],
}
KEPT = Policy(persistence="persistent")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {"identity_provider": "keycloak"},
            'identity_provider: must be "mock", the server that Afterclose starts, not ',
        ),
        ({"policies": {"default": KEPT}}, "policies: the policies are those of afterclose.toml"),
        ({"urls": {"persistent": "http://a/"}}, "urls: the policies are those of afterclose.toml"),
        ({"person": Person(email="me@example.com")}, "person: it is the mock's ada@example.com"),
        ({"command": []}, "command: must say how the application is started"),
        (
            {"identity_provider": None, "policies": {"default": KEPT}, "callbacks": ["/cb"]},
            'callbacks: is for an application whose identity provider is the mock: identity_pro',
        ),
    ],
)
def test_mistakes(more: dict[str, Any], told: str) -> None:
    with pytest.raises(TargetError) as caught:
        Target(**{**GIVEN, **more})
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('identity_provider = "auth0"', "identity_provider: must be \"mock\""),
        ("[policies.default]\npersistence = 'persistent'", "policies: the policies are those of"),
        ('callbacks = "/callback"', "callbacks: must be a list of addresses"),
        ('client_id = "my notes"', "client_id: must be letters, digits and -._~"),
        ("backchannel_logout = 3", "backchannel_logout: must be an address, not 3"),
        ('login = { rule = "link" }', "login: must have one of label, role, test_id, selector"),
        ('[signed_in.sso]\ntext = "Notes"', "signed_in: 'sso' is the mock's own session"),
        ("logout = 7", "logout: must say what it is"),
        ('environment = ["ISSUER"]', "environment: must be names and texts"),
        ('calbacks = ["/cb"]', "unknown key 'calbacks'. Did you mean 'callbacks'?"),
    ],
)
def test_mistakes_in_toml(line: str, told: str, tmp_path: Path) -> None:
    notes(tmp_path)
    file = tmp_path / "notes.toml"
    key = line.partition(" ")[0]
    others = [one for one in file.read_text().splitlines() if not one.startswith(f"{key} =")]
    both = [*others, line] if line.startswith("[") else [line, *others]
    file.write_text("\n".join(both))
    with pytest.raises(TargetError) as caught:
        load_target(file)
    assert str(caught.value).startswith(f"{file}: {told}")
    assert "\n" not in str(caught.value)


def test_steps_of_ones_own_may_name_any_policy(tmp_path: Path) -> None:
    """Those of afterclose.toml are not known yet."""
    notes(tmp_path)
    file = tmp_path / "notes.toml"
    file.write_text(
        file.read_text() + '\n[[sign_in]]\nclick = { role = "link" }\nonly = ["acme"]\n'
    )
    assert "sign_in" in load_target(file).functions


PROVIDER = Provider(
    policy="persistent",
    issuer="http://127.0.0.1:9000",
    client_id="notes",
    client_secret="s",
    redirect_uris=("http://localhost:8000/callback",),
    cookie=None,  # type: ignore[arg-type]
)
ASKS = "http://127.0.0.1:9000/oauth2/auth?response_type=code"
BACK = "redirect_uri=http%3A%2F%2Flocalhost%3A8000%2F"


@pytest.mark.parametrize(
    ("url", "asked", "problem"),
    [
        ("http://localhost:8000/login", False, ""),
        ("http://127.0.0.1:9000/.well-known/jwks", False, ""),
        (f"{ASKS}&client_id=notes&{BACK}callback", True, ""),
        (
            f"{ASKS}&client_id=notes&{BACK}cb", True,
            "the application asks to be called back at http://localhost:8000/cb, which is not "
            'registered: say callbacks=["/cb"] (registered: http://localhost:8000/callback)',
        ),
        (
            f"{ASKS}&client_id=mine&{BACK}callback", True,
            "the application asks as client_id 'mine', and is registered as 'notes': give it "
            '{client_id}, or say client_id="mine"',
        ),
    ],
)  # fmt: skip
def test_what_an_application_asks(url: str, asked: bool, problem: str) -> None:
    asking = Asking(PROVIDER)
    asking.note(url)
    assert (asking.asked.is_set(), asking.problem) == (asked, problem)
    assert not asking.back.is_set()
    asking.note("http://localhost:8000/callback?code=1")
    assert asking.back.is_set()


@contextmanager
def provided(file: Path, config: Config) -> Iterator[RunningTarget]:
    target = load_target(file)
    providers = Providers(provided_by(config, target), target)
    running = RunningTarget(target, file, provide=providers.of)
    try:
        yield running
    finally:
        running.close()
        providers.close()


def test_it_is_started_for_each_policy_and_told_of_its_mock(tmp_path: Path) -> None:
    file = notes(tmp_path, target=(
        'login="/login"',
        'environment={"MINE": "{issuer} {client_id} {client_secret} {url} {port}"}, login="/login"',
    ))  # fmt: skip
    acme = Application(
        id="notes", secret="mine", redirect_uris=("http://localhost:1/cb",), scopes=("a",)
    )
    environments = Config().environments[:1]
    other = Environment(name="acme", policy=KEPT, applications=(acme,))
    with provided(file, Config(environments=(*environments, other))) as running:
        target = running.target
        assert [*target.policies] == ["persistent", "acme"]
        told = []
        for policy in ("persistent", "acme"):
            running.prepare(policy)
            process = running._process
            running.prepare(policy)
            assert running._process is process
            assert process is not None
            told.append(psutil.Process(process._process.pid).environ())
            own, provider = target.url.rstrip("/"), running.provider
            assert provider is not None
            assert provider.issuer.startswith("http://127.0.0.1:")
            port = target.url.rpartition(":")[2].strip("/")
            said = [provider.issuer, "notes", provider.client_secret, own, port]
            assert told[-1]["MINE"].split() == said
            for names in (
                ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "BASE_URL", "PORT"),
                ("ISSUER_BASE_URL", "CLIENT_ID", "CLIENT_SECRET", "BASE_URL", "PORT"),
            ):
                assert [told[-1][name] for name in names] == said
        first, second = told
        assert first["OIDC_ISSUER"] != second["OIDC_ISSUER"]
        assert second["OIDC_CLIENT_SECRET"] == "mine"
        assert running.provider is not None
        assert running.provider.redirect_uris == ("http://localhost:1/cb", f"{own}/callback")
        person = running.person(None)
        assert (person.email, person.password) == ("ada@example.com", "correct horse")


def test_the_cookies_domain_would_not_fit() -> None:
    config = Config(settings=Settings(cookie_domain="idp.localhost"))
    with pytest.raises(ConfigError, match=r"^cookie_domain: idp\.localhost is not the"):
        provided_by(config, Target(**GIVEN))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("run",), "unknown policy 'acne'. Did you mean 'acme'? Known: persistent, "),
        (("target", "check"), "unknown policy 'acne'. Did you mean 'acme'? Known: persistent, "),
    ],
)
def test_a_policy_that_nobody_has(command: tuple[str, ...], told: str, tmp_path: Path) -> None:
    file = notes(tmp_path)
    named = ["--target", str(file)] if command == ("run",) else [str(file)]
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", *command, *named, "--policy", "acne"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith(f"afterclose: {told}")
    assert done.stderr.count("\n") == 1
