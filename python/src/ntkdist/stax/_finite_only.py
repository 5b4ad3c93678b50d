"""Layers without a closed form in the limit of infinite width, for finite networks only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .._graph import Signal
from .._jax import jax, jnp
from ._layer import RequiredAxes, Signals, SimpleLayer, Tracing, counts, variance, word
from ._net import Net
from ._padding import circular_margins, pooled, pooled_size
from ._sequences import in_sequence, tokens


class FiniteOnlyLayer(SimpleLayer):
    """A layer whose kernels can only be estimated.

    `trace_one` writes it for finite networks.
    """

    #: Why, and what to use instead.
    reason: str

    def required_axes(self) -> RequiredAxes:
        return 0, -1

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        if not tracing.is_finite:
            raise NotImplementedError(
                f"{self.name} {self.reason}; ntkdist.monte_carlo estimates kernels of finite "
                "networks"
            )
        return super().trace(signals, tracing)


@dataclass(frozen=True)
class MaxPoolLayer(FiniteOnlyLayer):
    """Maxima over windows of images [n, height, width, channels]."""

    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    name = "MaxPool"
    reason = "has no closed form; use AvgPool"

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        parameters, sizes = pooled(signal, self.name, self.window, self.strides, self.padding)
        return signal.then({"max_pool": parameters}, sizes, is_gaussian=False)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        sizes = [
            pooled_size(size, window, stride, self.padding)
            for size, window, stride in zip(shape[1:-1], self.window, self.strides)
        ]
        return (shape[0], *sizes, shape[-1]), ()

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        if self.padding == "circular":
            sides = zip(inputs.shape[1:-1], self.window, self.strides)
            margins = [(0, 0), *(circular_margins(*side) for side in sides), (0, 0)]
            inputs = jnp().pad(inputs, margins, mode="wrap")
        padding = "SAME" if self.padding == "same" else "VALID"
        windows, strides = (1, *self.window, 1), (1, *self.strides, 1)
        lax = jax().lax
        return lax.reduce_window(inputs, -jnp().inf, lax.max, windows, strides, padding)


@dataclass(frozen=True)
class BatchNormLayer(FiniteOnlyLayer):
    """Channels with mean 0 and variance 1 over a batch, without parameters."""

    eps: float
    name = "BatchNorm"
    reason = "makes every input depend on all others; use LayerNorm"
    mixes_inputs = True

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        return signal.then({"batch_norm": {"epsilon": self.eps}}, is_gaussian=False)

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        axes = tuple(range(inputs.ndim - 1))
        mean = jnp().mean(inputs, axes, keepdims=True)
        spread = jnp().var(inputs, axes, keepdims=True)
        return (inputs - mean) / jnp().sqrt(self.eps + spread)


@dataclass(frozen=True)
class GRULayer(FiniteOnlyLayer):
    """Gated recurrent units: h = (1 - z) n + z h', with n = tanh(U x + b + r W h')."""

    width: int
    W_std: float
    U_std: float
    b_std: float
    order: str
    name = "GRU"
    reason = "has no closed form; a job has 'recurrent'"

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        if signal.spatial != ("0", "1"):
            raise ValueError(
                f"GRU gets a signal of the axes {''.join(signal.axes)}; give images [n, height, "
                "width, channels]"
            )
        parameters: dict[str, Any] = {
            "weight_variance": variance(self.W_std),
            "input_variance": variance(self.U_std),
            "bias_variance": variance(self.b_std),
            "order": self.order,
        }
        if tracing.has_widths:
            parameters["width"] = self.width
        sizes = {"C": self.width, **({"1": 1} if self.order == "rows" else {})}
        behind = signal.then({"gru": parameters}, sizes, is_gaussian=False)
        return behind.resized({}, scale=1)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        places, channels = tokens(shape, self.order)
        normal, keys = jax().random.normal, jax().random.split(rng, 3)
        weights = normal(keys[0], (3, self.width, self.width))
        inputs = normal(keys[1], (3, channels, self.width))
        return (shape[0], *places, self.width), (weights, inputs, normal(keys[2], (3, self.width)))

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        weights, of_inputs, biases = params
        nn, np = jax().nn, jnp()
        of_state = weights * (self.W_std / self.width**0.5)

        def step(state: Any, token: Any) -> tuple[Any, Any]:
            scaled = of_inputs * (self.U_std / token.shape[-1] ** 0.5)
            given = np.einsum("nc,gch->gnh", token, scaled)
            given = given + self.b_std * biases[:, None]
            kept = np.einsum("nc,gch->gnh", state, of_state)
            update, reset = nn.sigmoid(given[0] + kept[0]), nn.sigmoid(given[1] + kept[1])
            new = np.tanh(given[2] + reset * kept[2])
            state = (1 - update) * new + update * state
            return state, state

        return in_sequence(step, inputs, self.order, self.width)


def MaxPool(
    window_shape: Sequence[int], strides: Sequence[int] | None = None, padding: str = "VALID"
) -> Net:
    """Maxima over windows, for finite networks only.

    Args:
        window_shape: [height, width] of the windows.
        strides: distances from one window to the next; None for 1.
        padding: "VALID", "SAME" or "CIRCULAR".
    """
    window = counts(window_shape, "window_shape")
    steps = counts(strides or [1] * len(window), "strides")
    if len(steps) != len(window):
        raise ValueError(f"MaxPool has window_shape {window} and strides {steps}; give both alike")
    return Net(MaxPoolLayer(window, steps, word(padding, ("valid", "same", "circular"), "padding")))


def BatchNorm(eps: float = 1e-5) -> Net:
    """Normalization of channels over the inputs of a batch and all positions, without parameters.

    For finite networks only. `eps` is added to variances.
    """
    if eps < 0:
        raise ValueError(f"eps is {eps}; give 0 or more")
    return Net(BatchNormLayer(float(eps)))


def GRU(
    out_dim: int,
    W_std: float = 1.0,
    U_std: float = 1.0,
    b_std: float | None = None,
    order: str = "rows",
) -> Net:
    """Gated recurrent units (arXiv 1406.1078) over an image, for finite networks only.

    Args:
        out_dim: hidden units.
        W_std: standard deviation of the weights of hidden units.
        U_std: standard deviation of the weights of inputs.
        b_std: standard deviation of the biases; None for no biases.
        order: "rows": each row of an image is an input; "pixels": each pixel is one.
    """
    if int(out_dim) != out_dim or out_dim < 1:
        raise ValueError(f"GRU of {out_dim} units; give a whole number, 1 or more")
    way = word(order, ("rows", "pixels"), "order")
    return Net(GRULayer(int(out_dim), float(W_std), float(U_std), float(b_std or 0), way))
