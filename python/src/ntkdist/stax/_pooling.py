"""Pools over windows and over whole images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from .._graph import JobLayer, Signal
from .._jax import jax, jnp
from ._layer import RequiredAxes, SimpleLayer, Tracing, counts, word
from ._net import Net
from ._padding import circular_margins, pooled, pooled_size


@dataclass(frozen=True)
class PoolLayer(SimpleLayer):
    """A pool over windows; sizes are in the order of the signal's spatial axes."""

    name: str
    is_sum: bool
    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    normalize_edges: bool
    batch_axis: int
    channel_axis: int

    def required_axes(self) -> RequiredAxes:
        return self.batch_axis, self.channel_axis

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        parameters, sizes = pooled(signal, self.name, self.window, self.strides, self.padding)
        if not sizes:
            return signal
        if self.normalize_edges:
            parameters["normalize_edges"] = True
        layer: JobLayer = {"sum_pool" if self.is_sum else "average_pool": parameters}
        return signal.then(layer, sizes)

    def _spatial(self, ndim: int) -> list[int]:
        apart = (self.batch_axis % ndim, self.channel_axis % ndim)
        return [axis for axis in range(ndim) if axis not in apart]

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        output = list(shape)
        for axis, window, stride in zip(self._spatial(len(shape)), self.window, self.strides):
            output[axis] = pooled_size(shape[axis], window, stride, self.padding)
        return tuple(output), ()

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        windows, steps, margins = [1] * inputs.ndim, [1] * inputs.ndim, [(0, 0)] * inputs.ndim
        for axis, window, stride in zip(self._spatial(inputs.ndim), self.window, self.strides):
            windows[axis], steps[axis] = window, stride
            if self.padding == "circular":
                margins[axis] = circular_margins(inputs.shape[axis], window, stride)
        if self.padding == "circular":
            inputs = jnp().pad(inputs, margins, mode="wrap")
        padding = "SAME" if self.padding == "same" else "VALID"

        def sums(values: Any) -> Any:
            lax = jax().lax
            return lax.reduce_window(values, 0.0, lax.add, windows, steps, padding)

        if self.is_sum:
            return sums(inputs)
        if self.normalize_edges:
            return sums(inputs) / sums(jnp().ones_like(inputs))
        return sums(inputs) / prod(self.window)


@dataclass(frozen=True)
class GlobalPoolLayer(SimpleLayer):
    """A pool over all spatial axes, which disappear."""

    name: str
    is_sum: bool
    batch_axis: int
    channel_axis: int

    def required_axes(self) -> RequiredAxes:
        return self.batch_axis, self.channel_axis

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        behind = signal
        if signal.spatial:
            behind = signal.then("global_sum_pool" if self.is_sum else "global_average_pool")
        return behind.ordered([axis for axis in signal.axes if axis in "NC"], is_reversed=False)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        kept = (self.batch_axis % len(shape), self.channel_axis % len(shape))
        return tuple(size for axis, size in enumerate(shape) if axis in kept), ()

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        kept = (self.batch_axis % inputs.ndim, self.channel_axis % inputs.ndim)
        axes = tuple(axis for axis in range(inputs.ndim) if axis not in kept)
        return (jnp().sum if self.is_sum else jnp().mean)(inputs, axes)


def _pool(
    name: str,
    is_sum: bool,
    window_shape: Sequence[int],
    strides: Sequence[int] | None,
    padding: str,
    normalize_edges: bool,
    batch_axis: int,
    channel_axis: int,
) -> Net:
    window = counts(window_shape, "window_shape")
    steps = counts(strides or [1] * len(window), "strides")
    if len(steps) != len(window):
        raise ValueError(f"{name} has window_shape {window} and strides {steps}; give both alike")
    way = word(padding, ("valid", "same", "circular"), "padding")
    return Net(
        PoolLayer(name, is_sum, window, steps, way, bool(normalize_edges), batch_axis, channel_axis)
    )


def AvgPool(
    window_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: str = "VALID",
    normalize_edges: bool = False,
    batch_axis: int = 0,
    channel_axis: int = -1,
) -> Net:
    """Means over windows.

    Args:
        window_shape: [height, width] of the windows.
        strides: distances from one window to the next; None for 1.
        padding: "VALID", "SAME" or "CIRCULAR".
        normalize_edges: whether to divide by the number of pixels inside the image.
        batch_axis: the axis of the batch.
        channel_axis: the axis of the channels.
    """
    return _pool(
        "AvgPool", False, window_shape, strides, padding, normalize_edges, batch_axis, channel_axis
    )


def SumPool(
    window_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: str = "VALID",
    batch_axis: int = 0,
    channel_axis: int = -1,
) -> Net:
    """Sums over windows; see `AvgPool`."""
    return _pool("SumPool", True, window_shape, strides, padding, False, batch_axis, channel_axis)


def GlobalAvgPool(batch_axis: int = 0, channel_axis: int = -1) -> Net:
    """The mean over all spatial axes, which disappear."""
    return Net(GlobalPoolLayer("GlobalAvgPool", False, batch_axis, channel_axis))


def GlobalSumPool(batch_axis: int = 0, channel_axis: int = -1) -> Net:
    """The sum over all spatial axes, which disappear."""
    return Net(GlobalPoolLayer("GlobalSumPool", True, batch_axis, channel_axis))
