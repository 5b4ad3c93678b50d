"""What all activations share."""

from __future__ import annotations

import importlib
from typing import Any, Callable

from .._graph import JobLayer, Signal
from ._layer import Layer, SimpleLayer, Tracing
from ._net import Net


class ActivationLayer(SimpleLayer):
    """A function that is applied to every channel of every position."""

    def __init__(
        self,
        name: str,
        layer: JobLayer,
        function: Callable[[Any], Any] | None = None,
        arguments: tuple[Any, ...] = (),
    ) -> None:
        """An activation.

        Args:
            name: the function of `ntkdist.stax` that makes it.
            layer: the job's layer.
            function: the activation, for JAX arrays; None if there is none.
            arguments: the arguments with which `name` makes it.
        """
        self.name = name
        self.layer = layer
        self.function = function
        self._arguments = arguments

    def __reduce__(self) -> tuple[Any, ...]:
        # Functions of arrays cannot be pickled.
        return _made, (self.name, self._arguments)

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        if not (signal.is_gaussian or tracing.is_finite):
            raise NotImplementedError(
                f"{self.name} needs a Gaussian signal; put Dense, Conv or attention right before "
                "it, after Flatten and other activations"
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
    arguments: tuple[Any, ...] | None = None,
    **parameters: float | int | list[float] | str,
) -> Net:
    """The network of one activation: the job's layer `kind` with these parameters.

    `arguments` are those with which `name` makes it; None for the values of the parameters.
    """
    layer: JobLayer = {kind: parameters} if parameters else kind
    given = tuple(parameters.values()) if arguments is None else arguments
    return Net(ActivationLayer(name, layer, function, given))


def _made(name: str, arguments: tuple[Any, ...]) -> Layer:
    stax = importlib.import_module("ntkdist.stax")
    net: Net = getattr(stax, name)(*arguments)
    return net.layer
