"""Kernels of a run, read lazily as NumPy arrays are: only the tiles that an index needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._tiles import Tile, TileArray
from .failures import MissingError

Missing = Literal["raise", "nan"]
Places = NDArray[np.intp]


class StoredKernel:
    """A kernel matrix [m, n] of a run's store.

    Indexing follows NumPy's rules for integers, slices, ellipses, index arrays and boolean masks.
    It reads only the tiles that are needed, each once. The symmetric kernel of the training images
    looks whole, although the store holds only its lower triangle. `np.asarray(kernel)` reads all.
    """

    ndim = 2

    def __init__(self, array: TileArray, name: str, missing: Missing = "raise") -> None:
        """The kernel in an array of tiles; `name` is for messages.

        `missing` says what happens at tiles that are not computed yet: an error, or NaN.
        """
        if missing not in ("raise", "nan"):
            raise ValueError(f"missing is {missing!r} instead of 'raise' or 'nan'")
        self._array, self._name, self._missing = array, name, missing

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n): the images of the rows and of the columns."""
        return self._array.shape[0], self._array.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64, or float32 if the job says `storage: f32`."""
        return self._array.dtype

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.shape[0] * self.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes of the whole matrix in memory."""
        return self.size * self.dtype.itemsize

    @property
    def is_symmetric(self) -> bool:
        """Whether it is the kernel of the training images with themselves."""
        return self._array.is_triangle

    @property
    def tile(self) -> int:
        """The edge of a tile, in images."""
        return self._array.tile[0]

    @property
    def fingerprint(self) -> dict[str, str]:
        """What the values depend on: network, images, preprocessing, precision."""
        return dict(self._array.fingerprint)

    @property
    def fraction(self) -> float:
        """The part of the tiles that exists, from 0 to 1."""
        return len(self._array.present()) / self._array.count

    @property
    def is_complete(self) -> bool:
        """Whether all tiles exist."""
        return self.fraction == 1

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        kind = "symmetric " if self.is_symmetric else ""
        return (
            f"<{kind}kernel {self._name}, {self.shape[0]} x {self.shape[1]} {self.dtype}, "
            f"tiles of {self.tile}>"
        )

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("a kernel on disk cannot become an array without a copy")
        whole = self._outer(np.arange(self.shape[0]), np.arange(self.shape[1]))
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[row] for row in range(self.shape[0]))

    def __getitem__(self, key: Any) -> Any:
        row_key, column_key = _two_keys(key, self.shape)
        rows = _places(row_key, self.shape[0], 0)
        columns = _places(column_key, self.shape[1], 1)
        if _is_array(row_key) and _is_array(column_key):
            rows, columns = np.broadcast_arrays(rows, columns)
            return self._pairs(rows.ravel(), columns.ravel()).reshape(rows.shape)[()]
        values = self._outer(rows.ravel(), columns.ravel())
        return values.reshape(rows.shape + columns.shape)[()]

    def diagonal(self) -> NDArray[Any]:
        """The diagonal [min(m, n)]; for the training images, their variances."""
        places = np.arange(min(self.shape))
        return self._pairs(places, places)

    def blocks(self) -> Iterator[tuple[slice, slice, NDArray[Any]]]:
        """The tiles that are stored: rows, columns and values [rows, columns] of each.

        For a symmetric kernel, these are the tiles of the lower triangle; diagonal tiles are whole.
        """
        for place in self._array.tiles():
            rows, columns = (
                slice(index * size, min((index + 1) * size, length))
                for index, size, length in zip(place, self._array.tile, self.shape)
            )
            yield rows, columns, self._tile(place)

    def _tile(self, place: Tile) -> NDArray[Any]:
        values = self._array.read(place)
        if values is not None:
            return values
        if self._missing == "nan":
            shape = [
                min(size, length - index * size)
                for index, size, length in zip(place, self._array.tile, self.shape)
            ]
            return np.full(shape, np.nan, self.dtype)
        raise MissingError(
            f"tile {place} of {self._name} is not computed yet: {len(self._array.present())} of "
            f"{self._array.count} tiles of {self.tile} x {self.tile} images are there; "
            "missing='nan' reads the others as NaN"
        )

    def _stored(self, it: int, jt: int) -> tuple[Tile, bool]:
        """The stored tile with the values of the tile (it, jt), and whether it is transposed."""
        return ((jt, it), True) if self.is_symmetric and it < jt else ((it, jt), False)

    def _outer(self, rows: Places, columns: Places) -> NDArray[Any]:
        """The elements [rows, columns] at two lists of positions."""
        result = np.empty((len(rows), len(columns)), self.dtype)
        by_row = _by_tile(rows, self._array.tile[0])
        by_column = _by_tile(columns, self._array.tile[1])
        uses: dict[Tile, list[tuple[int, int, bool]]] = {}
        for it in by_row:
            for jt in by_column:
                place, is_transposed = self._stored(it, jt)
                uses.setdefault(place, []).append((it, jt, is_transposed))
        for place, parts in sorted(uses.items()):
            stored = self._tile(place)
            for it, jt, is_transposed in parts:
                values = stored.T if is_transposed else stored
                (to_rows, from_rows), (to_columns, from_columns) = by_row[it], by_column[jt]
                result[_both(to_rows, to_columns)] = values[_both(from_rows, from_columns)]
        return result

    def _pairs(self, rows: Places, columns: Places) -> NDArray[Any]:
        """The elements [k] at k pairs of positions."""
        result = np.empty(len(rows), self.dtype)
        if self.is_symmetric:
            rows, columns = np.maximum(rows, columns), np.minimum(rows, columns)
        height, width = self._array.tile
        numbers = rows // height * self._array.grid[1] + columns // width
        order = np.argsort(numbers, kind="stable")
        starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
        for chosen in np.split(order, starts[1:]) if len(order) else []:
            it, jt = int(rows[chosen[0]]) // height, int(columns[chosen[0]]) // width
            values = self._tile((it, jt))
            result[chosen] = values[rows[chosen] - it * height, columns[chosen] - jt * width]
        return result


