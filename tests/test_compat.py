"""`compat.json` has the shape that npm's `@mdn/browser-compat-data` 8.1.9 publishes (`types.d.ts`).
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

import msgspec
import pytest

from harness.records import LimitationNote, Observation, Record, State, Verdict
from harness.reports import write_reports
from harness.reports.matrix import matrix_of
from tests.test_reports import RUN, observation

BrowserName = Literal[
    "bun", "chrome", "chrome_android", "deno", "edge", "firefox", "firefox_android", "ie", "nodejs",
    "oculus", "opera", "opera_android", "safari", "safari_ios", "samsunginternet_android",
    "webview_android", "webview_ios",
]  # fmt: skip


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """What the types do not name is not to be there."""


class Flag(Strict):
    type: Literal["preference", "runtime_flag"]
    name: str
    value_to_set: str | None = None


class Statement(Strict):
    version_added: str | Literal[False]
    notes: str | list[str] | msgspec.UnsetType = msgspec.UNSET
    flags: list[Flag] | msgspec.UnsetType = msgspec.UNSET


class Status(Strict):
    experimental: bool
    standard_track: bool
    deprecated: bool


class Compat(Strict):
    source_file: str
    support: dict[BrowserName, Statement | list[Statement]]
    description: str
    status: Status


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if tag == "a" and name == "href"]


def features(tree: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[Any, Compat]]:
    for name, below in tree.items():
        if name == "__compat":
            yield path, msgspec.convert(below, Compat)
        else:
            assert re.fullmatch(r"[\w$@-]+", name, re.ASCII)
            yield from features(below, (*path, name))


def told(tmp_path: Path, *records: Record) -> dict[tuple[str, ...], Compat]:
    write_reports(matrix_of([RUN, *records]), tmp_path)
    data = msgspec.json.decode((tmp_path / "compat.json").read_bytes())
    assert set(data) == {"__meta", "http"}
    assert set(data["__meta"]) == {"version", "timestamp"}
    return dict(features(data["http"]["session_policies"]))


def with_version(o: Observation, version: str) -> Observation:
    return msgspec.structs.replace(o, engine_version=version)


def test_a_browser_supports_a_promise_that_it_keeps(tmp_path: Path) -> None:
    bent = msgspec.structs.replace(
        observation(verdict=Verdict.LIMITATION), limitation="no_cookie", preset="continue"
    )
    found = told(
        tmp_path,
        with_version(bent, "156.0.1"),
        with_version(observation(), "156.0.1"),
        with_version(observation(engine="firefox", verdict=Verdict.UNEXPECTED), "153.7"),
    )
    ((path, compat),) = found.items()
    assert path == ("a_first", "after", "persistent", "sso")
    assert "The &lt;first&gt;" in compat.description
    chrome, firefox = compat.support["chrome"], compat.support["firefox"]
    assert isinstance(chrome, list)
    assert [s.version_added for s in chrome] == ["≤156", False], "as installed first"
    assert chrome[0].flags is msgspec.UNSET
    assert chrome[1].flags == [Flag("preference", "preset", "continue")]
    assert isinstance(chrome[1].notes, list)
    assert chrome[1].notes[0].startswith("no_cookie")
    assert isinstance(firefox, Statement)
    assert firefox.version_added is False
    assert str(firefox.notes).startswith("Unexpected: <a href=")


def test_each_statement_links_to_its_observation(tmp_path: Path) -> None:
    ((_, compat),) = told(tmp_path, observation(check="after & before")).items()
    statement = compat.support["chrome"]
    assert isinstance(statement, Statement)
    links = Links()
    links.feed(str(statement.notes))
    page, _, chosen = links.found[0].partition("#")
    assert page == "index.html"
    assert parse_qs(chosen) == {
        "open": ["a.first~chromium~1~default"], "at": ["after & before~persistent~sso"],
    }  # fmt: skip


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.UNEXPLAINED, Verdict.FLAKY])
def test_what_says_nothing_is_left_out(tmp_path: Path, verdict: Verdict) -> None:
    assert told(tmp_path, observation(verdict=verdict)) == {}


def test_models_and_engines_without_a_name_there_are_left_out(tmp_path: Path) -> None:
    engines = ("simulated-chromium", "webkitgtk")
    assert told(tmp_path, *(observation(engine=engine) for engine in engines)) == {}


def test_a_limitation_that_has_markup_in_it_is_text(tmp_path: Path) -> None:
    run = msgspec.structs.replace(
        RUN, limitations={"lt": LimitationNote(sentence="a <b> & c", sources=())}
    )
    bent = msgspec.structs.replace(
        observation(verdict=Verdict.LIMITATION), limitation="lt", observed=State.SIGNED_OUT
    )
    ((_, compat),) = told(tmp_path, run, bent).items()
    statement = compat.support["chrome"]
    assert isinstance(statement, Statement)
    assert isinstance(statement.notes, list)
    assert statement.notes[0] == "lt: a &lt;b&gt; &amp; c"
