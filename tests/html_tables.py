"""Reads the tables of an HTML page as a person does: a cell belongs to the header above it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Table", "TableCell", "tables_of"]


@dataclass
class TableCell:
    """A `th` or `td`."""

    data: str = ""
    tables: list["Table"] = field(default_factory=list)
    chips: list[tuple[str, str]] = field(default_factory=list)
    """Verdict and title of each chip."""

    @property
    def text(self) -> str:
        """Its own: not that of the tables in it, nor of what a reader has to open."""
        return self.data.strip()


@dataclass
class Table:
    """A table, row by row."""

    name: str
    rows: list[list[TableCell]] = field(default_factory=list)

    def by_headers(self) -> dict[tuple[str, str], TableCell]:
        """Each cell, by the header of its row and of its column; rows are as long as the first."""
        heads = [cell.text for cell in self.rows[0]]
        assert len(set(heads)) == len(heads)
        found = {}
        for first, *others in self.rows[1:]:
            for head, cell in zip(heads[1:], others, strict=True):
                assert (first.text, head) not in found
                found[first.text, head] = cell
        return found


def tables_of(page: str) -> list[Table]:
    """The page's outer tables."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Table] = []
        self.open: list[Table] = []
        self.folded = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "table":
            table = Table(given.get("class", ""))
            (self.open[-1].rows[-1][-1].tables if self.open else self.found).append(table)
            self.open.append(table)
        elif tag == "details":
            self.folded += 1
        elif not self.open or self.folded:
            pass
        elif tag == "tr":
            self.open[-1].rows.append([])
        elif tag in ("th", "td"):
            self.open[-1].rows[-1].append(TableCell())
        elif tag == "br":
            self.handle_data("\n")
        elif tag == "span" and given["class"].startswith("chip "):
            verdict = given["class"].removeprefix("chip ")
            self.open[-1].rows[-1][-1].chips.append((verdict, given.get("title", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.open.pop()
        elif tag == "details":
            self.folded -= 1

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1].rows and self.open[-1].rows[-1] and not self.folded:
            self.open[-1].rows[-1][-1].data += data
