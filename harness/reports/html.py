"""`index.html`: one self-contained file."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec import structs

from harness.records import Observation, Verdict
from harness.reports.agreement import agreements
from harness.reports.baseline import Standing
from harness.reports.both_ways import both_ways
from harness.reports.matrix import SYMBOLS, Matrix

__all__ = ["render_html"]

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


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("harness.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_html(matrix: Matrix, standing: Standing | None = None) -> str:
    """The matrix; every cell opens what it rests on, and why it is accepted, if it is."""
    about = {
        name: _piece("limitation", note=note) for name, note in matrix.limitations.items()
    }
    shown: dict[tuple[Observation, str | None], tuple[Markup, Markup]] = {}

    def accepted(record: object) -> str | None:
        return standing.reason(record) if standing else None

    def pieces(observation: Observation) -> tuple[Markup, Markup]:
        """What is shown of an observation: in short, and in full. Most cells say what another
        does: it is put together once."""
        reason = accepted(observation)
        key = _shown_of(observation), reason
        if key not in shown:
            names = {"o": observation, "symbols": SYMBOLS, "about": about, "accepted": reason}
            shown[key] = _piece("chip", **names), _piece("observation", **names)
        return shown[key]

    return _templates().get_template("index.html").render(
        matrix=matrix,
        about=about,
        pieces=pieces,
        accepted=accepted,
        standing=standing,
        symbols=SYMBOLS,
        meanings=_MEANINGS,
        verdicts=matrix.verdicts,
        flaky=matrix.flaky(),
        seen={observation.limitation for observation in matrix.observations()},
        agreements=agreements(matrix),
        both_ways={engine: both_ways(matrix, engine) for engine in matrix.engines},
    )


def _piece(template: str, **names: object) -> Markup:
    return Markup(_templates().get_template(f"{template}.html").render(**names))


def _shown_of(observation: Observation) -> Observation:
    """An observation less what its cell shows once, or says by its place."""
    evidence = structs.replace(observation.evidence, time=(), notes=())
    return structs.replace(
        observation,
        scenario="",
        check="",
        engine="",
        preset="",
        steps=(),
        duration_s=0.0,
        evidence=evidence,
    )
