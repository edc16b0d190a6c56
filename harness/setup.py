"""What a lifecycle is carried out with: the same for whoever acts, promises and expects."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.policy import Environment
from harness.settings import Settings

__all__ = ["Setup"]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One lifecycle's engine and preset, and the environments that it is about, as they are
    configured: what the server under test says of itself promises nothing."""

    engine: str
    preset: str
    environments: Sequence[Environment]
    keeps: Sequence[str] = ()
    """Ways in which the applications keep a login for it, beside the usual ones."""
    settings: Settings = field(default_factory=Settings)

    @property
    def names(self) -> list[str]:
        """Of the environments."""
        return [environment.name for environment in self.environments]
