"""What an administrator sets: session policies, for an environment and for its organizations.

The shape is Kinde's (Management API specification, `UpdateOrganizationSessions`): an organization
overrides its environment with two switches that are independent of each other, and a value that is
stored while its switch is off is not applied.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

__all__ = [
    "DEFAULT_ENVIRONMENTS",
    "DEFAULT_INACTIVITY_TIMEOUT",
    "MAX_TIMEOUT",
    "MORE_ENVIRONMENTS",
    "Application",
    "EffectivePolicy",
    "Environment",
    "Level",
    "Limits",
    "Organization",
    "Override",
    "Persistence",
    "Plan",
    "Policy",
    "check_persistence",
    "check_timeout",
]

DEFAULT_INACTIVITY_TIMEOUT = 86_400
"""Seconds. Kinde's default, as its documentation's pull request 802 states it."""

MAX_TIMEOUT = 10 * 365 * 86_400
"""Seconds, of either timeout. Kinde documents no maximum; ten years is this mock's, so that a slip
of the finger (milliseconds for seconds) is refused instead of being measured."""


class Persistence(StrEnum):
    """Whether the session cookie is meant to outlive the browser."""

    PERSISTENT = "persistent"
    NON_PERSISTENT = "non_persistent"

    @property
    def opposite(self) -> "Persistence":
        """The other mode."""
        return (
            Persistence.NON_PERSISTENT
            if self is Persistence.PERSISTENT
            else Persistence.PERSISTENT
        )


def check_persistence(value: object) -> Persistence:
    """Turn a setting into a `Persistence`; raise ValueError naming both accepted values."""
    try:
        return Persistence(value)  # type: ignore[arg-type]
    except ValueError:
        accepted = " or ".join(f'"{mode}"' for mode in Persistence)
        raise ValueError(f"must be {accepted}, not {value!r}") from None


def check_timeout(value: object) -> int:
    """Check a timeout in seconds; raise ValueError with the accepted range."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number of seconds, not {value!r}")
    if not 1 <= value <= MAX_TIMEOUT:
        raise ValueError(f"must be from 1 to {MAX_TIMEOUT} seconds (ten years), not {value}")
    return value


@dataclass(frozen=True)
class Limits:
    """What ends a session by itself, in seconds: since the last activity, and since the sign-in."""

    inactivity: int
    absolute: int | None = None
    """None: no such limit."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How long a session is meant to last; times in seconds.

    The absolute timeout ends a session so long after the sign-in, active or not; None: nothing
    does. Kinde has none: this one is the mock's own, as Auth0 (`session_lifetime`), Keycloak (SSO
    Session Max) and Dex have it.
    """

    persistence: Persistence
    inactivity_timeout: int = DEFAULT_INACTIVITY_TIMEOUT
    absolute_timeout: int | None = None

    def __post_init__(self) -> None:
        # People write it as in TOML. Raises ValueError naming both accepted values.
        object.__setattr__(self, "persistence", check_persistence(self.persistence))

    @property
    def limits(self) -> Limits:
        """The two together."""
        return Limits(self.inactivity_timeout, self.absolute_timeout)


@dataclass(frozen=True, kw_only=True)
class Override:
    """An organization's own session settings: values, each with a switch of its own. That of the
    absolute timeout is this mock's, like the timeout itself."""

    use_persistence: bool = False
    persistence: Persistence | None = None
    use_inactivity_timeout: bool = False
    inactivity_timeout: int | None = None
    use_absolute_timeout: bool = False
    absolute_timeout: int | None = None

    def apply(self, policy: Policy) -> Policy:
        """The policy that holds for the organization; `policy` is its environment's."""
        if self.use_persistence and self.persistence is not None:
            policy = replace(policy, persistence=self.persistence)
        if self.use_inactivity_timeout and self.inactivity_timeout is not None:
            policy = replace(policy, inactivity_timeout=self.inactivity_timeout)
        if self.use_absolute_timeout and self.absolute_timeout is not None:
            policy = replace(policy, absolute_timeout=self.absolute_timeout)
        return policy


class Level(StrEnum):
    """Where a setting was made."""

    ENVIRONMENT = "environment"
    APPLICATION = "application"
    ORGANIZATION = "organization"


