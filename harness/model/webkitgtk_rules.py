"""WebKitGTK: a session cookie is never on disk, so it ends with the process, however that ends.

No engine of this name can be driven yet: these rules rest on sources and on one measurement of
Epiphany 43.1 (closed with its tabs to be reopened: the persistent cookie alone was sent).
"""

from harness.model.common_rules import end_with_tab
from harness.model.family import Family, Medium, Question, Rhythm, Rule

__all__ = ["WEBKITGTK"]

_JAR = "libsoup: libsoup/cookies/soup-cookie-jar-db.c (stores cookies that expire)"
_EPIPHANY = "measured: Epiphany 43.1, closed and started again"

_RULES = (
    Rule(
        question=Question.REDIRECTS_COUNT,
        answer=False,
        because="asks who began a navigation",
        sources=("not measured: WebKitGTK cannot be driven yet",),
    ),
    Rule(
        question=Question.TRUSTS_LOCALHOST,
        answer=False,
        because="takes and sends no Secure cookie over http, localhost or not",
        limitations=("secure-cookie-needs-https",),
        sources=(
            "libsoup: libsoup/cookies/soup-cookie-jar.c",
            "https://github.com/keycloak/keycloak/issues/33926",
        ),
    ),
    Rule(
        question=Question.SESSION_COOKIES_IN_DATABASE,
        answer=False,
        because="writes no session cookie to disk",
        sources=(_JAR,),
    ),
    Rule(
        question=Question.SESSION_COOKIE_IN_FILE,
        answer=False,
        because="keeps no cookies in its session file",
        limitations=("restart-loses-what-is-never-on-disk",),
        sources=(_JAR,),
    ),
    Rule(
        question=Question.EMPTY_TABS_IN_FILE,
        answer=True,
        because="keeps the addresses of empty tabs, too",
        sources=("epiphany: src/ephy-session.c",),
    ),
    Rule(
        question=Question.TAB_STORAGE_IN_FILE,
        answer=False,
        because="keeps addresses alone in its session file",
        limitations=("restart-loses-what-is-never-on-disk",),
        sources=("epiphany: src/ephy-session.c",),
    ),
    Rule(
        question=Question.UNUSED_STORAGE_IN_FILE,
        answer=False,
        because="keeps no storage of tabs",
        sources=("epiphany: src/ephy-session.c",),
    ),
    Rule(
        question=Question.WRITE_AT_END,
        answer=True,
        because="had written down what it keeps as it came",
        sources=(_JAR,),
    ),
    Rule(
        question=Question.MARK_AT_END,
        answer="",
        because="keeps no exit mark that cookies depend on",
        sources=(_JAR,),
    ),
    Rule(
        question=Question.CRASHED,
        answer=False,
        because="makes no difference between a crash and an orderly end",
        sources=(_JAR,),
    ),
    Rule(
        question=Question.KEEP_SESSION_COOKIES,
        answer=False,
        because="has no session cookies to bring back",
        sources=(_JAR, _EPIPHANY),
    ),
    Rule(
        question=Question.REOPEN_TABS,
        when=lambda facts: facts.choices.reopen or facts.restoring,
        answer=True,
        because="reopened the tabs",
        sources=(_EPIPHANY,),
    ),
    Rule(
        question=Question.REOPEN_TABS,
        answer=False,
        because="reopened no tabs",
        sources=("epiphany: src/ephy-session.c",),
    ),
    Rule(
        question=Question.KEEP_TAB_STORAGE,
        answer=False,
        because="kept no storage of tabs",
        sources=("epiphany: src/ephy-session.c",),
    ),
    Rule(
        question=Question.OFFER_SESSION,
        when=lambda facts: facts.reopened,
        answer=False,
        because="offers no last session: it came back by itself",
        sources=("epiphany: src/ephy-session.c",),
    ),
    Rule(
        question=Question.OFFER_SESSION,
        answer=True,
        because="offers the last session",
        sources=("epiphany: src/ephy-session.c",),
    ),
    Rule(
        question=Question.CLEAR,
        when=lambda facts: facts.choices.clear,
        answer=True,
        because="deleted cookies and site data, as it is set to",
        limitations=("clear-on-exit-takes-persistent-cookies",),
        sources=("webkitgtk: WebKitWebsiteDataManager",),
    ),
    Rule(
        question=Question.CLEAR,
        answer=False,
        because="had nothing to delete",
        sources=("webkitgtk: WebKitWebsiteDataManager",),
    ),
    Rule(
        question=Question.CLEAR_SESSION,
        answer=True,
        because="has nothing of sites in its session file",
        sources=("epiphany: src/ephy-session.c",),
    ),
    Rule(
        question=Question.SHOW_SESSION,
        answer=False,
        because="opened the session that was asked for beside the window in use",
        sources=("epiphany: src/ephy-session.c",),
    ),
    *end_with_tab(window=(_JAR,), tab=(_JAR,)),
    Rule(
        question=Question.POPUP_STORAGE,
        answer="all",
        because="copied the opener's storage for the popup",
        sources=("https://html.spec.whatwg.org/multipage/document-sequences.html",),
    ),
)

WEBKITGTK = Family(
    name="simulated-webkitgtk",
    title="WebKitGTK (model)",
    engine="webkitgtk",
    measured="",
    running_mark="",
    restored_in_front=True,
    rules=_RULES,
    rhythms={
        medium: Rhythm(medium=medium, interval=0.0, sources=(_JAR,)) for medium in Medium
    },
)
