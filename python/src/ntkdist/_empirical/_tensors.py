"""Axes of kernels of finite networks, and the arguments for each of two batches."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from math import prod
from typing import Any, Union

from .._jax import jax, jnp

Axes = Union[int, Sequence[int]]
#: An axis for all arrays, a tree of them, a triple for (inputs, outputs, keywords), or None.
VMapAxes = Any


class NtkImplementation(enum.IntEnum):
    """How an empirical NTK is computed; the result is the same.

    Attributes:
        AUTO: as JACOBIAN_CONTRACTION.
        JACOBIAN_CONTRACTION: the product of two Jacobians, layer by layer.
        NTK_VECTOR_PRODUCTS: the NTK times every unit vector, for functions of many outputs whose
            Jacobians do not fit into memory.
        STRUCTURED_DERIVATIVES: as JACOBIAN_CONTRACTION.
    """

    AUTO = 0
    JACOBIAN_CONTRACTION = 1
    NTK_VECTOR_PRODUCTS = 2
    STRUCTURED_DERIVATIVES = 3


def positive(axes: Axes, ndim: int) -> list[int]:
    """Axes of an array of `ndim` dimensions, counted from the front, ascending.

    Raises ValueError for axes that it does not have.
    """
    given = [axes] if isinstance(axes, int) else list(axes)
    if any(not -ndim <= axis < ndim for axis in given):
        raise ValueError(f"axes are {tuple(given)} of outputs with {ndim} axes")
    return sorted(axis % ndim for axis in given)


def contracted(a: Any, b: Any, ndim: int, trace_axes: Axes, diagonal_axes: Axes) -> Any:
    """Products of two arrays of outputs, summed over all axes after the first `ndim`.

    Axes of outputs come in pairs: (N1, N2, X, X, ...). A diagonal axis comes once; the mean is
    taken over a traced one. For an axis that is named twice, the sum is divided by its size twice,
    as in neural-tangents.

    Args:
        a: [*outputs1, *summed].
        b: [*outputs2, *summed].
        ndim: how many axes outputs have.
        trace_axes: of the outputs.
        diagonal_axes: of the outputs.

    Raises ValueError for axes that outputs do not have.
    """
    traced, diagonal = positive(trace_axes, ndim), positive(diagonal_axes, ndim)
    if set(traced) & set(diagonal):
        raise ValueError(f"axes {tuple(diagonal)} cannot be both traced and diagonal")
    first = list(range(a.ndim))
    second = [
        axis if axis >= ndim or axis in traced or axis in diagonal else a.ndim + axis
        for axis in first
    ]
    kept: list[int] = []
    for axis in range(ndim):
        if axis in diagonal:
            kept.append(axis)
        elif axis not in traced:
            kept += [axis, a.ndim + axis]
    precision = jax().lax.Precision.HIGHEST
    product = jnp().einsum(a, first, b, second, kept, precision=precision)
    return product / prod(a.shape[axis] for axis in traced)


def all_none(tree: Any) -> bool:
    """Whether a tree of inputs holds no array."""
    return all(leaf is None for leaf in jax().tree_util.tree_leaves(tree))


def each_batch(kwargs: dict[str, Any], x1: Any, x2: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The keywords for x1 and for x2: pairs are split, and a random key gives two keys.

    Equal inputs get equal keys.
    """
    first, second = {}, {}
    for name, value in kwargs.items():
        if name == "rng" and value is not None and not all_none(x2):
            first[name], second[name] = _keys(value, x1, x2)
        elif isinstance(value, tuple) and len(value) == 2:
            first[name], second[name] = value
        else:
            first[name] = second[name] = value
    return first, second


def _keys(key: Any, x1: Any, x2: Any) -> tuple[Any, Any]:
    np, fold_in = jnp(), jax().random.fold_in
    one, other = key if isinstance(key, tuple) else (key, key)
    apart = np.where(np.all(np.equal(one, other)), fold_in(other, 1), other)
    return one, np.where(_are_equal(x1, x2), one, apart)


def _are_equal(x1: Any, x2: Any) -> Any:
    leaves = [jax().tree_util.tree_leaves(x) for x in (x1, x2)]
    if [a.shape for a in leaves[0]] != [b.shape for b in leaves[1]]:
        return False
    return jnp().all(jnp().array([jnp().all(a == b) for a, b in zip(*leaves)]))


def batch_axes(vmap_axes: VMapAxes, x: Any, fx: Any, kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The batch axes of inputs, outputs and keywords, as trees; None for none.

    Args:
        vmap_axes: as `empirical_ntk_fn` takes them.
        x: inputs.
        fx: outputs, or their shapes.
        kwargs: keywords of the function.
    """
    is_triple = isinstance(vmap_axes, tuple) and len(vmap_axes) == 3
    inputs, outputs, keywords = vmap_axes if is_triple else (vmap_axes, vmap_axes, {})
    if isinstance(keywords, int):
        keywords = {name: keywords for name in kwargs}
    over = {name: _spread(axes, kwargs[name]) for name, axes in (keywords or {}).items()}
    return _spread(inputs, x), _spread(outputs, fx), over


def _spread(axes: Any, tree: Any) -> Any:
    if axes is None:
        return None
    if isinstance(axes, int):
        return jax().tree_util.tree_map(lambda leaf: axes % leaf.ndim, tree)
    if isinstance(axes, dict):
        return {name: _spread(part, tree[name]) for name, part in axes.items()}
    return type(axes)(_spread(part, branch) for part, branch in zip(axes, tree))


def mapped(change: Any, axes: Any, tree: Any) -> Any:
    """`change(leaf, axis)` for every array of a tree that has an axis in the tree `axes`."""
    if axes is None:
        return tree
    if isinstance(axes, int):
        return change(tree, axes)
    if isinstance(axes, dict):
        return {name: mapped(change, axes.get(name), part) for name, part in tree.items()}
    return type(tree)(mapped(change, part, branch) for part, branch in zip(axes, tree))
