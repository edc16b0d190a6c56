"""One-shot faults: what real auth servers and applications got wrong, done on purpose once.

Each stands for a bug that a public project had; a scenario in `scenarios/regressions/` turns red
when the fault strikes, and is green without. Armed through the control API, cleared by a reset.
"""

from collections import defaultdict
from enum import StrEnum

__all__ = ["Fault", "Faults"]


class Fault(StrEnum):
    """What can go wrong, once in each environment it is armed for."""

    TWIN_COOKIE = "twin_cookie"
    """A sign-in sets a second cookie beside the SSO cookie, which lasts and is taken for it
    (panva/node-oidc-provider 636)."""
    ENDLESS_SESSION = "endless_session"
    """A sign-in begins a session that no inactivity ends (panva/node-oidc-provider 668)."""
    DOWNGRADED_SESSION = "downgraded_session"
    """A silent sign-in makes a persistent session a non-persistent one (keycloak/keycloak 37749).
    """
    SIGN_OUT_KEEPS_SESSION = "sign_out_keeps_session"
    """A sign-out in an application leaves the SSO session alive (KensioSoftware/yulin 804)."""
    LATE_RENEWAL = "late_renewal"
    """A request that was under way during a sign-out writes the session back that it had read
    (Fergana-Labs/stash 759)."""
    SIGN_OUT_KEEPS_TOKEN = "sign_out_keeps_token"
    """A sign-out leaves the token in the tab's storage, where a restored tab finds it
    (Ride-The-Lightning/RTL 1042)."""
    SCOPE_CHANGED = "scope_changed"
    """From the next time on that the server sets or deletes the cookie of somebody who has one, the
    cookie has another domain: browsers then keep, and send, the one of before beside it, first, and
    nothing that the server says reaches that (code-dot-org/code-dot-org 74198, metabase/metabase
    9577). Mended: the server deletes that one, too, whenever it sets or deletes its cookie."""


class Faults:
    """The faults that are armed, and those that have struck, by environment."""

    def __init__(self) -> None:
        self._armed: defaultdict[str, set[Fault]] = defaultdict(set)
        self._struck: defaultdict[str, set[Fault]] = defaultdict(set)
        self._mended: defaultdict[str, set[Fault]] = defaultdict(set)

    def arm(self, environment: str, fault: Fault) -> None:
        """Let a fault strike at the next occasion."""
        self._armed[environment].add(fault)
        self._mended[environment].discard(fault)

    def mend(self, environment: str, fault: Fault) -> None:
        """Let a fault strike no more; where it has, let what it left behind be cleared up."""
        self._armed[environment].discard(fault)
        self._mended[environment].add(fault)

    def strikes(self, environment: str, fault: Fault) -> bool:
        """Whether the fault is to strike now; it will not again."""
        if fault not in self._armed[environment]:
            return False
        self._armed[environment].discard(fault)
        self._struck[environment].add(fault)
        return True

    def struck(self, environment: str, fault: Fault) -> bool:
        """Whether the fault has struck since the last reset."""
        return fault in self._struck[environment]

    def mended(self, environment: str, fault: Fault) -> bool:
        """Whether the fault has been mended since it was last armed."""
        return fault in self._mended[environment]

    def state(self, environment: str) -> dict[str, list[Fault]]:
        """What is armed, what has struck, and what is mended, in one environment."""
        return {
            "armed": sorted(self._armed[environment]),
            "struck": sorted(self._struck[environment]),
            "mended": sorted(self._mended[environment]),
        }

    def clear(self) -> None:
        """Arm nothing."""
        self._armed.clear()
        self._struck.clear()
        self._mended.clear()
