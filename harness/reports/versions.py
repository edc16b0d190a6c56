"""Ranges of browser versions, `>=128, <160`."""

import re
from dataclasses import dataclass

__all__ = ["VersionRange", "version_range"]

_NUMBERS = re.compile(r"\d+(?:\.\d+)*")
_BOUND = re.compile(r"(>=|>|<=|<|==)\s*(\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class VersionRange:
    """Versions from one on, up to another that is no longer in it.

    A bound speaks of as many numbers as it has: 160.0.1 is in `<=160`, and not in `>160`. So people
    say what they mean by the version of a browser, of which they know the first number.
    """

    text: str
    """As it was written."""
    low: tuple[int, ...] = ()
    high: tuple[int, ...] | None = None

    def has(self, version: str) -> bool:
        """Whether a version is in the range; one that has no number is in none."""
        found = _NUMBERS.match(version)
        if found is None:
            return False
        numbers = _numbers(found[0])
        return _less_or_same(self.low, numbers) and (
            self.high is None or not _less_or_same(self.high, numbers)
        )


def version_range(text: str) -> VersionRange:
    """Read a range. Raises ValueError; the message is for the user, and says what is accepted."""
    low: tuple[int, ...] = ()
    high: tuple[int, ...] | None = None
    for part in text.split(","):
        bound = _BOUND.fullmatch(part.strip())
        if bound is None:
            raise ValueError(
                f"must be bounds like '>=128, <160', each of >=, >, <=, < or == and numbers with "
                f"dots, not {text!r}"
            )
        sign, numbers = bound[1], _numbers(bound[2])
        after = (*numbers[:-1], numbers[-1] + 1)
        if sign in (">=", ">", "=="):
            start = after if sign == ">" else numbers
            low = low if _less_or_same(start, low) else start
        if sign in ("<=", "<", "=="):
            end = numbers if sign == "<" else after
            high = high if high is not None and _less_or_same(high, end) else end
    if high is not None and _less_or_same(high, low):
        raise ValueError(f"no version is in {text!r}; the lower bound comes first: '>=128, <160'")
    return VersionRange(text, low, high)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _less_or_same(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """128 and 128.0 are the same."""
    longest = max(len(one), len(other))
    return _filled(one, longest) <= _filled(other, longest)


def _filled(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return (*numbers, *(0 for _ in range(length - len(numbers))))
