"""The values that `kernel_fn` returns, computed by the library."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _inputs, _kernels, _pixels
from ._arrays import result
from ._plans import Plan
from ._work import SOURCES, Work


def computed(
    plan: Plan,
    x1: NDArray[Any],
    x2: NDArray[Any] | None,
    names: tuple[str, ...],
    bits: int,
    threads: int,
    diagonal_spatial: bool | None,
    *,
    may_be_same: bool = True,
) -> dict[str, Any]:
    """The values that `names` asks for, from arrays checked by `_inputs.checked`.

    Without x2, or if x2 equals x1, "cov2" is not among them. Unless x2 `may_be_same`, it is treated
    as other inputs even if it equals x1.
    """
    dtype = _inputs.result_dtype(x1, x2)
    _inputs.require_finite(x1, "x1")
    if x2 is not None:
        _inputs.require_finite(x2, "x2")
    # Half of the work is enough then, and for Dropout it matters whether x2 is x1.
    if x2 is not None and may_be_same and _are_equal(x1, x2):
        x2 = None
    images1 = plan.images(x1)
    images2 = None if x2 is None else plan.images(x2, is_second=True)
    work = Work(plan.text, plan.image, images1, images2, bits, threads)
    values = described(plan, *work.shape, is_same=images2 is None)
    arrays = _arrays(names, images2 is not None)
    values.update(pixel_fields(plan, names, diagonal_spatial))
    if arrays and plan.signal.spatial:
        is_diagonal = values["diagonal_spatial"]
        results = (_pixels.equal if is_diagonal else _pixels.all_pairs)(plan, work, arrays)
    elif arrays:
        results = work.run(arrays)
    else:
        results = {}
    values.update((name, result(array, dtype)) for name, array in results.items())
    return values


def _are_equal(a: NDArray[Any], b: NDArray[Any]) -> bool:
    # Most pairs of inputs differ in their first numbers.
    if a.shape != b.shape or len(a) == 0:
        return False
    return bool(np.array_equal(a[0], b[0])) and bool(np.array_equal(a, b))


def _arrays(names: tuple[str, ...], has_second: bool) -> dict[str, str]:
    """The library's results for the requested arrays, by name."""
    known = ("nngp", "ntk", "cov1", "cov2", *_kernels.DEFICITS)
    found = {name: SOURCES.get(name, name) for name in names if name in known}
    if "cov2" in found and not has_second:
        del found["cov2"]
        found["cov1"] = SOURCES["cov1"]
    return found


def pixel_fields(
    plan: Plan, names: tuple[str, ...], diagonal_spatial: bool | None
) -> dict[str, Any]:
    """The fields that describe the pixel axes of the arrays among `names`."""
    if not plan.signal.spatial or not _arrays(names, True):
        return {}
    is_diagonal = bool(diagonal_spatial)
    return {
        "diagonal_spatial": is_diagonal,
        "is_reversed": plan.signal.is_reversed and not is_diagonal,
    }


def described(plan: Plan, n1: int, n2: int, is_same: bool) -> dict[str, Any]:
    """The fields of a `Kernel` that are not arrays."""
    signal = plan.signal
    shapes = [
        tuple(n if axis == "N" else size for axis, size in zip(signal.axes, signal.sizes))
        for n in (n1, n2)
    ]
    return {
        "x1_is_x2": is_same,
        "is_gaussian": signal.is_gaussian,
        "is_reversed": signal.is_reversed,
        "is_input": False,
        "diagonal_batch": True,
        "diagonal_spatial": False,
        "shape1": shapes[0],
        "shape2": shapes[1],
        "batch_axis": signal.axes.index("N"),
        "channel_axis": signal.axes.index("C"),
        "mask1": None,
        "mask2": None,
    }
