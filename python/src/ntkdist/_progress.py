"""The progress of a running program, in a terminal or a notebook, with carriage returns alone."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass
from typing import Callable, TextIO, Union

# What `--progress bar` writes: `assembling ████░░░ 42 %  23/54 tiles  1e6 pairs/s`.
_BAR = re.compile(r"^(?P<what>.*?) [█░]+ +(?P<percent>\d+) %  ?(?P<detail>.*)$")


@dataclass(frozen=True)
class Progress:
    """How far a step of a run is."""

    what: str
    """The step, such as 'assembling'."""
    fraction: float
    """From 0 to 1."""
    detail: str
    """Tiles and speed, for people."""


Report = Union[bool, Callable[[Progress], None]]
"""True for a bar, False for nothing, or what to call with each progress."""


def parse(line: str) -> Progress | None:
    """The progress that a line of the program shows; None for any other line."""
    found = _BAR.match(line.replace("\x1b[K", "").strip())
    if not found:
        return None
    return Progress(found["what"], int(found["percent"]) / 100, found["detail"].strip())


class ProgressBar:
    """A bar that redraws itself on a terminal or in a notebook, and is silent elsewhere."""

    WIDTH = 30

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._is_live = self._stream.isatty() or _is_notebook(self._stream)
        self._drawn = 0
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        """Draws the progress, not more often than it can be read."""
        now = time.monotonic()
        if not self._is_live or (progress.fraction < 1 and now - self._last < 0.1):
            return
        self._last = now
        filled = int(progress.fraction * self.WIDTH)
        bar = "█" * filled + "░" * (self.WIDTH - filled)
        line = f"{progress.what} {bar} {100 * progress.fraction:3.0f} %  {progress.detail}"
        # Notebooks know no escape sequences, so the rest of a longer line is overwritten.
        self._stream.write("\r" + line + " " * max(self._drawn - len(line), 0))
        self._stream.flush()
        self._drawn = len(line)

    def close(self) -> None:
        """Removes the bar, so that other text can follow."""
        if self._drawn:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._stream.flush()
            self._drawn = 0


def _is_notebook(stream: TextIO) -> bool:
    return type(stream).__module__.startswith("ipykernel")
