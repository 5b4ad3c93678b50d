"""Sums over the neighbors of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable

import numpy as np

from .._graph import Signal
from .._jax import jnp
from ._layer import RequiredAxes, SimpleLayer, Tracing, require_two, whole_numbers, word
from ._net import Net


@dataclass(frozen=True)
class AggregateLayer(SimpleLayer):
    """Sums over the neighbors of a graph, which is given with the inputs."""

    aggregate_axis: tuple[int, ...] | None
    batch_axis: int
    channel_axis: int
    to_dense: Callable[[Any], Any] | None
    is_sparse: bool
    name = "Aggregate"

    def required_axes(self) -> RequiredAxes:
        return self.batch_axis, self.channel_axis

    def _axes(self, ndim: int) -> list[int]:
        if self.aggregate_axis is not None:
            return sorted(axis % ndim for axis in self.aggregate_axis)
        apart = (self.batch_axis % ndim, self.channel_axis % ndim)
        return [axis for axis in range(ndim) if axis not in apart]

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        if tracing.graph_layers is None:
            return signal
        require_two(len(signal.spatial), self.name)
        axes = [signal.axes[axis] for axis in self._axes(len(signal.axes))]
        sizes = {axis: signal.size(axis) for axis in signal.spatial}
        if None in sizes.values():
            raise ValueError("Aggregate needs the input's shape: net.yaml(input_shape)")
        known = {axis: size or 0 for axis, size in sizes.items()}
        for layer in tracing.graph_layers(self, axes, known):
            signal = signal.then(layer)
        return replace(signal, is_reversed=False)

    def graphs(self, pattern: Any, arrays: Any = np) -> Any:
        """The pattern as an array [n, ...] with weights or edges.

        `arrays` is the module whose arrays are used: `numpy`, or `jax.numpy` for traced patterns.
        """
        converts = self.to_dense is not None and not self.is_sparse
        return arrays.asarray(self.to_dense(pattern) if converts else pattern)  # type: ignore[misc]

    def dense(self, graphs: Any, sizes: Sequence[int], arrays: Any = np) -> Any:
        """The weights [n, P, P] from tail to head; `sizes` are those of the aggregated axes.

        Raises ValueError for graphs of another shape.
        """
        count = int(np.prod(sizes))
        if not self.is_sparse:
            full = graphs
            if full.shape[1:] != (*sizes, *sizes):
                raise ValueError(
                    f"a pattern has shape {full.shape}; Aggregate over {tuple(sizes)} needs "
                    f"[inputs, {', '.join(map(str, (*sizes, *sizes)))}]"
                )
            return full.reshape((len(full), count, count)).astype(float)
        edges = graphs
        if edges.ndim == 3 and len(sizes) == 1:
            edges = edges[:, :, None, :]
        if edges.ndim != 4 or edges.shape[2:] != (len(sizes), 2):
            raise ValueError(
                f"a sparse pattern has shape {edges.shape}; give [inputs, edges, {len(sizes)}, 2]"
            )
        is_edge = (edges >= 0).all(axis=(2, 3)).astype(float)
        indices = tuple(arrays.moveaxis(edges, 2, 0))
        places = arrays.ravel_multi_index(indices, tuple(sizes), mode="clip")
        at = (arrays.arange(len(edges))[:, None], places[..., 0], places[..., 1])
        full = arrays.zeros((len(edges), count, count))
        if arrays is not np:
            return full.at[at].add(is_edge)
        np.add.at(full, at, is_edge)
        return full

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        pattern = kwargs.get("pattern")
        if pattern is None:
            return inputs
        axes = self._axes(inputs.ndim)
        target = list(range(1, len(axes) + 1))
        moved = jnp().moveaxis(inputs, [self.batch_axis, *axes], [0, *target])
        flat = moved.reshape((len(moved), -1, *moved.shape[len(axes) + 1 :]))
        sizes = moved.shape[1 : len(axes) + 1]
        weights = self.dense(self.graphs(pattern, jnp()), sizes, jnp()).astype(flat.dtype)
        out = jnp().einsum("np...,npq->nq...", flat, weights).reshape(moved.shape)
        return jnp().moveaxis(out, [0, *target], [self.batch_axis, *axes])


def Aggregate(
    aggregate_axis: int | Sequence[int] | None = None,
    batch_axis: int = 0,
    channel_axis: int = -1,
    to_dense: Callable[[Any], Any] | None = None,
    implementation: str = "DENSE",
) -> Net:
    """Sums over the neighbors of a graph (arXiv 1905.13192).

    The graphs are given in the call, `kernel_fn(x1, x2, pattern=(pattern1, pattern2))`, one for all
    inputs or one for each. Each pair of different graphs takes a computation of its own. Without
    graphs, the layer does nothing.

    Args:
        aggregate_axis: the spatial axes that are summed over; None for all.
        batch_axis: the axis of the batch.
        channel_axis: the axis of the channels.
        to_dense: converts a pattern to the shape [inputs, *sizes, *sizes].
        implementation: "DENSE": patterns are weights [inputs, *tails, *heads]; "SPARSE": edges
            [inputs, edges, axes, 2], each of weight 1; edges with a negative number are left out.
    """
    axes = None if aggregate_axis is None else whole_numbers(aggregate_axis, "aggregate_axis")
    kind = word(implementation, ("dense", "sparse"), "implementation")
    return Net(
        AggregateLayer(
            axes,
            batch_axis,
            channel_axis,
            to_dense,
            kind == "sparse",
        )
    )
