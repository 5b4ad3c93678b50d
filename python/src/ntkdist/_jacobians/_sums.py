"""Sums that survive an interruption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._files import ChunkFiles

Array = NDArray[Any]


class Sums:
    """The sum of the projections of the first parameters, kept on the disk."""

    def __init__(self, files: ChunkFiles, shape: tuple[int, ...], kind: np.dtype[Any]) -> None:
        """The sum that an interrupted call left, or else zeros.

        Attributes:
            count: how many parameters it is over; chunks of the next call may be of another size.
            total: the sum.
        """
        self._files = files
        self.count = 0
        self.total: Array = np.zeros(shape, kind)
        for count, path in sorted(_paths(files), reverse=True):
            try:
                found = np.load(path)
            except (OSError, ValueError):
                continue
            if found.shape == shape and found.dtype == kind:
                self.count, self.total = count, found
                break

    def save(self, count: int) -> None:
        """Publishes the sum over the first `count` parameters, and deletes the previous one."""
        before = _paths(self._files)
        part = self._files.hidden(".sum.part")
        with open(part, "wb") as file:
            np.save(file, self.total)
        target = self._files.hidden(f"-sum-{count}.npy")
        self._files.publish(part, target)
        for _, path in before:
            if path != target:
                path.unlink()
        self.count = count


def clear(files: ChunkFiles) -> None:
    """Deletes the sums of these files."""
    for _, path in _paths(files):
        path.unlink()


def _paths(files: ChunkFiles) -> list[tuple[int, Path]]:
    """The files of sums, with the numbers of parameters."""
    beginning = files.hidden("-sum-").name
    found = []
    for path in files.stem.parent.glob(".*.npy"):
        number = path.name[len(beginning) : -len(".npy")]
        if path.name.startswith(beginning) and number.isdecimal():
            found.append((int(number), path))
    return found
