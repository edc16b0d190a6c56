"""Exploring for a worker of a cluster: one part after the other.

`python -m harness.exploring.carrying` is started by `harness.runner.children`.
"""

import threading
from typing import Any

from harness.exploring.workers import explore_part
from harness.runner.children import Parent


class _Said:
    """A queue that is read at the end."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Any]] = []

    def put(self, message: tuple[str, Any]) -> None:
        """Keep it."""
        self.messages.append(message)


def _main() -> None:
    stop = threading.Event()
    with Parent(stop) as parent:
        for task in parent.questions():
            said = _Said()
            explore_part(task, parent.folder, said, stop)
            parent.answer(said.messages)


if __name__ == "__main__":
    _main()
