"""What a run is to carry out, and where: as every process of it knows. Light, for those who only
ask."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Plan"]


@dataclass(kw_only=True)
class Plan:
    """One run. What is chosen is known once items are collected."""

    run: str
    """Its id: the same in every process of the run, and of no other but those that go on with it
    later."""
    folder: Path
    """Where what is needed for a while is kept; named here, made by those who need it."""
    results: Path
    """The result file."""
    items: tuple[str, ...] = ()
    """By name, in order; each once, however often it is repeated."""
    resumed: bool = False
    """Whether another one began it."""
    shard: str = ""
    whole: str = ""
    """As in the run's record."""
