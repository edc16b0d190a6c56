"""Where a run is told: a terminal, of which the last lines change, or whatever else reads it."""

import os
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.text import Text

__all__ = ["Screen"]

_WIDEST = 160
"""Columns; of longer lines one loses the beginning."""
_STYLES = (
    (r"(?m)^✗ .*?(?=: |$)|✗\d+|[1-9]\d* (unexpected|failed)", "bold red"),
    (r"(?m)^! .*?(?=: |$)|!\d+|[1-9]\d* errors?", "bold magenta"),
    (r"(?m)^± .*?(?=: |$)|±\d+|[1-9]\d* flaky", "bold magenta"),
    (r"✓\d*|[1-9]\d* (kept|passed)", "green"),
    (r"≈\d*|[1-9]\d* limitation", "yellow"),
    (r"(?m)^~ .*?(?=: |$)|~\d+|\?\d+|[1-9]\d* (inconclusive|unexplained)", "cyan"),
    (r"–\d+|(?m:^– .*)|\b0 [a-z]+|[1-9]\d* (unsupported|skipped)", "dim"),
    (r"(?m)^(Report|Again|Beware):", "bold"),
    (r"(?m)^ +\d+\. .*", "bold"),
)  # fmt: skip


class Screen:
    """`file` is where to write, past what pytest captures."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.live = file.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
        """Whether lines can be changed after they were written."""
        self._console: Console | None = None
        self._moving: Live | None = None
        if self.live or os.environ.get("FORCE_COLOR"):
            from rich import console

            self._console = console.Console(
                file=file, width=self.width or 10_000, highlight=False, soft_wrap=not self.live
            )

    @property
    def width(self) -> int | None:
        """Columns; None where there is no end of them."""
        if not self.live:
            return None
        try:
            return max(20, min(os.get_terminal_size(self._file.fileno()).columns, _WIDEST))
        except OSError:
            return 80

    def line(self, text: str = "", hanging: int = 2) -> None:
        """Write a line that stays, wrapped at the width; `hanging`: how far in it goes on."""
        width = self.width
        if width is not None and len(text) > width:
            text = textwrap.fill(
                text, width, subsequent_indent=" " * hanging, break_on_hyphens=False,
                replace_whitespace=False, drop_whitespace=True,
            )  # fmt: skip
        if self._console is None:
            print(text, file=self._file, flush=True)
        else:
            self._console.print(self._styled(text))
            self._file.flush()

    def lines(self, texts: Iterable[str]) -> None:
        """Likewise, several."""
        for text in texts:
            self.line(text)

    def move(self, lines: Callable[[int], "RenderableType"]) -> None:
        """Have the last lines change, until `still`: what `lines` makes for a width. Nothing where
        that cannot be."""
        if not self.live or self._console is None or self._moving is not None:
            return
        from rich.live import Live

        console = self._console

        def shown() -> "RenderableType":
            console.width = self.width or 80
            return lines(console.width)

        self._moving = Live(
            get_renderable=shown, console=console, refresh_per_second=5, transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._moving.start(refresh=True)

    def still(self) -> None:
        """Take away the lines that change."""
        moving, self._moving = self._moving, None
        if moving is not None:
            moving.stop()

    def _styled(self, text: str) -> "Text":
        from rich.text import Text

        styled = Text(text)
        for pattern, style in _STYLES:
            styled.highlight_regex(pattern, style)
        return styled


def columns(parts: Sequence[str], width: int) -> str:
    """The first part, as much of it as there is room for, and the others at the right."""
    rest = "  ".join(parts[1:])
    room = max(1, width - len(rest) - 2)
    first = parts[0] if len(parts[0]) <= room else f"{parts[0][: room - 1]}…"
    return f"{first.ljust(room)}  {rest}"
