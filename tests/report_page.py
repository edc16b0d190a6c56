"""Reads what the report's page has in it, without a browser: each cell by what it is of."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.reports.packed import NOTHING, unpacked

__all__ = ["PageCell", "ReportPage"]

Place = tuple[str, str, str, str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class PageCell:
    """What the page has of one observation."""

    verdict: str
    signed_in: bool
    promised: str
    observed: str
    limitation: str
    unexpected: str
    repeated: str
    accepted: str
    before: str
    why: tuple[str, ...]
    steps: tuple[str, ...]
    sent: tuple[str, ...]
    set_cookie: tuple[str, ...]


class ReportPage:
    """A report's `index.html`."""

    def __init__(self, folder: Path) -> None:
        self.html = (folder / "index.html").read_text(encoding="utf-8")
        self._data = unpacked(self.html)

    @property
    def static(self) -> str:
        """What is there without the table: to be read without JavaScript."""
        return self.html.partition('<script id="data"')[0]

    @property
    def troubles(self) -> list[tuple[str, str, str | None]]:
        """Scenario, sentence and why it is accepted, of each item that did not come to its end."""
        rows = self._data["rows"]
        return [(rows[t["at"][0]][0], t["sentence"], t["accepted"]) for t in self._data["troubles"]]

    @property
    def cells(self) -> dict[Place, PageCell]:
        """By scenario, check, engine, version, preset, policy and surface."""
        found = {}
        for place, cell in self._each():
            assert place not in found
            found[place] = cell
        return found

    def _each(self) -> Iterator[tuple[Place, PageCell]]:
        data = self._data

        def text(number: int) -> str:
            return "" if number == NOTHING else data["texts"][number]

        def texts(numbers: Any) -> tuple[str, ...]:
            return tuple(map(text, numbers))

        for (
            row, column, policy, surface, verdict, signed_in, promised, _, observed, limitation,
            evidence, account, comparison, repeats, accepted, before,
        ) in zip(*data["observations"], strict=True):  # fmt: skip
            of = data["evidence"][evidence]
            yield (
                *data["rows"][row],
                *data["columns"][column],
                data["policies"][policy]["name"],
                data["surfaces"][surface],
            ), PageCell(
                verdict=data["verdicts"][verdict][0],
                signed_in=bool(signed_in),
                promised=text(promised),
                observed=text(observed),
                limitation="" if limitation == NOTHING else data["limitation_names"][limitation],
                unexpected=text(comparison),
                repeated=text(repeats),
                accepted=text(accepted),
                before=text(before),
                why=texts(of.get("why", ())),
                steps=texts(data["accounts"][account][0]),
                sent=texts(of.get("sent", ())),
                set_cookie=texts(of.get("set", ())),
            )
