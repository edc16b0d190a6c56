"""What the documentation has of the code and of the committed results is what they say."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from msgspec import structs

from documentation import regions
from documentation.__main__ import ROOT, written
from documentation.advice import ADVICE
from documentation.limitations import example_of
from documentation.reference import configuration_keys
from documentation.results import results
from documentation.shown import SHOWN
from harness.cli import app
from harness.engines import ENGINES
from harness.limitations import LIMITATIONS
from harness.records import Observation, Run, State, Verdict
from tests import measuring
from tests.measuring import load

PAGES = ROOT / "docs" / "limitations"


def test_every_cell_that_was_measured_is_expected_and_has_its_reason() -> None:
    observations = results().observations
    assert len(observations) == sum(len(load(engine)[1]) for engine in ENGINES)
    assert {o.verdict for o in observations} == {Verdict.KEPT, Verdict.LIMITATION}
    assert all(o.observed is o.expected for o in observations)
    assert all(o.evidence.who == o.expected_who for o in observations)


def test_pages_are_as_code_and_results_have_them() -> None:
    """Otherwise: `python -m documentation`."""
    pages = written(results())
    differing = [
        str(page.relative_to(ROOT))
        for page, text in pages.items()
        if not page.exists() or page.read_text(encoding="utf-8") != text
    ]
    assert differing == []
    folders = {page.parent for page in pages} - {ROOT, ROOT / "docs"}
    left = {page for folder in folders for page in folder.glob("*.md")} - pages.keys()
    assert left == set(), "of what there is no more"


def test_a_cell_that_comes_out_otherwise_changes_the_pages() -> None:
    measured = results()
    page = Path("page.md")
    text = "".join(
        f"<!-- measured: {part} -->\n<!-- /measured -->\n"
        for part in ("cells scenario=browser_close.quit_and_start",
                     "answers persistence=non_persistent")
    )  # fmt: skip
    turned = [
        structs.replace(o, observed=State.SIGNED_IN, verdict=Verdict.UNEXPECTED)
        if (o.scenario, o.preset, o.policy, o.surface, o.engine)
        == ("browser_close.quit_and_start", "default", "non_persistent", "sso", "firefox")
        else o
        for o in measured.observations
    ]
    assert "unexpected" not in regions.filled(page, text, measured)
    other = regions.filled(page, text, replace(measured, observations=turned))
    assert "**in, unexpected**" in other
    assert "Non-persistent sessions ended in chromium 156 when the browser was closed" in other


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("nothing", "there is no part 'nothing'; known: told, browsers"),
        ("cells", "'scenario'"),
        ("cells scenario=browser_close.quit_and_start surface=app:none", "nothing is measured"),
    ],
)
def test_a_part_that_asks_for_what_there_is_not(part: str, told: str) -> None:
    text = f"<!-- measured: {part} -->\n<!-- /measured -->"
    with pytest.raises(ValueError, match=re.escape(told)):
        regions.filled(Path("page.md"), text, replace(results(), observations=[]))


def test_each_limitation_has_a_title_and_advice() -> None:
    """Why no run has shown it is told where none has."""
    seen = {o.limitation for o in results().observations}
    assert list(ADVICE) == [limitation.id for limitation in LIMITATIONS]
    for name, advice in ADVICE.items():
        assert ("why_not" in advice) is (name not in seen), name
        assert {"title", "expect", "operator", "application"} <= advice.keys()
        assert not advice["title"].endswith(".")


def test_what_a_page_tells_to_do_can_be_done() -> None:
    """That the limitation comes then is measured, and held of the models by `test_agreement`."""
    group: Any = typer.main.get_command(app)
    run = group.get_command(typer.Context(group), "run")
    told = set()
    for page in PAGES.glob("*.md"):
        if page.stem in SHOWN:
            continue
        for command in re.findall(r"^\$ afterclose run((?:.*\\\n)*.*)$", page.read_text(), re.M):
            words = command.replace("\\\n", " ").split()
            chosen = run.make_context("run", words).params
            told.add(page.stem)
            (scenario,) = chosen["paths"]
            assert {
                (o.limitation, o.scenario, o.preset, o.policy, o.engine)
                for o in results().observations
                if o.scenario == scenario
            } >= {
                (page.stem, scenario, preset, policy, engine)
                for preset in chosen["preset"]
                for policy in chosen["policy"]
                for engine in chosen["engine"]
            }, command
    assert told == {name for name, advice in ADVICE.items() if "why_not" not in advice}


def test_what_shows_a_limitation_by_itself_was_seen_where_its_page_says() -> None:
    for shown in SHOWN.values():
        assert list(shown.seen) == list(shown.engines)
        assert all("sso" in seen.surfaces for seen in shown.seen.values()), shown.id


def test_the_example_is_as_installed_and_short_where_it_can_be() -> None:
    crash = "crash-recovery-revives-session"
    o = example_of([o for o in results().observations if o.limitation == crash])
    assert (o.scenario, o.preset, o.surface) == ("crash.crash_after_settling", "default", "sso")


def test_the_commented_configuration_has_every_key() -> None:
    text = (ROOT / "harness" / "cli" / "afterclose.toml").read_text()
    for table, keys in configuration_keys().items():
        assert keys, table
        for key in keys:
            assert re.search(rf"^(# )?{key} = |^\[.*\b{key}\b", text, re.M), f"{table}: {key}"


def test_the_days_of_the_runs_are_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same version, older cells stay, with their days; another version begins anew."""
    monkeypatch.setattr(measuring, "_FOLDER", tmp_path)
    scenario, check = "browser_close.quit_and_start", "after the browser was started again"
    word = {scenario: {check: {"continue": {"persistent": "i"}}}}
    (tmp_path / "chromium.json").write_text(
        json.dumps({"version": "1", "first": "2026-01-02", "last": "2026-01-03", "cells": word})
    )
    o = next(
        o for o in results().of(scenario, "sso")
        if (o.engine, o.preset, o.policy) == ("chromium", "default", "persistent")
    )  # fmt: skip
    for version, days, cells in (
        ("1", ("2026-01-02", "2026-02-01"), 2), ("2", ("2026-02-01", "2026-02-01"), 1)
    ):  # fmt: skip
        run = Run(started="2026-02-01T10:00:00Z", versions={}, platform="", configuration={})
        records = tmp_path / "results.ndjson"
        _write(records, [run, structs.replace(o, engine_version=version)])
        measuring.record([records])
        assert measuring.days("chromium") == days
        found, recorded = measuring.load("chromium")
        assert (found, len(recorded)) == (version, cells)


def _write(path: Path, records: list[Run | Observation]) -> None:
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
