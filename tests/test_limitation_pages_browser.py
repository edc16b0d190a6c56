"""What the pages of the limitations tell people to do, done in real browsers as it is written."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from documentation.shown import SHOWN, Shown, observe

pytestmark = pytest.mark.browser
PAGES = Path(__file__).parent.parent / "docs" / "limitations"


def _commands() -> Mapping[str, Sequence[str]]:
    """The pages that have each, of those without files of their own."""
    found = defaultdict(list)
    for page in sorted(PAGES.glob("*.md")):
        for command in re.findall(r"^\$ afterclose ((?:.*\\\n)*.*)$", page.read_text(), re.M):
            if page.stem not in SHOWN:
                found[" ".join(command.replace("\\\n", " ").split())].append(page.stem)
    return found


COMMANDS = _commands()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: COMMANDS[command][0])
def test_a_command_shows_what_its_pages_say(command: str, tmp_path: Path) -> None:
    words = command.split()
    seen = observe(words, tmp_path)
    engines = {words[n + 1] for n, word in enumerate(words) if word == "--engine"}
    for page in COMMANDS[command]:
        text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
        *steps, last = re.findall(r"^\d+\. (.*)$", text, re.M)
        surface = (re.findall(r"the surface `(.*?)`", last) or ["sso"])[0]
        shown = {
            o.engine
            for o in seen
            if (o.limitation, o.surface) == (page, surface) and list(o.steps[:-1]) == steps
        }
        assert shown == engines, page


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_what_shows_a_limitation_by_itself(shown: Shown, tmp_path: Path) -> None:
    seen = shown.carry_out(tmp_path)
    assert {engine: set(what.surfaces) for engine, what in seen.items()} == {
        engine: set(what.surfaces) for engine, what in shown.seen.items()
    }
