"""Derivatives in the precision of the files."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..failures import DataError

Array = NDArray[Any]


def narrowed(values: Array, kind: np.dtype[Any], layer: str, first: int) -> Array:
    """The values in the files' precision. Raises DataError for a row that is not finite."""
    with np.errstate(over="ignore"):
        result = values.astype(kind)
    flat = result.reshape((len(result), -1))
    bad = ~np.isfinite(flat).all(1)
    if bad.any():
        row = int(np.argmax(bad))
        one = values.reshape((len(values), -1))[row]
        if np.isfinite(one).all():
            raise DataError(
                f"a derivative of input {first + row} by {layer} is {np.abs(one).max():.3g}, too "
                f"large for {kind.str[1:]}; give dtype='f4'"
            )
        raise DataError(f"a derivative of input {first + row} by {layer} is not finite")
    return result
