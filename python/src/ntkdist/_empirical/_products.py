"""The NTK times vectors, without Jacobians in memory."""

from __future__ import annotations

from typing import Any, Callable

from .._jax import jax, jnp
from ._tensors import Axes, all_none, each_batch, positive


def empirical_ntk_vp_fn(
    f: Callable[..., Any], x1: Any, x2: Any, params: Any, **kwargs: Any
) -> Callable[[Any], Any]:
    """The NTK of one finite network, J1 J2^T, as a function that multiplies by it.

    Args:
        f: `f(params, x, **kwargs)`.
        x1: inputs of the result.
        x2: inputs of the vectors; None for x1.
        params: of the network.
        kwargs: for `f`.

    Returns a function from vectors like `f(params, x2)` to vectors like `f(params, x1)`.
    """
    first, second = each_batch(kwargs, x1, x2)
    other = x1 if all_none(x2) else x2

    def f1(p: Any) -> Any:
        return f(p, x1, **first)

    def product(vector: Any) -> Any:
        _, pull_back = jax().vjp(lambda p: f(p, other, **second), params)
        return jax().jvp(f1, (params,), pull_back(vector))[1]

    return product


def products(f: Callable[..., Any], trace_axes: Axes, diagonal_axes: Axes) -> Callable[..., Any]:
    """`empirical_ntk_fn` by products with unit vectors."""

    def ntk_fn(x1: Any, x2: Any, params: Any, **kwargs: Any) -> Any:
        multiply = empirical_ntk_vp_fn(f, x1, x2, params, **kwargs)
        _, second = each_batch(kwargs, x1, x2)
        shapes = jax().eval_shape(f, params, x1 if all_none(x2) else x2, **second)
        leaves, structure = jax().tree_util.tree_flatten(shapes)

        def one(place: int) -> Any:
            """The kernel of the outputs at `place` among all arrays of outputs."""
            shape = leaves[place]

            def column(unit: Any) -> Any:
                parts = [jnp().zeros(leaf.shape, leaf.dtype) for leaf in leaves]
                parts[place] = unit.reshape(shape.shape)
                result = multiply(jax().tree_util.tree_unflatten(structure, parts))
                return jax().tree_util.tree_leaves(result)[place]

            columns = jax().lax.map(column, jnp().eye(shape.size, dtype=shape.dtype))
            both = jnp().moveaxis(columns, 0, -1)
            both = both.reshape((*both.shape[:-1], *shape.shape))
            return _arranged(both, trace_axes, diagonal_axes)

        kernels = [one(place) for place in range(len(leaves))]
        return jax().tree_util.tree_unflatten(structure, kernels)

    return ntk_fn


def _arranged(both: Any, trace_axes: Axes, diagonal_axes: Axes) -> Any:
    """A kernel [*outputs1, *outputs2] with its axes in pairs, traces and diagonals taken."""
    ndim = both.ndim // 2
    traced, diagonal = positive(trace_axes, ndim), positive(diagonal_axes, ndim)
    axes = list(range(ndim)) + [
        axis if axis in traced or axis in diagonal else ndim + axis for axis in range(ndim)
    ]
    kept: list[int] = []
    size = 1
    for axis in range(ndim):
        if axis in traced:
            size *= both.shape[axis]
        else:
            kept += [axis] if axis in diagonal else [axis, ndim + axis]
    return jnp().einsum(both, axes, kept) / size
