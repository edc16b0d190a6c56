"""Firefox that is set to delete cookies and site data when it closes."""

from harness.model.family import Question, Rule

__all__ = ["CLEARING"]

_STORE = "browser/components/sessionstore/SessionStore.sys.mjs"
_SANITIZER = "browser/modules/Sanitizer.sys.mjs"

CLEARING = (
    Rule(
        question=Question.CLEAR,
        when=lambda facts: not facts.choices.clear,
        answer=False,
        because="had nothing to delete",
        sources=(_SANITIZER,),
    ),
    Rule(
        question=Question.CLEAR,
        answer=True,
        because="deleted cookies and site data, as it is set to; after a crash at the next start",
        limitations=("clear-on-exit-takes-persistent-cookies",),
        sources=(_SANITIZER, "measured: crash.crash_after_settling"),
    ),
    Rule(
        question=Question.CLEAR_SESSION,
        when=lambda facts: facts.restarted,
        answer=False,
        because="kept the session that it resumes after the restart, its cookies included, "
        "although set to delete them",
        sources=("measured: vendor_chromium.restart, preset clear-on-exit",),
    ),
    Rule(
        question=Question.CLEAR_SESSION,
        answer=True,
        because="deleted cookies and storages from its session file too",
        sources=(_SANITIZER, "measured: browser_close.quit_and_start"),
    ),
    Rule(
        question=Question.SPARE_STRAY_STORAGE,
        when=lambda facts: facts.crashed,
        answer=True,
        because="left a tab's storage whose origin keeps nothing else: it clears those that do, "
        "and saves the session anew",
        sources=(
            "toolkit/components/cleardata/PrincipalsCollector.sys.mjs (origins with data on disk, "
            "and cookies as of https without a port)",
            f"{_STORE}, onPurgeSessionHistory",
            "measured: crash.crash_after_a_restart, preset clear-on-exit",
        ),
    ),
    Rule(
        question=Question.SPARE_STRAY_STORAGE,
        answer=False,
        because="deleted its session file as it closed",
        sources=(
            f"{_STORE}, onPurgeSessionHistory",
            "measured: crash.crash_after_a_restart, preset continue+clear-on-exit",
        ),
    ),
    Rule(
        question=Question.SPARE_TABS_BEHIND,
        when=lambda facts: facts.crashed,
        answer=True,
        because="left the storage of tabs that came back behind others: it clears those that are "
        "loaded",
        sources=(
            "measured: crash.crash_with_several_tabs, preset clear-on-exit, and the session file "
            "of a Firefox that nobody drives",
        ),
    ),
    Rule(
        question=Question.SPARE_TABS_BEHIND,
        answer=False,
        because="deleted its session file as it closed",
        sources=(f"{_STORE}, onPurgeSessionHistory",),
    ),
)
