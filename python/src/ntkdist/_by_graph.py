"""Kernels of inputs with different graphs, one computation for each pair of graphs."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from ._computing import computed, described
from ._patterns import Patterns, grouped
from ._plans import Plan


class ByGraph:
    """The computation of a network's kernels of inputs with different graphs.

    Args:
        plan: makes the plan for inputs, and for the graphs `Patterns`.
        compute: the further arguments of `computed`, behind the names.
    """

    def __init__(self, plan: Callable[[Any, Patterns], Plan], compute: tuple[Any, ...]) -> None:
        self._plan, self._compute = plan, compute

    def values(
        self,
        x1: NDArray[Any],
        x2: NDArray[Any] | None,
        pattern: tuple[Any, Any],
        names: tuple[str, ...],
        axis: int,
    ) -> dict[str, Any]:
        """The values that `computed` returns.

        The inputs are along `axis`, and each has its graph in `pattern`; x2 may be None for x1.
        """
        other = x1 if x2 is None else x2
        shape = (x1.shape[axis], other.shape[axis])
        rows = grouped(pattern[0], shape[0], "x1")
        columns = grouped(pattern[1], shape[1], "x1" if x2 is None else "x2")
        is_same = x2 is None and all(
            np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1]) for a, b in zip(rows, columns)
        )
        plan = self._plan(x1, Patterns(rows[0][0]))
        if plan.signal.inputs and len(rows) + len(columns) > 2:
            raise NotImplementedError(
                "Index of inputs that have different graphs; index the arrays and the patterns"
            )
        if len(rows) + len(columns) == 2 and np.array_equal(rows[0][0], columns[0][0]):
            return computed(plan, x1, x2, names, *self._compute)
        matrices = tuple(name for name in names if name not in ("cov1", "cov2"))
        found = described(plan, *shape, is_same=is_same)
        for index, (graph, places) in enumerate(rows):
            first = np.take(x1, places, axis)
            for second, others in columns[index:] if is_same else columns:
                own = is_same and others is columns[index][1]
                part = self._part(
                    graph, second, first, None if own else np.take(other, others, axis), matrices
                )
                for key in ("diagonal_spatial", "is_reversed"):
                    found[key] = part.pop(key)
                _put(found, part, shape, (places, others))
                if is_same and not own:
                    mirrored = _mirrored(part, is_diagonal=found["diagonal_spatial"])
                    _put(found, mirrored, shape, (others, places))
        for name, x, groups in (("cov1", x1, rows), ("cov2", x2, columns)):
            if name in names and x is not None:
                for graph, places in groups:
                    part = self._part(graph, graph, np.take(x, places, axis), None, ("cov1",))
                    _put(found, {name: part["cov1"]}, (x.shape[axis],), (places,))
        return found

    def _part(
        self, graph: Any, second: Any, x1: Any, x2: Any, names: tuple[str, ...]
    ) -> dict[str, Any]:
        """The values for inputs x1 with one graph and inputs x2 with another."""
        is_same = np.array_equal(graph, second)
        patterns = Patterns(graph) if is_same else Patterns(graph, second)
        return computed(self._plan(x1, patterns), x1, x2, names, *self._compute)


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
