"""An environment while the server runs: its settings now, applications, organizations, people."""

import hashlib
import math
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import partial

from harness.clock import Clock
from harness.policy import (
    Application,
    EffectivePolicy,
    Environment,
    Override,
    Persistence,
    Policy,
)
from harness.server.grants import GrantStore
from harness.server.people import People
from harness.server.sessions import EndReason, Session, SessionStore, UserAgent, end_reason
from harness.server.tokens import SigningKey
from harness.settings import Activity, PolicyChange, Settings
from harness.state import State

__all__ = ["MANAGEMENT_SCOPES", "OrganizationRecord", "Tenant", "TokenSettings"]

MANAGEMENT_SCOPES = (
    "read:organizations",
    "update:organizations",
    "update:application_tokens",
    "read:user_sessions",
    "delete:user_sessions",
)
"""The scopes of the operations that are here (Management API specification)."""


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


class Tenant:
    """One environment's state.

    `bases` are the addresses it answers at, without a last slash; the first is the issuer of
    tokens for whoever does not come through another. `app_url` is its demo application's. `ended`
    is called with each session that the server ends.
    """

    def __init__(
        self,
        *,
        environment: Environment,
        clock: Clock,
        key: SigningKey,
        bases: tuple[str, ...],
        app_url: str,
        settings: Settings,
        state: State,
        ended: Callable[["Tenant", Session], None],
    ) -> None:
        self.environment = environment
        self.name = environment.name
        self.clock = clock
        self.key = key
        self.bases = bases
        self.issuer = bases[0]
        self.app_url = app_url
        self.settings = settings
        self._state = state
        self.applications = {a.id: a for a in (*self._built_in(), *environment.applications)}
        self.sessions = SessionStore(self.name, state, partial(ended, self))
        self.grants = GrantStore(self.name, state)
        self.people = People(self.name, state)
        self.endless: set[str] = set()
        """Ids of sessions that no inactivity ends: a fault."""
        self._configure()
        self._restore()

    def _built_in(self) -> Iterable[Application]:
        name = self.name
        yield Application(
            id=f"demo_{name}",
            secret=_secret(f"demo_{name}"),
            redirect_uris=(f"{self.app_url}/callback",),
            logout_uris=(f"{self.app_url}/",),
            backchannel_logout_uris=(f"{self.app_url}/backchannel-logout",),
        )
        yield Application(
            id=f"admin_{name}", secret=_secret(f"admin_{name}"), scopes=MANAGEMENT_SCOPES
        )

    def _configure(self) -> None:
        self.policy = self.environment.policy
        self.organizations = {
            org.code: OrganizationRecord(
                code=org.code, name=org.code, created=self.clock.now(), override=org.override
            )
            for org in self.environment.organizations
        }
        self.token_settings = {client_id: TokenSettings() for client_id in self.applications}

    def _restore(self) -> None:
        kept = self._state.records
        for record in kept(self.name, "policy").values():
            self.policy = Policy(
                persistence=Persistence(record["persistence"]),
                inactivity_timeout=record["inactivity_timeout"],
            )
        for code, record in kept(self.name, "organization").items():
            override = record.pop("override")
            if override["persistence"] is not None:
                override["persistence"] = Persistence(override["persistence"])
            self.organizations[code] = OrganizationRecord(**record, override=Override(**override))
        for client_id, record in kept(self.name, "token_settings").items():
            self.token_settings[client_id] = TokenSettings(**record)

    def reset(self) -> None:
        """Back to how the environment is configured, nobody signed in."""
        self._state.forget(self.name)
        self.sessions.clear()
        self.grants.clear()
        self.people.clear()
        self.endless.clear()
        self._configure()

    # Policies

    def effective_policy(self, org_code: str, client_id: str | None = None) -> EffectivePolicy:
        """What holds for an organization's people at an application; raise KeyError if there is
        no such organization."""
        tokens = self.token_settings.get(client_id or "")
        return EffectivePolicy.of(
            self.policy,
            self.organizations[org_code].override,
            tokens.authenticated_session_lifetime if tokens else None,
        )

    def change_policy(self, policy: Policy) -> None:
        """Set the environment's policy."""
        before = self._policies()
        self.policy = policy
        self._state.put(self.name, "policy", "", asdict(policy))
        self._policy_changed(before)

    def change_override(self, org_code: str, override: Override) -> None:
        """Set an organization's override; raise KeyError if there is no such organization."""
        before = self._policies()
        self._keep(replace(self.organizations[org_code], override=override))
        self._policy_changed(before)

    def change_token_settings(self, client_id: str, settings: TokenSettings) -> None:
        """Set an application's lifetimes."""
        before = self._policies()
        self.token_settings[client_id] = settings
        self._state.put(self.name, "token_settings", client_id, asdict(settings))
        self._policy_changed(before)

    def _policies(self) -> dict[str, EffectivePolicy]:
        if self.settings.policy_change is not PolicyChange.END_SESSIONS:
            return {}
        return {s.id: self.effective_policy(s.org_code, s.client_id) for s in self.alive()}

    def _policy_changed(self, before: dict[str, EffectivePolicy]) -> None:
        for session_id, policy in before.items():
            session = self.sessions.by_id(session_id)
            if session and policy != self.effective_policy(session.org_code, session.client_id):
                self.sessions.end(session, EndReason.POLICY_CHANGED)

    def add_organization(self, name: str) -> OrganizationRecord:
        """Create an organization that overrides nothing."""
        return self._keep(
            OrganizationRecord(
                code=f"org_{secrets.token_hex(6)}", name=name, created=self.clock.now()
            )
        )

    def _keep(self, organization: OrganizationRecord) -> OrganizationRecord:
        self.organizations[organization.code] = organization
        self._state.put(self.name, "organization", organization.code, asdict(organization))
        return organization

    # Sessions

    def end_reason(self, session: Session | None) -> EndReason | None:
        """Why a session is over now, or None while it is alive."""
        timeout: float = self.timeout(session) if session else 0
        if session is not None and session.id in self.endless:
            timeout = math.inf
        return end_reason(session, self.clock.now(), timeout)

    def timeout(self, session: Session) -> int:
        """The inactivity timeout in force for a session, in seconds."""
        policy = self.effective_policy(session.org_code, session.client_id)
        return policy.inactivity_timeout

    def session_of(self, cookie: str | None) -> tuple[Session | None, EndReason | None]:
        """The session that a cookie's value names, and why it is over if it is."""
        if not cookie:
            return None, EndReason.NO_COOKIE
        session = self.sessions.by_cookie(cookie)
        return session, self.end_reason(session)

    def note_activity(self, session: Session, kind: Activity, agent: UserAgent | None) -> bool:
        """Start the inactivity clock anew, if this kind of activity counts; tell whether it
        does. `agent` is the person's, where it is they who are active."""
        if kind not in self.settings.activity:
            return False
        session.last_activity = self.clock.now()
        if agent is not None:
            session.last_ip_address, session.last_user_agent = agent.ip_address, agent.name
        if self.settings.policy_change is PolicyChange.NEXT_ACTIVITY:
            policy = self.effective_policy(session.org_code, session.client_id)
            session.persistence = policy.persistence
        self.sessions.save(session)
        return True

    def note_activity_of(self, user_id: str, client_id: str | None, kind: Activity) -> None:
        """The same for a user's sessions, where a token or a call names no single one; at one
        application, if named."""
        if kind in self.settings.activity:
            for session in self.alive(user_id):
                if client_id in (None, session.client_id):
                    self.note_activity(session, kind, None)

    def alive(self, user_id: str | None = None) -> list[Session]:
        """The sessions that are not over; of one user, if named."""
        return [
            session
            for session in self.sessions
            if user_id in (None, session.user_id) and self.end_reason(session) is None
        ]

    def revoke(self, user_id: str | None = None) -> int:
        """End the live sessions from the outside; return how many they were."""
        alive = self.alive(user_id)
        for session in alive:
            self.sessions.end(session, EndReason.REVOKED)
        return len(alive)

    # Addresses

    @property
    def audiences(self) -> tuple[str, ...]:
        """What tokens may be asked for: the management API, and what is configured."""
        return (*(f"{base}/api" for base in self.bases), *self.environment.audiences)

    @property
    def origins(self) -> frozenset[str]:
        """Who may call from a browser: the registered applications' origins."""
        listed = {origin for a in self.applications.values() for origin in a.origins}
        redirects = {uri for a in self.applications.values() for uri in a.redirect_uris}
        return frozenset(listed | {"/".join(uri.split("/")[:3]) for uri in redirects})


def _secret(client_id: str) -> str:
    # Known to everybody, as it must be where nothing is protected; of the alphabet and length
    # that kinde-typescript-sdk insists on.
    return hashlib.sha256(client_id.encode()).hexdigest()[:48]
