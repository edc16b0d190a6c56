from pathlib import Path

import pytest

from harness.config import ConfigError, load_config
from harness.policy import (
    DEFAULT_ENVIRONMENTS,
    DEFAULT_INACTIVITY_TIMEOUT,
    Limits,
    Persistence,
)


def write(folder: Path, text: str) -> Path:
    path = folder / "afterclose.toml"
    path.write_text(text)
    return path


def test_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_config(None).environments == DEFAULT_ENVIRONMENTS


def test_the_example_of_the_design(tmp_path: Path) -> None:
    config = load_config(
        write(
            tmp_path,
            """
            cookie_name = "kinde"
            [environments.acme]
            persistence = "non_persistent"
            inactivity_timeout = 3600
            absolute_timeout = 7200
            [environments.acme.organizations.org_eu]
            persistence = "persistent"
            inactivity_timeout = 86400
            absolute_timeout = 604800
            """,
        )
    )
    assert config.settings.cookie_name == "kinde"
    assert config.environments[: len(DEFAULT_ENVIRONMENTS)] == DEFAULT_ENVIRONMENTS
    acme = config.environments[len(DEFAULT_ENVIRONMENTS)]
    assert (acme.policy.persistence, acme.policy.inactivity_timeout) == ("non_persistent", 3600)
    assert acme.organization.code == "org_eu"
    assert acme.effective_policy.persistence is Persistence.PERSISTENT
    assert acme.effective_policy.inactivity_timeout == 86_400
    assert acme.policy.absolute_timeout == 7200
    assert acme.effective_policy.absolute_timeout == 604_800


def test_there_is_no_absolute_limit_unless_it_is_set(tmp_path: Path) -> None:
    text = '[environments.a]\npersistence = "persistent"\n[environments.a.organizations.o]\n'
    assert load_config(write(tmp_path, text)).environments[-1].effective_policy.limits == Limits(
        DEFAULT_INACTIVITY_TIMEOUT
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[environments", "line 1: bad TOML"),
        ("cookie_name = 1\n= 2\n", "line 2: bad TOML"),
        ("colour = 1", "unknown key 'colour'"),
        ('[environments.a]\npersistance = "persistent"', "Did you mean 'persistence'?"),
        ("[environments.a]\ninactivity_timeout = 5", "persistence is missing"),
        ('[environments.a]\npersistence = "non-persistent"', '"persistent" or "non_persistent"'),
        ('[environments.Acme]\npersistence = "persistent"', "lower-case"),
        ("[environments]\na = 1", "must be a table"),
        ('cookie_name = "a b"', "cookie_name"),
        ('cookie_path = "/admin"', "cookie_path: must be one of"),
        ("cookie_path = 1", "cookie_path: must be one of"),
        ('cookie_domain = "localhost"', "cookie_domain: must be"),
        ('cookie_domain = ".idp.localhost"', "cookie_domain: must be"),
        ('cookie_domain = "a.b.idp.localhost"', "cookie_domain: must be"),
        ("cookie_domain = 1", "cookie_domain: must be"),
        ('cookie_name = "__Host-a"\ncookie_path = "/oauth2"', "allows no cookie_domain"),
        ('cookie_domain = "idp.localhost"\ncookie_name = "__Host-a"', "allows no cookie_domain"),
        *(
            (
                f'[environments.a]\npersistence = "persistent"\n{key} = {value}',
                f"environments.a.{key}: must be",
            )
            for key in ("inactivity_timeout", "absolute_timeout")
            for value in ("0", "-5", "1.5", '"60"', "99999999999")
        ),
        *(
            (
                '[environments.a]\npersistence = "persistent"\n'
                f'[environments.a.applications.b]\nbackchannel_logout_uris = ["{uri}"]',
                "environments.a.applications.b.backchannel_logout_uris: must be",
            )
            for uri in (
                "/logout", "app:logout", "http://h/#f", "ftp://h/", "http://h:x/", "http://[",
            )
        ),
        (
            '[environments.a]\npersistence = "persistent"\n'
            "[environments.a.organizations.o]\nabsolute_timeout = 0",
            "environments.a.organizations.o.absolute_timeout: must be from 1",
        ),
        (
            '[environments.a]\npersistence = "persistent"\n'
            '[environments.a.organizations.o]\npersistence = "never"',
            "environments.a.organizations.o.persistence",
        ),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_the_cookies_path_and_domain(tmp_path: Path) -> None:
    text = 'cookie_path = "/oauth2"\ncookie_domain = "persistent.idp.localhost"'
    config = load_config(write(tmp_path, text))
    chosen = config.only(["persistent"]).settings
    assert (chosen.cookie_path, chosen.cookie_domain) == ("/oauth2", "persistent.idp.localhost")
    with pytest.raises(ConfigError, match=r"does not fit the host non_persistent\.idp\.localhost"):
        config.only([])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.toml")


def test_unknown_policy_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown policy 'persistant'.*Did you mean"):
        load_config(None).only(["persistant"])
    assert [e.name for e in load_config(None).only(["persistent"]).environments] == ["persistent"]
