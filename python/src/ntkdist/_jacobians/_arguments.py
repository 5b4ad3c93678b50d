"""Arguments of `jacobians`, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def array(x: Any) -> Array:
    """Inputs as an array, copied only if needed. Raises ValueError for anything else."""
    if hasattr(x, "detach"):
        # NumPy has no bfloat16; JAX's arrays bring their own dtype.
        x = (x.float() if str(x.dtype) == "torch.bfloat16" else x).detach().cpu().numpy()
    found: Array = np.asanyarray(x)
    numeric = found.dtype.kind in "biuf" or found.dtype.name == "bfloat16"
    if found.ndim < 1 or len(found) < 1 or not numeric:
        raise ValueError(f"x has shape {found.shape} and dtype {found.dtype}; give inputs [n, ...]")
    return found


def precision(dtype: str | None, natural: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of the files. Raises ValueError for others than half, single and double."""
    kind = np.dtype(natural if dtype is None else dtype)
    if kind not in (np.dtype("f2"), np.dtype("f4"), np.dtype("f8")):
        raise ValueError(f"dtype is {dtype!r}; give 'f2', 'f4' or 'f8'")
    return kind.newbyteorder("<")


def natural_precision(name: str) -> np.dtype[Any]:
    """The precision of files for derivatives of this dtype, which NumPy may not know."""
    return np.dtype(name if name in ("float16", "float32", "float64") else "float32")


def is_count(value: Any) -> bool:
    """Whether this is a whole number, 1 or more."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) >= 1
