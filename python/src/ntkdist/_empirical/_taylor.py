"""Taylor series of finite networks in their parameters."""

from __future__ import annotations

import math
from typing import Any, Callable

from .._jax import jax


def linearize(f: Callable[..., Any], params: Any) -> Callable[..., Any]:
    """The linearization of `f` in its parameters, about `params`.

    Args:
        f: `f(params, *args, **kwargs)`, from trees of parameters to trees of arrays.
        params: where the linearization is exact.

    Returns a function with the arguments of `f`.
    """
    return taylor_expand(f, params, 1)


def taylor_expand(f: Callable[..., Any], params: Any, degree: int) -> Callable[..., Any]:
    """The Taylor series of `f` about `params`, up to the order `degree`.

    Args:
        f: `f(params, *args, **kwargs)`, from trees of parameters to trees of arrays.
        params: where the series is exact.
        degree: 0 or more.

    Returns a function with the arguments of `f`.
    """
    if isinstance(degree, bool) or int(degree) != degree or degree < 0:
        raise ValueError(f"degree is {degree!r}; give a whole number, 0 or more")
    tree_map = jax().tree_util.tree_map

    def series(moved: Any, *args: Any, **kwargs: Any) -> Any:
        change = tree_map(lambda new, old: new - old, moved, params)

        def value(at: Any) -> Any:
            return f(at, *args, **kwargs)

        derivative: Callable[[Any], Any] = value
        total = value(params)
        for order in range(1, int(degree) + 1):
            derivative = _along(derivative, change)
            scale = 1 / math.factorial(order)
            total = tree_map(lambda sum, term: sum + scale * term, total, derivative(params))  # noqa: B023
        return total

    return series


def _along(f: Callable[[Any], Any], change: Any) -> Callable[[Any], Any]:
    """The derivative of `f` in the direction `change`."""
    return lambda at: jax().jvp(f, (at,), (change,))[1]
