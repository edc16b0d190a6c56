"""Lifecycles as data, and the corpus that keeps them."""

import json
from pathlib import Path

import pytest

from harness.exploring.corpus import Corpus, CorpusError
from harness.exploring.lifecycle import Lifecycle, LifecycleError
from harness.runner.library import load_scenarios
from harness.scenario import steps_of
from tests.lifecycles import LIFECYCLE


def test_a_lifecycle_survives_its_file() -> None:
    assert Lifecycle.from_json(LIFECYCLE.to_json()) == LIFECYCLE


def test_a_lifecycle_becomes_a_scenario_that_can_be_pasted(tmp_path: Path) -> None:
    file = tmp_path / "found.py"
    file.write_text(f"from harness import Browser, scenario\n{LIFECYCLE.to_scenario('So.')}")
    (found,) = load_scenarios([file])
    assert steps_of(found) == LIFECYCLE.steps


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": []}, "steps: List should have at least 1 item"),
        ({"steps": [{"verb": "fly"}]}, "there is no step 'fly'"),
        ({"steps": [{"verb": "start"}]}, "start: the browser is running already"),
        ({"steps": [{"verb": "close_tab", "value": "x"}]}, "no step 'close_tab' with 'x'"),
        ({"engine": None}, "engine: Input should be a valid string"),
    ],
)
def test_what_is_no_lifecycle_is_told(change: dict[str, object], message: str) -> None:
    text = json.dumps(json.loads(LIFECYCLE.to_json()) | change)
    with pytest.raises(LifecycleError, match=message):
        Lifecycle.from_json(text)


def test_the_corpus_keeps_what_fits(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "new")
    assert corpus.load("firefox", ("continue",), {"persistent"}) == []
    corpus.save(LIFECYCLE)
    environments = {"persistent", "non_persistent", "more"}
    assert corpus.load("firefox", ("default", "continue"), environments) == [LIFECYCLE]
    assert corpus.load("firefox", ("default",), environments) == []
    assert corpus.load("chromium", ("continue",), environments) == []
    assert corpus.load("firefox", ("continue",), {"persistent"}) == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "a.json: not a lifecycle: Invalid JSON"),
        ("a.json", LIFECYCLE.to_json().replace("firefox", "lynx"), "a.json: no engine lynx"),
        ("a.json", LIFECYCLE.to_json().replace("continue", "background"),
         "a.json: firefox has no preset background"),
    ],
)
def test_a_damaged_corpus_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(CorpusError, match=message):
        Corpus(tmp_path).load("firefox", ("continue",), {"persistent"})
