"""Kernels in batches of inputs, which infinitely wide networks do not need."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from ._jax import jax, jnp
from ._kernels import Kernel
from .stax._kernel_fn import KernelFn


def batch(
    kernel_fn: Callable[..., Any],
    batch_size: int = 0,
    device_count: int = -1,
    store_on_device: bool = True,
) -> Callable[..., Any]:
    """A function that computes `kernel_fn(x1, x2, ...)` in blocks of inputs, to save memory.

    Kernels of infinitely wide networks are computed in tiles anyway, and returned as they are.

    Args:
        kernel_fn: gives arrays [n1, n2, ...], or a tree of them.
        batch_size: number of inputs in a block; 0 for all at once.
        device_count: not used.
        store_on_device: not used.
    """
    if isinstance(kernel_fn, KernelFn) or not batch_size:
        return kernel_fn
    if isinstance(batch_size, bool) or int(batch_size) != batch_size or batch_size < 1:
        raise ValueError(f"batch_size is {batch_size!r}; give a whole number, 0 or more")

    def in_batches(x1: Any, x2: Any = None, *args: Any, **kwargs: Any) -> Any:
        blocks1 = _blocks(x1, batch_size)
        is_same = x2 is None
        blocks2 = blocks1 if is_same else _blocks(x2, batch_size)
        rows = []
        for i, first in enumerate(blocks1):
            row = []
            for j, second in enumerate(blocks2):
                own = _of_block(kwargs, i * batch_size, j * batch_size, batch_size, is_same)
                row.append(kernel_fn(first, None if is_same and i == j else second, *args, **own))
            rows.append(_joined(row, 1))
        whole = _joined(rows, 0)
        if isinstance(whole, Kernel) and is_same:
            whole = whole.replace(cov2=None, x1_is_x2=rows[0].x1_is_x2)
        return whole

    return in_batches


def _blocks(x: Any, size: int) -> list[Any]:
    tree_util = jax().tree_util
    count = len(tree_util.tree_leaves(x)[0])
    return [
        tree_util.tree_map(lambda leaf: leaf[start : start + size], x)  # noqa: B023
        for start in range(0, count, size)
    ]


def _of_block(
    options: dict[str, Any], start1: int, start2: int, size: int, is_same: bool
) -> dict[str, Any]:
    """Options for a block of inputs; `pattern` is a pair, each with one graph or one per input."""
    pair = options.get("pattern")
    if not isinstance(pair, tuple) or len(pair) != 2:
        return options
    if is_same and pair[1] is None:
        pair = (pair[0], pair[0])
    parts = [
        graphs if graphs is None or len(graphs) == 1 else graphs[start : start + size]
        for graphs, start in zip(pair, (start1, start2))
    ]
    return {**options, "pattern": tuple(parts)}


def _joined(parts: list[Any], axis: int) -> Any:
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], Kernel):
        return parts[0]._replace(**{n: _field(n, parts, axis) for n in parts[0]._fields})
    return jax().tree_util.tree_map(lambda *a: jnp().concatenate(a, axis), *parts)


def _field(name: str, parts: list[Any], axis: int) -> Any:
    """A field of the kernels of blocks that are joined along axis 0 (x1) or 1 (x2)."""
    values = [getattr(part, name) for part in parts]
    own = {"cov1": 0, "mask1": 0, "shape1": 0, "cov2": 1, "mask2": 1, "shape2": 1}
    if name in own and axis != own[name]:
        return values[0]
    if name in ("shape1", "shape2"):
        at = parts[0].batch_axis
        return tuple(sum(v[i] for v in values) if i == at else n for i, n in enumerate(values[0]))
    if name in ("cov1", "cov2", "mask1", "mask2"):
        if name == "cov2":
            values = [part.cov1 if part.cov2 is None else part.cov2 for part in parts]
        return None if values[0] is None else jnp().concatenate(values, 0)
    if values[0] is None or np.ndim(values[0]) < 2:
        return values[0]
    return jnp().concatenate(values, axis)
