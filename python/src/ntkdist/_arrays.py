"""The arrays that are returned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ._jax import is_traced, jnp


class Array(np.ndarray[Any, np.dtype[Any]]):
    """A NumPy array that also has the method with which scripts wait for JAX arrays."""

    def block_until_ready(self) -> Array:
        """The array itself: its values are already computed."""
        return self

    @property
    def at(self) -> Any:
        """JAX's updates: `kernel.at[i, j].add(value)` gives a JAX array."""
        try:
            return jnp().asarray(self).at
        except ImportError:
            raise AttributeError("at needs JAX; install it with pip install jax") from None

    def __getitem__(self, index: Any) -> Any:
        if is_traced(*(index if isinstance(index, tuple) else (index,))):
            return jnp().asarray(self)[index]
        return super().__getitem__(index)


def result(values: Any, dtype: DTypeLike) -> Array:
    """Values as an array to return, in a dtype; they are not copied if they already have it."""
    return np.asarray(values).astype(dtype, copy=False).view(Array)
