"""Kernels of many finite networks with random parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from ._finite import finite
from ._graph import JobLayer
from ._jax import jax, jnp
from .stax._catalog import LINEAR
from .stax._from_job import last_weights, named

Array = NDArray[np.float64]

#: A function that gives (init_fn, apply_fn) for a width.
Maker = Callable[[int], Sequence[Any]]


class Sampler:
    """Computes the kernels of one random network after the other."""

    def __init__(
        self, init_fn: Callable[..., Any], apply_fn: Callable[..., Any], mixes_inputs: bool
    ) -> None:
        """Kernels of a function `apply_fn(params, x, rng=key)`.

        `mixes_inputs` says that the output for an input may depend on others of a batch.
        """
        self._init, self._apply, self._mixes_inputs = init_fn, apply_fn, mixes_inputs

    def nngp(self, x: Any, key: Any) -> Any:
        """[n, n], the mean over outputs of the products of outputs."""
        params, apply = self._drawn(x, key)
        outputs = apply(params, x).reshape((len(x), -1))
        return _products(outputs) / outputs.shape[1]

    def ntk(self, x: Any, key: Any) -> Any:
        """[n, n], the mean over outputs of the products of their derivatives."""
        params, apply = self._drawn(x, key)
        if self._mixes_inputs:
            whole = jax().jacrev(lambda p: apply(p, x).reshape((len(x), -1)))(params)
        else:
            one = jax().jacrev(lambda p, single: apply(p, single[None]).reshape(-1))
            whole = jax().vmap(one, in_axes=(None, 0))(params, x)
        layers = jax().tree_util.tree_leaves(whole)
        products = [_products(array.reshape((len(x), -1))) for array in layers]
        return sum(products) / layers[0].shape[1]

    def _drawn(self, x: Any, key: Any) -> tuple[Any, Callable[..., Any]]:
        """Random parameters, and the function with its random choices fixed."""
        own, rng = jax().random.split(key)
        _, params = self._init(own, x.shape)
        return params, lambda p, inputs: self._apply(p, inputs, rng=rng)


def _products(rows: Any) -> Any:
    return jnp().matmul(rows, rows.T, precision=jax().lax.Precision.HIGHEST)


def of_width(network: Any, shape: Sequence[int], width: int) -> tuple[Sampler, Sampler]:
    """The samplers of the NNGP and of the NTK for networks of a width.

    The first network has as many outputs as a layer has channels. The second has one output, for
    which the derivatives take the least time, if the last layer with weights is linear. Otherwise
    the kernel of one output stays random at every width, and the second is like the first.

    Raises ValueError for a width that is not a multiple of the width of the widest layer.
    """
    if callable(network):
        init_fn, apply_fn = network(width)[:2]
        sampler = Sampler(init_fn, lambda p, x, rng: apply_fn(p, x), True)
        return sampler, sampler
    layers = finite(network).layers(shape)
    widest = max(_widths(layers[: last_weights(layers)]), default=None)
    scale = 1 if widest is None else width // widest
    if widest is not None and scale * widest != width:
        raise ValueError(
            f"width {width} is no multiple of {widest}, the width that the widest layer says"
        )
    nngp = finite(network, width, outputs=width, scale=scale)
    ntk = finite(network, width, outputs=1, scale=scale) if _has_linear_end(layers) else nngp
    first, second = (
        Sampler(one.init_fn, one.apply_fn, one.mixes_inputs(shape)) for one in (nngp, ntk)
    )
    return first, second


def _has_linear_end(layers: Sequence[JobLayer]) -> bool:
    """Whether the outputs are linear in the parameters of the last layer with weights."""
    return all(named(layer)[0] in LINEAR for layer in layers[last_weights(layers) + 1 :])


def _widths(layers: Sequence[JobLayer]) -> Iterator[int]:
    """The widths that layers specify, including layers inside others."""
    for layer in layers:
        _, parameters = named(layer)
        if parameters.get("width") is not None:
            yield int(parameters["width"])
        for key in ("layers", "main", "shortcut"):
            yield from _widths(parameters.get(key) or [])
        for branch in parameters.get("branches") or []:
            yield from _widths(branch)


def sampled(samplers: tuple[Sampler, Sampler], x: Any, keys: Any) -> dict[str, Array]:
    """Kernels [samples, n, n], from one network for each key, by name."""
    # Parameters are drawn in JAX's precision, whatever the precision of the inputs is.
    inputs = jnp().asarray(x, jax().dtypes.canonicalize_dtype(np.float64))

    def both(key: Any) -> tuple[Any, Any]:
        first, second = jax().random.split(key)
        return samplers[0].nngp(inputs, first), samplers[1].ntk(inputs, second)

    found = jax().jit(lambda own: jax().lax.map(both, own))(keys)
    return {name: np.asarray(array, np.float64) for name, array in zip(("nngp", "ntk"), found)}
