"""Convolutions: shared, local and transposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from .._graph import JobLayer, Signal
from .._jax import jax, jnp
from ._dense import Weights, weights
from ._layer import RequiredAxes, SimpleLayer, Tracing, counts, require_two, word
from ._net import Net
from ._padding import circular_margins, pooled_size

_LETTERS = "HWDEFGIJKLMPQRSTUVXYZAB"

DimensionNumbers = tuple[str, str, str]


@dataclass(frozen=True)
class ConvLayer(SimpleLayer):
    """A convolution.

    Attributes:
        kind: the name of the job's layer.
        name: its name in messages.
        filter_shape: in the order of the filter's letters in the dimension numbers, like `strides`.
    """

    kind: str
    name: str
    weights: Weights
    filter_shape: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    dimension_numbers: DimensionNumbers
    #: Pixels from one element of the filter to the next; empty for 1. Only jobs have other values.
    dilation: tuple[int, ...] = ()

    @property
    def needs_widths(self) -> bool:  # type: ignore[override]
        """Whether kernels depend on how many channels the layers have."""
        return self.weights.is_standard

    @property
    def _letters(self) -> list[str]:
        return [letter for letter in self.dimension_numbers[1] if letter not in "IO"]

    def required_axes(self) -> RequiredAxes:
        inputs = self.dimension_numbers[0]
        return inputs.index("N"), inputs.index("C")

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        inputs, _, outputs = self.dimension_numbers
        if len(signal.axes) != len(inputs):
            raise ValueError(
                f"{self.name} has dimension_numbers {self.dimension_numbers} for "
                f"{len(inputs)} axes, and a signal of {len(signal.axes)} axes reaches it"
            )
        require_two(len(signal.spatial), self.name)
        axes = dict(zip(inputs, signal.axes))
        if not self.filter_shape:
            dense: JobLayer = {"dense": self.weights.parameters(signal, tracing, self.name)}
            behind = self.weights.behind(signal, dense)
            return behind.ordered([axes[letter] for letter in outputs])
        taps = {axes[letter]: n for letter, n in zip(self._letters, self.filter_shape)}
        steps = {axes[letter]: n for letter, n in zip(self._letters, self.strides)}
        reach = {axes[letter]: n for letter, n in zip(self._letters, self._reach)}
        sizes = {axis: self._size(signal.size(axis), reach[axis], steps[axis]) for axis in taps}
        layer: JobLayer = {
            self.kind: {
                "filter": signal.pair(taps, 1),
                "stride": signal.pair(steps, 1),
                "padding": self.padding,
                **self.weights.parameters(signal, tracing, self.name),
            }
        }
        behind = self.weights.behind(signal, layer, sizes)
        turned = signal.is_reversed != (self.kind != "local_convolution")
        return behind.ordered([axes[letter] for letter in outputs], is_reversed=turned)

    def _size(self, size: int | None, taps: int, stride: int) -> int | None:
        if size is None:
            return None
        if self.kind != "transposed_convolution":
            return pooled_size(size, taps, stride, self.padding)
        return size * stride + (max(taps - stride, 0) if self.padding == "valid" else 0)

    def dilated(self, dilation: tuple[int, ...]) -> ConvLayer:
        """The convolution with a dilated filter."""
        return replace(self, dilation=dilation)

    @property
    def _reach(self) -> list[int]:
        """The number of pixels that the dilated filter spans along each axis."""
        steps = self.dilation or [1] * len(self.filter_shape)
        return [(taps - 1) * step + 1 for taps, step in zip(self.filter_shape, steps)]

    def _fan_in(self, shape: Any) -> int:
        return int(shape[self.dimension_numbers[0].index("C")]) * prod(self.filter_shape)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        inputs, filters, outputs = self.dimension_numbers
        sizes = dict(zip(self._letters, self.filter_shape))
        places = {
            letter: self._size(shape[inputs.index(letter)], reach, step)
            for letter, reach, step in zip(self._letters, self._reach, self.strides)
        }
        places.update({"N": shape[inputs.index("N")], "C": self.weights.channels})
        channels = {"I": shape[inputs.index("C")], "O": self.weights.channels}
        bias_shape = [self.weights.channels if c == "C" else 1 for c in outputs]
        if self.kind == "local_convolution":
            channels["I"] *= prod(self.filter_shape)
            sizes = {letter: places[letter] or 0 for letter in sizes}
            bias_shape = [1 if c == "N" else places[c] or 0 for c in outputs]
        kernel_shape = [channels.get(c) or sizes[c] for c in filters]
        params = self.weights.init(rng, kernel_shape, bias_shape, self._fan_in(shape))
        return tuple(places[letter] for letter in outputs), params

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        lax = jax().lax
        kernel, biases = params
        fan_in = self._fan_in(inputs.shape)
        padding = self.padding.upper()
        spec = self.dimension_numbers
        steps: dict[str, Any] = {"dimension_numbers": spec}
        if self.dilation:
            steps["rhs_dilation"] = self.dilation
        if self.kind == "transposed_convolution":
            if self.padding != "circular":
                product = lax.conv_transpose(inputs, kernel, self.strides, padding, **steps)
            else:
                product = lax.conv_transpose(inputs, kernel, self.strides, "VALID", **steps)
                for letter, stride in zip(self._letters, self.strides):
                    period = stride * inputs.shape[spec[0].index(letter)]
                    product = _wrapped(product, spec[2].index(letter), period)
            return self.weights.scaled(product, biases, fan_in)
        if self.padding == "circular":
            padding = "VALID"
            margins = [(0, 0)] * inputs.ndim
            for letter, reach, stride in zip(self._letters, self._reach, self.strides):
                place = spec[0].index(letter)
                margins[place] = circular_margins(inputs.shape[place], reach, stride)
            inputs = jnp().pad(inputs, margins, mode="wrap")
        if self.kind == "local_convolution":
            product = lax.conv_general_dilated_local(
                inputs, kernel, self.strides, padding, self.filter_shape, **steps
            )
        else:
            product = lax.conv_general_dilated(inputs, kernel, self.strides, padding, **steps)
        return self.weights.scaled(product, biases, fan_in)


def _wrapped(signal: Any, axis: int, period: int) -> Any:
    """The middle of a signal along an axis, plus what lies whole periods away from it."""
    np = jnp()
    excess = signal.shape[axis] - period
    margins = [(0, 0)] * signal.ndim
    margins[axis] = (0, -signal.shape[axis] % period)
    rounds = np.moveaxis(np.pad(signal, margins), axis, 0)
    total = rounds.reshape(-1, period, *rounds.shape[1:]).sum(0)
    return np.moveaxis(np.roll(total, -(excess // 2), 0), 0, axis)


def _convolution(
    kind: str,
    name: str,
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Sequence[int] | None,
    padding: str,
    W_std: float,
    b_std: float | None,
    dimension_numbers: DimensionNumbers | None,
    parameterization: str,
    s: tuple[int, int],
) -> Net:
    shape = counts(filter_shape, "filter_shape")
    steps = counts(strides or [1] * len(shape), "strides")
    if len(steps) != len(shape):
        raise ValueError(f"{name} has filter_shape {shape} and strides {steps}; give both alike")
    way = word(padding, ("valid", "same", "circular"), "padding")
    letters = _LETTERS[: len(shape)]
    inputs, filters, outputs = dimension_numbers or (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    numbers = (inputs, filters, outputs)
    if not all(len(spec) == len(shape) + 2 for spec in numbers):
        raise ValueError(f"{name} has filter_shape {shape} and dimension_numbers {numbers}")
    values = weights(out_chan, W_std, b_std, parameterization, s)
    return Net(ConvLayer(kind, name, values, shape, steps, way, numbers))


def Conv(
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: str = "VALID",
    W_std: float = 1.0,
    b_std: float | None = None,
    dimension_numbers: DimensionNumbers | None = None,
    parameterization: str = "ntk",
    s: tuple[int, int] = (1, 1),
) -> Net:
    """A convolution whose weights have variance W_std**2 / (channels * pixels of the filter).

    Args:
        out_chan: output channels.
        filter_shape: [height, width]; one number for inputs with one spatial axis, none for
            vectors, on which the layer is `Dense`.
        strides: of the filter; None for 1.
        padding: "VALID", "SAME" (zeros) or "CIRCULAR".
        W_std: standard deviation of the weights.
        b_std: standard deviation of the biases; None for no biases.
        dimension_numbers: the order of the axes, as in `jax.lax.conv_general_dilated`; None for
            ("NHWC", "HWIO", "NHWC").
        parameterization: "ntk" or "standard".
        s: input and output scale of the standard parameterization.
    """
    return _convolution(
        "convolution",
        "Conv",
        out_chan,
        filter_shape,
        strides,
        padding,
        W_std,
        b_std,
        dimension_numbers,
        parameterization,
        s,
    )


def ConvTranspose(
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: str = "VALID",
    W_std: float = 1.0,
    b_std: float | None = None,
    dimension_numbers: DimensionNumbers | None = None,
    parameterization: str = "ntk",
    s: tuple[int, int] = (1, 1),
) -> Net:
    """A transposed convolution; see `Conv`.

    With padding "SAME" or "VALID", its margins are those of `jax.lax.conv_transpose`. With
    "CIRCULAR", what goes beyond one edge of the image continues at the opposite edge.
    """
    return _convolution(
        "transposed_convolution",
        "ConvTranspose",
        out_chan,
        filter_shape,
        strides,
        padding,
        W_std,
        b_std,
        dimension_numbers,
        parameterization,
        s,
    )


def ConvLocal(
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: str = "VALID",
    W_std: float = 1.0,
    b_std: float | None = None,
    dimension_numbers: DimensionNumbers | None = None,
    parameterization: str = "ntk",
    s: tuple[int, int] = (1, 1),
) -> Net:
    """A convolution with different weights at every position; see `Conv`."""
    return _convolution(
        "local_convolution",
        "ConvLocal",
        out_chan,
        filter_shape,
        strides,
        padding,
        W_std,
        b_std,
        dimension_numbers,
        parameterization,
        s,
    )
