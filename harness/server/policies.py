"""What the session policies of an environment follow from while the server runs."""

from dataclasses import dataclass, field

from harness.policy import EffectivePolicy, Limits, Override, Policy
from harness.server.sessions import Session

__all__ = ["OrganizationRecord", "Policies", "TokenSettings", "override_told", "told"]


@dataclass(frozen=True, kw_only=True)
class TokenSettings:
    """An application's lifetimes, in seconds; defaults: Kinde, `configure-tokens`."""

    access_token_lifetime: int = 86_400
    refresh_token_lifetime: int = 1_296_000
    id_token_lifetime: int = 3_600
    authenticated_session_lifetime: int | None = None
    """The inactivity timeout of sessions begun at this application; None: the environment's."""
    is_hasura_mapping_enabled: bool = False


@dataclass(frozen=True, kw_only=True)
class OrganizationRecord:
    """An organization as it is now."""

    code: str
    name: str
    created: float
    override: Override = field(default_factory=Override)
    configured: bool = False
    """Whether it comes from the configuration; else somebody created it at a sign-in."""


@dataclass(frozen=True)
class Policies:
    """What the policies of an environment follow from, at one time."""

    environment: Policy
    organizations: dict[str, OrganizationRecord]
    token_settings: dict[str, TokenSettings]

    def copy(self) -> "Policies":
        """The same, as it is now."""
        return Policies(self.environment, {**self.organizations}, {**self.token_settings})

    def effective(self, org_code: str, client_id: str | None) -> EffectivePolicy:
        """What holds for an organization's people at an application; raise KeyError if there is
        no such organization."""
        tokens = self.token_settings.get(client_id or "")
        return EffectivePolicy.of(
            self.environment,
            self.organizations[org_code].override,
            tokens.authenticated_session_lifetime if tokens else None,
        )

    def of(self, session: Session) -> EffectivePolicy | None:
        """The policy of a session; None where its organization is gone."""
        if session.org_code not in self.organizations:
            return None
        return self.effective(session.org_code, session.client_id)

    def limits(self, session: Session) -> Limits | None:
        """The limits of a session; None where its organization is gone."""
        policy = self.of(session)
        return policy.limits if policy else None


def told(policy: Policy) -> str:
    """A policy in words."""
    limit = policy.absolute_timeout
    absolutely = f", {limit} in all" if limit is not None else ""
    return f"{policy.persistence} with {policy.inactivity_timeout} seconds{absolutely}"


def override_told(override: Override) -> str:
    """What an organization overrides, in words."""
    told = [
        str(override.persistence) if override.use_persistence else "",
        f"{override.inactivity_timeout} seconds" if override.use_inactivity_timeout else "",
        f"{override.absolute_timeout} seconds in all" if override.use_absolute_timeout else "",
    ]
    return "an override of " + (" and ".join(filter(None, told)) or "nothing")
