"""Derivatives of functions of single elements."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Callable

from .._jax import jax, jnp

Function = Callable[[Any], Any]


def elementwise(function: Function) -> Function:
    """The same function of an array's elements, with the same derivatives in every mode.

    JAX differentiates both branches of `where`. In reverse mode, it multiplies the derivative of
    the branch that is not chosen by 0, which gives NaN if that derivative is NaN or infinite. Here,
    reverse mode uses the derivative that forward mode gives, where only the chosen branch counts.
    This holds for derivatives of every order. Results have the shape and the type of the elements.
    """
    # JAX is imported at the first call.
    made = lru_cache(maxsize=1)(lambda: _differentiable(function))

    def value(x: Any) -> Any:
        elements = jnp().asarray(x)
        return made()(elements.astype(jnp().result_type(elements, float)))

    return value


def _differentiable(function: Function) -> Function:
    def full(x: Any) -> Any:
        # A formula may be constant, or have branches of whole numbers.
        return jnp().broadcast_to(jnp().asarray(function(x), x.dtype), x.shape)

    # The derivative is differentiated in the same way in turn.
    slope = elementwise(lambda x: jax().jvp(full, (x,), (jnp().ones_like(x),))[1])
    value = jax().custom_jvp(full)

    def rule(primals: Any, tangents: Any) -> Any:
        return value(*primals), slope(*primals) * tangents[0]

    value.defjvp(rule)
    return value  # type: ignore[no-any-return]
