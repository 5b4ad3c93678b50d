"""A network that is given as the text of a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import _documents
from .._graph import JobLayer, Node, Signal
from .._library import library
from ..failures import Failure
from ._layer import Layer, SimpleLayer, Tracing

_READOUTS = ("flatten", "global_average_pool", "global_sum_pool")
_WEIGHTS = (
    "dense",
    "convolution",
    "local_convolution",
    "transposed_convolution",
    "self_attention",
    "recurrent",
)


class ShapeNeeded(NotImplementedError):
    """The layers of a text are not known without the shape of its inputs."""


@dataclass(frozen=True)
class TextLayer(SimpleLayer):
    """A network as it is written in a job; kernels are computed from the unchanged text.

    Attributes:
        text: YAML or JSON, the value of the key `network`, or a mapping with that key.
        width: the width, in the finite network, of layers that the text gives no width.
    """

    text: str
    width: int | None
    name = "from_yaml"

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        node = signal.node
        found = self.layers(_image(signal))
        for layer in found:
            node = Node(layer, [node])
        return replace(self.behind(found, signal) or _guessed(found, signal), node=node)

    def behind(self, layers: Sequence[JobLayer], signal: Signal) -> Signal | None:
        """What is known about the signal after these layers of a job; None if nothing is.

        The caller must replace its node.
        """
        # It imports all layers, and some of them import this module.
        from ._from_job import FiniteNetwork

        try:
            # Sizes that differ between two widths are those that the text leaves open.
            one, other = (
                FiniteNetwork(self.width or width).layer(layers).trace(signal, Tracing())
                for width in (1, 2)
            )
        except Exception:  # Finite networks lack some layers, and the library reports errors.
            return None
        if not (isinstance(one, Signal) and isinstance(other, Signal)):
            return None
        sizes = tuple(a if a == b else None for a, b in zip(one.sizes, other.sizes))
        return replace(one, sizes=sizes)

    def layers(self, image: tuple[int, int, int] | None) -> list[JobLayer]:
        """The layers, read here or by the library, which needs `image`: [height, width, channels].

        Raises ShapeNeeded if neither can read them.
        """
        found = _parsed(self.text)
        if isinstance(found, dict) and "network" in found:
            found = found["network"]
        if isinstance(found, list):
            return found
        if image is None:
            raise ShapeNeeded(
                "a preset inside another network needs the input's shape: net.yaml(input_shape)"
            )
        described: list[JobLayer] = library().network(self.text, *image, 64).describe()["layers"]
        return described

    def _finite(self, shape: Sequence[int]) -> Layer:
        # It imports all layers, and some of them import this module.
        from ._from_job import FiniteNetwork

        image = (*shape[1:-1], *[1] * (4 - len(shape)), shape[-1])
        if len(image) != 3:
            raise NotImplementedError(f"inputs of shape {tuple(shape)}; give [n, h, w, channels]")
        found = self.layers(image)
        if len(shape) == 2:
            found = [layer for layer in found if layer != "flatten"]
        return FiniteNetwork(self.width).layer(found)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        return self._finite(shape).init(rng, tuple(shape))

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        return self._finite(inputs.shape).apply(params, inputs, **kwargs)


def _image(signal: Signal) -> tuple[int, int, int] | None:
    """[height, width, channels] of a signal; None if its size is not known."""
    sizes = [signal.size(axis) if axis in signal.axes else 1 for axis in ("0", "1")]
    if len(signal.spatial) > 2 or None in sizes:
        return None
    return sizes[0] or 0, sizes[1] or 0, signal.channels or 1


def _guessed(layers: Sequence[JobLayer], signal: Signal) -> Signal:
    """The signal after layers that only the library knows: only the number of inputs is known."""
    axes = signal.axes
    if any(_name(layer) in _READOUTS for layer in layers):
        axes = tuple(axis for axis in axes if axis in "NC")
    sizes = tuple(signal.size(axis) if axis == "N" else None for axis in axes)
    is_gaussian = ends_with_weights(layers)
    return Signal(signal.node, axes, sizes, is_gaussian, inputs=signal.inputs)


def ends_with_weights(layers: Sequence[JobLayer]) -> bool:
    """Whether the last layer makes a Gaussian signal."""
    return bool(layers) and _name(layers[-1]) in _WEIGHTS


def _name(layer: Any) -> str:
    """The name of a layer; empty for a value that is not a layer, which the library will report."""
    return str(next(iter(layer), "")) if isinstance(layer, dict) else str(layer)


def _parsed(text: str) -> Any:
    """The text as data; None if it is neither JSON nor YAML, or if PyYAML is missing."""
    try:
        return _documents.read(text)
    except Failure:
        return None
