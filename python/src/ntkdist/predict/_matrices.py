"""Kernels as matrices, targets as columns, and solves with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Axes = Union[int, Sequence[int]]


def real(value: Any, name: str) -> Array:
    """`value` as an array of real numbers. Raises TypeError for other types."""
    if isinstance(value, (str, bytes, dict, set)) or value is None:
        raise TypeError(f"{name} is {type(value).__name__}; give an array of numbers")
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" and str(array.dtype) != "bfloat16":
        raise TypeError(f"{name} has dtype {array.dtype}; give real numbers")
    return array


def kernel_of(kernels: Any, name: str) -> Array:
    """The kernel `name` of a named tuple such as `Kernel`; an array counts as any kernel."""
    if hasattr(kernels, "shape") or not hasattr(kernels, name):
        if hasattr(kernels, "_fields"):
            raise ValueError(f"the kernels have no {name}; compute it with get='{name}'")
        return real(kernels, "a kernel")
    value = getattr(kernels, name)
    if value is None:
        raise ValueError(f"the kernels have no {name}; compute it with get='{name}'")
    return real(value, name)


def first_kernel(kernels: Any) -> Array:
    """The first kernel that is not None."""
    for name in ("nngp", "ntk"):
        if getattr(kernels, name, None) is not None and not hasattr(kernels, "shape"):
            return real(getattr(kernels, name), name)
    return real(kernels, "a kernel")


def matrix(kernel: Array) -> NDArray[np.float64]:
    """A kernel [a, a', b, b', ...] as a matrix [a b ..., a' b' ...]; a number as [1, 1]."""
    # JAX's own arrays may be limited to single precision.
    kernel = np.asarray(kernel)
    if kernel.ndim % 2:
        raise ValueError(f"a kernel has shape {kernel.shape}; give a matrix, or pairs of axes")
    axes = [*range(0, kernel.ndim, 2), *range(1, kernel.ndim, 2)]
    rows, columns = prod(kernel.shape[::2]), prod(kernel.shape[1::2])
    return kernel.transpose(axes).reshape(rows, columns).astype(np.float64)


def paired(values: Array, shape: Sequence[int]) -> Array:
    """Matrices [..., m, m] over positions of `shape` as [..., a, a', b, b', ...]."""
    front, count = values.shape[:-2], len(shape)
    full = values.reshape((*front, *shape, *shape))
    start = len(front)
    axes = [start + axis + half * count for axis in range(count) for half in (0, 1)]
    return full.transpose([*range(start), *axes])


@dataclass(frozen=True)
class Targets:
    """Targets with `trace` axes, which kernels lack: one kernel serves all entries along them.

    Attributes:
        shape: of the training targets.
        trace: the axes, not negative, in ascending order.
    """

    shape: tuple[int, ...]
    trace: tuple[int, ...]

    @classmethod
    def of(cls, y: Array, trace_axes: Axes) -> Targets:
        """The targets of an array. Raises ValueError for axes that it does not have."""
        axes = tuple(map(int, np.atleast_1d(trace_axes)))
        if any(not -y.ndim <= axis < y.ndim for axis in axes):
            raise ValueError(f"trace_axes is {trace_axes}, and y_train has shape {y.shape}")
        return cls(y.shape, tuple(sorted({axis % y.ndim for axis in axes})))

    @property
    def size(self) -> int:
        """The number of all outputs."""
        return prod(self.shape)

    def columns(self, values: Array) -> NDArray[np.float64]:
        """Values with as many axes as the targets, as [positions, traced]."""
        moved = np.moveaxis(values, self.trace, range(-len(self.trace), 0))
        apart = moved.ndim - len(self.trace)
        return moved.reshape((prod(moved.shape[:apart]), -1)).astype(np.float64)

    def values(self, columns: Array, positions: Sequence[int], front: Sequence[int]) -> Array:
        """[..., positions, traced] with the axes of `positions` and the traced ones in place.

        `front` is the shape of the leading axes, such as that of times.
        """
        traced = [self.shape[axis] for axis in self.trace]
        full = columns.reshape((*front, *positions, *traced))
        start = len(front)
        return np.moveaxis(full, range(-len(self.trace), 0), [start + axis for axis in self.trace])

    def check(self, kernel: Array) -> None:
        """Raises ValueError unless a kernel of the training inputs fits."""
        kept = tuple(size for axis, size in enumerate(self.shape) if axis not in self.trace)
        if kernel.shape[::2] != kept or kernel.shape[1::2] != kept:
            raise ValueError(
                f"k_train_train has shape {kernel.shape} and y_train {self.shape}; with the "
                f"trace_axes {self.trace} it needs pairs of {kept}"
            )


def regularized(
    kernel: NDArray[np.float64], diag_reg: float, is_absolute: bool
) -> NDArray[np.float64]:
    """A matrix with `diag_reg` added to its diagonal, times the diagonal's mean unless absolute."""
    shift = diag_reg if is_absolute else diag_reg * float(np.trace(kernel)) / len(kernel)
    return kernel + shift * np.eye(len(kernel))


def shared_dtype(*arrays: Any) -> np.dtype[Any]:
    """float32 if no array of reals is wider, else float64."""
    floats = [a.dtype for a in map(np.asarray, arrays) if a.dtype.kind == "f" and a.ndim]
    found = np.result_type(*floats) if floats else np.dtype(np.float64)
    return np.dtype(np.float32) if found == np.float16 else found
