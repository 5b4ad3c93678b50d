"""Kernels of inputs with different graphs, one computation for each pair of graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from ._arrays import result
from ._computing import computed, described, pixel_fields
from ._patterns import Graph, Patterns, are_equal, grouped
from ._plans import Plan

#: The graphs of some inputs, and the indices of their inputs.
Groups = list[tuple[Graph, NDArray[np.intp]]]


class ByGraph:
    """The computation of a network's kernels of inputs with different graphs.

    Args:
        plan: makes the plan for inputs x1 and x2 (or None), and for the graphs `Patterns`.
        layers: all `Aggregate` layers of the network.
        choice: bits, threads and `diagonal_spatial`, as for `computed`.
    """

    def __init__(
        self,
        plan: Callable[[Any, Any, Patterns], Plan],
        layers: Sequence[Any],
        choice: tuple[int, int, bool | None],
    ) -> None:
        self._plan, self._layers, self._choice = plan, layers, choice

    def values(
        self,
        x1: NDArray[Any],
        x2: NDArray[Any] | None,
        pattern: tuple[Any, Any],
        names: tuple[str, ...],
        axis: int,
    ) -> dict[str, Any]:
        """The values that `computed` returns.

        The inputs are along `axis`, and each has its graph in `pattern`. None for x2 stands for x1.
        "cov2" is that of x1 with the graphs of x2 then.

        Raises ValueError for patterns that do not fit, and NotImplementedError for layers that
        different graphs do not allow.
        """
        other = x1 if x2 is None else x2
        shape = (x1.shape[axis], other.shape[axis])
        rows = grouped(self._layers, pattern[0], shape[0], "x1")
        columns = grouped(self._layers, pattern[1], shape[1], "x1" if x2 is None else "x2")
        plan = self._plan(x1, x2, Patterns(rows[0][0]))
        if len(rows) == len(columns) == 1 and are_equal(rows[0][0], columns[0][0]):
            return computed(plan, x1, x2, names, *self._choice)
        if plan.signal.inputs:
            raise NotImplementedError(
                "Index of inputs that have different graphs; index the arrays and the patterns"
            )
        is_equal = x2 is None or np.array_equal(x1, x2)
        has_same_graphs = is_equal and _are_same(rows, columns)
        if is_equal and not has_same_graphs and '"dropout"' in plan.text:
            raise NotImplementedError("dropout if x2 is x1, but has other graphs")
        found = described(plan, *shape, is_same=is_equal)
        found.update(pixel_fields(plan, names, self._choice[2]))
        matrices = tuple(name for name in names if name not in ("cov1", "cov2"))
        for index, (graph, places) in enumerate(rows):
            first = np.take(x1, places, axis)
            for second, others in columns[index:] if has_same_graphs else columns:
                if has_same_graphs and np.array_equal(places, others):
                    part = self._part(graph, graph, first, None, matrices)
                    _put(found, part, shape, (places, others))
                    continue
                part = self._part(graph, second, first, np.take(other, others, axis), matrices)
                _put(found, part, shape, (places, others))
                if has_same_graphs:
                    mirrored = _mirrored(part, is_diagonal=found["diagonal_spatial"])
                    _put(found, mirrored, shape, (others, places))
        for name, x, groups in (("cov1", x1, rows), ("cov2", other, columns)):
            if name in names:
                for graph, places in groups:
                    part = self._part(graph, graph, np.take(x, places, axis), None, ("cov1",))
                    _put(found, {name: part["cov1"]}, (x.shape[axis],), (places,))
        return {
            name: result(value, value.dtype) if isinstance(value, np.ndarray) else value
            for name, value in found.items()
        }

    def _part(
        self, graph: Graph, second: Graph, x1: Any, x2: Any, names: tuple[str, ...]
    ) -> dict[str, Any]:
        """The values for inputs x1 with one graph, and inputs x2 with another."""
        patterns = Patterns(graph) if are_equal(graph, second) else Patterns(graph, second)
        plan = self._plan(x1, None, patterns)
        return computed(plan, x1, x2, names, *self._choice, may_be_same=False)


def _are_same(rows: Groups, columns: Groups) -> bool:
    """Whether all inputs of the rows and of the columns have the same graphs."""
    return len(rows) == len(columns) and all(
        are_equal(a[0], b[0]) and np.array_equal(a[1], b[1]) for a, b in zip(rows, columns)
    )


def _put(
    found: dict[str, Any],
    part: dict[str, Any],
    shape: tuple[int, ...],
    places: tuple[NDArray[np.intp], ...],
) -> None:
    """Writes the arrays of a part to their places in whole arrays, which begin with `shape`."""
    for name, value in part.items():
        if isinstance(value, np.ndarray):
            if name not in found:
                found[name] = np.empty(shape + value.shape[len(shape) :], value.dtype)
            found[name][np.ix_(*places)] = value


def _mirrored(part: dict[str, Any], *, is_diagonal: bool) -> dict[str, Any]:
    """The kernels with the first and the second inputs exchanged."""
    found = {}
    for name, value in part.items():
        if isinstance(value, np.ndarray):
            axes = np.arange(value.ndim)
            # Pairs of inputs, and of pixels along each spatial axis.
            pairs = 2 if is_diagonal else value.ndim
            axes[:pairs] = axes[:pairs].reshape(-1, 2)[:, ::-1].ravel()
            found[name] = value.transpose(axes)
    return found
