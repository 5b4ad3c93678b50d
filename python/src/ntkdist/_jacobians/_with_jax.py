"""Jacobians of functions that JAX differentiates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from .._jax import jax, jnp
from ._arguments import natural_precision
from ._layout import Chunk, leaves
from ._models import chosen

Array = NDArray[Any]


class JaxModel:
    """`fn(params, x)` for a batch of inputs; see `Model`."""

    def __init__(
        self, fn: Callable[..., Any], params: Any, x: Any, outputs: int | Sequence[int] | None
    ) -> None:
        if not callable(fn):
            raise TypeError(f"fn is {type(fn).__name__}; give fn(params, x), or a torch.nn.Module")
        found, self._tree = jax().tree_util.tree_flatten_with_path(params)
        self._all = [jnp().asarray(leaf) for _, leaf in found]
        self._free = [
            place
            for place, leaf in enumerate(self._all)
            if jnp().issubdtype(leaf.dtype, jnp().floating)
        ]
        self.leaves = leaves(
            [(_names(found[place][0]), self._all[place].size) for place in self._free]
        )
        kinds = [self._all[place].dtype for place in self._free]
        self.dtype = natural_precision(jnp().result_type(*kinds).name)
        self._fn = fn
        self._programs: dict[tuple[int, ...], Callable[..., Any]] = {}
        shape = jax().eval_shape(fn, params, jnp().asarray(x[:1]))
        if not hasattr(shape, "shape") or shape.shape[:1] != (1,):
            raise ValueError(
                "fn does not return an array [inputs, ...] of outputs; give a function of one "
                "input array with one output array"
            )
        self.indices = chosen(outputs, shape.size)
        self.outputs = len(self.indices)
        self._gradient = jax().jit(jax().grad(self._weighted))

    def values(self) -> list[Array]:
        """The arrays of parameters."""
        return [np.asarray(self._all[place]) for place in self._free]

    def constants(self) -> list[Array]:
        """Masks, counters, keys of random numbers and other arrays without derivatives."""
        rest = [leaf for place, leaf in enumerate(self._all) if place not in self._free]
        return [_numbers(leaf) for leaf in rest]

    def gradient(self, one: Array, weights: Array) -> list[Array]:
        """The derivatives of a weighted sum of an input's outputs."""
        own = [self._all[place] for place in self._free]
        found = self._gradient(own, self._all, jnp().asarray(one), jnp().asarray(weights))
        return [np.asarray(array).reshape(-1) for array in found]

    def rows(self, chunk: Chunk) -> Callable[[Array], Array]:
        """The derivatives by the parameters of a chunk."""
        places = tuple(dict.fromkeys(span.leaf for span in chunk.spans))
        # Large arrays are in several chunks; programs are compiled once.
        if places not in self._programs:
            self._programs[places] = self._compiled(places)
        program = self._programs[places]

        def of_batch(batch: Array) -> Array:
            found = dict(zip(places, program(jnp().asarray(batch), self._all)))
            parts = [
                np.asarray(found[span.leaf])[:, :, span.start : span.stop].astype(
                    self.dtype, copy=False
                )
                for span in chunk.spans
            ]
            return parts[0] if len(parts) == 1 else np.concatenate(parts, 2)

        return of_batch

    def _compiled(self, places: tuple[int, ...]) -> Callable[..., Any]:
        """The derivatives of a batch by some arrays of parameters, [b, outputs, size] each."""

        def of_one(x: Any, everything: Any) -> Any:
            def value(own: Any) -> Any:
                return self._value(dict(zip(places, own)), everything, x)

            found = jax().jacrev(value)([everything[self._free[place]] for place in places])
            return [array.reshape((self.outputs, -1)) for array in found]

        program: Callable[..., Any] = jax().jit(jax().vmap(of_one, in_axes=(0, None)))
        return program

    def _weighted(self, own: Any, everything: Any, x: Any, weights: Any) -> Any:
        return (self._value(dict(enumerate(own)), everything, x) * weights).sum()

    def _value(self, own: dict[int, Any], everything: Any, x: Any) -> Any:
        """The outputs in use for one input, with some of the arrays of parameters replaced."""
        arrays = list(everything)
        for place, array in own.items():
            arrays[self._free[place]] = array
        params = jax().tree_util.tree_unflatten(self._tree, arrays)
        return self._fn(params, x[None]).reshape(-1)[jnp().asarray(self.indices)]


def _numbers(leaf: Any) -> Array:
    """The numbers in an array; for a typed random key, its key data."""
    is_key = jnp().issubdtype(leaf.dtype, jax().dtypes.prng_key)
    return np.asarray(jax().random.key_data(leaf) if is_key else leaf)


def _names(path: Any) -> list[str]:
    """The parts of a path in a tree of parameters."""
    names = []
    for key in path:
        for attribute in ("key", "idx", "name"):
            if hasattr(key, attribute):
                names.append(str(getattr(key, attribute)))
                break
    return names or ["params"]
