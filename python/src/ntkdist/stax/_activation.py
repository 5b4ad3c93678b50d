"""What all activations share."""

from __future__ import annotations

from typing import Any, Callable

from .._graph import JobLayer, Signal
from ._layer import SimpleLayer, Tracing
from ._net import Net


class ActivationLayer(SimpleLayer):
    """A function of every channel of every position."""

    def __init__(
        self, name: str, layer: JobLayer, function: Callable[[Any], Any] | None = None
    ) -> None:
        """`layer` is the job's; `function` maps JAX arrays, or is None without one."""
        self.name = name
        self.layer = layer
        self.function = function

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        if not signal.is_gaussian:
            raise NotImplementedError(
                f"{self.name} needs a Gaussian signal; put Dense, Conv or attention right before "
                "it, behind Flatten and other activations"
            )
        return signal.then(self.layer, is_gaussian=False)

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        if self.function is None:
            raise NotImplementedError(f"{self.name} has no finite network; use Rbf or Exp")
        return self.function(inputs)


def activation(
    name: str,
    kind: str,
    function: Callable[[Any], Any] | None = None,
    **parameters: float | int | list[float] | str,
) -> Net:
    """The network of one activation: the job's layer `kind` with these parameters."""
    layer: JobLayer = {kind: parameters} if parameters else kind
    return Net(ActivationLayer(name, layer, function))
