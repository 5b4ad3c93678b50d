"""Smooth activations with closed forms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._jax import jax, jnp
from ._activation import activation
from ._net import Net
from ._rectifiers import whole_degree

_SIGMOID_SCALE = 1 / 2.4020563531719796


def _erf(a: float, b: float, c: float) -> Any:
    return lambda x: a * jax().scipy.special.erf(b * x) + c


def Erf(a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Net:
    """a erf(b x) + c."""
    a, b, c = float(a), float(b), float(c)
    return activation("Erf", "erf", _erf(a, b, c), amplitude=a, scale=b, shift=c)


def Sigmoid_like() -> Net:
    """(1 + erf(x / 2.4020563531719796)) / 2, close to the logistic function."""
    return activation("Sigmoid_like", "sigmoid_like", _erf(0.5, _SIGMOID_SCALE, 0.5))


def Gelu(approximate: bool = False) -> Net:
    """x times the normal distribution function of x.

    Args:
        approximate: whether the finite network uses the approximation by tanh.
    """
    function = lambda x: jax().nn.gelu(x, approximate=approximate)  # noqa: E731
    return activation("Gelu", "gelu", function, arguments=(approximate,))


def Sin(a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Net:
    """a sin(b x + c)."""
    a, b, c = float(a), float(b), float(c)
    function = lambda x: a * jnp().sin(b * x + c)  # noqa: E731
    return activation("Sin", "sin", function, amplitude=a, frequency=b, phase=c)


def Cos(a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Net:
    """a cos(b x + c)."""
    a, b, c = float(a), float(b), float(c)
    function = lambda x: a * jnp().cos(b * x + c)  # noqa: E731
    return activation("Cos", "cos", function, amplitude=a, frequency=b, phase=c)


def Rbf(gamma: float = 1.0) -> Net:
    """sqrt(2) sin(sqrt(2 gamma) x + pi / 4): the NNGP is exp(-gamma |x - x'|**2 / d)."""
    gamma = float(gamma)
    if gamma < 0:
        raise ValueError(f"gamma is {gamma}; give 0 or more")
    scale = math.sqrt(2 * gamma)
    function = lambda x: math.sqrt(2) * jnp().sin(scale * x + math.pi / 4)  # noqa: E731
    return activation("Rbf", "rbf", function, gamma=gamma)


def Exp(a: float = 1, b: float = 1) -> Net:
    """a exp(b x)."""
    a, b = float(a), float(b)
    return activation("Exp", "exp", lambda x: a * jnp().exp(b * x), amplitude=a, rate=b)


def Gaussian(a: float = 1, b: float = -1) -> Net:
    """a exp(b x**2)."""
    a, b = float(a), float(b)
    function = lambda x: a * jnp().exp(b * x**2)  # noqa: E731
    return activation("Gaussian", "gaussian", function, amplitude=a, rate=b)


def Gabor() -> Net:
    """exp(-x**2) sin(x)."""
    return activation("Gabor", "gabor", lambda x: jnp().exp(-(x**2)) * jnp().sin(x))


def ExpNormalized(gamma: float = 1, shift: float = -1, do_clip: bool = False) -> Net:
    """The normalized Gaussian kernel (arXiv 2003.02237), without a function or finite network.

    Args:
        gamma: the factor in the exponent.
        shift: added to correlations before they are multiplied by gamma.
        do_clip: changes nothing; correlations stay in range.
    """
    return activation(
        "ExpNormalized", "exp_normalized", None, gamma=float(gamma), shift=float(shift)
    )


def Monomial(degree: int) -> Net:
    """x**degree."""
    degree = whole_degree(degree)
    return activation("Monomial", "monomial", lambda x: x**degree, degree=degree)


def Hermite(degree: int) -> Net:
    """The normalized Hermite polynomial.

    Where variances are 1, the NNGP becomes nngp**degree. At other variances, kernels are those of
    the polynomial; neural-tangents uses nngp**degree everywhere.
    """
    degree = whole_degree(degree)
    coefficients = _hermite(degree) / math.sqrt(math.factorial(degree))
    return activation("Hermite", "hermite", lambda x: jnp().polyval(coefficients, x), degree=degree)


def _hermite(degree: int) -> NDArray[np.float64]:
    """The coefficients of a Hermite polynomial with E[He He] = degree!, the leading one first."""
    last, this = np.zeros(1), np.ones(1)
    for n in range(degree):
        # He_(n+1) = x He_n - n He_(n-1)
        last, this = (
            this,
            np.append(this, 0.0) - n * np.append(np.zeros(len(this) + 1 - len(last)), last),
        )
    return this


def Polynomial(coef: Sequence[float]) -> Net:
    """coef[0] + coef[1] x + coef[2] x**2 + ..."""
    coefficients = [float(value) for value in coef]
    if not coefficients:
        raise ValueError("coef is empty; give coefficients")
    function = lambda x: jnp().polyval(np.array(coefficients[::-1]), x)  # noqa: E731
    return activation("Polynomial", "polynomial", function, coefficients=coefficients)
