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
    """A network as a job has it; its kernels are those of the text as it is.

    Attributes:
        text: YAML or JSON, the value of the key `network`, or a mapping with that key.
        width: channels of finite layers that do not say how many they have.
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
        """What is known of the signal behind these layers of a job; None where they are not known.

        Its node is another one.
        """
        # It needs all layers, of which some need this one.
        from ._from_job import layers_from_job

        try:
            # Channels that the text leaves open are what differs between two widths.
            one, other = (
                layers_from_job(layers, self.width or width).trace(signal, Tracing())
                for width in (1, 2)
            )
        except Exception:  # Finite networks lack some layers, and what is wrong the library says.
            return None
        if not (isinstance(one, Signal) and isinstance(other, Signal)):
            return None
        sizes = tuple(a if a == b else None for a, b in zip(one.sizes, other.sizes))
        return replace(one, sizes=sizes)

    def layers(self, image: tuple[int, int, int] | None) -> list[JobLayer]:
        """The layers, read here or by the library, for which `image` is [height, width, channels].

        Raises ShapeNeeded where neither can.
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
        # It needs all layers, of which some need this one.
        from ._from_job import layers_from_job

        image = (*shape[1:-1], *[1] * (4 - len(shape)), shape[-1])
        if len(image) != 3:
            raise NotImplementedError(f"inputs of shape {tuple(shape)}; give [n, h, w, channels]")
        found = self.layers(image)
        if len(shape) == 2:
            found = [layer for layer in found if layer != "flatten"]
        return layers_from_job(found, self.width)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        return self._finite(shape).init(rng, tuple(shape))

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        return self._finite(inputs.shape).apply(params, inputs, **kwargs)


def _image(signal: Signal) -> tuple[int, int, int] | None:
    """[height, width, channels] of a signal; None where its size is not known."""
    sizes = [signal.size(axis) if axis in signal.axes else 1 for axis in ("0", "1")]
    if len(signal.spatial) > 2 or None in sizes:
        return None
    return sizes[0] or 0, sizes[1] or 0, signal.channels or 1


def _guessed(layers: Sequence[JobLayer], signal: Signal) -> Signal:
    """The signal behind layers that only the library knows: no sizes but that of the inputs."""
    axes = signal.axes
    if any(_name(layer) in _READOUTS for layer in layers):
        axes = tuple(axis for axis in axes if axis in "NC")
    sizes = tuple(signal.size(axis) if axis == "N" else None for axis in axes)
    return Signal(signal.node, axes, sizes, ends_with_weights(layers))


def ends_with_weights(layers: Sequence[JobLayer]) -> bool:
    """Whether the last layer makes a Gaussian signal."""
    return bool(layers) and _name(layers[-1]) in _WEIGHTS


def _name(layer: Any) -> str:
    """The name of a layer; empty for what is none, of which the library says more."""
    return str(next(iter(layer), "")) if isinstance(layer, dict) else str(layer)


def _parsed(text: str) -> Any:
    """The text as data; None where it is not JSON and there is no PyYAML, or no YAML."""
    try:
        return _documents.read(text)
    except Failure:
        return None
