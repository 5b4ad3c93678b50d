"""Ensembles of infinitely wide networks under gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Callable

import numpy as np

from .._arrays import result
from .._kernels import named
from ._eigenbasis import Eigenbasis
from ._gp import Gaussian, Get, chosen, gp_inference, names_of
from ._matrices import Array, Axes, Targets, matrix, paired, real, regularized, shared_dtype
from ._traced import traceable_predictions


class _Kernels:
    """The kernels of training inputs, computed when they are first needed."""

    def __init__(self, kernel_fn: Callable[..., Any], x_train: Any, options: dict[str, Any]):
        self._kernel_fn, self._x_train, self._options = kernel_fn, x_train, options
        self._found: dict[str, Array] = {}

    def get(self, names: tuple[str, ...]) -> Any:
        """A named tuple of these kernels."""
        missing = tuple(name for name in names if name not in self._found)
        if len(missing) == 1:
            self._found[missing[0]] = real(self._compute(missing[0]), missing[0])
        elif missing:
            both = self._compute(missing)
            self._found.update((name, real(getattr(both, name), name)) for name in missing)
        return named("Kernels", names)(*(self._found[name] for name in names))

    def _compute(self, names: str | tuple[str, ...]) -> Any:
        return self._kernel_fn(self._x_train, None, names, **self._options)


def gradient_descent_mse_ensemble(
    kernel_fn: Callable[..., Any],
    x_train: Any,
    y_train: Any,
    learning_rate: float = 1.0,
    diag_reg: float = 0.0,
    diag_reg_absolute_scale: bool = False,
    trace_axes: Axes = (-1,),
    **kernel_fn_train_train_kwargs: Any,
) -> Callable[..., Any]:
    """The distribution of infinitely wide networks' outputs under gradient flow on half the MSE.

    Args:
        kernel_fn: of the network.
        x_train: training inputs [n, ...].
        y_train: targets [n, outputs].
        learning_rate: the time of the flow is learning_rate * t.
        diag_reg: added to the diagonal, in units of its mean.
        diag_reg_absolute_scale: whether `diag_reg` is in units of 1 instead.
        trace_axes: axes of the targets that kernels lack.
        kernel_fn_train_train_kwargs: passed to `kernel_fn`.

    Returns a function `predict_fn(t, x_test, get, compute_cov)`. It returns the mean outputs at
    times `t` (None: infinity) for the test inputs (None: the training inputs). All layers are
    trained (get="ntk"), or only the last one ("nngp"); a tuple gives both. With `compute_cov`, it
    returns a `Gaussian` with the mean and covariance. Kernels, factors and eigenvectors are kept.
    """
    y = real(y_train, "y_train")
    targets = Targets.of(y, trace_axes)
    columns = targets.columns(y)
    kernels = _Kernels(kernel_fn, x_train, kernel_fn_train_train_kwargs)

    @lru_cache(maxsize=2)
    def basis(name: str) -> Eigenbasis:
        kernel = getattr(kernels.get((name,)), name)
        targets.check(kernel)
        full = regularized(matrix(kernel), diag_reg, diag_reg_absolute_scale)
        return Eigenbasis(full, targets.size)

    @lru_cache(maxsize=4)
    def posterior(names: tuple[str, ...]) -> Callable[..., Any]:
        return gp_inference(kernels.get(names), y, diag_reg, diag_reg_absolute_scale, targets.trace)

    def of_test(x_test: Any, names: tuple[str, ...], has_cov: bool, options: dict[str, Any]) -> Any:
        both, own = _options(kernel_fn_train_train_kwargs, options)
        k_td = kernel_fn(x_test, x_train, names, **both)
        return k_td, kernel_fn(x_test, None, "nngp", **own) if has_cov else None

    def at(
        t: Array, front: tuple[int, ...], name: str, k_dd: Any, k_td: Any, k_tt: Any
    ) -> Array | Gaussian:
        space = basis(name)
        own = None if k_td is None else matrix(getattr(k_td, name))
        train = getattr(kernels.get((name,)), name)
        positions = (train if k_td is None else getattr(k_td, name)).shape[::2]
        if own is None:
            mean = space.apply(space.learned(t), columns)
        else:
            mean = own @ space.apply(space.weights(t), columns)
        dtype = shared_dtype(train, y)
        mean = result(targets.values(mean, positions, front), dtype)
        if k_tt is None:
            return mean
        spread = _spread(space, t, name, k_dd, k_td, k_tt)
        spread = paired(spread.reshape((*front, *spread.shape[1:])), positions)
        return Gaussian(mean, result(spread, dtype))

    def predict_fn(
        t: Any = None,
        x_test: Any = None,
        get: Get = None,
        compute_cov: bool = False,
        **kernel_fn_test_test_kwargs: Any,
    ) -> Any:
        """The mean, or mean and covariance; see `gradient_descent_mse_ensemble`."""
        names = names_of(get)
        needed = tuple(
            name for name in ("nngp", "ntk") if name in names or (name == "nngp" and compute_cov)
        )
        k_dd = kernels.get(needed)
        k_td, k_tt = None, True if compute_cov else None
        if x_test is not None:
            k_td, k_tt = of_test(x_test, needed, compute_cov, kernel_fn_test_test_kwargs)
        if t is None:
            return posterior(needed)(
                get=get if get is not None else names, k_test_train=k_td, k_test_test=k_tt
            )
        times = real(t, "t").astype(np.float64) * learning_rate
        flat = times.reshape(-1)
        values = {name: at(flat, times.shape, name, k_dd, k_td, k_tt) for name in names}
        return chosen(values, get)

    return traceable_predictions(predict_fn)


def _spread(space: Eigenbasis, t: Array, name: str, k_dd: Any, k_td: Any, k_tt: Any) -> Array:
    """The covariance of outputs at times t: [times, m, m]."""
    identity = np.eye(len(space.values))
    twice: Array = 2.0 * t
    if k_td is None:
        if name == "nngp":
            return space.apply(space.values * space.decay(twice), identity)
        decay = space.apply(space.decay(t), identity)
        return decay @ matrix(k_dd.nngp) @ decay
    own, initial = matrix(getattr(k_td, name)), matrix(k_tt)
    if name == "nngp":
        return initial - own @ space.apply(space.weights(twice), own.T)
    maps = own @ space.apply(space.weights(t), identity)
    cross = maps @ matrix(k_td.nngp).T
    turned = np.swapaxes(maps, 1, 2)
    spread: Array = maps @ matrix(k_dd.nngp) @ turned - cross - np.swapaxes(cross, 1, 2)
    return initial + spread


def _options(train: dict[str, Any], test: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options for kernels between test and training inputs, and for kernels of test inputs.

    A pair has the values for the first and for the second inputs. For test and training inputs, it
    has the first elements of both pairs. Parameters are not a pair, even if there are two. Raises
    ValueError if other options differ.
    """
    both, own = dict(train), dict(train)
    for name, value in test.items():
        own[name] = both[name] = value
        given = train.get(name)
        if (
            name != "params"
            and isinstance(value, tuple)
            and isinstance(given, tuple)
            and len(value) == len(given) == 2
        ):
            both[name] = (value[0], given[0])
        elif name in train and not _are_equal(given, value):
            raise ValueError(
                f"{name} is {given!r} for training and {value!r} for test inputs; give one value"
            )
    return both, own


def _are_equal(a: Any, b: Any) -> bool:
    """Whether two options are equal: arrays, or lists, tuples and dictionaries of them."""
    if a is b:
        return True
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_are_equal(a[name], b[name]) for name in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_are_equal, a, b))
    try:
        return np.array_equal(np.asarray(a), np.asarray(b))
    except TypeError:
        # JAX's random keys are no arrays for NumPy.
        return bool(np.all(a == b))
