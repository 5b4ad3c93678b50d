"""Gradient descent on the mean squared error, in closed form."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Callable

import numpy as np

from .._arrays import result
from ._eigenbasis import Eigenbasis
from ._matrices import Array, Axes, Targets, matrix, real, regularized, shared_dtype
from ._solver import solver
from ._traced import traceable


@traceable
def gradient_descent_mse(
    k_train_train: Any,
    y_train: Any,
    learning_rate: float = 1.0,
    diag_reg: float = 0.0,
    diag_reg_absolute_scale: bool = False,
    trace_axes: Axes = (-1,),
) -> Callable[..., Any]:
    """The outputs under gradient flow on half the mean squared error.

    Args:
        k_train_train: the NTK of the training inputs, [n, n].
        y_train: targets [n, outputs].
        learning_rate: the time of the flow is learning_rate * t.
        diag_reg: added to the diagonal, in units of its mean.
        diag_reg_absolute_scale: whether `diag_reg` is in units of 1 instead.
        trace_axes: axes of the targets that the kernel lacks.

    Returns a function `predict_fn(t, fx_train_0, fx_test_0, k_test_train)`. Its arguments are the
    times `t` (a number, an array of any shape, or None for infinity), the outputs at time 0 (None:
    not computed), and the NTK between test and training inputs, [m, n]. It returns the outputs for
    the training inputs, for the test inputs, or both, with the axes of `t` in front.
    """
    kernel, y = real(k_train_train, "k_train_train"), real(y_train, "y_train")
    targets = Targets.of(y, trace_axes)
    targets.check(kernel)
    dtype = shared_dtype(kernel, y)
    positions = kernel.shape[::2]
    solve = lru_cache(maxsize=1)(lambda: solver(kernel, diag_reg, diag_reg_absolute_scale))

    @lru_cache(maxsize=1)
    def basis() -> Eigenbasis:
        full = regularized(matrix(kernel), diag_reg, diag_reg_absolute_scale)
        return Eigenbasis(full, targets.size)

    def difference(fx_train_0: Any) -> Array:
        start = 0.0 if fx_train_0 is None else real(fx_train_0, "fx_train_0")
        return targets.columns(np.broadcast_to(y - start, y.shape))

    def predict_fn(
        t: Any = None, fx_train_0: Any = 0.0, fx_test_0: Any = None, k_test_train: Any = None
    ) -> Any:
        """The outputs at times `t`; see `gradient_descent_mse`."""
        check_start(fx_train_0, fx_test_0, k_test_train)
        found = []
        times = None if t is None else real(t, "t").astype(np.float64) * learning_rate
        flat = None if times is None else times.reshape(-1)
        front = () if times is None else times.shape
        missing = difference(fx_train_0)
        if fx_train_0 is not None:
            if flat is None:
                found.append(result(y, dtype))
            else:
                gained = basis().apply(basis().learned(flat), missing)
                outputs = targets.values(gained, positions, front)
                found.append(result(np.asarray(fx_train_0) + outputs, dtype))
        if fx_test_0 is not None:
            test = real(k_test_train, "k_test_train")
            if flat is None:
                gained = matrix(test) @ solve()(missing)
            else:
                gained = matrix(test) @ basis().apply(basis().weights(flat), missing)
            outputs = targets.values(gained, test.shape[::2], front)
            found.append(result(np.asarray(fx_test_0) + outputs, dtype))
        return found[0] if len(found) == 1 else tuple(found)

    return predict_fn


def check_start(fx_train_0: Any, fx_test_0: Any, k_test_train: Any) -> None:
    """Raises ValueError if nothing is asked for, or if the test inputs' kernel is missing."""
    if fx_train_0 is None and fx_test_0 is None:
        raise ValueError("fx_train_0 and fx_test_0 are both None; give at least one")
    if fx_test_0 is not None and k_test_train is None:
        raise ValueError("outputs of test inputs need k_test_train; give it")
