"""What a lifecycle is carried out with: the same for whoever acts, promises and expects."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from harness.policy import Environment, Limits
from harness.scenario import Scenario, Step, UnsupportedVerbError
from harness.settings import Settings

__all__ = ["Setup", "parts_of"]


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
    target: str = ""
    """The name of somebody's own login, where it is not the mock that is signed in to."""
    https: bool = False
    """Whether everything is served over https."""

    @property
    def names(self) -> list[str]:
        """Of the environments."""
        return [environment.name for environment in self.environments]

    @property
    def limits(self) -> set[Limits]:
        """Those in force there."""
        return set(map(_limits, self.environments))

    @property
    def kinds(self) -> tuple[str, ...]:
        """All ways in which the applications keep a login."""
        return tuple(dict.fromkeys((*self.settings.apps, *self.keeps)))

    def check(self, step: Step) -> None:
        """Raise UnsupportedVerbError for a step that takes a kind of application that there is
        none of."""
        if step.verb == "refresh_tokens" and "refreshing" not in self.kinds:
            raise UnsupportedVerbError(
                "no application here has refresh tokens; have one keep its login so: "
                'keeps=("refreshing",), or apps in afterclose.toml'
            )


def parts_of(
    scenario: Scenario, environments: Sequence[Environment], at_once: int | None = None
) -> list[Sequence[Environment]]:
    """The environments for which a scenario is carried out together: all of them, or `at_once` at
    most; where it has times relative to the policy, those of one timeout, the shortest first. One
    that is about the absolute limit is carried out for those that have it; where none has, for all,
    and says so itself."""
    parts: list[Sequence[Environment]] = [environments]
    moments = scenario.moments
    if any(moment.is_absolute for moment in moments):
        environments = [e for e in environments if _limits(e).absolute] or environments
        parts = _alike(environments, lambda limits: (limits.inactivity, limits.absolute or 0))
    elif moments:
        parts = _alike(environments, lambda limits: (limits.inactivity,))
    if at_once is None:
        return parts
    return [
        part[start : start + at_once] for part in parts for start in range(0, len(part), at_once)
    ]


def _alike(
    environments: Sequence[Environment], about: Callable[[Limits], tuple[int, ...]]
) -> list[Sequence[Environment]]:
    def key(environment: Environment) -> tuple[int, ...]:
        return about(_limits(environment))

    return [list(alike) for _, alike in groupby(sorted(environments, key=key), key=key)]


def _limits(environment: Environment) -> Limits:
    return environment.effective_policy.limits
