"""`index.html`: one self-contained file, with the answer at the top and the evidence behind it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.records import Observation, Verdict
from harness.reports.agreement import agreements
from harness.reports.answers import answers
from harness.reports.baseline import Standing
from harness.reports.both_ways import both_ways
from harness.reports.compare import Comparison
from harness.reports.compare_told import before, counts, sections
from harness.reports.matrix import SYMBOLS, Matrix
from harness.reports.packed import encoded, packed

__all__ = ["Live", "render_html"]

_MEANINGS = {
    Verdict.FLAKY: "it came out differently when it was repeated",
    Verdict.KEPT: "the promise was kept",
    Verdict.LIMITATION: "it was not, and a documented limitation explains it",
    Verdict.UNEXPECTED: "not what this browser was measured to do",
    Verdict.INCONCLUSIVE: "the machine was too slow for the question",
    Verdict.UNEXPLAINED: "it was not, and nobody knows what to expect of this browser",
    Verdict.UNSUPPORTED: "the engine cannot do this",
    Verdict.ERROR: "the lifecycle broke off",
}
_NEEDS_A_LOOK = (
    Verdict.UNEXPECTED, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.UNEXPLAINED,
)  # fmt: skip
"""Beside what is flaky, in the order of how much."""


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("harness.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _part(name: str) -> Markup:
    """A file of the page that is not HTML."""
    return Markup(files("harness.reports").joinpath("templates", name).read_text(encoding="utf-8"))


@dataclass(frozen=True, order=True)
class Trouble:
    """What needs a look, however many cells say the same of it."""

    verdict: Verdict
    where: str
    sentence: str
    accepted: str | None
    count: int = 1


@dataclass(frozen=True)
class Live:
    """Of a page that is served while a run goes on: what tells it from a later one, and how far
    the run is."""

    version: str
    sentence: str


def render_html(
    matrix: Matrix,
    standing: Standing | None = None,
    comparison: Comparison | None = None,
    *,
    live: Live | None = None,
    there: Callable[[str], bool] = lambda path: False,
) -> str:
    """The page; every cell opens what it rests on, and why it is accepted, if it is. `comparison`:
    of the matrix's results with older ones; `live`: where it is served; `there`: whether a file is,
    by its address relative to the page."""

    def accepted(record: object) -> str | None:
        return standing.reason(record) if standing else None

    was = before(comparison) if comparison else lambda o: None
    return _templates().get_template("index.html").render(
        comparison=comparison,
        counts=counts(comparison) if comparison else "",
        changes=dict(sections(comparison)) if comparison else {},
        live=live,
        matrix=matrix,
        groups=answers(matrix),
        troubles=_troubles(matrix, accepted),
        standing=standing,
        symbols=SYMBOLS,
        meanings=_MEANINGS,
        verdicts=matrix.verdicts,
        flaky=matrix.flaky(),
        seen=Counter(o.limitation for o in matrix.observations() if o.limitation),
        agreements=agreements(matrix),
        both_ways={engine: both_ways(matrix, engine) for engine in matrix.engines},
        data=Markup(encoded(packed(matrix, accepted, was, there))),
        style=_part("report.css"),
        timeline=_part("timeline.js"),
        renewing=_part("live.js"),
        script=_part("report.js"),
    )


def _troubles(
    matrix: Matrix, accepted: Callable[[object], str | None]
) -> list[Trouble]:
    """Those that nobody has accepted first."""
    counted = Counter(_each(matrix, accepted))
    troubles = [
        Trouble(t.verdict, t.where, t.sentence, t.accepted, count) for t, count in counted.items()
    ]
    return sorted(
        troubles,
        key=lambda t: (
            t.accepted is not None, _NEEDS_A_LOOK.index(t.verdict), t.where, t.sentence
        ),
    )


def _each(matrix: Matrix, accepted: Callable[[object], str | None]) -> Iterator[Trouble]:
    for o in matrix.observations():
        if o.verdict in _NEEDS_A_LOOK:
            where = f"{o.scenario}[{o.engine}-{o.preset}]"
            if o.verdict is Verdict.UNEXPECTED:
                where += f" {o.policy}/{o.surface}, {o.check}:"
                yield Trouble(o.verdict, where, o.comparison, accepted(o))
            else:
                yield Trouble(o.verdict, where, _why(o), accepted(o))
    for trouble in matrix.troubles():
        if trouble.verdict in _NEEDS_A_LOOK:
            where = f"{trouble.scenario}[{trouble.engine}-{trouble.preset}]"
            yield Trouble(trouble.verdict, where, trouble.sentence, accepted(trouble))


def _why(observation: Observation) -> str:
    """Why nothing is concluded from it."""
    return "; ".join(observation.evidence.notes) or _MEANINGS[observation.verdict]
