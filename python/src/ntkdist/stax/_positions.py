"""Layers that map the positions of an image: resizing and indexing."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._graph import JobLayer, Signal
from .._inputs import whole
from .._jax import jax
from ._layer import RequiredAxes, SimpleLayer, Tracing, require_two
from ._net import Net

#: Beyond the end of every axis of an image.
_FAR = 1 << 20
_LINEAR = ("linear", "bilinear", "trilinear", "triangle")


@dataclass(frozen=True)
class ResizeLayer(SimpleLayer):
    """Resized images."""

    shape: tuple[int, ...]
    method: str
    antialias: bool
    precision: Any
    batch_axis: int
    channel_axis: int
    name = "ImageResize"

    def required_axes(self) -> RequiredAxes:
        return self.batch_axis, self.channel_axis

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        if len(self.shape) != len(signal.axes):
            raise ValueError(
                f"ImageResize has shape {self.shape}, and a signal of {len(signal.axes)} axes "
                "reaches it; give -1 for axes that stay"
            )
        asked = {axis: n for axis, n in zip(signal.axes, self.shape) if n != -1}
        if "C" in asked or "N" in asked:
            raise NotImplementedError(
                "ImageResize of inputs or channels; give -1 in shape for their axes"
            )
        require_two(len(signal.spatial), self.name)
        if not asked:
            return signal
        if self.method not in (*_LINEAR, "nearest"):
            raise NotImplementedError(
                f"ImageResize with method {self.method!r}; use 'linear' or 'nearest'"
            )
        pair: dict[str, int] = {}
        for axis in signal.spatial:
            size = asked.get(axis, signal.size(axis))
            if size is None:
                raise ValueError("ImageResize needs the size of the axis that stays; give it")
            pair[axis] = size
        layer: JobLayer = {
            "resize": {
                "shape": signal.pair(pair, 1),
                "method": "nearest" if self.method == "nearest" else "bilinear",
                "antialias": self.antialias,
            }
        }
        return signal.then(layer, asked)

    def _output(self, shape: Any) -> tuple[int, ...]:
        return tuple(old if new == -1 else new for old, new in zip(shape, self.shape))

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        return self._output(shape), ()

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        precision = self.precision or jax().lax.Precision.HIGHEST
        return jax().image.resize(
            inputs, self._output(inputs.shape), self.method, self.antialias, precision
        )


@dataclass(frozen=True)
class IndexLayer(SimpleLayer):
    """A part of an image. `items` are ("int", i) or ("slice", first, end, step)."""

    items: tuple[tuple[Any, ...], ...]
    ellipsis: int
    batch_axis: int
    channel_axis: int
    name = "Index"

    @property
    def mixes_inputs(self) -> bool:  # type: ignore[override]
        """Whether it leaves out inputs, or changes their order."""
        whole = ("slice", None, None, None)
        return any(
            self._expanded(ndim)[self.batch_axis % ndim] != whole
            for ndim in range(max(len(self.items), 2), 6)
        )

    def required_axes(self) -> RequiredAxes:
        return self.batch_axis, self.channel_axis

    def _expanded(self, ndim: int) -> list[tuple[Any, ...]]:
        items = list(self.items)
        if len(items) > ndim:
            raise IndexError(f"Index has {len(items)} items for {ndim} axes")
        place = len(items) if self.ellipsis < 0 else self.ellipsis
        whole = ("slice", None, None, None)
        return [*items[:place], *[whole] * (ndim - len(items)), *items[place:]]

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        parts = dict(zip(signal.axes, self._expanded(len(signal.axes))))
        require_two(len(signal.spatial), self.name)
        bounds: dict[str, list[int | None]] = {"0": [None, None], "1": [None, None]}
        sizes: dict[str, int | None] = {}
        dropped = []
        for axis, part in parts.items():
            if part == ("slice", None, None, None):
                continue
            if axis == "C":
                raise NotImplementedError("Index of channels; give ':' for their axis")
            if axis == "N" and part[0] == "int":
                raise NotImplementedError("Index of a single input; give a slice of the inputs")
            if axis == "N":
                signal = replace(signal, inputs=(*signal.inputs, slice(*part[1:])))
            elif part[0] == "int":
                first = part[1]
                bounds[axis] = [first, None if first == -1 else first + 1]
                dropped.append(axis)
            else:
                bounds[axis] = _bounds(slice(*part[1:]))
                size = signal.size(axis)
                sizes[axis] = None if size is None else len(range(size)[slice(*part[1:])])
        if not sizes and not dropped:
            return signal
        behind = signal.then({"slice": {"rows": bounds["0"], "columns": bounds["1"]}}, sizes)
        if not dropped:
            return behind
        if set(dropped) == set(signal.spatial):
            behind = behind.then("flatten")
        return behind.ordered([axis for axis in signal.axes if axis not in dropped])

    def _key(self, ndim: int) -> tuple[Any, ...]:
        return tuple(
            part[1] if part[0] == "int" else slice(*part[1:]) for part in self._expanded(ndim)
        )

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        output = []
        for size, key in zip(shape, self._key(len(shape))):
            if isinstance(key, slice):
                if size == -1 and key != slice(None):
                    raise ValueError("Index of an axis of unknown size, -1; give its size")
                output.append(size if key == slice(None) else len(range(size)[key]))
        return tuple(output), ()

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        return inputs[self._key(inputs.ndim)]


@dataclass(frozen=True)
class MaskLayer(SimpleLayer):
    """Multiplies pixels by a part of the network's input images; see `mask` in docs/reference."""

    rows: slice
    columns: slice
    name = "mask"

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        parts = {"rows": self.rows, "columns": self.columns}
        return signal.then({"mask": {key: _bounds(part) for key, part in parts.items()}})

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        # The channels of this part are equal.
        part = kwargs["image"][:, self.rows, self.columns, :1]
        if 0 in part.shape[1:]:
            raise ValueError("mask: its part of an image is empty; use a larger part")
        places = [(np.arange(n) + 0.5) * m / n for n, m in zip(inputs.shape[1:3], part.shape[1:3])]
        down, across = (place.astype(int) for place in places)
        return inputs * part[:, down][:, :, across]


