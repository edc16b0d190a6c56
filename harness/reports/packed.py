"""What the page `index.html` has of a matrix: every text once, numbers elsewhere.

A full run is forty thousand observations, most of which say what another does. So the page has
tables of texts, of evidence and of accounts, and of each observation the numbers of what it says;
`templates/report.js` reads them.
"""

import base64
import json
import zlib
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from msgspec import structs, to_builtins

from harness.records import Error as ErrorRecord
from harness.records import Evidence, Observation, Run, Unsupported, Verdict
from harness.reports.matrix import SYMBOLS, Account, Matrix, surface_order

__all__ = ["NOTHING", "encoded", "packed", "unpacked"]

NOTHING = -1
"""The number of what is not there."""

_NO_PACK = "own tests"


class _Table:
    """Things by number, each once."""

    def __init__(self, show: Callable[[Any], Any] = lambda thing: thing) -> None:
        self._numbers: dict[Hashable, int] = {}
        self.things: list[Any] = []
        self._show = show

    def number(self, thing: Any) -> int:
        """The number of a thing; `NOTHING` for None and for an empty text."""
        if thing is None or thing == "":
            return NOTHING
        if thing not in self._numbers:
            self._numbers[thing] = len(self.things)
            self.things.append(self._show(thing))
        return self._numbers[thing]


def packed(
    matrix: Matrix,
    accepted: Callable[[object], str | None],
    before: Callable[[Observation], str | None],
    there: Callable[[str], bool] = lambda path: False,
) -> dict[str, Any]:
    """The matrix, for the page. `accepted`: why the baseline accepts a record, or None; `before`:
    what an observation is compared with, where that was something else; `there`: whether a file is
    that was kept."""
    texts = _Table()

    def numbers(of: Sequence[str]) -> list[int]:
        return [texts.number(text) for text in of]

    def evidence(e: Evidence) -> dict[str, Any]:
        shown = {
            "sent": numbers(e.cookies_sent),
            "duplicates": numbers(e.duplicates),
            "set": numbers(e.set_cookie),
            "reason": texts.number(e.reason),
            "claim": e.persistent_claim,
            "tabs": numbers(e.tabs),
            "why": numbers(e.decisions),
            "carriers": numbers(e.carriers),
            "behind": texts.number(e.behind),
            "kept": numbers([path for path in e.kept if there(path)]),
            "listed": numbers(e.browser_cookies),
        }
        return {key: value for key, value in shown.items() if value not in (None, [], NOTHING)}

    def account(a: Account) -> list[list[int]]:
        return [numbers(a.steps), numbers(a.time), numbers(a.notes)]

    all_evidence, accounts = _Table(evidence), _Table(account)
    surfaces = sorted({o.surface for o in matrix.observations()}, key=surface_order)
    policies = {name: number for number, name in enumerate(matrix.policies)}
    rows = {row: number for number, row in enumerate(matrix.rows)}
    columns = {column: number for number, column in enumerate(matrix.columns)}
    verdicts = {verdict: number for number, verdict in enumerate(SYMBOLS)}
    limitations = {name: number for number, name in enumerate(matrix.limitations)}
    at_surface = {surface: number for number, surface in enumerate(surfaces)}
    observations: list[list[int]] = []
    troubles: list[dict[str, Any]] = []
    for row, column, cell in matrix.placed():
        if cell.trouble is not None:
            troubles.append(
                {"at": [rows[row], columns[column]]}
                | _trouble(cell.trouble, accepted, numbers)
                | {"kept": numbers([path for path in _kept(cell.trouble) if there(path)])}
            )
        for o in cell.observations:
            repeats = cell.repeats_of(o)
            e = o.evidence
            bare = structs.replace(e, time=(), notes=(), who=(), attributes=None)
            observations.append(
                [
                    rows[row],
                    columns[column],
                    policies[o.policy],
                    at_surface[o.surface],
                    verdicts[o.verdict],
                    int(o.signed_in),
                    texts.number(o.told_promised),
                    texts.number(o.told_expected),
                    texts.number(o.told_observed),
                    limitations.get(o.limitation or "", NOTHING),
                    all_evidence.number(bare),
                    accounts.number(Account(o.steps, e.time, e.notes)),
                    texts.number(o.comparison if o.verdict is Verdict.UNEXPECTED else None),
                    texts.number(repeats.sentence if repeats else None),
                    texts.number(accepted(o)),
                    texts.number(before(o)),
                ]
            )
    return {
        "verdicts": [[verdict, symbol] for verdict, symbol in SYMBOLS.items()],
        "columns": [list(column) for column in matrix.columns],
        "policies": _policies(matrix.runs, matrix.policies),
        "surfaces": surfaces,
        "scenarios": _scenarios(matrix),
        "rows": [list(row) for row in matrix.rows],
        "limitations": {name: to_builtins(note) for name, note in matrix.limitations.items()},
        "limitation_names": list(matrix.limitations),
        "texts": texts.things,
        "evidence": all_evidence.things,
        "accounts": accounts.things,
        "observations": [list(of) for of in zip(*observations, strict=True)],
        "troubles": troubles,
    }


def _trouble(
    trouble: Unsupported | ErrorRecord,
    accepted: Callable[[object], str | None],
    numbers: Callable[[Sequence[str]], list[int]],
) -> dict[str, Any]:
    return {
        "verdict": list(SYMBOLS).index(trouble.verdict),
        "sentence": trouble.sentence,
        "steps": numbers(trouble.steps),
        "accepted": accepted(trouble),
    }


def _kept(trouble: Unsupported | ErrorRecord) -> Sequence[str]:
    return trouble.kept if isinstance(trouble, ErrorRecord) else ()


def _policies(runs: Sequence[Run], names: Sequence[str]) -> list[dict[str, Any]]:
    configured: dict[str, Any] = {}
    for run in runs:
        configured |= run.policies
    return [{"name": name, **configured.get(name, {})} for name in names]


def _scenarios(matrix: Matrix) -> dict[str, Any]:
    """What is known of those that have a row, in the rows' order."""
    found: dict[str, Any] = {}
    for row in matrix.rows:
        note = matrix.scenarios.get(row.scenario)
        found[row.scenario] = {
            "pack": (note.pack if note else "") or _NO_PACK,
            "title": note.title if note else "",
            "claims": note.claims if note else "",
            "moves": to_builtins(note.moves) if note else [],
        }
    return found


def unpacked(page: str) -> dict[str, Any]:
    """What `index.html` has, read again: for whoever tests it, or asks it without a browser."""
    start = page.index('<script id="data" type="text/plain">')
    text = page[page.index(">", start) + 1 : page.index("</script>", start)]
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    return data


def encoded(data: dict[str, Any]) -> str:
    """For the page: compressed, in letters that HTML leaves alone."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(text, 9)).decode()

