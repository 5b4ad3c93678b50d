"""The base classes of the layers of `ntkdist.stax`, and checks of their arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Callable, Union

import numpy as np

from .._graph import JobLayer, Signal
from .._inputs import whole

#: Signals between layers: one, or one for each branch after `FanOut`.
Signals = Union[Signal, tuple["Signals", ...]]

#: The axes of the batch and of the channels that a layer needs; None for any channel axis.
RequiredAxes = tuple[int, Union[int, None]]


@dataclass
class Tracing:
    """The context in which a network is written as layers of a job.

    Attributes:
        has_widths: whether widths of the finite network are written, because a standard
            parameterization or a concatenation depends on them.
        graph_layers: gives the layers of a job for the sums of an `Aggregate` over axes of an
            image, whose sizes are given by axis; None without graphs.
        is_finite: whether the layers are for finite networks, which need no closed forms.
    """

    has_widths: bool = False
    graph_layers: Callable[[Any, list[str], dict[str, int]], list[JobLayer]] | None = None
    is_finite: bool = False


class Layer:
    """A layer: how it is written in a job, and how a finite network computes it."""

    #: Its name in messages.
    name: str
    #: Whether kernels depend on how many channels the layers have.
    needs_widths = False
    #: Whether the finite network's outputs for an input depend on other inputs of the batch, or on
    #: chance.
    mixes_inputs = False

    def required_axes(self) -> RequiredAxes | None:
        """The axes that the input must have; None if the layer takes any."""
        return None

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        """The signals after the layer."""
        raise NotImplementedError

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        """The output shape, and random parameters of the finite network."""
        return shape, ()

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        """The finite network's outputs."""
        raise NotImplementedError


@dataclass(frozen=True)
class OuterLayer(Layer):
    """A layer around another, whose widths and axes it needs."""

    part: Layer

    @property
    def needs_widths(self) -> bool:  # type: ignore[override]
        """Whether kernels depend on how many channels the layers have."""
        return self.part.needs_widths

    def required_axes(self) -> RequiredAxes | None:
        return self.part.required_axes()


def inside(layer: Layer) -> Iterator[Layer]:
    """The layer, and all layers inside it."""
    yield layer
    for part in getattr(layer, "parts", ()):
        yield from inside(part)
    if getattr(layer, "part", None) is not None:
        yield from inside(layer.part)  # type: ignore[attr-defined]


def mixes_inputs(layer: Layer) -> bool:
    """Whether outputs for an input depend on other inputs of the batch, or on chance."""
    return any(part.mixes_inputs for part in inside(layer))


class SimpleLayer(Layer):
    """A layer from one signal to another."""

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        if not isinstance(signals, Signal):
            raise ValueError(
                f"{self.name} gets {len(signals)} branches; join them with FanInSum, FanInConcat "
                "or FanInProd, or put it into each branch with parallel"
            )
        axes = self.required_axes()
        if axes is not None and axes[1] is not None:
            signals.require(axes[0], axes[1], self.name)
        return self.trace_one(signals, tracing)

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        """The signal after the layer."""
        raise NotImplementedError


def variance(deviation: float | None) -> float:
    """The square of a standard deviation; 0 for None."""
    return 0.0 if deviation is None else float(deviation) ** 2


def word(value: object, known: Sequence[str], name: str) -> str:
    """`value`, a word or a member of an enumeration, as one of the `known` lower-case words."""
    text = str(getattr(value, "name", value)).lower()
    if text not in known:
        raise ValueError(f"{name} is {value!r}; give one of {', '.join(w.upper() for w in known)}")
    return text


def whole_numbers(values: Any, name: str) -> tuple[int, ...]:
    """One whole number, or several. Raises TypeError for anything else."""
    several = (
        values if isinstance(values, (Sequence, np.ndarray)) and np.ndim(values) else (values,)
    )
    found = tuple(map(whole, several))
    if None in found:
        raise TypeError(f"{name} is {values!r}; give a whole number, or several")
    return found  # type: ignore[return-value]


def counts(values: Sequence[int], name: str) -> tuple[int, ...]:
    """Sizes along spatial axes. Raises ValueError for sizes below 1."""
    sizes = tuple(int(value) for value in values)
    if any(size < 1 for size in sizes):
        raise ValueError(f"{name} is {tuple(values)}; give whole numbers, 1 or more")
    return sizes


def require_two(count: int, name: str) -> None:
    """Raises NotImplementedError for more than two spatial axes."""
    if count > 2:
        raise NotImplementedError(
            f"{name} acts on {count} spatial axes, but kernels are computed for images with one or "
            "two; put Flatten first, or merge axes"
        )
