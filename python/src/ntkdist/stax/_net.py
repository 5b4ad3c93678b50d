"""A network as a triple of functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable

from ._kernel_fn import KernelFn
from ._layer import Layer, OuterLayer, Signals, Tracing, inside


class Net(tuple):  # type: ignore[type-arg]
    """`(init_fn, apply_fn, kernel_fn)` of a network.

    - `init_fn(rng, input_shape)` returns the output shape and random parameters, with JAX;
    - `apply_fn(params, inputs, **kwargs)` returns the finite network's outputs, with JAX;
    - `kernel_fn(x1, x2=None, get=None)` returns kernels of the infinitely wide network; see
      `KernelFn`.
    """

    layer: Layer

    def __new__(cls, layer: Layer) -> Net:
        """The triple of a layer."""
        init, apply = partial(_initialized, layer), partial(_applied, layer)
        for function in (init, apply):
            vars(function)["__name__"] = layer.name
        net = super().__new__(cls, (init, apply, KernelFn(layer)))
        net.layer = layer
        return net

    def __getnewargs__(self) -> tuple[Layer]:
        return (self.layer,)

    @property
    def init_fn(self) -> Callable[..., Any]:
        """The first function."""
        return self[0]  # type: ignore[no-any-return]

    @property
    def apply_fn(self) -> Callable[..., Any]:
        """The second function."""
        return self[1]  # type: ignore[no-any-return]

    @property
    def kernel_fn(self) -> KernelFn:
        """The third function."""
        return self[2]  # type: ignore[no-any-return]

    def yaml(self, input_shape: Sequence[int] | None = None) -> str:
        """The network as the value of a job's key `network`: a YAML list of layers.

        Args:
            input_shape: of the inputs, [n, height, width, channels] or [n, features]; some layers
                need it. None: images, or vectors if no layer needs pixels.

        Raises ValueError and NotImplementedError as `kernel_fn` does.
        """
        return self.kernel_fn.yaml(input_shape)

    def __repr__(self) -> str:
        return f"<ntkdist network {self.layer.name}>"


def _initialized(layer: Layer, rng: Any, input_shape: Any) -> tuple[Any, Any]:
    """The shape of the finite network's outputs, and random parameters."""
    return layer.init(rng, input_shape)


def _applied(layer: Layer, params: Any, inputs: Any, **kwargs: Any) -> Any:
    """The finite network's outputs. Raises NotImplementedError for masks."""
    if kwargs.get("mask_constant") is not None:
        raise NotImplementedError(
            "mask_constant: there are no masks; compute inputs of each length on their own"
        )
    if any("mask" in getattr(part, "text", "") for part in inside(layer)):
        # A mask is a part of the network's inputs, whatever is before it.
        kwargs["image"] = inputs
    return layer.apply(params, inputs, **kwargs)


@dataclass(frozen=True)
class ReplacedLayer(OuterLayer):
    """A layer whose finite network is computed by functions of the user's."""

    init_fn: Callable[..., Any]
    apply_fn: Callable[..., Any]

    @property
    def name(self) -> str:  # type: ignore[override]
        """That of the layer."""
        return self.part.name

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        return self.part.trace(signals, tracing)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        return self.init_fn(rng, shape)  # type: ignore[no-any-return]

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        return self.apply_fn(params, inputs, **kwargs)


def layer_of(net: Sequence[Any]) -> Layer:
    """The layer of a triple.

    Raises TypeError for a function that was not called, NotImplementedError for anything else.
    """
    if isinstance(net, Net):
        return net.layer
    if isinstance(net, (tuple, list)) and len(net) == 3:
        init, apply, kernel = net
        # jax.jit names the function that it wraps, and has `lower`. Other wrappers may change it.
        if not isinstance(kernel, KernelFn) and hasattr(kernel, "lower"):
            kernel = getattr(kernel, "__wrapped__", None)
        if isinstance(kernel, KernelFn):
            own = Net(kernel.layer)
            is_own = all(
                isinstance(given, partial)
                and given.func is function.func
                and given.args == function.args
                and not given.keywords
                for given, function in zip((init, apply), own)
            )
            return own.layer if is_own else ReplacedLayer(own.layer, init, apply)
    if callable(net):
        raise TypeError(f"{getattr(net, '__name__', net)!r} is not called; write it with ()")
    raise NotImplementedError(
        "a layer that is not from ntkdist.stax; activations can be given as formulas, "
        "Elementwise('x * sigmoid(x)')"
    )


def unmask_fn(fn: Any) -> Any:
    """`fn` itself: there are no masks, so nothing that `fn` returns is masked."""
    return fn
