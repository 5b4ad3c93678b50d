"""Graphs that are given with the inputs, in the form of a job's layers."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._graph import JobLayer

#: The number of rows, below an image, with its mask; see `Patterns`.
MASK_ROWS = 2


class Patterns:
    """One graph for all inputs, or one for x1 and one for x2.

    Two graphs are computed with one matrix. It maps an image to two images, one above the other:
    its sums over the first graph, and its sums over the second. Then the wrong one is multiplied by
    0, and both are added. Which one is wrong depends on the input; a mask of two pixels below the
    image says it (see `mask` in docs/reference/layers.md).

    Args:
        graphs: one or two patterns of one input, each [1, ...].
    """

    def __init__(self, *graphs: NDArray[Any]) -> None:
        self.graphs = graphs
        self._folder = Path(tempfile.mkdtemp(prefix="ntkdist-"))
        self._cleanup = weakref.finalize(self, shutil.rmtree, self._folder, True)

    @property
    def key(self) -> str:
        """A value that distinguishes these graphs from others."""
        digest = hashlib.sha256()
        for graph in self.graphs:
            digest.update(f"{graph.dtype}{graph.shape}".encode() + graph.tobytes())
        return digest.hexdigest()

    @property
    def has_masks(self) -> bool:
        """Whether every image needs a mask, because there are two graphs."""
        return len(self.graphs) > 1

    def layers(
        self, mask_row: int, layer: Any, axes: list[str], sizes: dict[str, int]
    ) -> list[JobLayer]:
        """The layers of a job for the sums of an `Aggregate` over `axes` of an image.

        If there are masks, they begin at row `mask_row` of the input image.
        """
        # In a job's matrix, a row has the neighbors of a pixel; in a pattern, a column has them.
        matrices = [
            _over_image(layer.dense(graph, [sizes[axis] for axis in axes])[0].T, axes, sizes)
            for graph in self.graphs
        ]
        if not self.has_masks:
            return [self._aggregate(matrices[0])]
        if not sizes:
            raise NotImplementedError("different graphs for inputs without pixels; use one graph")
        height, width = sizes.get("0", 1), sizes.get("1", 1)
        count = height * width
        pixels = np.arange(count)
        # An image of twice the height has every row twice.
        first = 2 * (pixels // width) * width + pixels % width
        sums = np.zeros((2 * count, 2 * count))
        sums[:, first] = np.concatenate(matrices)
        total = np.zeros((2 * count, 2 * count))
        total[pixels, pixels] = total[pixels, count + pixels] = 1
        return [
            {"resize": {"shape": [2 * height, width], "method": "nearest"}},
            self._aggregate(sums),
            {"mask": {"rows": [mask_row, mask_row + MASK_ROWS], "columns": [0, 1]}},
            self._aggregate(total),
            {"slice": {"rows": [0, height], "columns": [None, None]}},
        ]

    def _aggregate(self, matrix: NDArray[Any]) -> JobLayer:
        digest = hashlib.sha256(matrix.tobytes()).hexdigest()[:16]
        path = self._folder / f"{digest}.npy"
        np.save(path, matrix)
        return {"aggregate": {"adjacency": str(path)}}


def masked(images: NDArray[Any], graph: int) -> NDArray[Any]:
    """Images [n, height, width, channels] with the mask of the first graph, 0, or the second, 1."""
    mask = np.zeros((len(images), MASK_ROWS, *images.shape[2:]))
    mask[:, graph] = 1
    return np.concatenate([images, mask], 1)


def grouped(pattern: Any, count: int, name: str) -> list[tuple[NDArray[Any], NDArray[np.intp]]]:
    """The different graphs of `count` inputs, each [1, ...], and the indices of their inputs.

    Raises ValueError for a pattern that does not have one graph, or one for each input.
    """
    graphs = np.asarray(pattern)
    if graphs.ndim == 0 or len(graphs) not in (1, count):
        raise ValueError(
            f"a pattern of shape {graphs.shape} for the {count} inputs of {name}; give a graph for "
            "each input"
        )
    if count == 0:
        return [(np.zeros((1, *graphs.shape[1:])), np.arange(0))]
    if len(graphs) == 1:
        return [(graphs, np.arange(count))]
    places: dict[bytes, list[int]] = {}
    for index, graph in enumerate(graphs):
        places.setdefault(graph.tobytes(), []).append(index)
    return [(graphs[found[:1]], np.array(found)) for found in places.values()]


def _over_image(matrix: NDArray[Any], axes: list[str], sizes: dict[str, int]) -> NDArray[Any]:
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
