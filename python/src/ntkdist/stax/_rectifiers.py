"""Piecewise activations."""

from __future__ import annotations

from typing import Any

from .._jax import jnp
from ._activation import activation
from ._net import Net


def _abrelu(a: float, b: float) -> Any:
    return lambda x: a * jnp().minimum(x, 0) + b * jnp().maximum(x, 0)


def ABRelu(a: float, b: float, do_stabilize: bool = False) -> Net:
    """a min(x, 0) + b max(x, 0). Kernels are exact at any depth: do_stabilize changes nothing."""
    a, b = float(a), float(b)
    return activation("ABRelu", "abrelu", _abrelu(a, b), negative_slope=a, positive_slope=b)


def Relu(do_stabilize: bool = False) -> Net:
    """max(x, 0). Kernels are exact at any depth: do_stabilize changes nothing."""
    return activation("Relu", "relu", lambda x: jnp().maximum(x, 0))


def LeakyRelu(alpha: float, do_stabilize: bool = False) -> Net:
    """alpha min(x, 0) + max(x, 0). do_stabilize changes nothing."""
    alpha = float(alpha)
    return activation("LeakyRelu", "leaky_relu", _abrelu(alpha, 1.0), negative_slope=alpha)


def Abs(do_stabilize: bool = False) -> Net:
    """The absolute value. do_stabilize changes nothing."""
    return activation("Abs", "abs", lambda x: jnp().abs(x))


def Sign() -> Net:
    """The sign; its derivative counts as 0."""
    return activation("Sign", "sign", lambda x: jnp().sign(x))


def RectifiedMonomial(degree: int) -> Net:
    """x**degree for x > 0, else 0. With degree 0, the finite network gives 1 at x = 0."""
    degree = whole_degree(degree)
    return activation(
        "RectifiedMonomial", "rectified_monomial", lambda x: (x >= 0) * x**degree, degree=degree
    )


def whole_degree(degree: float) -> int:
    """A degree as an int. Raises NotImplementedError for values other than 0, 1, 2, ..."""
    if isinstance(degree, bool) or int(degree) != degree or degree < 0:
        raise NotImplementedError(f"degree is {degree}; give a whole number, 0 or more")
    return int(degree)
