"""The recipes of docs/target.md and docs/recipe.md, as a new user follows them."""

from pathlib import Path

import pytest

from harness.records import Observation
from harness.result_file import read_records
from harness.targets.loading import load_target
from tests.recipes import Page

TARGET, RECIPE = Page.of("target.md"), Page.of("recipe.md")


@pytest.mark.parametrize(
    ("page", "name", "others"),
    [(TARGET, "shop", {"shop.py"}), (RECIPE, "notes", {"notes.py", "afterclose.toml"})],
)
def test_their_targets_can_be_read(
    page: Page, name: str, others: set[str], tmp_path: Path
) -> None:
    targets = [load_target(file) for file in page.files(tmp_path) if file.name not in others]
    assert [target.name for target in targets] == [name, name]


@pytest.mark.browser
def test_the_commands_of_the_target(tmp_path: Path) -> None:
    said = TARGET.carry_out(tmp_path, commands=4)
    assert "app: cookie shop" in said
    assert "open sesame" not in said
    assert (tmp_path / "mine.py").exists()


@pytest.mark.browser
def test_the_commands_of_the_recipe(tmp_path: Path) -> None:
    """And what comes out is what its table says."""
    said = RECIPE.carry_out(tmp_path, commands=2)
    assert "app: cookie notes" in said
    assert "when the mock's session\n    is revoked: the application's goes on\n" in said
    assert "sign-out\n    signs out\n" in said
    records = read_records([tmp_path / "report" / "results.ndjson"])
    found = {
        (o.scenario, o.surface): (o.promised, o.expected, o.observed, o.limitation)
        for o in records
        if isinstance(o, Observation)
    }
    kept = ("signed_out", "signed_out", "signed_out", None)
    assert found == {
        ("browser_close.quit_and_start", "sso"): kept,
        ("browser_close.quit_and_start", "app"): (
            "signed_out", "signed_in", "signed_in", "application-cookie-outlives-the-browser",
        ),
        ("revocation.revoked_while_closed", "sso"): kept,
        ("revocation.revoked_while_closed", "app"): (
            "signed_out", "signed_in", "signed_in", "application-session-outlives-sso",
        ),
    }  # fmt: skip
