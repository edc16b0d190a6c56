"""What is never to be written, in whatever spelling it comes."""

import json
import zipfile
from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from harness.targets.secrets import Secrets

PASSWORD = 'tops3cret&more "<b>" é'


@pytest.mark.parametrize(
    "spelt",
    [
        PASSWORD,
        quote(PASSWORD),
        urlencode({"password": PASSWORD}),
        json.dumps({"password": PASSWORD}),
        json.dumps({"password": PASSWORD}, ensure_ascii=False),
        json.dumps(json.dumps(PASSWORD)),
        escape(PASSWORD),
    ],
)
def test_spellings(spelt: str) -> None:
    clean = Secrets([PASSWORD]).redact(f"a {spelt} b")
    assert "tops3cret" not in clean
    assert clean.startswith("a ")
    assert clean.endswith(" b")


def test_one_that_is_part_of_another() -> None:
    assert Secrets(["abc", "abcdef"]).redact("abcdef abc") == "••• •••"


def test_nothing_is_no_secret() -> None:
    assert Secrets(["", PASSWORD]).redact("left as it is") == "left as it is"


def test_records() -> None:
    clean = Secrets(["abc"]).redact_all({"abc": ["xabc", 1, None, ("abc",)]})
    assert clean == {"•••": ["x•••", 1, None, ["•••"]]}


def test_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "trace.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("trace.network", json.dumps({"body": urlencode({"p": PASSWORD})}))
        archive.writestr("resources/picture", b"\xff\xd8abc")
    Secrets([PASSWORD]).redact_zip(path)
    with zipfile.ZipFile(path) as archive:
        assert b"tops3cret" not in archive.read("trace.network")
        assert archive.read("resources/picture") == b"\xff\xd8abc"
    assert [file.name for file in tmp_path.iterdir()] == ["trace.zip"]


def test_an_archive_that_cannot_be_read_does_not_stay(tmp_path: Path) -> None:
    path = tmp_path / "trace.zip"
    path.write_bytes(b"no archive with tops3cret")
    with pytest.raises(zipfile.BadZipFile):
        Secrets(["tops3cret"]).redact_zip(path)
    assert not path.exists()
