"""Empirical NNGP and NTK."""

from __future__ import annotations

import operator
from functools import reduce
from typing import Any, Callable

from .._jax import jax, jnp
from .._kernels import named
from ._products import products
from ._tensors import (
    Axes,
    NtkImplementation,
    VMapAxes,
    all_none,
    batch_axes,
    contracted,
    each_batch,
    mapped,
)


def empirical_nngp_fn(
    f: Callable[..., Any], trace_axes: Axes = (-1,), diagonal_axes: Axes = ()
) -> Callable[..., Any]:
    """The NNGP kernel of one finite network: products of its outputs.

    Args:
        f: `f(params, x, **kwargs)`.
        trace_axes: axes of the outputs over which the mean is taken.
        diagonal_axes: axes of the outputs along which only equal indices are wanted.

    Returns `nngp_fn(x1, x2, params, **kwargs)`, whose result is [n1, n2] for outputs [n, k]. In
    general, the result has every axis of the outputs that is not traced: diagonal axes once, others
    twice, side by side.
    """
    jax()

    def nngp_fn(x1: Any, x2: Any, params: Any, **kwargs: Any) -> Any:
        first, second = each_batch(kwargs, x1, x2)
        f1 = f(params, x1, **first)
        f2 = f1 if all_none(x2) else f(params, x2, **second)

        def kernel(a: Any, b: Any) -> Any:
            return contracted(a, b, a.ndim, trace_axes, diagonal_axes)

        return jax().tree_util.tree_map(kernel, f1, f2)

    return nngp_fn


def empirical_ntk_fn(
    f: Callable[..., Any],
    trace_axes: Axes = (-1,),
    diagonal_axes: Axes = (),
    vmap_axes: VMapAxes = None,
    implementation: NtkImplementation | int = NtkImplementation.JACOBIAN_CONTRACTION,
    _j_rules: bool = True,
    _s_rules: bool = True,
    _fwd: bool | None = None,
) -> Callable[..., Any]:
    """The neural tangent kernel of one finite network: J1 J2^T.

    Args:
        f: `f(params, x, **kwargs)`.
        trace_axes: axes of the outputs over which the mean is taken.
        diagonal_axes: axes of the outputs along which only equal indices are wanted.
        vmap_axes: the axis of inputs and outputs along which `f` treats each input separately, 0
            for most networks; this makes Jacobians much faster. A triple gives the axes of inputs,
            outputs and keywords. None: outputs may depend on all inputs.
        implementation: see `NtkImplementation`.
        _j_rules: not used.
        _s_rules: not used.
        _fwd: not used.

    Returns `ntk_fn(x1, x2, params, **kwargs)`; its results have the same shapes as those of
    `empirical_nngp_fn`.
    """
    jax()
    if NtkImplementation(implementation) is NtkImplementation.NTK_VECTOR_PRODUCTS:
        return products(f, trace_axes, diagonal_axes)
    tree_map = jax().tree_util.tree_map

    def ntk_fn(x1: Any, x2: Any, params: Any, **kwargs: Any) -> Any:
        first, second = each_batch(kwargs, x1, x2)
        shapes = jax().eval_shape(f, params, x1, **first)
        j1 = _jacobian(f, params, x1, shapes, vmap_axes, first)
        j2 = j1
        if not all_none(x2):
            shapes2 = jax().eval_shape(f, params, x2, **second)
            j2 = _jacobian(f, params, x2, shapes2, vmap_axes, second)

        def kernel(fx: Any, a: Any, b: Any) -> Any:
            leaves = jax().tree_util.tree_leaves
            layers = [
                contracted(one, other, fx.ndim, trace_axes, diagonal_axes)
                for one, other in zip(leaves(a), leaves(b))
            ]
            return reduce(operator.add, layers)

        return tree_map(kernel, shapes, j1, j2)

    return ntk_fn


def _jacobian(
    f: Callable[..., Any],
    params: Any,
    x: Any,
    shapes: Any,
    vmap_axes: VMapAxes,
    kwargs: dict[str, Any],
) -> Any:
    """For every array of outputs, a tree of arrays [*outputs, *parameters]."""
    inputs, outputs, over = batch_axes(vmap_axes, x, shapes, kwargs)
    if inputs is None and not over:
        return jax().jacrev(lambda p: f(p, x, **kwargs))(params)
    alone = {name: value for name, value in kwargs.items() if name in over}
    shared = {name: value for name, value in kwargs.items() if name not in over}

    def of_one(one: Any, keywords: dict[str, Any]) -> Any:
        batch = mapped(jnp().expand_dims, inputs, one)
        given = {
            name: mapped(jnp().expand_dims, over[name], value) for name, value in keywords.items()
        }

        def value(p: Any) -> Any:
            return mapped(jnp().squeeze, outputs, f(p, batch, **given, **shared))

        return jax().jacrev(value)(params)

    axes = inputs, {name: over[name] for name in alone}
    return jax().vmap(of_one, in_axes=axes, out_axes=outputs)(x, alone)


def empirical_kernel_fn(
    f: Callable[..., Any],
    trace_axes: Axes = (-1,),
    diagonal_axes: Axes = (),
    vmap_axes: VMapAxes = None,
    implementation: NtkImplementation | int = NtkImplementation.JACOBIAN_CONTRACTION,
    _j_rules: bool = True,
    _s_rules: bool = True,
    _fwd: bool | None = None,
) -> Callable[..., Any]:
    """NNGP and NTK of one finite network; see `empirical_nngp_fn` and `empirical_ntk_fn`.

    Returns `kernel_fn(x1, x2, get, params, **kwargs)`. `get` is "nngp", "ntk", a tuple of these for
    a named tuple, or None for both.
    """
    functions = {
        "nngp": empirical_nngp_fn(f, trace_axes, diagonal_axes),
        "ntk": empirical_ntk_fn(f, trace_axes, diagonal_axes, vmap_axes, implementation),
    }

    def kernel_fn(x1: Any, x2: Any, get: Any, params: Any, **kwargs: Any) -> Any:
        names = requested(get)
        values = [functions[name](x1, x2, params, **kwargs) for name in names]
        if isinstance(get, str):
            return values[0]
        kernels = named("EmpiricalKernel", names)
        return jax().tree_util.tree_map(lambda *arrays: kernels(*arrays), *values)

    return kernel_fn


def requested(get: Any) -> tuple[str, ...]:
    """The kernels that `get` asks for. Raises ValueError for unknown ones."""
    names = ("nngp", "ntk") if get is None else (get,) if isinstance(get, str) else tuple(get)
    names = tuple(name.lower() for name in names)
    if not names or not set(names) <= {"nngp", "ntk"} or len(set(names)) < len(names):
        raise ValueError(f"get is {get!r}; give 'nngp', 'ntk', or a tuple of both")
    return names
