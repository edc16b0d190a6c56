"""The model of a browser's life: what is in memory, what is on disk, and what a start makes of it.

Everything that differs between browsers is asked of the family's rules, and each answer that bears
on a stored thing is noted in its trail.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from harness.model.accounting import Memory, note_start
from harness.model.agent import Stores, Tab, copy_of
from harness.model.clearing import cleared
from harness.model.cookies import Cookie, CookieStore
from harness.model.disk import Disk, SessionFile, behind_others, without_storage
from harness.model.family import Answer, Facts, Family, Medium, Question, Rule
from harness.model.trail import tab_thing
from harness.presets import Choices

__all__ = ["Machine"]


class Machine:
    """A browser of one family on one profile, running or not.

    `now` is the virtual time in seconds. `stores` are the memory; they are replaced at
    each start.
    """

    def __init__(
        self, family: Family, choices: Choices, stores: Stores, now: Callable[[], float]
    ) -> None:
        self._family = family
        self._choices = choices
        self._stores = stores
        self._now = now
        self._disk = Disk()
        self._offered = SessionFile()
        self._unwritten: dict[Medium, float] = {}
        self._counted = 0
        self._lives = 0
        self._crashes = 0
        self._unacknowledged = False
        self._ended_by = ""
        self.tabs: list[Tab] = []
        """All that are open, in the order they were opened: the last of a window is in front there,
        and the last of all in front of the person."""
        self._windows = 0
        self._before = Memory()
        """What it had in memory when it ended."""
        self._unwritten_at_end: dict[Medium, Rule] = {}

    def _decide(self, question: Question, facts: Facts) -> Answer:
        return self._family.decide(question, facts).answer

    def _says(self, question: Question, facts: Facts) -> bool:
        """The answer, or no where it never comes up."""
        return self._family.asks(question) and bool(self._decide(question, facts))

    def start(self, *, restoring: bool = False) -> list[Tab]:
        """Start it; the tabs that came back. `restoring`: told to bring back the last session."""
        facts = self._facts(restoring)
        kept = self._disk.session
        disk = Memory.of(
            [*self._disk.cookies, *kept.cookies], self._disk.local_storage, kept.tabs
        )
        # What keeps running has its cookies, on disk or not.
        stays = self._ended_by == "close"
        cookies = list(self._stores.cookies) if stays else self._disk.cookies
        spared: list[Tab] = []
        if self._decide(Question.CLEAR, facts):
            if self._decide(Question.CLEAR_SESSION, facts):
                kept, spared = cleared(self._family, facts, self._disk)
                self._disk.session = kept
            cookies = []
            self._disk.cookies, self._disk.local_storage = [], {}
        self._stores.local_storage = copy_of(self._disk.local_storage)
        self._stores.cookies = self._cookies_at_start(cookies, kept, facts)
        back = self._tabs_at_start(kept, facts)
        self.tabs = self._come_back(back)
        self._note_start(facts, disk)
        self._counted = 0
        self._lives += 1
        self._crashes = facts.crashes
        self._unacknowledged = facts.crashed
        self._unwritten = self._unwritten if stays else {}
        self.changed(Medium.MARK, Medium.RESTART)
        if spared:
            # Clearing looks through what it spares, and the session is saved at once.
            for tab in self.tabs:
                tab.unused.clear()
            self._write(Medium.SESSION)
        return list(self.tabs)

    def _memory(self) -> Memory:
        return Memory.of(self._stores.cookies, self._stores.local_storage, self.tabs)

    def _note_start(self, facts: Facts, disk: Memory) -> None:
        if not facts.first:
            note_start(
                self._stores.trails,
                self._family,
                facts,
                before=self._before,
                disk=disk,
                after=self._memory(),
                unwritten=self._unwritten_at_end,
            )

    def _facts(self, restoring: bool) -> Facts:
        facts = Facts(
            choices=self._choices,
            verb=self._ended_by,
            mark=self._disk.mark,
            restoring=restoring,
            restarted=self._disk.restarts and self._ended_by != "close",
            first=not self._lives,
            pinned=self._disk.session.pinned,
            age=self._now() - self._disk.session.written,
        )
        again = facts.first or self._ended_by == "close"
        crashed = not again and bool(self._decide(Question.CRASHED, facts))
        facts = replace(facts, crashed=crashed)
        counts = self._says(Question.COUNT_CRASH, facts)
        return replace(facts, crashes=self._disk.session.crashes + 1 if counts else 0)

    def _cookies_at_start(
        self, cookies: Sequence[Cookie], kept: SessionFile, facts: Facts
    ) -> CookieStore:
        if facts.first or self._decide(Question.KEEP_SESSION_COOKIES, facts):
            return CookieStore([*cookies, *self._made_anew(kept.cookies, beside=cookies)])
        persistent = [cookie for cookie in cookies if cookie.expiry is not None]
        self._disk.cookies = persistent
        return CookieStore(persistent)

    def _made_anew(self, cookies: Iterable[Cookie], *, beside: Iterable[Cookie]) -> list[Cookie]:
        """Cookies of a session file as a start sets them, unless they are there: made now, in their
        order (Firefox: SessionCookies.sys.mjs, restore)."""
        there = {cookie.identity for cookie in beside}
        return [
            replace(cookie, created=self._now())
            for cookie in cookies
            if cookie.identity not in there
        ]

    def _tabs_at_start(self, kept: SessionFile, facts: Facts) -> list[Tab]:
        self._offered = SessionFile()
        if facts.first:
            return []
        back: list[Tab] = []
        if self._decide(Question.REOPEN_TABS, facts):
            stays = facts.verb != "close" or bool(
                self._decide(Question.STORAGE_IN_SAME_PROCESS, facts)
            )
            back = kept.tabs if stays else without_storage(kept.tabs)
            facts = replace(facts, reopened=True)
        elif kept.pinned and self._decide(Question.REOPEN_PINNED, facts):
            back = [tab for tab in kept.tabs if tab.pinned]
        if self._says(Question.DELETE_TAB_STORAGE, facts):
            self._disk.session = replace(kept, tabs=without_storage(kept.tabs))
        if self._decide(Question.OFFER_SESSION, facts):
            stays = not self._family.asks(Question.KEEP_TAB_STORAGE) or bool(
                self._decide(Question.KEEP_TAB_STORAGE, facts)
            )
            tabs = kept.tabs if facts.reopened else [tab for tab in kept.tabs if tab not in back]
            self._offered = replace(kept, tabs=tabs if stays else without_storage(tabs))
        return back

    def _come_back(self, tabs: Sequence[Tab]) -> list[Tab]:
        if not tabs:
            return []
        question, facts = Question.LOAD_TABS_BEHIND, Facts(choices=self._choices)
        loads = not self._family.asks(question) or self._says(question, facts)
        behind = () if loads else behind_others(tabs)
        back = []
        for tab in tabs:
            again = tab.come_back()
            again.pending = tab in behind
            back.append(again)
        return back

    def restore(self) -> tuple[list[Tab], bool]:
        """The person asks for the last session; the tabs that come back, and whether the browser
        puts them in front."""
        offered, self._offered = self._offered, SessionFile()
        if not offered.tabs:
            return [], False
        facts, trails = Facts(choices=self._choices), self._stores.trails
        rule = offered.cookies and self._family.decide(Question.COOKIES_ON_REQUEST, facts)
        if rule and rule.answer:
            back = self._made_anew(offered.cookies, beside=self._stores.cookies)
            for cookie in back:
                self._stores.cookies.put(cookie)
            trails.touch(Memory.of(back, {}, ()).cookies, self._family.say(rule))
        tabs = self._come_back(offered.tabs)
        shown = self._family.decide(Question.OFFER_SESSION, facts)
        trails.touch(Memory.of((), {}, tabs).tabs, self._family.say(shown))
        self.tabs += tabs
        self.changed()
        return tabs, bool(self._decide(Question.SHOW_SESSION, facts))

    def open(self, beside: Tab | None = None) -> Tab:
        """An empty tab, in a window of its own unless it is opened beside another."""
        tab = Tab(window=beside.window if beside else self._new_window())
        self.tabs.append(tab)
        self.changed()
        return tab

    def has(self, tab: Tab) -> bool:
        """Whether the tab is open."""
        return tab in self.tabs

    def close(self, tabs: Sequence[Tab], verb: str) -> None:
        """Close tabs, not the last ones: by `close_tab` or `close_window`."""
        self.tabs = [tab for tab in self.tabs if tab not in tabs]
        rule = self._family.decide(
            Question.END_WITH_TAB, Facts(choices=self._choices, verb=verb)
        )
        if rule.answer:
            for cookie in [c for c in self._stores.cookies if c.expiry is None]:
                self._stores.cookies.discard(cookie)
        memory = self._memory()
        self._stores.trails.touch(
            [*memory.session_cookies, *memory.tabs], self._family.say(rule)
        )
        self.changed()

    def popup(self, opener: Tab) -> Tab:
        """The empty tab of a popup window that a page has opened."""
        tab = Tab(window=self._new_window())
        what = self._decide(Question.POPUP_STORAGE, Facts(choices=self._choices))
        parts = urlsplit(opener.url)
        own = f"{parts.scheme}://{parts.netloc}"
        tab.session_storage = {
            origin: dict(items)
            for origin, items in opener.session_storage.items()
            if what == "all" or origin == own
        }
        for origin in tab.session_storage:
            self._stores.trails.copy(tab_thing(opener.key, origin), tab_thing(tab.key, origin))
        self.tabs.append(tab)
        self.changed()
        return tab

    def _new_window(self) -> int:
        self._windows += 1
        return self._windows

    def acknowledge(self) -> None:
        """The person has seen that the browser crashed, and goes on."""
        self._unacknowledged = False
        if Medium.SESSION in self._unwritten:
            self._unwritten[Medium.SESSION] = self._now()

    def end(self, verb: str) -> None:
        """End it: `quit`, `restart`, `crash`, `end_os_session`, or `close` where the process stays
        when its last window has gone."""
        facts = Facts(choices=self._choices, verb=verb, unacknowledged=self._unacknowledged)
        self._before, self._unwritten_at_end = self._memory(), {}
        if not self._choices.private:
            for medium in (Medium.COOKIES, Medium.LOCAL_STORAGE, Medium.SESSION):
                rule = self._family.decide(
                    Question.WRITE_AT_END, replace(facts, medium=medium)
                )
                if rule.answer:
                    self._write(medium)
                elif medium in self._unwritten:
                    self._unwritten_at_end[medium] = rule
        mark = str(self._decide(Question.MARK_AT_END, facts))
        self._disk.mark = mark or self._disk.mark
        if verb == "restart":
            self._disk.restarts = True
        elif self._decide(Question.WRITE_AT_END, replace(facts, medium=Medium.RESTART)):
            self._disk.restarts = False
        self._ended_by = verb
        self.tabs = []

    def changed(self, *media: Medium) -> None:
        """Something in memory is not on disk: what is named, or anything."""
        for medium in media or (Medium.COOKIES, Medium.LOCAL_STORAGE, Medium.SESSION):
            self._unwritten.setdefault(medium, self._now())
        self.pass_time()

    def pass_time(self) -> None:
        """Write what is due by now."""
        expired = self._stores.cookies.expire(self._now())
        for medium, since in tuple(self._unwritten.items()):
            rhythm = self._family.rhythms[medium]
            operations = self._stores.cookies.operations - self._counted
            full = (
                medium is Medium.COOKIES
                and rhythm.operations is not None
                and operations >= rhythm.operations
            )
            if full or self._now() - since >= rhythm.interval:
                self._write(medium)
        if expired:
            self._unwritten.setdefault(Medium.COOKIES, self._now())

    def settle(self) -> None:
        """Until everything is on disk."""
        for medium in Medium:
            self._write(medium)

    def _write(self, medium: Medium) -> None:
        if medium is Medium.SESSION and self._holds_session:
            return
        self._unwritten.pop(medium, None)
        if medium is Medium.MARK:
            self._disk.mark = self._family.running_mark
        elif medium is Medium.RESTART:
            self._disk.restarts = False
        if self._choices.private:
            return
        facts = Facts(choices=self._choices)
        if medium is Medium.COOKIES:
            session = self._decide(Question.SESSION_COOKIES_IN_DATABASE, facts)
            self._disk.cookies = [
                cookie for cookie in self._stores.cookies if session or cookie.expiry is not None
            ]
            self._counted = self._stores.cookies.operations
        elif medium is Medium.LOCAL_STORAGE:
            self._disk.local_storage = copy_of(self._stores.local_storage)
        elif medium is Medium.SESSION:
            self._disk.session = self._session_file()

    @property
    def _holds_session(self) -> bool:
        facts = Facts(choices=self._choices, unacknowledged=self._unacknowledged)
        return self._unacknowledged and self._says(Question.HOLD_SESSION, facts)

    def _session_file(self) -> SessionFile:
        facts = Facts(choices=self._choices)
        with_storage = self._decide(Question.TAB_STORAGE_IN_FILE, facts)
        tabs = [tab.copy() for tab in self.tabs]
        tabs = tabs if with_storage else without_storage(tabs)
        if not self._decide(Question.UNUSED_STORAGE_IN_FILE, facts):
            for tab in tabs:
                for origin in () if tab.pending else tab.unused:
                    tab.session_storage.pop(origin, None)
        with_empty = self._decide(Question.EMPTY_TABS_IN_FILE, facts)
        elsewhere = self._decide(Question.SESSION_COOKIES_IN_DATABASE, facts)
        cookies = [c for c in self._stores.cookies if c.expiry is None and not elsewhere]
        kept = {
            secure: self._decide(
                Question.SESSION_COOKIE_IN_FILE, replace(facts, secure=secure))
            for secure in {cookie.secure for cookie in cookies}
        }
        return SessionFile(
            tabs=[tab for tab in tabs if not tab.empty or tab.session_storage or with_empty],
            cookies=[cookie for cookie in cookies if kept[cookie.secure]],
            written=self._now(),
            crashes=self._crashes,
        )
