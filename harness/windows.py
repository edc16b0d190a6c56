"""The windows and tabs of a browser, as the person counts them: one structure for everybody who
follows a lifecycle, whatever stands for a tab there."""

from collections.abc import Sequence
from typing import Generic, TypeVar

__all__ = ["Windows"]

Tab = TypeVar("Tab")


class Windows(Generic[Tab]):
    """Windows in the order in which they were opened, tabs likewise, and the tab in use.

    The person uses the window that was opened last. A number that a verb gives counts from 1.
    """

    def __init__(self) -> None:
        self._windows: list[list[Tab]] = []
        self._current: Tab | None = None

    def __bool__(self) -> bool:
        return bool(self._windows)

    @property
    def tabs(self) -> Sequence[Tab]:
        """All that are open."""
        return [tab for window in self._windows for tab in window]

    @property
    def counts(self) -> Sequence[int]:
        """How many tabs each window has."""
        return [len(window) for window in self._windows]

    @property
    def current(self) -> Tab:
        """The tab in use. Raises LookupError where no window is open."""
        if self._current is None:
            raise LookupError("no window is open")
        return self._current

    def start(self, tab: Tab) -> None:
        """The browser starts, with one tab that the person uses."""
        self._windows, self._current = [[tab]], tab

    def gone(self) -> None:
        """The browser has ended."""
        self._windows, self._current = [], None

    def open_tab(self, tab: Tab) -> None:
        """In the window in use; it is then the one in use."""
        self._windows[-1].append(tab)
        self._current = tab

    def open_window(self, tab: Tab) -> None:
        """A window with one tab, which is then the one in use."""
        self._windows.append([tab])
        self._current = tab

    def use(self, tab: Tab) -> None:
        """A tab that the browser has put in front takes the place of the one in use, which stays
        open behind it."""
        for window in self._windows:
            window[:] = [tab if other is self._current else other for other in window]
        self._current = tab

    def close_tab(self, number: int | None = None) -> Sequence[Tab]:
        """The one in use, or the numbered one of the window in use; the tabs that are gone."""
        window = self._windows[-1]
        tab = self.current if number is None else window[number - 1]
        window.remove(tab)
        if not window:
            self._windows.pop()
        return self._closed([tab])

    def close_window(self, number: int | None = None) -> Sequence[Tab]:
        """The one in use, or the numbered one; the tabs that are gone."""
        return self._closed(self._windows.pop(-1 if number is None else number - 1))

    def _closed(self, tabs: list[Tab]) -> Sequence[Tab]:
        if self._current in tabs:
            self._current = self._windows[-1][-1] if self._windows else None
        return tabs
