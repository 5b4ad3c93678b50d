"""Jobs on arrays in memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .failures import DataError
from .jobs import Job

# The types of .npy files that the program reads.
_READ = tuple(map(np.dtype, ("<f8", "<f4", "<i8", "<i4", "|u1", "|i1")))


def from_arrays(
    x_train: ArrayLike,
    y_train: ArrayLike | None = None,
    x_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    *,
    network: Any,
    output: str | os.PathLike[str],
    folder: str | os.PathLike[str] | None = None,
    preprocessing: Any = "none",
    **sections: Any,
) -> Job:
    """A job on arrays, which are written as `.npy` files for the program to read.

    `x_train` is [n, height, width, channels] or [n, features], and `x_test` likewise. `y_train` [n]
    and `y_test` [m] are classes from 0, or one-hot [n, classes], shifted and scaled as you like:
    the targets of a job are one-hot vectors minus its `target_offset`. The files go into `folder`,
    by default 'OUTPUT-data' next to the run folder; files of an earlier call are replaced.
    `sections` are those of `Job`.

    Errors: `DataError` for arrays of another shape, with NaN, or with labels that are not classes.
    """
    output = Path(output).expanduser()
    beside = output.parent / f"{output.name}-data"
    target = beside if folder is None else Path(folder).expanduser()
    found: dict[str, NDArray[Any]] = {"train": _images(x_train, "x_train")}
    if x_test is not None:
        found["test"] = _images(x_test, "x_test")
        if found["test"].shape[1:] != found["train"].shape[1:]:
            raise DataError(
                f"x_test has images of the shape {found['test'].shape[1:]} and x_train "
                f"of {found['train'].shape[1:]}"
            )
    elif y_test is not None:
        raise DataError("y_test is given without x_test")
    for name, labels in (("train", y_train), ("test", y_test)):
        if labels is not None:
            found[f"{name}_labels"] = _labels(labels, f"y_{name}", len(found[name]))
    target.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, values in found.items():
        path = target / f"{name}.npy"
        # An active run may have the earlier file open.
        temporary = target / f".{name}.npy"
        with temporary.open("wb") as file:
            np.save(file, values)
        temporary.replace(path)
        paths[name] = str(path)
    data = {"arrays": paths, "preprocessing": preprocessing}
    return Job(data=data, network=network, output=output, **sections)


def _images(values: ArrayLike, name: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim not in (2, 4) or array.size == 0:
        raise DataError(
            f"{name} has the shape {array.shape} instead of [images, height, width, "
            "channels] or [images, features]"
        )
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name} holds {array.dtype} instead of real numbers")
    if array.dtype.newbyteorder("<") in _READ:
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    else:
        array = array.astype("<f8")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DataError(
            f"{name} has NaN or infinite values in image "
            f"{int(np.argwhere(~np.isfinite(array))[0][0])}"
        )
    return np.ascontiguousarray(array)


def _labels(values: ArrayLike, name: str, count: int) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.ndim not in (1, 2) or len(array) != count:
        raise DataError(
            f"{name} has the shape {array.shape}; {count} images need [{count}] "
            f"classes, or one-hot [{count}, classes]"
        )
    if array.dtype.kind not in "iubf":
        raise DataError(
            f"{name} holds {array.dtype} instead of classes; number them 0, 1, 2, ..., for example "
            "with numpy.unique(labels, return_inverse=True)"
        )
    if not np.isfinite(array).all():
        place = int(np.argwhere(~np.isfinite(array))[0][0])
        raise DataError(f"{name} has NaN or infinite values for image {place}")
    if array.ndim == 2:
        return _hot(array, name)
    if not (array == np.round(array)).all():
        raise DataError(f"{name} holds numbers that are no classes; give 0, 1, 2, ...")
    if (array < 0).any():
        raise DataError(f"{name} holds {array.min()}; classes are counted from 0")
    return np.asarray(array, np.int64)


def _hot(array: NDArray[Any], name: str) -> NDArray[np.int64]:
    """The classes of one-hot rows: one value is above all others, and the others are equal."""
    classes = array.argmax(axis=1)
    hot = np.zeros(array.shape, bool)
    hot[np.arange(len(array)), classes] = True
    on, off = array[hot], array[~hot]
    if array.shape[1] < 2 or on.min() != on.max() or off.min() != off.max() or on[0] == off[0]:
        raise DataError(
            f"{name} is not one-hot, and a job learns classes; compute regression "
            "on other targets from run.kernel(), or with ntkdist.predict"
        )
    return np.asarray(classes, np.int64)
