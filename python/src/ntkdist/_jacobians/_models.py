"""Functions whose Jacobians are computed, by JAX or PyTorch."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from typing import Any, Callable, Protocol

import numpy as np
from numpy.typing import NDArray

from ._layout import Chunk, Leaf

Array = NDArray[Any]


class Model(Protocol):
    """A function of parameters and one input.

    Attributes:
        leaves: the arrays of parameters.
        outputs: how many of its outputs for an input are used.
        indices: which ones, from 0 on.
        dtype: of its derivatives in NumPy; single precision for bfloat16.
    """

    leaves: list[Leaf]
    outputs: int
    indices: list[int]
    dtype: np.dtype[Any]

    def values(self) -> Sequence[Array]:
        """The arrays of parameters."""

    def constants(self) -> Sequence[Array]:
        """Other arrays that it uses: buffers, parameters of a module that are not in `leaves`."""

    def gradient(self, one: Array, weights: Array) -> Sequence[Array]:
        """The derivatives of a weighted sum of an input's outputs, [size] for each leaf."""

    def rows(self, chunk: Chunk) -> Callable[[Array], Array]:
        """Maps inputs [b, ...] to derivatives by a chunk's parameters, [b, outputs, columns]."""


def model(fn: Any, params: Any, x: Any, outputs: int | Sequence[int] | None) -> Model:
    """The model of a function and its parameters.

    Args:
        fn: a torch.nn.Module, or `fn(params, x)` for JAX or for a dictionary of PyTorch tensors.
        params: its parameters; None for those of a module.
        x: inputs [n, ...].
        outputs: which outputs; None for all.
    """
    if _is_torch(fn, params):
        from ._with_torch import TorchModel

        return TorchModel(fn, params, x, outputs)
    from ._with_jax import JaxModel

    return JaxModel(fn, params, x, outputs)


def _is_torch(fn: Any, params: Any) -> bool:
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    if isinstance(fn, torch.nn.Module):
        return True
    return isinstance(params, dict) and any(
        isinstance(value, torch.Tensor) for value in params.values()
    )


def chosen(outputs: int | Sequence[int] | None, count: int) -> list[int]:
    """The indices of the chosen outputs. Raises ValueError for outputs that do not exist."""
    if outputs is None:
        return list(range(count))
    found = [outputs] if isinstance(outputs, (int, np.integer)) else list(outputs)
    if not found or any(not -count <= one < count for one in found):
        raise ValueError(f"outputs is {outputs!r}, and the function has {count}, from 0 on")
    return [int(one) % count for one in found]


def fingerprint(model: Model, x: Any) -> str:
    """A checksum of all parameters, inputs and constants."""
    state = hashlib.sha256()
    for array in (*model.values(), x, *model.constants()):
        state.update(f"{array.dtype} {array.shape};".encode())
        for start in range(0, len(array) if array.ndim else 1, 1024):
            part = array[start : start + 1024] if array.ndim else array
            # Only arrays of NumPy's own types are buffers; bfloat16 is not one of them.
            plain = part.astype(np.float32) if part.dtype.kind == "V" else part
            state.update(np.ascontiguousarray(plain).data)
    return state.hexdigest()
