"""Where a person is told what to do, on the page and on the terminal, and heard."""

import contextlib
import time
from collections.abc import Callable
from queue import Empty

from harness.guiding.ages import CookieAges
from harness.guiding.terminal import Terminal
from harness.scenario import UnsupportedVerbError
from harness.server.desk import Came, Desk, Heard, Notice, Returned, Said
from harness.server.exchanges import Exchange
from harness.server.running import MockServer

__all__ = ["Floor"]


_BACK_WITHIN = 5.0
"""Seconds."""
_BREATH = 1.0
"""Seconds after which whoever waits looks up: Ctrl+C that comes as the wait begins, or to another
thread, does not end it; and what it raises can get lost in what runs just then."""


class Floor:
    """One notice at a time, and what is heard until it is done."""

    def __init__(self, server: MockServer, desk: Desk, terminal: Terminal) -> None:
        self._server = server
        self._desk = desk
        self.terminal = terminal
        self.ages = CookieAges()
        self.agents: dict[str, None] = {}
        """The `User-Agent` of each browser that has come, in order."""
        self._left = False

    def leave(self, *_: object) -> None:
        """The person ends it: the handler of a signal. Raises KeyboardInterrupt, as every wait from
        now on does."""
        self._left = True
        raise KeyboardInterrupt

    @property
    def address(self) -> str:
        """Where the person comes to with the browser that is measured."""
        return self._desk.address

    def forget(self) -> None:
        """Begin with another lifecycle."""
        self.ages = CookieAges()
        self.agents.clear()

    def tell(self, notice: Notice, *, aloud: bool = True) -> None:
        """Show a notice; what was said of the one before is over. `aloud`: on the terminal too."""
        self.catch_up()
        self._server.show(notice)
        if aloud:
            self.terminal.tell(notice)

    def catch_up(self) -> None:
        """Account for what has come in, and what nobody waits for."""
        while not self._desk.heard.empty():
            self._account(self._desk.heard.get())

    def until(
        self, enough: Callable[[Heard], bool], sentence: str
    ) -> Heard:
        """What was heard that is enough. Raises UnsupportedVerbError where the person skips it."""
        while True:
            try:
                heard = self._heard(_BREATH)
            except Empty:
                continue
            if heard is Said.SKIP:
                raise UnsupportedVerbError(f"skipped by the person: {sentence}")
            if enough(heard):
                return heard

    def for_real(self, seconds: float, sentence: str) -> None:
        """Return once so much time has gone by. Raises as `until` does."""
        if self._until_deadline(seconds, lambda heard: heard is Said.SKIP):
            raise UnsupportedVerbError(f"skipped by the person: {sentence}")

    def until_back(self) -> None:
        """Return once the browser that has shown everything is back at the page, or has not come
        for a while: nothing depends on it."""
        self._until_deadline(_BACK_WITHIN, lambda heard: isinstance(heard, Returned))

    def _until_deadline(self, seconds: float, enough: Callable[[Heard], bool]) -> bool:
        """Whether that was heard in so much time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(Empty):
                if enough(self._heard(min(left, _BREATH))):
                    return True
        return False

    def _heard(self, seconds: float) -> Heard:
        """The next that is heard in so much time; raises Empty."""
        if self._left:
            raise KeyboardInterrupt
        return self._account(self._desk.heard.get(timeout=seconds))

    def _account(self, heard: Heard) -> Heard:
        if isinstance(heard, Exchange):
            self.ages.take(heard)
        elif isinstance(heard, Came):
            self.agents[heard.agent] = None
        return heard