def _is_array(key: Any) -> bool:
    return isinstance(key, np.ndarray)


def _two_keys(key: Any, shape: tuple[int, int]) -> tuple[Any, Any]:
    """The index of the rows and that of the columns, from the expression between the brackets."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if any(part is None for part in keys):
        raise IndexError("a kernel on disk has two axes and takes no new one; index np.asarray(it)")
    dots = [place for place, part in enumerate(keys) if part is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can have one ellipsis ('...')")
    keys = [
        part if isinstance(part, (int, np.integer, slice)) or part is Ellipsis else np.asarray(part)
        for part in keys
    ]
    if len(keys) - len(dots) == 1:
        mask = next(part for part in keys if part is not Ellipsis)
        if _is_array(mask) and mask.ndim == 2 and mask.dtype == bool:
            if mask.shape != shape:
                raise IndexError(f"the mask is {mask.shape} and the kernel {shape}")
            rows, columns = mask.nonzero()
            return rows, columns
    if len(keys) - len(dots) > 2:
        raise IndexError(f"a kernel has two axes, and {len(keys)} were indexed")
    whole: list[Any] = [slice(None)] * (2 - (len(keys) - len(dots)))
    place = dots[0] if dots else len(keys)
    keys[place : place + len(dots)] = whole
    return keys[0], keys[1]


def _places(key: Any, length: int, axis: int) -> Places:
    """The positions that an index of one axis selects, in its shape; errors as in NumPy."""
    if _is_array(key) and key.size == 0 and key.dtype != bool:
        key = key.astype(np.intp)
    try:
        return np.asarray(np.arange(length, dtype=np.intp)[key])
    except IndexError as error:
        words = str(error).replace("axis 0", f"axis {axis}").replace("dimension is", "axis has")
        raise IndexError(words) from None


def _by_tile(places: Places, size: int) -> dict[int, tuple[Any, Any]]:
    """For each tile with some of the positions: where they are in the list, and in the tile.

    Consecutive positions are given as slices, which copies many times faster.
    """
    result: dict[int, tuple[Any, Any]] = {}
    numbers = places // size
    for tile in np.unique(numbers).tolist():
        chosen = np.flatnonzero(numbers == tile)
        inside = places[chosen] - tile * size
        result[tile] = (_as_slice(chosen), _as_slice(inside))
    return result


def _as_slice(places: Places) -> Any:
    first, last = int(places[0]), int(places[-1])
    is_run = last - first + 1 == len(places) and bool((np.diff(places) == 1).all())
    return slice(first, last + 1) if is_run else places


def _both(rows: Any, columns: Any) -> Any:
    """An index of the rectangle given by two lists of positions."""
    if isinstance(rows, slice) or isinstance(columns, slice):
        return rows, columns
    return rows[:, None], columns
