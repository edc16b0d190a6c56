"""What makes a family of browsers: rules that answer the questions which decide a cookie's life.

A family is a table. For each question the first rule whose `when` holds gives the answer and the
words for it; nothing else in the model depends on the browser. No rule knows a scenario.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from harness.model.trail import Decision
from harness.presets import Choices

__all__ = ["Facts", "Family", "Medium", "Question", "Rhythm", "Rule"]


class Medium(StrEnum):
    """What a profile keeps, each written in its own rhythm."""

    COOKIES = "cookies"
    LOCAL_STORAGE = "local storage"
    SESSION = "session file"
    MARK = "exit mark"
    RESTART = "note of a restart"


class Question(StrEnum):
    """What a family's rules answer."""

    REDIRECTS_COUNT = "Does the redirect of another site make a request cross-site?"
    TRUSTS_LOCALHOST = "Does a Secure cookie come and go over http, where the host is localhost?"
    SESSION_COOKIES_IN_DATABASE = "Are session cookies written to the cookie database?"
    SESSION_COOKIE_IN_FILE = "Is this session cookie written to the session file?"
    EMPTY_TABS_IN_FILE = "Are tabs that show nothing written to the session file?"
    TAB_STORAGE_IN_FILE = "Is a tab's storage written to the session file?"
    UNUSED_STORAGE_IN_FILE = "And if it came back with the tab, and no page has used it since?"
    WRITE_AT_END = "Is what is not on disk of this medium written at this end?"
    HOLD_SESSION = "Is the session file left alone while the browser shows that it crashed?"
    MARK_AT_END = "How does the exit mark read after this end?"
    CRASHED = "Does the browser take its last end for a crash?"
    COUNT_CRASH = "Does it count this crash with those before it?"
    KEEP_SESSION_COOKIES = "Do session cookies come back at this start?"
    REOPEN_TABS = "Do tabs come back at this start?"
    REOPEN_PINNED = "Do pinned tabs come back at this start, whatever the others do?"
    LOAD_TABS_BEHIND = "Are tabs that come back behind another loaded before somebody looks?"
    KEEP_TAB_STORAGE = "Is the storage of tabs that are not reopened kept at this start?"
    DELETE_TAB_STORAGE = "And deleted from disk, where a later start could bring it back?"
    OFFER_SESSION = "Can the person ask for the last session?"
    CLEAR_SESSION = "And is the session file cleared with it?"
    SPARE_STRAY_STORAGE = "But for a tab's storage whose origin keeps nothing else?"
    SPARE_TABS_BEHIND = "And but for tabs that come back behind another?"
    STORAGE_IN_SAME_PROCESS = "Does a tab's storage come back with it in the same process?"
    SHOW_SESSION = "Is the session that the person asked for put in front of them?"
    END_WITH_TAB = "Do session cookies end with a tab, or a window, that is not the last?"
    POPUP_STORAGE = "What of its opener's storage does a popup begin with?"
    CLEAR = "Is what was to be deleted on exit gone at this start?"
    COOKIES_ON_REQUEST = "Do session cookies come back with a session that the person asks for?"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that a rule may look at."""

    choices: Choices
    verb: str = ""
    """What ends, or ended, the browser's life, a tab's or a window's."""
    medium: Medium | None = None
    """What is, or is not, written."""
    mark: str = ""
    """The exit mark on disk."""
    crashed: bool = False
    """Whether the browser takes its last end for a crash."""
    unacknowledged: bool = False
    """Whether the browser still shows that it crashed, and the person has not reacted."""
    restoring: bool = False
    """Whether it was told, this once, to restore the last session."""
    restarted: bool = False
    """Whether the profile says that this start is one of a restart."""
    first: bool = False
    """Whether no browser has run on the profile."""
    reopened: bool = False
    """Whether the tabs of the last session came back by themselves."""
    pinned: bool = False
    """Whether a tab of the last session was pinned."""
    crashes: int = 0
    """Crashes in a row, the last end included."""
    age: float = 0.0
    """Seconds since the session file was last written."""
    secure: bool = False
    """Whether the cookie in question is `Secure`."""


Answer = bool | str | float


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of a family's table."""

    question: Question
    answer: Answer
    because: str
    """The words for the evidence."""
    sources: tuple[str, ...]
    when: Callable[[Facts], bool] = field(default=lambda facts: True)
    limitations: tuple[str, ...] = ()
    """Ids of the limitations that it is a case of, where it bends a promise."""


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How often a medium is written."""

    medium: Medium
    interval: float
    """Seconds from the first change that is not on disk to the next write."""
    sources: tuple[str, ...]
    operations: int | None = None
    """As many changes make it write at once."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """A browser's table of rules."""

    name: str
    title: str
    engine: str
    """The engine that it is a model of."""
    measured: str
    """The version of it that the rules agree with, cell by cell; empty where none was measured."""
    running_mark: str
    """The exit mark while it runs."""
    restored_in_front: bool
    """Whether the last tab that came back at a start is the one in use, or all of them stand beside
    an empty one: so the driver finds them in the real browser."""
    rules: Sequence[Rule]
    rhythms: Mapping[Medium, Rhythm]

    def say(self, rule: Rule) -> Decision:
        """A rule that has decided, for the trail of what it was about."""
        return Decision(because=f"{self.title} {rule.because}", limitations=rule.limitations)

    def asks(self, question: Question) -> bool:
        """Whether the question ever comes up in this browser, as it can be driven."""
        return any(rule.question is question for rule in self.rules)

    def decide(self, question: Question, facts: Facts) -> Rule:
        """The first rule that fits. Raises LookupError for a question that this browser, as it can
        be driven, never asks."""
        for rule in self.rules:
            if rule.question is question and rule.when(facts):
                return rule
        raise LookupError(f"{self.title} has no rule for: {question}")
