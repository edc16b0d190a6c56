"""Models beside the browsers they are models of: the same cell of the same scenario, observed in
both."""

from dataclasses import dataclass, field
from itertools import product

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
    """Cells observed in both: scenario, check, preset, policy and surface; of several versions,
    each by itself."""
    differing: list[tuple[Observation, Observation]] = field(default_factory=list)
    """What the browser showed, and what the model did, where that is not the same."""

    @property
    def sentence(self) -> str:
        """The count in words."""
        agreeing = self.compared - len(self.differing)
        return f"{self.engine} and its model agree in {agreeing} of {self.compared} cells"


def agreements(matrix: Matrix) -> list[Agreement]:
    """One entry for each engine that was observed beside its model."""
    beside = [engine for engine in matrix.engines if f"{_PREFIX}{engine}" in matrix.engines]
    if not beside:
        return []
    cells: dict[tuple[str, _Cell], list[Observation]] = {}
    for o in matrix.observations():
        cell = o.scenario, o.check, o.preset, o.policy, o.surface
        cells.setdefault((o.engine, cell), []).append(o)
    found = {engine: Agreement(engine=engine) for engine in beside}
    for (engine, cell), observations in cells.items():
        modelled = cells.get((f"{_PREFIX}{engine}", cell), [])
        if engine in found:
            for seen, model in product(observations, modelled):
                found[engine].compared += 1
                if seen.shown != model.shown:
                    found[engine].differing.append((seen, model))
    return [agreement for agreement in found.values() if agreement.compared]
