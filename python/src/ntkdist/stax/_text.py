"""A network that is given as the text of a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
        found = self.layers(None)
        for layer in found:
            node = Node(layer, [node])
        names = [layer if isinstance(layer, str) else next(iter(layer)) for layer in found]
        axes = signal.axes
        if any(name in _READOUTS for name in names):
            axes = tuple(axis for axis in axes if axis in "NC")
        sizes = tuple(signal.size(axis) if axis == "N" else None for axis in axes)
        is_gaussian = bool(names) and names[-1] in _WEIGHTS
        return Signal(node, axes, sizes, is_gaussian)

    def layers(self, image: tuple[int, int, int] | None) -> list[JobLayer]:
        """The layers, read here or by the library, for which `image` is [height, width, channels].

        Raises NotImplementedError where neither can.
        """
        found = _parsed(self.text)
        if isinstance(found, dict) and "network" in found:
            found = found["network"]
        if isinstance(found, list):
            return found
        if image is None:
            raise NotImplementedError(
                "a network of YAML inside another one; give it as JSON, or install pyyaml"
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


def _parsed(text: str) -> Any:
    """The text as data; None where it is not JSON and there is no PyYAML, or no YAML."""
    try:
        return _documents.read(text)
    except Failure:
        return None
