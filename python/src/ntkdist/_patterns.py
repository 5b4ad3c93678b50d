"""Graphs that are given with the inputs, in the form of a job's adjacency matrices."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np


class Patterns:
    """The graphs of a call, one for all inputs, and the files from which the library reads them.

    `given` is None, or a pair of patterns for x1 and x2.
    """

    def __init__(self, given: Any) -> None:
        self._given = [pattern for pattern in given if pattern is not None]
        if len(self._given) != len(given):
            raise NotImplementedError("a pattern for one of x1 and x2 alone; give both")
        self._folder = Path(tempfile.mkdtemp(prefix="ntkdist-"))
        self._cleanup = weakref.finalize(self, shutil.rmtree, self._folder, True)

    @property
    def key(self) -> str:
        """A value that distinguishes these graphs from others."""
        digest = hashlib.sha256()
        for pattern in self._given:
            array = np.ascontiguousarray(pattern)
            digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
        return digest.hexdigest()

    def write(self, layer: Any, axes: list[str], sizes: dict[str, int]) -> Path:
        """The file with the adjacency matrix of a layer that sums over `axes` of an image."""
        graphs = [layer.dense(pattern, [sizes[axis] for axis in axes]) for pattern in self._given]
        first = graphs[0][0]
        if not all(np.array_equal(graph, first) for batch in graphs for graph in batch):
            raise NotImplementedError(
                "different graphs for different inputs; compute the kernel for one graph at a time"
            )
        # In a job's matrix, a row has the neighbors of a pixel; in a pattern, a column has them.
        matrix = _over_image(first.T, axes, sizes)
        digest = hashlib.sha256(matrix.tobytes()).hexdigest()[:16]
        path = self._folder / f"{digest}.npy"
        np.save(path, matrix)
        return path


def _over_image(
    matrix: np.ndarray[Any, Any], axes: list[str], sizes: dict[str, int]
) -> np.ndarray[Any, Any]:
    """The matrix over all pixels, in the library's order, from a matrix over some axes."""
    others = [axis for axis in sizes if axis not in axes]
    order = [*axes, *others]
    shape = [sizes[axis] for axis in order]
    full = np.kron(matrix, np.eye(int(np.prod([sizes[axis] for axis in others]))))
    full = full.reshape(shape + shape)
    places = [order.index(axis) for axis in sorted(sizes)]
    full = full.transpose(places + [place + len(order) for place in places])
    count = int(np.prod(shape))
    return np.ascontiguousarray(full.reshape(count, count))
