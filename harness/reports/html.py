"""`index.html`: one self-contained file."""

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.records import Record, Verdict
from harness.reports.agreement import agreements
from harness.reports.both_ways import both_ways
from harness.reports.matrix import SYMBOLS, matrix_of

__all__ = ["render_html"]

_MEANINGS = {
    Verdict.KEPT: "the promise was kept",
    Verdict.LIMITATION: "it was not, and a documented limitation explains it",
    Verdict.UNEXPECTED: "it was not, and nothing explains it",
    Verdict.UNSUPPORTED: "the engine cannot do this",
    Verdict.ERROR: "the lifecycle broke off",
}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("harness.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_html(records: Sequence[Record]) -> str:
    """The matrix; every cell opens what it rests on."""
    matrix = matrix_of(records)
    about = _templates().get_template("limitation.html")
    seen = {observation.limitation for observation in matrix.observations()}
    return _templates().get_template("index.html").render(
        matrix=matrix,
        # Most cells say it again: it is put together once.
        about={
            name: Markup(about.render(note=note)) for name, note in matrix.limitations.items()
        },
        symbols=SYMBOLS,
        meanings=_MEANINGS,
        verdicts=matrix.verdicts,
        seen=seen,
        agreements=agreements(records),
        both_ways={engine: both_ways(matrix, engine) for engine in matrix.engines},
    )
