"""Layer normalization and dropout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .._graph import Signal
from .._jax import jax, jnp
from ._layer import RequiredAxes, SimpleLayer, Tracing, whole_numbers
from ._net import Net


@dataclass(frozen=True)
class LayerNormLayer(SimpleLayer):
    """Layer normalization over some axes, including that of the channels.

    `axes` is None for all axes except that of the batch, however many there are.
    """

    axes: tuple[int, ...] | None
    eps: float
    batch_axis: int
    channel_axis: int
    name = "LayerNorm"

    def required_axes(self) -> RequiredAxes:
        return self.batch_axis, self.channel_axis

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        if not (signal.is_gaussian or tracing.is_finite):
            raise NotImplementedError(
                "LayerNorm needs a Gaussian signal; put it after Dense, Conv or attention"
            )
        all_axes = {"C", *signal.spatial}
        axes = all_axes
        if self.axes is not None:
            axes = {signal.axes[axis % len(signal.axes)] for axis in self.axes}
        if "C" not in axes:
            raise ValueError(f"LayerNorm over the axes {self.axes}; include that of the channels")
        if axes == {"C"}:
            where = "channel"
        elif axes == all_axes:
            where = "all"
        else:
            raise NotImplementedError(
                f"LayerNorm over the axes {self.axes}; normalize over the channels alone, or over "
                "channels and all spatial axes"
            )
        return signal.then({"layer_norm": {"axes": where, "epsilon": self.eps}})

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        axes = self.axes
        if axes is None:
            batch = self.batch_axis % inputs.ndim
            axes = tuple(axis for axis in range(inputs.ndim) if axis != batch)
        mean = jnp().mean(inputs, axes, keepdims=True)
        spread = jnp().var(inputs, axes, keepdims=True)
        return (inputs - mean) / jnp().sqrt(self.eps + spread)


@dataclass(frozen=True)
class DropoutLayer(SimpleLayer):
    """Dropout in training; the identity in tests."""

    keep: float
    is_training: bool
    name = "Dropout"

    @property
    def mixes_inputs(self) -> bool:  # type: ignore[override]
        """Whether outputs depend on chance."""
        return self.is_training and self.keep < 1

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        if not self.is_training or self.keep == 1:
            return signal
        return signal.then({"dropout": {"rate": 1 - self.keep}}, is_gaussian=False)

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        if not self.is_training:
            return inputs
        rng = kwargs.get("rng")
        if rng is None:
            raise ValueError("Dropout in training needs a random key: apply_fn(..., rng=key)")
        kept = jax().random.bernoulli(rng, self.keep, inputs.shape)
        return jnp().where(kept, inputs / self.keep, 0)


def LayerNorm(
    axis: int | Sequence[int] = -1,
    eps: float = 1e-12,
    batch_axis: int = 0,
    channel_axis: int = -1,
) -> Net:
    """Layer normalization.

    Args:
        axis: the axes to normalize over: the channels, or channels and all spatial axes.
        eps: added to variances.
        batch_axis: the axis of the batch.
        channel_axis: the axis of the channels.
    """
    axes = whole_numbers(axis, "axis")
    if eps < 0:
        raise ValueError(f"eps is {eps}; give 0 or more")
    return Net(LayerNormLayer(axes, float(eps), batch_axis, channel_axis))


def Dropout(rate: float, mode: str = "train") -> Net:
    """Dropout.

    Args:
        rate: the probability of keeping a channel, above 0 and at most 1. (A job's `dropout` takes
            the probability of dropping.)
        mode: "train", or "test" for no dropout.
    """
    if mode not in ("train", "test"):
        raise ValueError(f"mode is {mode!r}; give 'train' or 'test'")
    if not 0 < rate <= 1:
        raise ValueError(f"rate is {rate}, the probability of keeping; give one in (0, 1]")
    return Net(DropoutLayer(float(rate), mode == "train"))
