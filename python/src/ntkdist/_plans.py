"""Networks for inputs of one shape: their text, and the arrays for the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._cache import Recent
from ._graph import JobLayer, Signal, input_signal, layers, with_absolute_masks
from ._library import NetworkHandle, library
from ._patterns import MASK_ROWS, Patterns, masked
from ._text import compact
from .stax._layer import Layer, Tracing
from .stax._text import TextLayer, ends_with_weights

_NO_LAYER: JobLayer = {"dense": {"trained": False}}


def require_all_inputs(signal: Signal) -> None:
    """Raises NotImplementedError if a layer leaves out inputs, for which jobs have no layer."""
    if signal.inputs:
        raise NotImplementedError(
            "Index of inputs in a job or in a finite network of its layers; index the arrays"
        )


@dataclass(frozen=True)
class Plan:
    """How a network is computed for inputs of one shape.

    Attributes:
        layers: the layers of the job.
        text: the text of the network, for the library.
        signal: the signal after the last layer.
        order: the axes of the inputs in the library's order.
        image: [height, width, channels] for the library.
        patterns: the graphs; their files exist as long as this object.
    """

    layers: list[JobLayer]
    text: str
    signal: Signal
    order: tuple[int, ...]
    image: tuple[int, int, int]
    patterns: Patterns | None = None

    def count(self, shape: Sequence[int]) -> int:
        """The number of inputs, in an array of this shape, of which kernels are computed."""
        indices = range(shape[self.order[0]])
        for part in self.signal.inputs:
            indices = indices[part]
        return len(indices)

    def images(self, array: NDArray[Any], *, is_second: bool = False) -> NDArray[np.float64]:
        """The inputs, those of x2 or x1, as the library reads them, [n, *image] float64."""
        moved = array.transpose(self.order)
        for part in self.signal.inputs:
            moved = moved[part]
        if self.patterns is not None and self.patterns.has_masks:
            height, width, channels = self.image
            shaped = moved.reshape((len(moved), height - MASK_ROWS, width, channels))
            shaped = masked(shaped, int(is_second))
        else:
            shaped = moved.reshape((len(moved), *self.image))
        return np.ascontiguousarray(shaped, dtype=np.float64)


def input_axes(layer: Layer, ndim: int) -> tuple[str, ...]:
    """The axes of inputs of `ndim` dimensions, as the first layer that depends on them has them."""
    batch, channel = layer.required_axes() or (0, -1)
    batch %= ndim
    channel = (ndim - 1 if batch != ndim - 1 else ndim - 2) if channel is None else channel % ndim
    if batch == channel:
        raise ValueError(f"axis {batch} of inputs with {ndim} axes is both of inputs and channels")
    names, spatial = [], 0
    for axis in range(ndim):
        if axis in (batch, channel):
            names.append("N" if axis == batch else "C")
        else:
            names.append(str(spatial))
            spatial += 1
    return tuple(names)


def traced(
    layer: Layer,
    axes: Sequence[str],
    sizes: Sequence[int | None],
    patterns: Patterns | None = None,
    *,
    is_finite: bool = False,
) -> tuple[list[JobLayer], Signal]:
    """The layers of a job for inputs with these axes, and the signal after them.

    `is_finite` allows layers that only finite networks have. Raises ValueError and
    NotImplementedError for layers that do not fit.
    """
    start = begin = input_signal(tuple(axes), sizes)
    graph_layers, height = None, 1
    if patterns is not None:
        height = (begin.size("0") or 1) if "0" in axes else 1
        graph_layers = partial(patterns.layers, height)
        if patterns.has_masks:
            # The masks are below the images.
            begin = start.then({"slice": {"rows": [0, height], "columns": [None, None]}})
    tracing = Tracing(layer.needs_widths, graph_layers, is_finite)
    end = layer.trace(begin, tracing)
    if not isinstance(end, Signal):
        raise NotImplementedError(
            "a network that ends in branches; join them with FanInSum, FanInConcat or FanInProd"
        )
    found = layers(end.node, start.node)
    if begin is not start:
        size = begin.size("1") if "1" in axes else 1
        found = with_absolute_masks(found, height, size or 1)
    is_flat = len(axes) == 2
    if is_flat and (not found or found[0] != "flatten"):
        # Vectors are flat images.
        found.insert(0, "flatten")
    if not _ends_behind_layer(found):
        found.append(_NO_LAYER)
    return found, end


def _ends_behind_layer(found: list[JobLayer]) -> bool:
    """Whether the library accepts the end of the layers: raw input is not an output."""
    computing = [one for one in found if one != "flatten"]
    if not computing:
        return False
    last = computing[-1]
    return not (isinstance(last, dict) and next(iter(last)) in ("residual", "concatenate"))


def plan(
    layer: Layer,
    shape: Sequence[int],
    patterns: Patterns | None = None,
    *,
    is_finite: bool = False,
) -> Plan:
    """The plan for inputs of the shape [n, ...]. Raises what `traced` raises."""
    if isinstance(layer, TextLayer):
        return _text_plan(layer, shape)
    ndim = len(shape)
    axes = input_axes(layer, ndim)
    required = layer.required_axes()
    spatial = sorted(axis for axis in axes if axis not in "NC")
    order = tuple(axes.index(axis) for axis in ("N", *spatial, "C"))
    sizes = [shape[axis] for axis in order[1:]]
    starts_flat = required is not None and required[1] is None
    if len(spatial) > 2 and starts_flat:
        # Flattened at once, because pixels do not matter.
        sizes = [prod(sizes)]
        axes = ("N", "C")
        found, signal = traced(layer, axes, (None, sizes[0]), patterns, is_finite=is_finite)
    elif len(spatial) > 2:
        raise NotImplementedError(
            f"inputs with {len(spatial)} spatial axes; kernels are computed for images with one or "
            "two: put Flatten first, or merge axes"
        )
    else:
        known = [None if axis == "N" else shape[place] for place, axis in enumerate(axes)]
        found, signal = traced(layer, axes, known, patterns, is_finite=is_finite)
    height, width, channels = (*sizes[:-1], *[1] * (3 - len(sizes)), sizes[-1])
    if patterns is not None and patterns.has_masks:
        height += MASK_ROWS
    image = (height, width, channels)
    return Plan(found, compact(found), signal, order, image, patterns)


def _text_plan(layer: TextLayer, shape: Sequence[int]) -> Plan:
    """The plan for the text of a job, which the library gets unchanged."""
    if len(shape) not in (2, 4):
        raise ValueError(
            f"inputs of shape {tuple(shape)}; a network from a job takes [n, height, width, "
            "channels] or [n, features]"
        )
    image = (1, 1, shape[1]) if len(shape) == 2 else (shape[1], shape[2], shape[3])
    found = layer.layers(image)
    axes = ("N", "C") if len(shape) == 2 else ("N", "0", "1", "C")
    signal = layer.behind(found, input_signal(axes, (None, *shape[1:])))
    if signal is None:
        # The library refuses an end with pixels.
        start = input_signal(("N", "C"), (None, None))
        signal = start.resized({}, is_gaussian=ends_with_weights(found))
    return Plan(found, layer.text, signal, tuple(range(len(shape))), image)


_networks: Recent[NetworkHandle] = Recent(64)


def network(text: str, image: tuple[int, int, int], precision: int) -> NetworkHandle:
    """The library's network for a text and images of one shape; the most recent ones are kept."""
    source = library()
    key = (id(source), text, image, precision)
    return _networks.get(key, lambda: source.network(text, *image, precision))
