"""A process that works for a worker of a cluster, and both ends of what they say to each other.

It has a folder of its own, in which everything is that it needs for a while, and it outlives
neither the worker nor its use.
"""

import contextlib
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from harness.engines.leftovers import hold, new_folder, remove
from harness.engines.processes import kill_group, kill_users_of

__all__ = ["Child", "ChildError", "Parent"]

_IDLE = 10.0
"""Seconds without a question after which a child ends: whoever asked may have gone without a word,
and while a run goes on there is always another."""
_GRACE = 20.0
"""Seconds that a child has to end its browsers."""
_INSISTS = 0.5
"""Seconds after which a child is told again that its worker has gone."""


class ChildError(Exception):
    """A child ended in the middle; the message says how."""


class Child:
    """A process that runs a module, as the worker sees it. It answers one question at a time."""

    def __init__(self, module: str, setting: object) -> None:
        self._folder = new_folder()
        self._held = hold(self._folder)
        self._ending = threading.Lock()
        self._connection, theirs = Pipe()
        with (self._folder / "said").open("wb") as said, theirs:
            # A group of its own: what a terminal interrupts is the worker, who ends it in order.
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno()), str(self._folder)],
                cwd=self._folder, pass_fds=[theirs.fileno()], start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip
        # One that ends by itself is nobody's to look after: no zombie is to stay.
        threading.Thread(target=self._process.wait, daemon=True).start()
        # Said with the first question: whoever starts a child does not wait for it to be there.
        self._unsaid = [setting]

    @property
    def alive(self) -> bool:
        """Whether it can be asked something."""
        return self._process.poll() is None

    def ask(self, question: object) -> Any:
        """What it answers; raises ChildError."""
        try:
            for something in (*self._unsaid, question):
                self._connection.send(something)
            self._unsaid.clear()
            return self._connection.recv()
        except (EOFError, OSError):
            raise ChildError(self._how_it_ended()) from None

    def _how_it_ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        status = self._process.returncode
        if status is not None and status < 0:
            return f"its process was ended by {signal.Signals(-status).name}"
        with contextlib.suppress(OSError):
            said = (self._folder / "said").read_text(errors="replace").strip().splitlines()
            if said:
                return f"its process ended in the middle: {said[-1]}"
        return "its process ended in the middle"

    def end(self) -> None:
        """End it, and whatever it has started; remove what it has written. Whoever waits for an
        answer has a ChildError then."""
        with self._ending:
            if self.alive:
                self._process.send_signal(signal.SIGINT)
                try:
                    self._process.wait(_GRACE)
                except subprocess.TimeoutExpired:
                    kill_group(self._process.pid)
                    self._process.wait()
            # Where it was killed, nobody else ends its browsers.
            kill_users_of(self._folder)
            remove(self._folder)
            self._held.close()


class Parent:
    """The worker, as its child sees it.

    A context manager in the main thread. When the child is to end, or the worker has gone,
    KeyboardInterrupt is raised there, once; or `stop` is set instead, where something is carried
    out that had better come to an end by itself.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.folder = Path(sys.argv[2])
        """For everything that is needed for a while; removed at the end."""
        self.setting: Any = None
        """What the worker told it first."""
        self._connection = Connection(int(sys.argv[1]))
        self._stop = stop
        self._carries_out = False
        self._ends = False
        self._left = threading.Event()

    def __enter__(self) -> "Parent":
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._interrupt)
        self._held = hold(self.folder)
        try:
            self.setting = self._connection.recv()
            threading.Thread(target=self._watch, daemon=True).start()
        except BaseException:
            # The worker has gone already, and nobody leaves what was not entered.
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        remove(self.folder)
        self._held.close()
        self._left.set()

    def questions(self) -> Iterator[Any]:
        """What is asked, until nothing is for a while."""
        with contextlib.suppress(EOFError):
            while not self._ends and self._connection.poll(_IDLE):
                question = self._connection.recv()
                self._carries_out = True
                yield question
                self._carries_out = False

    def answer(self, answer: object) -> None:
        """To be called once for each question. What was stopped is no answer."""
        if not self._ends:
            self._connection.send(answer)

    def _interrupt(self, *_: object) -> None:
        if self._ends:
            return
        self._ends = True
        if self._stop is None or not self._carries_out:
            raise KeyboardInterrupt
        self._stop.set()

    def _watch(self) -> None:
        there = select.poll()
        there.register(self._connection.fileno(), select.POLLRDHUP)
        there.poll()
        main = threading.main_thread().ident
        assert main is not None
        # A thread that is just about to wait, without end, is not woken by a signal that comes
        # before it does.
        while not self._left.is_set():
            signal.pthread_kill(main, signal.SIGINT)
            self._left.wait(_INSISTS)
