"""Graphs that are given with the inputs, in the form of a job's layers."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._graph import JobLayer

#: The graph of one input: for each `Aggregate`, its weights or edges [1, ...].
Graph = dict[Any, NDArray[Any]]

#: The largest number of pixels with different graphs; the library takes twice as many.
_LIMIT = 2048

#: The number of rows, below an image, with its mask; see `Patterns`.
MASK_ROWS = 2


class Patterns:
    """One graph for all inputs, or one for x1 and one for x2.

    Two graphs are computed with one matrix. It maps an image to two images, one above the other:
    its sums over the first graph, and its sums over the second. Then the wrong one is multiplied by
    0, and both are added. Which one is wrong depends on the input; a mask of two pixels below the
    image says it (see `mask` in docs/reference/layers.md).

    Args:
        graphs: one or two graphs of one input.
    """

    def __init__(self, *graphs: Graph) -> None:
        self.graphs = graphs
        self._folder = Path(tempfile.mkdtemp(prefix="ntkdist-"))
        self._cleanup = weakref.finalize(self, shutil.rmtree, self._folder, True)

    @property
    def key(self) -> str:
        """A value that distinguishes these graphs from others."""
        digest = hashlib.sha256()
        for graph in self.graphs:
            for array in graph.values():
                digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
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
        if not sizes:
            raise NotImplementedError(
                "Aggregate of a signal without pixels; put it before the layers that join them"
            )
        aggregated = [sizes[axis] for axis in axes]
        matrices = [
            _over_image(layer.dense(graph[layer], aggregated)[0].T, axes, sizes)
            for graph in self.graphs
        ]
        if not self.has_masks:
            return [self._aggregate(matrices[0])]
        height, width = sizes.get("0", 1), sizes.get("1", 1)
        count = height * width
        if count > _LIMIT:
            raise NotImplementedError(
                f"different graphs for inputs with {count} pixels; at most {_LIMIT} are supported"
            )
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


def grouped(
    layers: Sequence[Any], pattern: Any, count: int, name: str
) -> list[tuple[Graph, NDArray[np.intp]]]:
    """The different graphs of `count` inputs, and the indices of their inputs.

    Args:
        layers: all `Aggregate` layers of the network.
        pattern: the pattern of all inputs.
        count: the number of inputs.
        name: of the inputs, in messages.

    Raises ValueError for a pattern that does not have one graph or one for each input, or that has
    a number that is not finite.
    """
    arrays = {layer: layer.graphs(pattern) for layer in layers}
    for array in arrays.values():
        if array.ndim == 0 or len(array) not in (1, count):
            raise ValueError(
                f"a pattern of shape {array.shape} for the {count} inputs of {name}; give one "
                "graph, or a graph for each input"
            )
        if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
            raise ValueError(f"the pattern of {name} is not an array of finite numbers")
    if count == 0:
        return [(empty(arrays), np.arange(0))]
    places: dict[bytes, list[int]] = {}
    for index in range(count):
        key = b"".join(array[index % len(array)].tobytes() for array in arrays.values())
        places.setdefault(key, []).append(index)
    return [
        (
            {layer: array[[found[0] % len(array)]] for layer, array in arrays.items()},
            np.array(found),
        )
        for found in places.values()
    ]


def empty(arrays: dict[Any, Any]) -> Graph:
    """A graph without edges that has the shape of those in arrays [n, ...]."""
    return {layer: np.zeros((1, *array.shape[1:]), array.dtype) for layer, array in arrays.items()}


def are_equal(a: Graph, b: Graph) -> bool:
    """Whether two graphs are the same for all layers."""
    return all(np.array_equal(a[layer], b[layer]) for layer in a)


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
