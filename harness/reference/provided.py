"""What is expected of an application whose identity provider is the mock: two sessions, the mock's
by its policy, and the application's own, which goes on until somebody tells it."""

from dataclasses import dataclass

from harness.deeds import Carrier, TargetLook
from harness.model.agent import Stores, Tab
from harness.model.cookies import Cookie
from harness.model.trail import Decision
from harness.policy import Policy
from harness.reference.browser import ReferenceBrowser
from harness.reference.habits import INACTIVITY_NOT_TOLD, NOT_TOLD
from harness.reference.target import Session, TargetSite
from harness.settings import Activity, PolicyChange, Settings

__all__ = ["ProvidedSite"]

_REVOKED = "an administrator has ended it"
_CHANGED = "the policy has changed"


@dataclass(eq=False)
class _Own(Session):
    """What the application is to know of a sign-in."""

    mock: Session | None = None
    """The mock's session that it came of."""


class ProvidedSite(TargetSite):
    """One policy of the mock, and an application, for one browser's stores."""

    def __init__(
        self,
        stores: Stores,
        browser: ReferenceBrowser,
        policy: Policy,
        look: TargetLook,
        settings: Settings,
    ) -> None:
        super().__init__(stores, browser, policy, look)
        assert look.provided is not None
        self._provided = look.provided
        self._settings = settings
        self._own = [c for c in self._carriers if c != self._provided.cookie]

    def sign_in(self, tab: Tab, person: str | None) -> None:
        """By the mock, which asks nobody whom it knows."""
        own = self._alive_there(tab)
        self._person = person or self._person
        self._ask(tab)
        self._keep(tab, own or self._begun(self._at_mock(tab)))

    def visit(self, tab: Tab) -> None:
        """The application asks the mock, or does not."""
        self.come_back(tab)

    def come_back(self, tab: Tab) -> None:
        """Likewise."""
        own, asked = self._alive_there(tab), self._provided.asked(self.deed)
        self._ask(tab)
        mock = self._at_mock(tab)
        if own is None and asked and mock is not None:
            own = self._begun(mock)
        if own is not None:
            self._keep(tab, own)

    def sign_out(self, tab: Tab) -> None:
        """Of the application; and of the mock, where it has its cookie deleted."""
        own, mock = self._alive_there(tab), self._at_mock(tab)
        self.enact(tab)
        told = "the person has signed out"
        if own is not None:
            own.over = told
        if mock is not None and self._value(self._provided.cookie, tab) is None:
            mock.over = told

    def override_session_policy(self) -> None:
        """At the mock."""
        if self._settings.policy_change is PolicyChange.END_SESSIONS:
            self._end_all(_CHANGED)

    def revoke_sessions(self) -> None:
        """Likewise."""
        self._end_all(_REVOKED)

    def _ask(self, tab: Tab) -> None:
        """What the step sets, and the mock's session by it."""
        asked, mock = self._provided.asked(self.deed), self._at_mock(tab)
        self.enact(tab)
        value = self._value(self._provided.cookie, tab)
        if value is None:
            return
        if (self._provided.cookie, value) not in self._sessions:
            begun = Session(self._time, self._time, self._person)
            self._sessions[self._provided.cookie, value] = begun
        elif asked and mock is not None and Activity.SIGN_IN in self._settings.activity:
            mock.active = self._time

    def _begun(self, mock: Session | None) -> _Own:
        return _Own(self._time, self._time, mock.person if mock else self._person, mock=mock)

    def _keep(self, tab: Tab, own: Session) -> None:
        for carrier in self._own:
            value = self._value(carrier, tab)
            if value is not None:
                self._sessions[carrier, value] = own

    def _at_mock(self, tab: Tab) -> Session | None:
        """Its session, if it is alive."""
        cookie = self._provided.cookie
        return None if self._over(cookie, tab) else self._session(cookie, tab)

    def _alive_there(self, tab: Tab) -> Session | None:
        """The application's, likewise."""
        for sets in self._look.carriers.values():
            for one in sets:
                found = [self._session(c, tab) for c in sorted(one) if not self._over(c, tab)]
                if one and self._provided.cookie not in one and len(found) == len(one):
                    return found[0]
        return None

    def _end_all(self, why: str) -> None:
        for session in self._sessions.values():
            if not isinstance(session, _Own) and not self._ended(session):
                session.over = why
        for session in self._sessions.values():
            if isinstance(session, _Own) and session.mock and session.mock.over == why:
                heeded = "revoked" in self._provided.heeds
                session.over = session.over or (why if heeded else "")

    def _ended(self, session: Session) -> str:
        if not isinstance(session, _Own):
            return super()._ended(session)
        heeded = "inactive" in self._provided.heeds
        if session.over or not heeded or session.mock is None:
            return session.over
        return super()._ended(session.mock)

    def _habits(self, cookie: Cookie) -> tuple[Decision, ...]:
        # The mock's policy is its own affair.
        return () if self._is_mocks(cookie) else super()._habits(cookie)

    def _is_mocks(self, cookie: Cookie) -> bool:
        mocks = self._provided.cookie
        return (cookie.name, f"{cookie.domain}{cookie.path}") == (mocks.name, mocks.place)

    def _trail(self, carriers: frozenset[Carrier], tab: Tab) -> tuple[Decision, ...]:
        said = super()._trail(carriers, tab)
        for carrier in sorted(carriers):
            session = self._session(carrier, tab)
            if isinstance(session, _Own) and session.mock and not self._ended(session):
                why = super()._ended(session.mock)
                if why and session.mock.over:
                    said = (*said, NOT_TOLD)
                elif why:
                    heeds = "revoked" in self._provided.heeds
                    said = (*said, INACTIVITY_NOT_TOLD if heeds else NOT_TOLD)
        return said
