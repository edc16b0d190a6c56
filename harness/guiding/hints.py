"""How a person does by hand what a scenario's sentence says, and what nobody does by hand."""

from collections.abc import Mapping

from harness.verbs import Step, UnsupportedVerbError

__all__ = ["check", "hints_of"]

_UNABLE: Mapping[str, str] = {
    "refresh_tokens": "pages exchange their refresh tokens by themselves, and these have nothing "
    "to press for it",
    "sign_out_during_visit": "it takes two requests at the same time, quicker than anybody is",
    "open_popup": "the pages have nothing to press that opens a popup window",
}

_HINTS: Mapping[str, tuple[str, ...]] = {
    "quit": (
        "As you always do: by its menu, or by closing its last window. On a phone, swipe it away "
        "in the overview of apps.",
    ),
    "crash": (
        "End its process by force: “End task” in the task manager, “Force Quit” on a Mac, "
        "“Force stop” in Android's settings.",
        "To close it is something else; skip this where nothing of the kind is there.",
    ),
    "end_os_session": (
        "Shut the computer or the phone down while the browser is open, and start it again.",
        "Skip this on the machine that this guide runs on: it would end with it.",
    ),
    "restart": (
        "Its own restart: chrome://restart or edge://restart in the address bar, “Restart "
        "normally” of about:profiles in Firefox. Skip this where it has none.",
    ),
    "restore_previous_session": (
        "“Restore Previous Session” or “Reopen All Windows from Last Session” in its menu or "
        "history, or the button that it offers by itself. Skip this where it has none.",
    ),
    "settle": ("Leave the browser open, and do nothing in it.",),
    "set_clock_back": ("In the settings of that computer, and back again when you have finished.",),
    "pin_tab": ("“Pin tab” in the menu of the tab. Skip this where there is none.",),
    "open_window": ("Skip this where there is one window only.",),
}
_RESTORING = (
    "Chrome and Edge: with --restore-last-session on their command line. Firefox: by "
    "“Open previous windows and tabs”. Skip this where nothing of the kind is there."
)


def check(step: Step) -> None:
    """Raise UnsupportedVerbError for a step that nobody does by hand."""
    reason = _UNABLE.get(step.verb)
    if reason is not None:
        raise UnsupportedVerbError(f"{step.verb}: not by hand: {reason}")


def hints_of(step: Step) -> tuple[str, ...]:
    """How it is done, a sentence each; none for what needs no words."""
    if step.verb == "start" and step.value:
        return (_RESTORING,)
    return _HINTS.get(step.verb, ())
