"""Finite networks with the layers of a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from . import _documents, _plans
from ._cache import Recent
from ._graph import JobLayer
from ._jax import jax, jnp
from ._text import compact
from .stax._from_job import FiniteNetwork
from .stax._layer import Layer, mixes_inputs
from .stax._net import Net
from .stax._text import TextLayer

Network = Any
"""The text of a job's network, its layers as data, or a network of `ntkdist.stax`."""


class Finite(tuple):  # type: ignore[type-arg]
    """`(init_fn, apply_fn)` of a finite network.

    - `init_fn(rng, input_shape)` gives the output shape and random parameters; `rng` may be None
      for the network's own seed;
    - `apply_fn(params, inputs, rng=None)` gives the outputs.
    """

    _source: _Source

    def __new__(cls, source: _Source) -> Finite:
        """The functions for a source of layers."""
        pair = super().__new__(cls, (source.init, source.apply))
        pair._source = source
        return pair

    @property
    def init_fn(self) -> Callable[..., Any]:
        """The first function."""
        return self[0]  # type: ignore[no-any-return]

    @property
    def apply_fn(self) -> Callable[..., Any]:
        """The second function."""
        return self[1]  # type: ignore[no-any-return]

    def params(self, input_shape: Sequence[int]) -> Any:
        """Random parameters from the network's own seed, for inputs [n, ...]."""
        return self.init_fn(None, input_shape)[1]

    def layers(self, input_shape: Sequence[int]) -> list[JobLayer]:
        """The layers in the form of a job, for inputs [n, ...]."""
        layers = self._source.job_layers(tuple(input_shape))[0]
        return [_documents.plain(layer, "network") for layer in layers]

    def mixes_inputs(self, input_shape: Sequence[int]) -> bool:
        """Whether the output for an input depends on other inputs of a batch, or on chance."""
        return mixes_inputs(self._source.layer(tuple(input_shape))[0])

    def __repr__(self) -> str:
        return f"<finite network of width {self._source.sizes.width}>"


def finite(
    network: Network,
    width: int = 512,
    seed: int = 0,
    *,
    outputs: int | None = None,
    scale: int = 1,
) -> Finite:
    """A finite network with the layers of a job, with JAX.

    Its weights are drawn like those of the infinite network, so its kernels approach those of the
    job as the widths grow. There are also layers without a closed form: `max_pool`, `batch_norm`,
    `gru`.

    Args:
        network: the value of a job's key `network`, as YAML, JSON or data; or a network of
            `ntkdist.stax`, whose widths are then ignored.
        width: channels of layers that do not specify their number of channels.
        seed: seed of the parameters.
        outputs: channels of the last layer with weights; None for its own number, or else 1. If
            layers after it mix channels, it is as wide as the others.
        scale: factor by which layers that specify their `width` are made wider, except the last
            one. The standard parameterization keeps the kernels of the original widths.

    Raises TypeError and ValueError if `network` is not a network, NotImplementedError for layers
    that finite networks cannot have (`exp_normalized`), and ImportError without JAX; some of these
    are raised at first use.
    """
    jax()
    for name, value in (("width", width), ("scale", scale), ("outputs", outputs)):
        if value is None and name == "outputs":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} is {value!r}; give a whole number, 1 or more")
    return Finite(_Source(network_of(network), FiniteNetwork(width, scale, outputs, 1), seed))


def network_of(network: Network) -> Net:
    """The network from a text, from data or from `ntkdist.stax`. Raises TypeError for others."""
    if isinstance(network, Net):
        return network
    if isinstance(network, str):
        return Net(TextLayer(network, None))
    if isinstance(network, Mapping):
        return Net(TextLayer(compact(dict(network)), None))  # type: ignore[arg-type]
    if isinstance(network, Sequence):
        return Net(TextLayer(compact(list(network)), None))
    raise TypeError(
        f"network is {type(network).__name__}; give a job's network as text or data, or a network "
        "of ntkdist.stax"
    )


class _Source:
    """The layers of a network for inputs of any shape."""

    def __init__(self, net: Net, sizes: FiniteNetwork, seed: int) -> None:
        self.net, self.sizes, self.seed = net, sizes, seed
        self._layers: Recent[tuple[Layer, Callable[[Any], Any]]] = Recent(16)

    def layer(self, shape: tuple[int, ...]) -> tuple[Layer, Callable[[Any], Any]]:
        """The network for inputs of a shape, and the function that prepares its inputs."""
        return self._layers.get(shape[1:], lambda: self._made(shape))

    def _made(self, shape: tuple[int, ...]) -> tuple[Layer, Callable[[Any], Any]]:
        layers, image = self.job_layers(shape)
        if image is None:
            return self.sizes.layer(layers), lambda x: x
        order, size = image
        return self.sizes.layer(layers), lambda x: x.transpose(order).reshape((-1, *size))

    def job_layers(self, shape: tuple[int, ...]) -> tuple[list[JobLayer], Any]:
        """The layers in the form of a job; if axes move, also their order and the image shape."""
        layer = self.net.layer
        if not isinstance(layer, TextLayer):
            plan = _plans.plan(layer, shape, is_finite=True)
            _plans.require_all_inputs(plan.signal)
            return plan.layers, (plan.order, plan.image)
        if len(shape) not in (2, 4):
            raise ValueError(f"inputs of shape {shape}; give [n, h, w, channels] or [n, features]")
        if len(shape) == 4:
            return layer.layers((shape[1], shape[2], shape[3])), None
        # Vectors are flat.
        found = layer.layers((1, 1, shape[1]))
        return [one for one in found if one != "flatten"], None

    def init(self, rng: Any, input_shape: Sequence[int]) -> tuple[Any, Any]:
        """The output shape, and random parameters for the key `rng`; None uses the seed."""
        shape = tuple(input_shape)
        layer, arranged = self.layer(shape)
        own = jax().eval_shape(arranged, jnp().empty((1, *shape[1:]))).shape
        key = jax().random.PRNGKey(self.seed) if rng is None else rng
        output, params = layer.init(key, own)
        return (shape[0], *output[1:]), params

    def apply(self, params: Any, inputs: Any, rng: Any = None, **kwargs: Any) -> Any:
        """The outputs, in the precision of the parameters."""
        layer, arranged = self.layer(tuple(inputs.shape))
        arrays = jax().tree_util.tree_leaves(params)
        x = jnp().asarray(inputs, arrays[0].dtype if arrays else None)
        return layer.apply(params, arranged(x), rng=rng, **kwargs)
