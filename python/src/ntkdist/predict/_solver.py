"""Solves with kernels, which may be singular."""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from ._matrices import Array, matrix, regularized

Solve = Callable[[Array], NDArray[np.float64]]
_PACKAGE = str(Path(__file__).parents[1])


def solver(kernel: Array, diag_reg: float, is_absolute: bool) -> Solve:
    """x -> K^-1 x for a kernel K with `diag_reg` on its diagonal; see `regularized`.

    If K is singular, x is multiplied by the pseudo-inverse, with a warning. This is the limit for a
    small `diag_reg`, because kernels between test and training inputs vanish along the eigenvectors
    of eigenvalue 0.

    Raises ValueError if K has negative eigenvalues, is 0, or is not finite.
    """
    full = regularized(matrix(kernel), diag_reg, is_absolute)
    if not np.isfinite(full).all():
        raise ValueError("the kernel has elements that are not finite")
    # With a regularization, no direction is left out because the kernel has rounding errors.
    rounding = 16 * (np.finfo(np.float64).eps if diag_reg else _epsilon(kernel.dtype))
    try:
        factor = np.linalg.cholesky(full)
    except np.linalg.LinAlgError:
        return _pseudo_inverse(full, rounding)
    pivots = np.diag(factor) ** 2
    if pivots.min() <= len(full) * rounding * full.diagonal().max():
        return _pseudo_inverse(full, rounding)
    try:
        linalg = importlib.import_module("scipy.linalg")
    except ImportError:
        return lambda x: np.asarray(np.linalg.solve(full, x), np.float64)
    return lambda x: linalg.cho_solve((factor, True), x)


def _pseudo_inverse(kernel: NDArray[np.float64], rounding: float) -> Solve:
    """Takes eigenvalues below `rounding` of the largest one for 0."""
    values, vectors = np.linalg.eigh(kernel)
    threshold = rounding * float(np.abs(values).max())
    kept = values > threshold
    if values[0] < -threshold:
        raise ValueError("the kernel has negative eigenvalues; give a larger diag_reg")
    if not kept.any():
        raise ValueError("the kernel is 0; give a diag_reg with diag_reg_absolute_scale=True")
    if not kept.all():
        warnings.warn(
            f"the kernel is singular to working precision: its rank is {kept.sum()} of "
            f"{len(kernel)}; the result is the limit for a small diag_reg",
            stacklevel=_depth_of_caller(),
        )
    basis, inverse = vectors[:, kept], 1 / values[kept]
    return lambda x: np.asarray(basis @ (inverse[:, None] * (basis.T @ x)), np.float64)


def _epsilon(dtype: np.dtype[Any]) -> float:
    """The relative rounding error of a kernel's numbers, at least that of double precision."""
    if str(dtype) == "bfloat16":
        return 2.0**-7
    own = float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0
    return max(own, float(np.finfo(np.float64).eps))


def _depth_of_caller() -> int:
    """The `stacklevel` of the first caller outside the package, for `_pseudo_inverse`."""
    frame, depth = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, depth = frame.f_back, depth + 1
    return depth
