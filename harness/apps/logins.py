"""The logins that an application keeps, and which of them a logout token is about."""

from collections.abc import Callable, Iterable, Sequence

from harness.apps.kind import Record
from harness.apps.logout_token import LoggedOut
from harness.ledger import Ledger
from harness.state import State

__all__ = ["Logins"]


class Logins:
    """Those of one environment; of those that are over, the latest ten thousand. `now` tells the
    time in seconds."""

    def __init__(self, state: State, environment: str, *, now: Callable[[], float]) -> None:
        self._of_session: dict[str, dict[str, Record]] = {}
        """By the auth server's session: it may end thousands, one after the other."""
        self._records = Ledger(
            state,
            environment,
            "app_login",
            Record,
            is_over=lambda login: login.signed_out or login.expires <= now(),
            age=lambda login: login.expires,
            dropped=self._dropped,
        )
        for login in self._records:
            self._index(login)

    def get(self, key: str) -> Record | None:
        """The login of that id, over or not; None if there is none."""
        return self._records.get(key)

    def add(self, login: Record) -> None:
        """Keep a new one."""
        self._index(login)
        self._records.put(login.id, login)

    def save(self, login: Record) -> None:
        """Keep one as it is now, unless it has been forgotten meanwhile."""
        if login.id in self._records:
            self._records.put(login.id, login)

    def concerned(self, told: LoggedOut) -> Sequence[Record]:
        """Those that a logout token is about, and that no earlier one was."""
        logins: Iterable[Record] = self._records
        if told.sid is not None:
            logins = self._of_session.get(told.sid, {}).values()
        return [
            login
            for login in logins
            if told.concerns(login.sub, login.sid) and not login.logged_out
        ]

    def clear(self) -> None:
        """Forget every login."""
        self._of_session.clear()
        self._records.clear()

    def _index(self, login: Record) -> None:
        self._of_session.setdefault(login.sid, {})[login.id] = login

    def _dropped(self, login: Record) -> None:
        of_session = self._of_session[login.sid]
        del of_session[login.id]
        if not of_session:
            del self._of_session[login.sid]
