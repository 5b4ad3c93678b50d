"""Sums that survive an interruption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._files import ChunkFiles

Array = NDArray[Any]


class Sums:
    """The sum of the projections of the chunks so far, kept on the disk."""

    def __init__(self, files: ChunkFiles, shape: tuple[int, ...], kind: np.dtype[Any]) -> None:
        self._files = files
        self.count = 0
        self.total: Array = np.zeros(shape, kind)
        for path in sorted(self._paths(), reverse=True):
            try:
                found = np.load(path)
            except (OSError, ValueError):
                continue
            if found.shape == shape and found.dtype == kind:
                self.count, self.total = int(path.name.split("-")[-1].split(".")[0]), found
                break

    def _paths(self) -> list[Path]:
        hidden = self._files.hidden("-sum-*.npy")
        return list(hidden.parent.glob(hidden.name))

    def save(self, count: int) -> None:
        """Publishes the sum of the first `count` chunks, and deletes the previous one."""
        before = self._paths()
        part = self._files.hidden(".sum.part")
        with open(part, "wb") as file:
            np.save(file, self.total)
        self._files.publish(part, self._files.hidden(f"-sum-{count:05d}.npy"))
        for path in before:
            path.unlink()
        self.count = count

    def clear(self) -> None:
        """Deletes the sums."""
        for path in self._paths():
            path.unlink()
