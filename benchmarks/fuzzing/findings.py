"""What went wrong, grouped by its kind."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.fuzzing.operations import Operation
from benchmarks.fuzzing.wire import Message

__all__ = ["Fault", "Faults", "Request"]

_EXAMPLES = 8
_SUSPECTS = 60


@dataclass(frozen=True, kw_only=True)
class Request:
    """One of a campaign's, and what it was made of."""

    number: int
    operation: Operation
    values: dict[str, str]
    message: Message


@dataclass(kw_only=True)
class Fault:
    """One kind of what went wrong. `examples` are the shortest requests that may show it."""

    kind: str
    times: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    examples: list[Request] = field(default_factory=list)
    suspects: Sequence[int] = ()
    """Numbers of what was sent before the server did not answer what everybody relies on."""
    smallest: bytes | None = None
    """What shows it when it is sent alone; None: it was not seen again."""
    number: int | None = None
    """The number of the request that became the smallest."""

    def told(self) -> str:
        """For people; bytes as in Python."""
        names = ", ".join(f"{name} {count}" for name, count in self.operations.most_common(6))
        lines = [f"{self.kind}: {self.times} times{f' ({names})' if names else ''}"]
        if self.smallest is not None:
            lines.append(f"  made of number {self.number}: {_short(self.smallest)}")
        else:
            lines.append("  not seen again by one request alone; one of these, or about there:")
            lines += [f"  number {e.number}: {_short(e.message.raw)}" for e in self.examples[:2]]
        if self.suspects:
            lines.append(f"  first after numbers {self.suspects[0]} to {self.suspects[-1]}")
        return "\n".join(lines)


class Faults:
    """All of them, by kind."""

    def __init__(self) -> None:
        self.by_kind: dict[str, Fault] = {}
        self.failed: list[Request] = []
        """Those that were answered with 5xx, whatever the cause."""

    def show(self, kind: str, request: Request) -> None:
        """Note that a request seems to have shown something."""
        fault = self._add(kind, request.operation.name)
        fault.examples = sorted([*fault.examples, request], key=lambda e: len(e.message.raw))
        del fault.examples[_EXAMPLES:]

    def suspect(self, kind: str, requests: Iterable[Request]) -> None:
        """Note what one of these requests must have shown."""
        fault = self._add(kind)
        if len(fault.examples) < _SUSPECTS:
            fault.examples += requests

    def spoilt(self, kind: str, operation: str, numbers: Sequence[int]) -> None:
        """Note what is not answered any more after these requests."""
        fault = self._add(kind, operation)
        fault.suspects = fault.suspects or numbers

    def _add(self, kind: str, operation: str | None = None) -> Fault:
        fault = self.by_kind.setdefault(kind, Fault(kind=kind))
        fault.times += 1
        if operation is not None:
            fault.operations[operation] += 1
        return fault

    def told(self) -> list[str]:
        """Each of them, the most frequent first."""
        ordered = sorted(self.by_kind.values(), key=lambda fault: -fault.times)
        return [fault.told() for fault in ordered]


def _short(raw: bytes) -> str:
    return repr(raw) if len(raw) <= 600 else f"{raw[:600]!r} … ({len(raw)} bytes)"
