"""Flattening and the identity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

from .._graph import Signal
from .._jax import jnp
from ._layer import Layer, RequiredAxes, Signals, SimpleLayer, Tracing
from ._net import Net


@dataclass(frozen=True)
class FlattenLayer(SimpleLayer):
    """All axes except that of the batch become channels."""

    batch_axis: int
    batch_axis_out: int
    name = "Flatten"

    def required_axes(self) -> RequiredAxes:
        return self.batch_axis, None

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        signal.require(self.batch_axis, signal.axes.index("C"), self.name)
        known = [size for axis, size in zip(signal.axes, signal.sizes) if axis != "N"]
        channels = None if None in known else prod(size or 0 for size in known)
        is_input = not signal.node.parents
        behind = signal.then("flatten") if signal.spatial or is_input else signal
        axes = ("N", "C") if self.batch_axis_out == 0 else ("C", "N")
        sizes = {"N": signal.size("N"), "C": channels}
        # Channels of different pixels have different variances.
        flat = tuple(sizes[axis] for axis in axes)
        return replace(behind, axes=axes, sizes=flat, is_gaussian=False, is_reversed=False)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        axis = self.batch_axis % len(shape)
        count, channels = shape[axis], prod(shape[:axis]) * prod(shape[axis + 1 :])
        return ((count, channels) if self.batch_axis_out == 0 else (channels, count)), ()

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        rows = jnp().moveaxis(inputs, self.batch_axis, 0)
        rows = rows.reshape((rows.shape[0], -1))
        return rows if self.batch_axis_out == 0 else rows.T


@dataclass(frozen=True)
class IdentityLayer(Layer):
    """The identity.

    Attributes:
        axes: those of the inputs and channels in the inputs; None if they do not matter.
    """

    axes: RequiredAxes | None = None
    name = "Identity"

    def required_axes(self) -> RequiredAxes | None:
        return self.axes

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        return signals

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        return inputs


def Flatten(batch_axis: int = 0, batch_axis_out: int = 0) -> Net:
    """All axes except that of the batch become channels.

    Args:
        batch_axis: the axis of the batch in the inputs.
        batch_axis_out: the axis of the batch in the outputs, 0 or 1.
    """
    if batch_axis_out not in (0, 1, -1, -2):
        raise ValueError(f"batch_axis_out is {batch_axis_out}; give 0 or 1")
    return Net(FlattenLayer(batch_axis, batch_axis_out % 2))


def Identity() -> Net:
    """The signal itself."""
    return Net(IdentityLayer())
