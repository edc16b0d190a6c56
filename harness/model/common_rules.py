"""Rules that every browser has, each with its own sources."""

from harness.model.family import Question, Rule

__all__ = ["end_with_tab"]


def end_with_tab(*, window: tuple[str, ...], tab: tuple[str, ...]) -> tuple[Rule, Rule]:
    """Session cookies belong to all of a browser: `window` and `tab` are the sources for the close
    of one that is not the last."""
    return (
        Rule(
            question=Question.END_WITH_TAB,
            when=lambda facts: facts.verb == "close_window",
            answer=False,
            because="ended no session with a window: another one is open",
            limitations=("window-close-is-not-browser-close",),
            sources=window,
        ),
        Rule(
            question=Question.END_WITH_TAB,
            answer=False,
            because="ended no session with a tab: session cookies belong to all of the browser",
            limitations=("tab-close-is-not-session-end",),
            sources=tab,
        ),
    )
