"""The steps of an item, told as they happen."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from io import FileIO
from pathlib import Path

from harness.engines.leftovers import hold
from harness.records import Observation
from harness.scenario import Check, Interpreter, Step, narrate

__all__ = ["StepFile", "Tell", "Telling", "tell_all", "told_verdicts"]

Tell = Callable[[str, str], None]
"""Is told the name of an item, and a line."""


def told_verdicts(observations: Sequence[Observation]) -> str:
    """How often each verdict came up."""
    counted = Counter(observation.verdict for observation in observations)
    return "   " + (", ".join(f"{n} {verdict}" for verdict, n in counted.items()) or "nothing seen")


class Telling:
    """An interpreter that tells each step before it is done, and each check with its verdicts.
    `observations`: all that were made, as they are made."""

    def __init__(
        self, interpreter: Interpreter, tell: Callable[[str], None],
        observations: Sequence[Observation],
    ) -> None:  # fmt: skip
        self._interpreter = interpreter
        self._tell = tell
        self._observations = observations
        self._number = 0

    def _told(self, step: Step) -> None:
        self._number += 1
        self._tell(f"{self._number}. {narrate(step)}")

    def perform(self, step: Step) -> None:
        """Do one step."""
        self._told(step)
        self._interpreter.perform(step)

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        """Observe."""
        self._told(steps[-1])
        before = len(self._observations)
        check = self._interpreter.observe(label, steps)
        self._tell(told_verdicts(self._observations[before:]))
        return check


def tell_all(
    tell: Callable[[str], None], steps: Sequence[Step], observations: Sequence[Observation]
) -> None:
    """Likewise of what is over."""
    for number, step in enumerate(steps, start=1):
        tell(f"{number}. {narrate(step)}")
        if step.verb == "check":
            tell(told_verdicts([o for o in observations if o.check == step.value]))


class StepFile:
    """How the processes of a run tell the one that began it: lines that are appended to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._held: FileIO | None = None
        """The mark of the file's folder, as long as this process lives."""

    def tell(self, item: str, line: str) -> None:
        """Append one."""
        folder = self._path.parent
        if self._held is None or not folder.exists():
            self._held = hold(folder)
        data = json.dumps([item, line]).encode() + b"\n"
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, data)
        finally:
            os.close(file)

    def new(self) -> Iterator[tuple[str, str]]:
        """What was appended since it was asked last: item and line."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            item, text = json.loads(line)
            yield item, text
