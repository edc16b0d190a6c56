"""Models beside the browsers they are models of: the same cell of the same scenario, observed in
both."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.records import Observation
from harness.reports.matrix import Matrix

__all__ = ["Agreement", "agreements"]

_PREFIX = "simulated-"
_Cell = tuple[str, str, str, str, str]


@dataclass(kw_only=True)
class Agreement:
    """One engine and its model."""

    engine: str
    compared: int = 0
    """Cells observed in both: scenario, check, preset, policy and surface."""
    differing: list[tuple[Observation, Observation]] = field(default_factory=list)
    """What the browser showed, and what the model did, where that is not the same."""

    @property
    def sentence(self) -> str:
        """The count in words."""
        agreeing = self.compared - len(self.differing)
        return f"{self.engine} and its model agree in {agreeing} of {self.compared} cells"


def agreements(matrix: Matrix) -> list[Agreement]:
    """One entry for each engine that was observed beside its model."""
    models = {engine for engine in matrix.engines if engine.startswith(_PREFIX)}
    beside = {engine for engine in matrix.engines if f"{_PREFIX}{engine}" in models}
    if not beside:
        return []
    modelled_cells = _cells(o for o in matrix.observations() if o.engine in models)
    found: dict[str, Agreement] = {}
    for (engine, cell), seen in _cells(
        o for o in matrix.observations() if o.engine in beside
    ).items():
        modelled = modelled_cells.get((f"{_PREFIX}{engine}", cell))
        if modelled is None:
            continue
        agreement = found.setdefault(engine, Agreement(engine=engine))
        agreement.compared += 1
        if seen.observed is not modelled.observed:
            agreement.differing.append((seen, modelled))
    return list(found.values())


def _cells(observations: Iterable[Observation]) -> dict[tuple[str, _Cell], Observation]:
    return {
        (o.engine, (o.scenario, o.check, o.preset, o.policy, o.surface)): o for o in observations
    }
