"""What a lifecycle is carried out with: the same for whoever acts, promises and expects."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from harness.policy import Environment
from harness.settings import Settings

__all__ = ["Setup", "by_timeout"]


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

    @property
    def timeouts(self) -> set[int]:
        """The inactivity timeouts in force there, in seconds."""
        return set(map(_timeout, self.environments))


def by_timeout(environments: Sequence[Environment]) -> list[Sequence[Environment]]:
    """Environments apart by the inactivity timeout in force there, the shortest first."""
    return [list(alike) for _, alike in groupby(sorted(environments, key=_timeout), key=_timeout)]


def _timeout(environment: Environment) -> int:
    return environment.effective_policy.inactivity_timeout
