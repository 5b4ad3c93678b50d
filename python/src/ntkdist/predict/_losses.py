"""Losses and their gradients."""

from __future__ import annotations

import contextlib
from typing import Any, Callable

import numpy as np

from .._jax import jax
from ._matrices import Array

Loss = Callable[[Any, Any], Any]


class _Loss:
    """A loss with a gradient of its own, so that JAX is not needed."""

    def __init__(self, name: str, value: Loss, gradient: Callable[[Array, Array], Array]) -> None:
        self.__name__ = name
        self._value = value
        self.gradient = gradient

    def __call__(self, fx: Any, y: Any) -> Any:
        return self._value(np.asarray(fx, np.float64), np.asarray(y, np.float64))


def _softmax(fx: Array) -> Array:
    powers = np.exp(fx - fx.max(-1, keepdims=True))
    shares: Array = powers / powers.sum(-1, keepdims=True)
    return shares


def _log_softmax(fx: Array) -> Array:
    moved = fx - fx.max(-1, keepdims=True)
    logs: Array = moved - np.log(np.exp(moved).sum(-1, keepdims=True))
    return logs


#: Half the mean squared error.
mse = _Loss("mse", lambda fx, y: 0.5 * np.mean((fx - y) ** 2), lambda fx, y: (fx - y) / fx.size)

#: The mean over all outputs of -y log softmax(fx).
cross_entropy = _Loss(
    "cross_entropy",
    lambda fx, y: -np.mean(_log_softmax(fx) * y),
    lambda fx, y: (_softmax(fx) * y.sum(-1, keepdims=True) - y) / fx.size,
)


def gradient_of(loss: Loss, y: Array) -> Callable[[Array], Array]:
    """The gradient of fx -> loss(fx, y): the loss's own, or by JAX in double precision.

    Raises ImportError if JAX is needed and missing.
    """
    own = getattr(loss, "gradient", None)
    if own is not None:
        return lambda fx: np.asarray(own(fx, y), np.float64)
    try:
        module = jax()
    except ImportError:
        raise ImportError(
            "the gradient of a custom loss needs JAX; install it with pip install "
            "'ntkdist[jax]', or use predict.mse or predict.cross_entropy"
        ) from None

    def doubles() -> contextlib.AbstractContextManager[Any]:
        if hasattr(module, "enable_x64"):
            return module.enable_x64()  # type: ignore[no-any-return]
        from jax.experimental import enable_x64

        return enable_x64()  # type: ignore[no-any-return]

    compiled = module.jit(module.grad(lambda fx: loss(fx, y)))

    def gradient(fx: Array) -> Array:
        with doubles():
            return np.asarray(compiled(fx), np.float64)

    return gradient
