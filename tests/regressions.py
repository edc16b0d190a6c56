"""Which fault of the control API makes which scenario go red, and where it shows."""

from harness.faults import Fault

__all__ = ["RED"]

_NON_PERSISTENT = {("non_persistent", "sso"), ("org_non_persistent", "sso")}
_PERSISTENT = {("persistent", "sso"), ("org_persistent", "sso")}
_EVERYBODY = {
    (policy, "sso")
    for policy in ("persistent", "non_persistent", "org_persistent", "org_non_persistent")
}

RED = {
    Fault.TWIN_COOKIE: ("regressions.twin_cookie", _NON_PERSISTENT),
    Fault.ENDLESS_SESSION: ("regressions.sliding_session", _NON_PERSISTENT),
    Fault.DOWNGRADED_SESSION: (
        "regressions.remembered_after_restarts",
        _PERSISTENT,
    ),
    Fault.SIGN_OUT_KEEPS_SESSION: ("regressions.silent_sign_in_after_sign_out", _EVERYBODY),
    Fault.LATE_RENEWAL: ("regressions.sign_out_during_a_request", _PERSISTENT),
    Fault.SIGN_OUT_KEEPS_TOKEN: (
        "regressions.restored_tab_after_sign_out",
        {(policy, "app:session_storage") for policy, _ in _EVERYBODY},
    ),
    Fault.SCOPE_CHANGED: ("regressions.sign_in_again", _EVERYBODY),
}
"""The scenario, and the policies and surfaces that are unexpected with the fault."""
