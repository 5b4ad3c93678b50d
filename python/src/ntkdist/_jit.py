"""Kernels inside functions that JAX compiles: the compiled program calls back to compute them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from . import _jax, _kernels
from ._plans import Plan

_MATRICES = ("nngp", "ntk", *_kernels.DEFICITS)


def called_back(
    plan: Plan,
    compute: Callable[..., Any],
    x1: Any,
    x2: Any,
    further: Sequence[Any],
    names: tuple[str, ...],
    diagonal_batch: bool,
) -> dict[str, Any]:
    """The arrays among `names`, as the results of a call to `compute(x1, x2, further, names)`.

    `further` are other arrays that JAX traces.

    With `diagonal_batch`, "cov1" and "cov2" are diagonals.

    Raises NotImplementedError for a network that ends with pixels.
    """
    if plan.signal.spatial:
        raise NotImplementedError("kernels of pixels inside jax.jit; call kernel_fn outside of it")
    jax = sys.modules["jax"]
    n1, n2 = plan.count(x1.shape), plan.count((x1 if x2 is None else x2).shape)
    shapes: dict[str, tuple[int, ...]] = {name: (n1, n2) for name in _MATRICES}
    shapes["cov1"] = (n1,) if diagonal_batch else (n1, n1)
    if x2 is not None:
        shapes["cov2"] = (n2,) if diagonal_batch else (n2, n2)
    asked = tuple(name for name in names if name in shapes)
    dtype = np.result_type(*(x.dtype for x in (x1, x2) if x is not None))
    dtype = dtype if dtype in (np.float32, np.float64) else jax.numpy.zeros(()).dtype

    def call(*arrays: Any) -> tuple[Any, ...]:
        given = [np.asarray(array) for array in arrays]
        first, second = given[0], None if x2 is None else given[1]
        values = compute(first, second, given[len(given) - len(further) :], asked)
        return tuple(np.asarray(value, dtype) for value in values)

    results = _jax.called_back(
        call,
        tuple(jax.ShapeDtypeStruct(shapes[name], dtype) for name in asked),
        [x for x in (x1, x2, *further) if x is not None],
        "kernel_fn",
    )
    return dict(zip(asked, results))
