"""Dense layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._graph import JobLayer, Signal
from .._jax import jax, jnp
from ._layer import RequiredAxes, SimpleLayer, Tracing, variance, word
from ._net import Net

#: Used for a bias variance of 0: small enough to vanish in rounding, large enough that kernels
#: between a black image and another one keep 8 digits.
_SMALL = 1e-18


@dataclass(frozen=True)
class Weights:
    """The weights and biases of dense layers and convolutions.

    Attributes:
        width: output channels, before scaling.
        scales: the input and output scales of the standard parameterization.
    """

    width: int
    W_std: float
    b_std: float | None
    parameterization: str
    scales: tuple[int, int]

    @property
    def is_standard(self) -> bool:
        """Whether the parameterization is the standard one, in which weights carry their scale."""
        return self.parameterization == "standard"

    @property
    def channels(self) -> int:
        """Output channels of the finite network."""
        return self.width * self.scales[1] if self.is_standard else self.width

    def parameters(self, signal: Signal, tracing: Tracing, name: str) -> dict[str, Any]:
        """The parameters of the job's layer after `signal`."""
        found: dict[str, Any] = {"weight_variance": variance(self.W_std)}
        bias = variance(self.b_std)
        if self.is_standard:
            found["parameterization"] = "standard"
            if self.scales[0] != signal.scale:
                raise NotImplementedError(
                    f"{name} has s = {self.scales} after a layer with the scale {signal.scale}; "
                    "give s[0] the value of s[1] in the layer before"
                )
            # A trained bias of variance 0 still adds 1 to the NTK; _SMALL is lost in rounding.
            bias = bias or (0.0 if self.b_std is None else _SMALL)
        if bias:
            found["bias_variance"] = bias
        if tracing.has_widths:
            found["width"] = self.width
        return found

    def behind(
        self, signal: Signal, layer: JobLayer, sizes: Mapping[str, int | None] | None = None
    ) -> Signal:
        """The signal after the layer."""
        scale = self.scales[1] if self.is_standard else 1
        behind = signal.then(layer, {**(sizes or {}), "C": self.channels}, is_gaussian=True)
        return behind.resized({}, scale=scale)

    def init(self, rng: Any, weight_shape: Any, bias_shape: Any, fan_in: int) -> Any:
        """Random weights and biases of these shapes, for `fan_in` inputs."""
        normal, split = jax().random.normal, jax().random.split
        rng_weights, rng_biases = split(rng)
        weights = normal(rng_weights, tuple(weight_shape))
        biases = None if self.b_std is None else normal(rng_biases, tuple(bias_shape))
        if self.is_standard:
            weights = weights * (self.W_std / (fan_in / self.scales[0]) ** 0.5)
            biases = None if biases is None else biases * self.b_std
        return weights, biases

    def scaled(self, product: Any, biases: Any, fan_in: int) -> Any:
        """The layer's outputs, from the product of weights and inputs."""
        if self.is_standard:
            outputs = product / self.scales[0] ** 0.5
            return outputs if biases is None else outputs + biases
        outputs = product * (self.W_std / fan_in**0.5)
        return outputs if biases is None else outputs + self.b_std * biases


def weights(
    width: int, W_std: float, b_std: float | None, parameterization: str, s: tuple[int, int]
) -> Weights:
    """Checked `Weights`."""
    if int(width) != width or width < 1:
        raise ValueError(f"a layer of {width} channels; give a whole number, 1 or more")
    kind = word(parameterization, ("ntk", "standard"), "parameterization")
    return Weights(
        int(width),
        float(W_std),
        None if b_std is None else float(b_std),
        kind,
        (int(s[0]), int(s[1])),
    )


@dataclass(frozen=True)
class DenseLayer(SimpleLayer):
    """A dense layer, applied to each position separately."""

    weights: Weights
    batch_axis: int
    channel_axis: int
    name = "Dense"

    @property
    def needs_widths(self) -> bool:  # type: ignore[override]
        """Whether kernels depend on how many channels the layers have."""
        return self.weights.is_standard

    def required_axes(self) -> RequiredAxes:
        return self.batch_axis, self.channel_axis

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        layer: JobLayer = {"dense": self.weights.parameters(signal, tracing, "Dense")}
        return self.weights.behind(signal, layer)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        axis = self.channel_axis % len(shape)
        fan_in = shape[axis]
        bias_shape = [1] * len(shape)
        bias_shape[axis] = self.weights.channels
        params = self.weights.init(rng, (fan_in, self.weights.channels), bias_shape, fan_in)
        return (*shape[:axis], self.weights.channels, *shape[axis + 1 :]), params

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        axis = self.channel_axis % inputs.ndim
        matrix, biases = params
        product = jnp().moveaxis(jnp().tensordot(matrix, inputs, (0, axis)), 0, axis)
        return self.weights.scaled(product, biases, inputs.shape[axis])


def Dense(
    out_dim: int,
    W_std: float = 1.0,
    b_std: float | None = None,
    batch_axis: int = 0,
    channel_axis: int = -1,
    parameterization: str = "ntk",
    s: tuple[int, int] = (1, 1),
) -> Net:
    """A dense layer: z = W_std / sqrt(n) W x + b_std b, with W, b standard normal.

    On images, it acts on each pixel separately; put `Flatten` before it for a fully connected
    network.

    Args:
        out_dim: output channels. Kernels depend on them only in the standard parameterization.
        W_std: standard deviation of the weights.
        b_std: standard deviation of the biases; None for no biases.
        batch_axis: the axis of the batch.
        channel_axis: the axis of the channels.
        parameterization: "ntk", or "standard" (arXiv 2001.07301).
        s: input and output scale of the standard parameterization.
    """
    return Net(
        DenseLayer(weights(out_dim, W_std, b_std, parameterization, s), batch_axis, channel_axis)
    )
