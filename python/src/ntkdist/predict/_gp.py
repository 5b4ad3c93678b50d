"""Posteriors of Gaussian processes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Callable, NamedTuple, Union

import numpy as np

from .._arrays import result
from .._kernels import lower, named
from ._matrices import (
    Array,
    Axes,
    Targets,
    first_kernel,
    kernel_of,
    matrix,
    paired,
    real,
    shared_dtype,
)
from ._solver import solver
from ._traced import traceable

Get = Union[None, str, Sequence[str]]


class Gaussian(NamedTuple):
    """A mean and a covariance.

    Attributes:
        mean: of the shape of the outputs.
        covariance: of the shape of the kernel.
    """

    mean: Array
    covariance: Array


def names_of(get: Get, known: Sequence[str] = ("nngp", "ntk")) -> tuple[str, ...]:
    """The names that `get` asks for, in lower case.

    Raises NotImplementedError for unknown ones.
    """
    get = lower(get)
    names = ("nngp", "ntk") if get is None else (get,) if isinstance(get, str) else tuple(get)
    for name in names:
        if name not in known:
            raise NotImplementedError(f"get names {name!r}; known: {', '.join(known)}")
    return names


def chosen(values: dict[str, Any], get: Get) -> Any:
    """One value if `get` is a word, else a named tuple."""
    if isinstance(get, str):
        return values[get.lower()]
    return named("Gaussians", tuple(values))(*values.values())


@traceable
def gp_inference(
    k_train_train: Any,
    y_train: Any,
    diag_reg: float = 0.0,
    diag_reg_absolute_scale: bool = False,
    trace_axes: Axes = (-1,),
) -> Callable[..., Any]:
    """The posterior of the Gaussian process with the NNGP kernel, or of networks with the NTK.

    Args:
        k_train_train: kernels of the training inputs: an array [n, n], or an object with the fields
            `nngp` and `ntk`, such as a `Kernel`.
        y_train: targets [n, outputs].
        diag_reg: added to the diagonal, in units of its mean.
        diag_reg_absolute_scale: whether `diag_reg` is in units of 1 instead.
        trace_axes: axes of the targets that kernels lack.

    Returns a function `predict_fn(get, k_test_train, k_test_test)`. `get` is "nngp" (the posterior
    of a Bayesian network), "ntk" (the distribution of trained networks), "ntkgp" (a Gaussian
    process with the NTK) or a tuple of these. The kernels are those between test and training
    inputs, [m, n], and of test inputs, [m, m]. It returns the mean [m, outputs], or a `Gaussian`
    with the covariance if `k_test_test` is given. Without `k_test_train`, the mean is
    `y_train` and the covariance is zero, also with `diag_reg`, as in neural-tangents.
    """
    y = real(y_train, "y_train")
    targets = Targets.of(y, trace_axes)
    targets.check(first_kernel(k_train_train))
    columns = targets.columns(y)

    @lru_cache(maxsize=2)
    def solve(name: str) -> Callable[[Array], Array]:
        kernel = kernel_of(k_train_train, name)
        return solver(kernel, diag_reg, diag_reg_absolute_scale)

    @lru_cache(maxsize=2)
    def weights(name: str) -> Array:
        return solve(name)(columns)

    def covariance(get: str, name: str, k_test_train: Any, k_test_test: Any) -> Array:
        own = matrix(kernel_of(k_test_train, name))
        if get != "ntk":
            reduction: Array = own @ solve(name)(own.T)
            return matrix(kernel_of(k_test_test, name)) - reduction
        if not (hasattr(k_train_train, "nngp") and hasattr(k_test_train, "nngp")):
            raise ValueError(
                "the covariance of 'ntk' needs both kernels in k_train_train and k_test_train; "
                "compute them with get=('nngp', 'ntk')"
            )
        maps = solve("ntk")(own.T)
        initial = matrix(kernel_of(k_train_train, "nngp"))
        cross = maps.T @ matrix(kernel_of(k_test_train, "nngp")).T
        spread: Array = maps.T @ initial @ maps - cross - cross.T
        return matrix(kernel_of(k_test_test, "nngp")) + spread

    def predict_fn(get: Get = None, k_test_train: Any = None, k_test_test: Any = None) -> Any:
        """The posterior's mean, or mean and covariance; see `gp_inference`."""
        values: dict[str, Any] = {}
        for one in names_of(get, ("nngp", "ntk", "ntkgp")):
            name = "ntk" if one == "ntkgp" else one
            train = kernel_of(k_train_train, name)
            dtype = shared_dtype(train, y)
            if k_test_train is None:
                mean, spread = result(y, dtype), result(np.zeros_like(train), dtype)
            else:
                test = kernel_of(k_test_train, name)
                positions = test.shape[::2]
                outputs = targets.values(matrix(test) @ weights(name), positions, ())
                mean = result(outputs, dtype)
                if k_test_test is not None:
                    full = covariance(one, name, k_test_train, k_test_test)
                    spread = result(paired(full, positions), dtype)
            values[one] = mean if k_test_test is None else Gaussian(mean, spread)
        return chosen(values, get)

    return predict_fn
