"""What is expected of somebody's own login: what it really set, put through the model of the
browser, at a server that heeds the operator's policy."""

from dataclasses import dataclass

from harness.deeds import Carrier, Deed, TargetLook
from harness.model.agent import Stores, Tab
from harness.model.cookies import Cookie
from harness.model.trail import Decision, Thing, cookie_thing, local_thing, tab_thing
from harness.people import FIRST
from harness.policy import Persistence, Policy
from harness.reference.browser import ReferenceBrowser
from harness.reference.habits import EXPIRED, IN_LOCAL_STORAGE, IN_ONE_TAB

__all__ = ["BEGAN", "Foreseen", "Session", "TargetSite"]

_LASTS = Decision(
    because="the target gave its cookie a lifetime, although the session is not to outlast the "
    "browser",
    limitations=("application-cookie-outlives-the-browser",),
)
_NEVER_LASTS = Decision(
    because="the target gave its cookie no lifetime, although the session is to outlast the "
    "browser",
    limitations=("application-cookie-ends-with-the-browser",),
)
BEGAN = 1_800_000_000.0
"""Any time does."""


@dataclass(eq=False)
class Session:
    """What the server is to know of a sign-in. Times are the server's, in seconds."""

    began: float
    active: float
    person: str = ""
    over: str = ""


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What one surface is to show."""

    signed_in: bool
    trail: tuple[Decision, ...]
    there: frozenset[Carrier]
    """The carriers that the browser is to have."""
    over: str
    """Why the session is to be over on the server, in words; empty where it is not, or the browser
    has none."""
    who: str = ""
    """As whom somebody is to be signed in, by the name that scenarios know them by."""


class TargetSite:
    """One policy of a target, for one browser's stores; a `Site` of the model."""

    def __init__(
        self, stores: Stores, browser: ReferenceBrowser, policy: Policy, look: TargetLook
    ) -> None:
        self._stores = stores
        self._browser = browser
        self._policy = policy
        self.persistence = policy.persistence
        """What is promised of the session that is there."""
        self._look = look
        self._carriers = sorted({c for sets in look.carriers.values() for s in sets for c in s})
        self._time = BEGAN
        self._person = FIRST
        """Who has signed in last."""
        self._sessions: dict[tuple[Carrier, str], Session] = {}
        self._things: dict[Carrier, Thing] = {}
        self._cookies: dict[Carrier, Cookie] = {}
        self.deed = Deed()
        """What the target did in the step that is next."""

    def sign_in(self, tab: Tab, person: str | None) -> None:
        """A session that is there goes on, unless it is somebody else who signs in."""
        session = self._alive(tab)
        self._person = person or self._person
        if session is None or person is not None:
            session = Session(self._time, self._time, self._person)
        session.active = self._time
        self.enact(tab)
        self._hand_out(session, tab)

    def visit(self, tab: Tab) -> None:
        """Activity."""
        session = self._alive(tab)
        self.enact(tab)
        if session is not None:
            session.active = self._time
            self._hand_out(session, tab)

    def sign_out(self, tab: Tab) -> None:
        """The session is over, whatever comes back."""
        session = self._alive(tab)
        if session is not None:
            session.over = "the person has signed out"
        self.enact(tab)

    def wait(self, seconds: float) -> None:
        """On the server."""
        self._time += seconds

    def refresh_tokens(self, tab: Tab) -> None:
        """A target cannot be made to."""

    def sign_out_during_visit(self, tab: Tab) -> None:
        """Likewise."""

    def override_session_policy(self) -> None:
        """Likewise."""

    def change_cookie_scope(self) -> None:
        """Likewise."""

    def mend_cookie_scope(self) -> None:
        """Likewise."""

    def revoke_sessions(self) -> None:
        """Likewise."""

    def come_back(self, tab: Tab) -> None:
        """The browser opens pages by itself: whoever is signed in goes on."""
        session = self._alive(tab)
        self.enact(tab)
        if session is not None:
            self._hand_out(session, tab)

    def enact(self, tab: Tab | None) -> None:
        """Have in the browser what the target set."""
        deed, self.deed = self.deed, Deed()
        for url, header in deed.cookies:
            self._take(url, header)
        for origin, items in deed.local.items():
            if self._stores.local_storage.get(origin, {}) != items:
                self._stores.local_storage[origin] = dict(items)
                self._store("local", origin, local_thing(origin), IN_LOCAL_STORAGE)
        if tab is None:
            return
        if deed.url.startswith("http") and tab.url != deed.url:
            tab.history.append(deed.url)
        for origin, items in deed.session.items():
            tab.unused.discard(origin)
            if tab.session_storage.get(origin, {}) != items:
                tab.session_storage[origin] = dict(items)
                self._store("session", origin, tab_thing(tab.key, origin), IN_ONE_TAB)

    def look_at(self, surface: str, tab: Tab) -> Foreseen:
        """What it is to show in a tab."""
        sets = self._look.carriers[surface]
        there = frozenset(c for one in sets for c in one if self._value(c, tab) is not None)
        whole = [one for one in sets if one <= there]
        for one in whole:
            if not any(self._over(c, tab) for c in one):
                sessions = filter(None, (self._session(c, tab) for c in sorted(one)))
                return Foreseen(
                    signed_in=True,
                    trail=self._trail(one, tab),
                    there=there,
                    over="",
                    who=next((session.person for session in sessions), ""),
                )
        if whole:
            over = next(filter(None, (self._over(c, tab) for c in sorted(whole[0]))), "")
            return Foreseen(
                signed_in=False, trail=self._trail(whole[0], tab), there=there, over=over
            )
        missing = min((one - there for one in sets), key=lambda one: (len(one), sorted(one)))
        return Foreseen(
            signed_in=False, trail=self._trail(missing, tab), there=there, over=""
        )

    def _take(self, url: str, header: str) -> None:
        cookie = self._browser.take(url, header)
        if cookie is None:
            return
        carrier = next((c for c in self._carriers if _is(c, cookie)), None)
        if cookie.expiry == 0:
            return
        self._stores.trails.begin(cookie_thing(cookie), *self._habits(cookie))
        if carrier is not None:
            self._cookies[carrier] = cookie
            self._things[carrier] = cookie_thing(cookie)

    def _habits(self, cookie: Cookie) -> tuple[Decision, ...]:
        """What its server does with a cookie, where that is not as promised."""
        lasts = cookie.expiry is not None
        persistent = self.persistence is Persistence.PERSISTENT
        return () if lasts is persistent else (_LASTS if lasts else _NEVER_LASTS,)

    def _store(self, kind: str, origin: str, thing: Thing, habit: Decision) -> None:
        persistent = self.persistence is Persistence.PERSISTENT
        outlives = kind == "local"
        self._stores.trails.begin(thing, *(() if outlives is persistent else (habit,)))
        for carrier in self._carriers:
            if (carrier.kind, carrier.place) == (kind, origin):
                self._things[carrier] = thing

    def _value(self, carrier: Carrier, tab: Tab) -> str | None:
        if carrier.kind == "local":
            return self._stores.local_storage.get(carrier.place, {}).get(carrier.name)
        if carrier.kind == "session":
            return tab.session_storage.get(carrier.place, {}).get(carrier.name)
        known = self._cookies.get(carrier)
        if known is None or self._browser.expired(known):
            return None
        kept = [c for c in self._stores.cookies if c.identity == known.identity]
        return kept[0].value if kept else None

    def _session(self, carrier: Carrier, tab: Tab) -> Session | None:
        value = self._value(carrier, tab)
        return None if value is None else self._sessions.get((carrier, value))

    def _over(self, carrier: Carrier, tab: Tab) -> str:
        session = self._session(carrier, tab)
        return "nobody has signed in with it" if session is None else self._ended(session)

    def _ended(self, session: Session) -> str:
        """Why a session is over on the server, in words; empty where it is not."""
        if session.over:
            return session.over
        limits = self._policy.limits
        if self._time - session.active >= limits.inactivity:
            return f"the inactivity timeout of {limits.inactivity} s has passed"
        if limits.absolute is not None and self._time - session.began >= limits.absolute:
            return f"the absolute timeout of {limits.absolute} s has passed"
        return ""

    def _alive(self, tab: Tab) -> Session | None:
        for sets in self._look.carriers.values():
            for one in sets:
                found = [self._session(c, tab) for c in sorted(one) if not self._over(c, tab)]
                if one and len(found) == len(one):
                    return found[0]
        return None

    def _hand_out(self, session: Session, tab: Tab) -> None:
        for carrier in self._carriers:
            value = self._value(carrier, tab)
            if value is not None:
                self._sessions[carrier, value] = session

    def _trail(self, carriers: frozenset[Carrier], tab: Tab) -> tuple[Decision, ...]:
        said: list[Decision] = []
        for carrier in sorted(carriers):
            thing = self._things.get(carrier)
            if carrier.kind == "session":
                own = tab_thing(tab.key, carrier.place)
                thing = own if self._stores.trails.of(own) else thing
            if thing is not None:
                said += self._stores.trails.of(thing)
            if self._browser.expired(self._cookies.get(carrier)):
                said.append(EXPIRED)
        return tuple(said)


def _is(carrier: Carrier, cookie: Cookie) -> bool:
    place = f"{cookie.domain}{cookie.path}"
    return (carrier.kind, carrier.name, carrier.place) == ("cookie", cookie.name, place)
