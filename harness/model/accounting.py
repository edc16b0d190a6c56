"""What a start made of each stored thing, and which of the browser's rules that was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from harness.model.agent import Storages, Tab
from harness.model.cookies import Cookie
from harness.model.family import Facts, Family, Medium, Question, Rule
from harness.model.trail import (
    Decision,
    Thing,
    Trails,
    cookie_thing,
    local_thing,
    tab_thing,
)

__all__ = ["Memory", "note_start"]

_FORGOTTEN = Decision(
    because="the private window was forgotten", limitations=("private-window-forgets",)
)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Everything that is stored somewhere at one time."""

    cookies: Mapping[Thing, Cookie] = field(default_factory=dict)
    local_storage: Mapping[Thing, object] = field(default_factory=dict)
    tabs: Mapping[Thing, object] = field(default_factory=dict)

    @classmethod
    def of(
        cls, cookies: Iterable[Cookie], local_storage: Storages, tabs: Iterable[Tab]
    ) -> "Memory":
        """As it is now, whatever becomes of it."""
        return cls(
            cookies={cookie_thing(cookie): cookie for cookie in cookies},
            local_storage={
                local_thing(origin): dict(items) for origin, items in local_storage.items() if items
            },
            tabs={
                tab_thing(tab.key, origin): dict(items)
                for tab in tabs
                for origin, items in tab.session_storage.items()
                if items
            },
        )

    @property
    def session_cookies(self) -> list[Thing]:
        return [thing for thing, cookie in self.cookies.items() if cookie.expiry is None]


def note_start(
    trails: Trails,
    family: Family,
    facts: Facts,
    *,
    before: Memory,
    disk: Memory,
    after: Memory,
    unwritten: Mapping[Medium, Rule],
) -> None:
    """Continue the trails at a start.

    `before` is what was in memory at the last end, `disk` what lay on disk when the start began,
    `after` what came of it; `unwritten` are the media that had not all on disk, with the rule by
    which they were not written at that end.
    """
    on_disk = Decision(because=f"{family.title} had it on disk")
    clear = family.decide(Question.CLEAR, facts)
    keep = family.decide(Question.KEEP_SESSION_COOKIES, facts)
    reopen = family.decide(Question.REOPEN_TABS, facts)
    if facts.pinned and not reopen.answer and family.asks(Question.REOPEN_PINNED):
        reopen = family.decide(Question.REOPEN_PINNED, facts)

    def lost(*, written: bool, medium: Medium, dropped: Rule, kept: Rule) -> Decision:
        if facts.choices.private:
            return _FORGOTTEN
        if clear.answer:
            return family.say(clear)
        if written:
            return family.say(dropped)
        if medium in unwritten:
            return family.say(unwritten[medium])
        # Nobody expects more of a browser that was closed.
        never = family.say(kept)
        return never if facts.restarted else replace(never, limitations=())

    for thing in before.cookies.keys() | after.cookies.keys():
        was, now = before.cookies.get(thing), after.cookies.get(thing)
        cookie = now or was
        assert cookie is not None
        medium, kept = _medium_of(cookie, family, facts)
        if now is None:
            was_written = thing in disk.cookies
            decision = lost(written=was_written, medium=medium, dropped=keep, kept=kept)
            trails.touch([thing], decision)
            continue
        if (was is None or was.value != now.value) and medium in unwritten:
            trails.touch([thing], family.say(unwritten[medium]))
        kept_by = family.say(keep) if now.expiry is None else on_disk
        trails.touch([thing], kept_by)

    in_file = family.decide(Question.TAB_STORAGE_IN_FILE, facts)
    for medium, olds, news, there in (
        (Medium.LOCAL_STORAGE, before.local_storage, after.local_storage, disk.local_storage),
        (Medium.SESSION, before.tabs, after.tabs, disk.tabs),
    ):
        for thing in olds.keys() | news.keys():
            if thing not in news:
                decision = lost(
                    written=thing in there, medium=medium, dropped=reopen, kept=in_file
                )
                trails.touch([thing], decision)
                continue
            if olds.get(thing) != news[thing] and medium in unwritten:
                trails.touch([thing], family.say(unwritten[medium]))
            kept_by = family.say(reopen) if medium is Medium.SESSION else on_disk
            trails.touch([thing], kept_by)


def _medium_of(cookie: Cookie, family: Family, facts: Facts) -> tuple[Medium, Rule]:
    """Where the cookie is written, and the rule by which it is, or is not."""
    in_database = family.decide(Question.SESSION_COOKIES_IN_DATABASE, facts)
    if cookie.expiry is not None or in_database.answer:
        return Medium.COOKIES, in_database
    in_file = family.decide(Question.SESSION_COOKIE_IN_FILE, replace(facts, secure=cookie.secure))
    return Medium.SESSION, in_file
