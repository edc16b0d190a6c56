"""What the pages of the limitations tell people to do, done in real browsers as it is written."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from documentation.shown import SHOWN, Shown, observe

pytestmark = pytest.mark.browser
PAGES = Path(__file__).parent.parent / "docs" / "limitations"


def _commands() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The pages that have each, of those without files of their own: by what a command asks for
    beside the scenario, and by the scenario."""
    found: dict[str, dict[str, list[str]]] = {}
    for page in sorted(PAGES.glob("*.md")):
        for command in re.findall(r"^\$ afterclose ((?:.*\\\n)*.*)$", page.read_text(), re.M):
            if page.stem not in SHOWN:
                verb, scenario, *asked = command.replace("\\\n", " ").split()
                assert verb == "run"
                pages = found.setdefault(" ".join(asked), {}).setdefault(scenario, [])
                pages.append(page.stem)
    return found


COMMANDS = _commands()


@pytest.mark.parametrize("asked", COMMANDS)
def test_the_commands_show_what_their_pages_say(asked: str, tmp_path: Path) -> None:
    """Those that differ in their scenario alone, as one command: it takes several."""
    words = asked.split()
    engines = {words[n + 1] for n, word in enumerate(words) if word == "--engine"}
    seen = observe(["run", *COMMANDS[asked], *words], tmp_path)
    for scenario, pages in COMMANDS[asked].items():
        for page in pages:
            text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
            *steps, last = re.findall(r"^\d+\. (.*)$", text, re.M)
            surface = (re.findall(r"the surface `(.*?)`", last) or ["sso"])[0]
            shown = {
                o.engine
                for o in seen
                if (o.scenario, o.limitation, o.surface) == (scenario, page, surface)
                and list(o.steps[:-1]) == steps
            }
            assert shown == engines, page


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_what_shows_a_limitation_by_itself(shown: Shown, tmp_path: Path) -> None:
    seen = shown.carry_out(tmp_path)
    assert {engine: set(what.surfaces) for engine, what in seen.items()} == {
        engine: set(what.surfaces) for engine, what in shown.seen.items()
    }