def _bounds(part: slice) -> list[int | None]:
    """[first, end], or [first, end, step]."""
    bounds = [part.start, part.stop] + ([] if part.step in (None, 1) else [part.step])
    return [None if b is None else min(max(b, -_FAR), _FAR) for b in bounds]


def ImageResize(
    shape: Sequence[int],
    method: Any,
    antialias: bool = True,
    precision: Any = None,
    batch_axis: int = 0,
    channel_axis: int = -1,
) -> Net:
    """Resizes images, like `jax.image.resize`.

    Args:
        shape: the shape of the outputs, with -1 for axes that keep their size.
        method: "linear" or "nearest".
        antialias: whether linear interpolation averages when it makes images smaller.
        precision: the precision of the finite network's interpolation.
        batch_axis: the axis of the batch.
        channel_axis: the axis of the channels.
    """
    name = str(getattr(method, "name", method)).lower()
    return Net(
        ResizeLayer(
            tuple(int(n) for n in shape), name, bool(antialias), precision, batch_axis, channel_axis
        )
    )


def Index(idx: Any, batch_axis: int = 0, channel_axis: int = -1) -> Net:
    """A part of the images, of the inputs, or of both: x[idx].

    A slice of the inputs chooses and orders the inputs of which kernels are computed. It is not
    available in jobs, in `ntkdist.finite`, and for inputs with different graphs.

    Args:
        idx: what `Slice[...]` gives: integers, slices, and an ellipsis.
        batch_axis: the axis of the batch, which cannot be indexed with an integer.
        channel_axis: the axis of the channels, which must stay whole.
    """
    keys = idx if isinstance(idx, tuple) else (idx,)
    items: list[tuple[Any, ...]] = []
    ellipsis = -1
    for key in keys:
        if key is Ellipsis:
            if ellipsis >= 0:
                raise IndexError("Index has two ellipses; give one")
            ellipsis = len(items)
        elif isinstance(key, slice):
            bounds = [
                None if b is None else operator.index(b) for b in (key.start, key.stop, key.step)
            ]
            if bounds[2] == 0:
                raise ValueError("Index with the step 0; give another step")
            items.append(("slice", *bounds))
        elif (place := whole(key)) is not None:
            items.append(("int", place))
        else:
            raise NotImplementedError(
                f"Index with {key!r}; use integers, slices and an ellipsis, or Aggregate"
            )
    return Net(IndexLayer(tuple(items), ellipsis, batch_axis, channel_axis))


class _Slice:
    """`Slice[...]` is the index in the brackets, for `Index`."""

    def __getitem__(self, idx: Any) -> Any:
        return idx


Slice = _Slice()
