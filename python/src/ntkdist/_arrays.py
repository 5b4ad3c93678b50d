"""The arrays that are returned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike


class Array(np.ndarray[Any, np.dtype[Any]]):
    """A NumPy array that also has the method with which scripts wait for JAX arrays."""

    def block_until_ready(self) -> Array:
        """The array itself: its values are already computed."""
        return self


def result(values: Any, dtype: DTypeLike) -> Array:
    """Values as an array to return, in a dtype; they are not copied if they already have it."""
    return np.asarray(values).astype(dtype, copy=False).view(Array)
