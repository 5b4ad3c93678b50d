"""Activations given by name, as a formula, or as a function that can be read as a formula."""

from __future__ import annotations

from typing import Any, Callable

from .. import _formulas
from .._graph import JobLayer
from .._jax import jnp
from .._tracing import formula
from ._activation import ActivationLayer
from ._derivatives import elementwise
from ._net import Net


def _net(fn: object, name: str) -> Net:
    if isinstance(fn, str):
        text, is_named = fn.strip(), fn.strip() in _formulas.NAMED
        function = elementwise(_formulas.function(_formulas.NAMED.get(text, text), jnp))
    elif callable(fn):
        text, is_named = formula(fn)
        function = fn
    else:
        raise TypeError(f"{name} of {type(fn).__name__}; give a formula, a name or a function")
    layer: JobLayer = text if is_named else {"elementwise": {"formula": text}}
    return Net(ActivationLayer(name, layer, function, (fn,)))


def Elementwise(
    fn: str | Callable[[Any], Any] | None = None,
    nngp_fn: Callable[[float, float, float], float] | None = None,
    d_nngp_fn: Callable[[float, float, float], float] | None = None,
) -> Net:
    """Any activation; kernels are computed from the function itself, up to rounding.

    Args:
        fn: a formula of x such as "x * sigmoid(1.702 * x)", a name such as "tanh", or a function
            made of NumPy's or JAX's elementary functions, which is read as a formula.
        nngp_fn: not used.
        d_nngp_fn: not used.

    Raises NotImplementedError if the function cannot be read, or is missing.
    """
    if fn is None:
        raise NotImplementedError(
            "Elementwise without fn: kernels are computed from the function; give it as a formula, "
            "such as Elementwise('erf(x)')"
        )
    return _net(fn, "Elementwise")


def ElementwiseNumerical(
    fn: str | Callable[[Any], Any], deg: int = 25, df: Callable[[Any], Any] | None = None
) -> Net:
    """The same as `Elementwise(fn)`: kernels up to rounding, for any `deg`.

    Args:
        fn: a function, formula or name.
        deg: not used; there is no quadrature of fixed degree.
        df: not used; derivatives are symbolic.
    """
    return _net(fn, "ElementwiseNumerical")
