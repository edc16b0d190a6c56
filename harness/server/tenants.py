"""An environment while the server runs: its settings now, applications, organizations, people."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial

from harness.clock import Clock
from harness.policy import (
    Application,
    EffectivePolicy,
    Environment,
    Limits,
    Override,
    Policy,
)
from harness.server.grants import GrantStore
from harness.server.people import People
from harness.server.policies import (
    OrganizationRecord,
    Policies,
    TokenSettings,
    override_told,
    told,
)
from harness.server.sessions import (
    EndReason,
    Session,
    SessionStore,
    UserAgent,
    end_of,
    end_reason,
)
from harness.server.tokens import SigningKey
from harness.server.turns import in_turns
from harness.settings import Activity, PolicyChange, Settings
from harness.state import State

__all__ = ["MANAGEMENT_SCOPES", "Tenant"]

MANAGEMENT_SCOPES = (
    "read:organizations",
    "update:organizations",
    "update:application_tokens",
    "read:user_sessions",
    "delete:user_sessions",
)
"""The scopes of the operations that are here (Management API specification)."""

_GONE = "which is not configured any more"
_NEVER = 10**12
"""Seconds: thirty thousand years."""


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
        self.sessions = SessionStore(
            self.name,
            state,
            is_over=lambda session: self.end_reason(session) is not None,
            ended=partial(ended, self),
        )
        self.grants = GrantStore(
            self.name,
            state,
            now=clock.now,
            session_over=lambda key: self.end_reason(self.sessions.by_id(key)) is not None,
            refresh_overlap=settings.refresh_overlap,
        )
        self.people = People(self.name, state)
        self.endless: set[str] = set()
        """Ids of sessions that no inactivity ends: a fault."""
        self._configure()
        self.notices = list(self._restore())
        """What of the state does not fit the configuration, a line each, for whoever starts the
        server."""

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
                code=org.code,
                name=org.code,
                created=self.clock.now(),
                override=org.override,
                configured=True,
            )
            for org in self.environment.organizations
        }
        self.token_settings = {client_id: TokenSettings() for client_id in self.applications}

    def _restore(self) -> Iterator[str]:
        """Take over what was kept; what there is to say about it."""
        kept, where = self._state.records, f"environment {self.name}"
        for policy in kept(self.name, "policy", Policy).values():
            if policy != self.policy:
                yield self._differs(where, told(policy), told(self.policy))
            self.policy = policy
        for code, record in kept(self.name, "organization", OrganizationRecord).items():
            now = self.organizations.get(code)
            if now is None and record.configured:
                self._state.drop(self.name, "organization", code)
                yield f"{where}: dropped the settings of organization {code}, {_GONE}"
                continue
            if now is not None:
                both = override_told(record.override), override_told(now.override)
                if both[0] != both[1]:
                    yield self._differs(f"{where}, organization {code}", *both)
            self.organizations[code] = replace(record, configured=now is not None)
        for client_id, settings in kept(self.name, "token_settings", TokenSettings).items():
            if client_id in self.applications:
                self.token_settings[client_id] = settings
            else:
                self._state.drop(self.name, "token_settings", client_id)
                yield f"{where}: dropped the lifetimes of application {client_id}, {_GONE}"
        ended: dict[str, int] = {}
        for session in self.sessions:
            if session.ended is None and self.end_reason(session) is EndReason.ORGANIZATION_GONE:
                self.sessions.end(session, EndReason.ORGANIZATION_GONE)
                ended[session.org_code] = ended.get(session.org_code, 0) + 1
        for code, count in ended.items():
            sessions = "a session" if count == 1 else f"{count} sessions"
            yield f"{where}: ended {sessions} of organization {code}, {_GONE}"

    def _differs(self, where: str, kept: str, configured: str) -> str:
        return (
            f"{where}: {kept} is in force, as {self._state.name} has it, and not {configured}, as "
            "configured; to have that, reset the server, or start it with another --state"
        )

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
        return self._policies().effective(org_code, client_id)

    def _policies(self) -> Policies:
        return Policies(self.policy, self.organizations, self.token_settings)

    async def change_policy(self, policy: Policy) -> None:
        """Set the environment's policy."""
        before = self._policies().copy()
        self.policy = policy
        self._state.put(self.name, "policy", "", asdict(policy))
        await self._policy_changed(before)

    async def change_override(self, org_code: str, override: Override) -> None:
        """Set an organization's override; raise KeyError if there is no such organization."""
        before = self._policies().copy()
        self._keep(replace(self.organizations[org_code], override=override))
        await self._policy_changed(before)

    async def change_token_settings(self, client_id: str, settings: TokenSettings) -> None:
        """Set an application's lifetimes."""
        before = self._policies().copy()
        self.token_settings[client_id] = settings
        self._state.put(self.name, "token_settings", client_id, asdict(settings))
        await self._policy_changed(before)

    async def _policy_changed(self, before: Policies) -> None:
        if self.settings.policy_change is not PolicyChange.END_SESSIONS:
            return
        after = self._policies().copy()
        async for session in in_turns(self.sessions.of(None)):
            alive = self._end_reason(session, before) is None
            if alive and before.of(session) != after.of(session):
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
        return self._end_reason(session, self._policies())

    def _end_reason(self, session: Session | None, policies: Policies) -> EndReason | None:
        limits = policies.limits(session) if session else None
        if session is not None and session.id in self.endless:
            limits = replace(limits, inactivity=_NEVER) if limits else None
        return end_reason(session, self.clock.now(), limits)

    def limits(self, session: Session) -> Limits | None:
        """Those in force for a session; None where its organization is gone."""
        return self._policies().limits(session)

    def end_of(self, session: Session) -> float:
        """When a live session ends if nobody is active any more, in seconds since the epoch."""
        return end_of(session, self._limits(session))

    def cookie_lifetime(self, session: Session) -> int:
        """Of a persistent cookie that is set now, in seconds: the inactivity timeout, and nothing
        beyond the absolute limit."""
        limits = self._limits(session)
        if limits.absolute is None:
            return limits.inactivity
        # Rounded before it is cut: what a clock with a fraction has left is a hair less than whole.
        left = round(session.started + limits.absolute - self.clock.now(), 3)
        return min(limits.inactivity, int(left))

    def _limits(self, session: Session) -> Limits:
        """Those of a session that is alive."""
        return self.effective_policy(session.org_code, session.client_id).limits

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

    async def note_activity_of(self, user_id: str, client_id: str | None, kind: Activity) -> None:
        """The same for a user's sessions, where a token or a call names no single one; at one
        application, if named."""
        if kind in self.settings.activity:
            async for session in self.alive(user_id):
                if client_id in (None, session.client_id):
                    self.note_activity(session, kind, None)

    async def alive(self, user_id: str | None = None) -> AsyncIterator[Session]:
        """The sessions that are not over, oldest first; of one user, if named."""
        async for session in in_turns(self.sessions.of(user_id)):
            if self.end_reason(session) is None:
                yield session

    async def page_of_alive(self, number: int, size: int) -> tuple[list[Session], int | None]:
        """`size` live sessions at most, from the one of that number on; and the number that the
        next page begins with, if there is one."""
        listed: list[Session] = []
        while sessions := self.sessions.page(number, size):
            async for session in in_turns(sessions):
                if self.end_reason(session) is None:
                    if len(listed) == size:
                        return listed, session.number
                    listed.append(session)
            number = sessions[-1].number + 1
            await asyncio.sleep(0)
        return listed, None

    async def revoke(self, user_id: str | None = None) -> int:
        """End the live sessions from the outside, of one user if named; return how many they
        were."""
        return await self.end_sessions(EndReason.REVOKED, user_id)

    async def end_sessions(self, reason: EndReason, user_id: str | None = None) -> int:
        """End the live sessions, of one user if named; return how many they were."""
        count = 0
        async for session in self.alive(user_id):
            self.sessions.end(session, reason)
            count += 1
        return count

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
