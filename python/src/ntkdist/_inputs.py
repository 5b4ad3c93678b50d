"""Checks of the arrays from which kernels are computed."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def whole(value: Any) -> int | None:
    """A whole number of Python or NumPy as an int; None for anything else, including True."""
    if isinstance(value, (bool, np.bool_)):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def checked(value: object, name: str) -> NDArray[Any]:
    """`value` as an array of finite real numbers of at least two dimensions, not copied.

    float32 and float64 are kept; half precision becomes float32, whole numbers and booleans become
    float64. Raises TypeError for other types, ValueError for other values.
    """
    if value is None or isinstance(value, (str, bytes, dict, set)):
        raise TypeError(f"{name} is {type(value).__name__}; give an array of numbers")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} is not an array of one shape: {error}") from None
    if array.dtype.kind not in "biuf":
        name_of = str(array.dtype)
        if name_of == "bfloat16":
            array = array.astype(np.float32)
        else:
            raise TypeError(f"{name} has dtype {name_of}; give real numbers, such as float64")
    if array.ndim < 2:
        raise ValueError(
            f"{name} has shape {array.shape}; give at least [inputs, channels], two dimensions"
        )
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    elif array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if 0 in array.shape[1:]:
        raise ValueError(f"{name} has shape {array.shape}, inputs without numbers; give channels")
    return array


def require_finite(array: NDArray[Any], name: str) -> None:
    """Raises ValueError for an array [n, ...] with a value that is not finite."""
    # A finite sum means that all values are finite. Large values may overflow: then look closer.
    with np.errstate(all="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):
            return
    bad = ~np.isfinite(array)
    if bad.any():
        place = tuple(int(index) for index in np.argwhere(bad)[0])
        raise ValueError(f"{name}{list(place)} is {array[place]}; give finite numbers")


def result_dtype(*arrays: NDArray[Any] | None) -> np.dtype[Any]:
    """float32 if all arrays are float32, else float64."""
    return np.result_type(*(array.dtype for array in arrays if array is not None))
