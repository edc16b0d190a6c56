"""The site is built without a warning, and everything in it can be reached."""

import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).parent.parent
_OF_SPHINX = {"genindex.html", "search.html"}


class Page(HTMLParser):
    """The addresses and the anchors of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.anchors = {""}
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id" and value:
                self.anchors.add(value)
            elif name == "href" and tag == "a" and value:
                self.links.append(value)
            elif name in ("href", "src") and tag != "a" and value:
                self.sources.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
    done = subprocess.run(
        [*command, "-d", str(folder / "trees"), str(ROOT / "docs"), str(folder / "html")],
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    found = sorted(site.rglob("*.html"))
    return {file.relative_to(site).as_posix(): Page(file) for file in found}


def inside(name: str, page: Page, site: Path) -> Iterator[tuple[str, str]]:
    """Its links to the site's own files, each with its anchor."""
    for link in page.links:
        parts = urlsplit(link)
        if not parts.scheme and not parts.netloc:
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            yield target.resolve().relative_to(site.resolve()).as_posix(), parts.fragment


def test_every_page_can_be_reached_from_the_first(site: Path, pages: dict[str, Page]) -> None:
    reached, left = {"index.html"}, ["index.html"]
    while left:
        for target, _ in inside(left[-1], pages[left.pop()], site):
            if target in pages and target not in reached:
                reached.add(target)
                left.append(target)
    assert pages.keys() - reached - _OF_SPHINX == set()
    written = {
        path.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
    }
    assert written <= pages.keys()


def test_every_link_inside_leads_somewhere(site: Path, pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for target, anchor in inside(name, page, site):
            assert (site / target).exists(), f"{name}: {target}"
            if target in pages:
                assert unquote(anchor) in pages[target].anchors, f"{name}: {target}#{anchor}"


def test_links_to_elsewhere_are_well_formed_https(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert parts.scheme == "https", f"{name}: {link}"
                assert "." in parts.netloc.strip("."), f"{name}: {link}"
                assert not set(link) & set(" <>\"'`,"), f"{name}: {link}"


def test_nothing_is_loaded_from_elsewhere(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for source in page.sources:
            assert not urlsplit(source).netloc, f"{name}: {source}"


def test_each_of_ten_questions_is_answered_at_an_anchor(
    site: Path, pages: dict[str, Page]
) -> None:
    """On GitHub as well as here: whoever links to a part of a page links to a heading."""
    text = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
    questions = text.split("\n## ")[1:]
    assert [question.partition(".")[0] for question in questions] == [
        str(number) for number in range(1, 11)
    ]
    for question in questions:
        assert ".md" in question, question.partition("\n")[0]
    here = set(inside("questions.html", pages["questions.html"], site))
    answers = {(target, anchor) for target, anchor in here if target != "questions.html"}
    assert sum(bool(anchor) for _, anchor in answers) >= 20