@dataclass(frozen=True, kw_only=True)
class EffectivePolicy:
    """The policy in force, and where each part of it comes from."""

    persistence: Persistence
    persistence_from: Level
    inactivity_timeout: int
    inactivity_timeout_from: Level
    absolute_timeout: int | None
    absolute_timeout_from: Level

    @property
    def limits(self) -> Limits:
        """What ends a session by itself."""
        return Limits(self.inactivity_timeout, self.absolute_timeout)

    @classmethod
    def of(
        cls, environment: Policy, override: Override, application_timeout: int | None = None
    ) -> "EffectivePolicy":
        """Work it out. The persistence and the absolute timeout are set on the environment, the
        inactivity timeout there or on an application
        (`PATCH /api/v1/applications/{application_id}/tokens`), and an organization's override,
        where it is switched on, goes before both."""
        persistence, persistence_from = environment.persistence, Level.ENVIRONMENT
        if override.use_persistence and override.persistence is not None:
            persistence, persistence_from = override.persistence, Level.ORGANIZATION
        timeout, timeout_from = environment.inactivity_timeout, Level.ENVIRONMENT
        if override.use_inactivity_timeout and override.inactivity_timeout is not None:
            timeout, timeout_from = override.inactivity_timeout, Level.ORGANIZATION
        elif application_timeout is not None:
            timeout, timeout_from = application_timeout, Level.APPLICATION
        limit, limit_from = environment.absolute_timeout, Level.ENVIRONMENT
        if override.use_absolute_timeout and override.absolute_timeout is not None:
            limit, limit_from = override.absolute_timeout, Level.ORGANIZATION
        return cls(
            persistence=persistence,
            persistence_from=persistence_from,
            inactivity_timeout=timeout,
            inactivity_timeout_from=timeout_from,
            absolute_timeout=limit,
            absolute_timeout_from=limit_from,
        )


class Plan(StrEnum):
    """What the environment's owner pays for; Kinde's names.

    Kinde's page on organization session policy begins "If you are on the Kinde Scale plan": that
    the plans below it are refused, and how, is this mock's reading.
    """

    FREE = "free"
    PRO = "pro"
    PLUS = "plus"
    SCALE = "scale"
    ENTERPRISE = "enterprise"

    @property
    def has_organization_sessions(self) -> bool:
        """Whether an organization may have session settings of its own."""
        return self in (Plan.SCALE, Plan.ENTERPRISE)


@dataclass(frozen=True, kw_only=True)
class Application:
    """An application registered with an environment: an OAuth client.

    `secret` is None for one that cannot keep any (a single-page application): it must use PKCE.
    `origins` may call the auth server from a browser, beside those of its redirect addresses.
    `backchannel_logout_uris` are told when a session ends in which it was given an ID token.
    `scopes` are what it may have for itself, by client credentials.
    """

    id: str
    secret: str | None = None
    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    backchannel_logout_uris: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Organization:
    """A group of users inside an environment, with an override that is off by default."""

    code: str
    override: Override = field(default_factory=Override)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One tenant of the mock server, as it is configured.

    People sign in to the first organization listed; an environment that lists none gets one
    that overrides nothing.
    """

    name: str
    policy: Policy
    organizations: tuple[Organization, ...] = ()
    plan: Plan = Plan.SCALE
    applications: tuple[Application, ...] = ()
    """Those that are registered beside the demo application."""
    audiences: tuple[str, ...] = ()
    """APIs, beside the management API, that tokens may be asked for."""

    def __post_init__(self) -> None:
        if not self.organizations:
            default = Organization(code=f"org_{self.name}")
            object.__setattr__(self, "organizations", (default,))

    @property
    def organization(self) -> Organization:
        """The organization that people sign in to."""
        return self.organizations[0]

    @property
    def effective_policy(self) -> Policy:
        """The policy of whoever signs in."""
        return self.organization.override.apply(self.policy)


def _with_override(
    name: str, persistence: Persistence, override: Override, absolute_timeout: int | None = None
) -> Environment:
    return Environment(
        name=name,
        policy=Policy(persistence=persistence, absolute_timeout=absolute_timeout),
        organizations=(Organization(code=name, override=override),),
    )


DEFAULT_ENVIRONMENTS: tuple[Environment, ...] = (
    Environment(name="persistent", policy=Policy(persistence=Persistence.PERSISTENT)),
    Environment(name="non_persistent", policy=Policy(persistence=Persistence.NON_PERSISTENT)),
    _with_override(
        "org_persistent",
        Persistence.NON_PERSISTENT,
        Override(use_persistence=True, persistence=Persistence.PERSISTENT),
    ),
    _with_override(
        "org_non_persistent",
        Persistence.PERSISTENT,
        Override(use_persistence=True, persistence=Persistence.NON_PERSISTENT),
    ),
    _with_override(
        "org_timeout",
        Persistence.PERSISTENT,
        Override(use_inactivity_timeout=True, inactivity_timeout=3600),
    ),
    _with_override(
        "org_switched_off",
        Persistence.NON_PERSISTENT,
        Override(
            persistence=Persistence.PERSISTENT, inactivity_timeout=3600, absolute_timeout=3600
        ),
    ),
    _with_override(
        "absolute",
        Persistence.PERSISTENT,
        # Between one inactivity timeout and two: once is often enough to be active, and then the
        # cookie must not last a whole timeout again.
        Override(use_absolute_timeout=True, absolute_timeout=36 * 3600),
        absolute_timeout=7 * 86_400,
    ),
)
"""The environments that are always there: each switch of an override is on in one of them, and off
in another although a value is stored."""

MORE_ENVIRONMENTS = ("org_timeout", "org_switched_off", "absolute")
"""Those that a browser is spared unless all is asked for, since a lifecycle has room for four."""
