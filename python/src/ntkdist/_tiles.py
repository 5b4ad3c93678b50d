"""A kernel's array of tiles on disk, read by zarr-python. Only this module knows the layout.

A tile is a chunk of the array. It appears complete, under its final name, as soon as it is
computed. In a sharded array, finished tiles wait in the folder `loose` until their shard is packed;
zarr-python does not see them there. See docs/concepts/tiles-and-store.md.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .failures import DataError, MissingError, ResourceError

Tile = tuple[int, ...]
"""The place of a tile: (row, column), or (row,) of a vector's."""


class TileArray:
    """The tiles of one array of a run's store.

    Attributes: `path`; `shape` of the array and `tile` of a tile; `dtype`; `is_triangle`, whether
    only the tiles of the lower triangle are stored; `fingerprint`, what the values depend on.
    """

    def __init__(self, path: Path) -> None:
        """Opens the array in the folder `path`.

        Errors: `MissingError` if there is no array, `DataError` if it is damaged,
        `ResourceError` without zarr-python 3.
        """
        zarr = _zarr()
        self.path = path
        if not (path / "zarr.json").is_file():
            raise MissingError(f"{path} has no kernel (there is no zarr.json)")
        try:
            self._array: Any = zarr.open_array(str(path), mode="r", zarr_format=3)
            self.shape: tuple[int, ...] = tuple(self._array.shape)
            # For a sharded array, `chunks` are its tiles.
            self._shard: tuple[int, ...] | None = getattr(self._array, "shards", None)
            self.tile: tuple[int, ...] = tuple(self._array.chunks)
            self.dtype: np.dtype[Any] = np.dtype(self._array.dtype)
            attributes: dict[str, Any] = dict(self._array.attrs)
        except Exception as error:  # zarr has no common class of errors
            raise DataError(f"{path} cannot be read as a kernel: {_line(error)}") from error
        self.is_triangle = attributes.get("tiles") == "lower triangle"
        self.fingerprint: dict[str, str] = attributes.get("fingerprint", {})

    @property
    def grid(self) -> tuple[int, ...]:
        """How many tiles the array has along each axis."""
        return tuple(-(-n // t) for n, t in zip(self.shape, self.tile))

    def tiles(self) -> Iterator[Tile]:
        """The positions of all tiles that the array has when it is finished, row by row."""
        return filter(self._is_tile, np.ndindex(self.grid))

    @property
    def count(self) -> int:
        """How many tiles the array has when it is finished."""
        rows = self.grid[0]
        return rows * (rows + 1) // 2 if self.is_triangle else math.prod(self.grid)

    @property
    def elements(self) -> int:
        """The number of elements of all these tiles; padding does not count."""
        if not self.is_triangle:
            return math.prod(self.shape)
        full, rest = divmod(self.shape[0], self.tile[0])
        return (self.shape[0] ** 2 + full * self.tile[0] ** 2 + rest**2) // 2

    def size(self, tile: Tile) -> int:
        """The number of elements of one tile."""
        return math.prod(
            min(edge, length - place * edge)
            for place, edge, length in zip(tile, self.tile, self.shape)
        )

    def _is_tile(self, place: Tile) -> bool:
        is_inside = all(number < count for number, count in zip(place, self.grid))
        return is_inside and (not self.is_triangle or place[0] >= place[1])

    def present(self) -> set[Tile]:
        """The positions of the tiles that exist. Errors: `DataError` for a damaged shard."""
        if self._shard is None:
            found = _places(self.path / "c", len(self.shape))
        else:
            found = _loose_places(self.path / "loose")
            for shard in _places(self.path / "c", len(self.shape)):
                found |= self._tiles_of(shard)
        return set(filter(self._is_tile, found))

    def read(self, tile: Tile) -> NDArray[Any] | None:
        """The values of a tile, cut at the array's edges; None if it does not exist yet.

        Errors: `DataError` if it is damaged.
        """
        values = self._values(tile)
        # NaN is the fill value. But a tile that holds only NaN may still exist.
        if np.isnan(values.flat[0]) and np.isnan(values).all():
            # Or it has appeared in the meantime.
            return self._values(tile) if self._has(tile) else None
        return values

    def _values(self, tile: Tile) -> NDArray[Any]:
        """The values of a tile; NaN if it does not exist."""
        part = tuple(
            slice(place * size, (place + 1) * size) for place, size in zip(tile, self.tile)
        )
        try:
            values = self._read_loose(tile)
            return np.asarray(self._array[part]) if values is None else values
        except Exception as error:
            raise DataError(
                f"tile {tile} of {self.path} is damaged ({_line(error)}); running the job again "
                "with resume computes it again"
            ) from error

    def _has(self, tile: Tile) -> bool:
        if self._shard is None:
            return (self.path / "c").joinpath(*map(str, tile)).is_file()
        return self._loose(tile).is_file() or tile in self._tiles_of(self._shard_of(tile))

    def _shard_of(self, tile: Tile) -> Tile:
        assert self._shard is not None
        return tuple(
            place * size // edge for place, size, edge in zip(tile, self.tile, self._shard)
        )

    def _loose(self, tile: Tile) -> Path:
        """The path at which a tile waits for the other tiles of its shard."""
        return self.path / "loose" / _dotted(self._shard_of(tile)) / _dotted(tile)

    def _read_loose(self, tile: Tile) -> NDArray[Any] | None:
        """The tile's own file, which replaces the tile in the shard; None if there is none."""
        if self._shard is None:
            return None
        try:
            data = self._loose(tile).read_bytes()
        except FileNotFoundError:
            return None
        if len(data) != math.prod(self.tile) * self.dtype.itemsize + 4:
            raise ValueError("its file has another size")
        if int.from_bytes(data[-4:], "little") != _crc32c(data[:-4]):
            raise ValueError("its checksum is wrong")
        values = np.frombuffer(data[:-4], self.dtype.newbyteorder("<")).reshape(self.tile)
        cut = tuple(
            slice(0, length - place * size)
            for place, size, length in zip(tile, self.tile, self.shape)
        )
        return values[cut].astype(self.dtype)

    def _tiles_of(self, shard: Tile) -> set[Tile]:
        """The entries of a shard's index: pairs of offset and size, all ones without a tile."""
        assert self._shard is not None
        counts = tuple(edge // size for edge, size in zip(self._shard, self.tile))
        length = 16 * math.prod(counts) + 4
        try:
            with (self.path / "c").joinpath(*map(str, shard)).open("rb") as file:
                file.seek(-length, os.SEEK_END)
                data = file.read(length)
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise DataError(f"shard {shard} of {self.path} is damaged ({error})") from error
        if int.from_bytes(data[-4:], "little") != _crc32c(data[:-4]):
            raise DataError(f"shard {shard} of {self.path} is damaged (the checksum of its index)")
        sizes = np.frombuffer(data[:-4], "<u8").reshape(*counts, 2)[..., 1]
        first = [place * count for place, count in zip(shard, counts)]
        return {
            tuple(start + int(step) for start, step in zip(first, place))
            for place in np.argwhere(sizes != np.iinfo(np.uint64).max)
        }


def array_names(store: Path) -> list[str]:
    """The names of the arrays in a run's store, such as `depth=3/ntk_train`, in order."""
    names = []
    for folder, nested, files in os.walk(store):
        if "zarr.json" in files and _is_array(Path(folder) / "zarr.json"):
            names.append(str(Path(folder).relative_to(store)))
            # Below an array there are only its tiles.
            nested.clear()
    return sorted(names)


def _is_array(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text()).get("node_type") == "array")
    except (OSError, ValueError, AttributeError):
        # Opening it shows what is wrong.
        return True


def _numbers(folder: Path) -> list[int]:
    """The names in a folder that are numbers in Zarr's spelling; none if it does not exist."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return []
    return [int(name) for name in names if name.isdecimal() and str(int(name)) == name]


def _places(folder: Path, axes: int) -> set[Tile]:
    """The positions that the names of nested files give, such as `c/3/1`."""
    rows = _numbers(folder)
    if axes == 1:
        return {(row,) for row in rows}
    return {(row, column) for row in rows for column in _numbers(folder / str(row))}


def _loose_places(folder: Path) -> set[Tile]:
    """The positions of loose tiles, such as `loose/0.0/3.1`."""
    found = set()
    for path in folder.glob("*/*"):
        parts = path.name.split(".")
        if all(part.isdecimal() for part in parts):
            found.add(tuple(map(int, parts)))
    return found


def _dotted(place: Tile) -> str:
    return ".".join(map(str, place))


def _crc32c(data: bytes) -> int:
    # zarr-python brings it.
    from google_crc32c import value

    return int(value(data))


def _zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        raise ResourceError(
            "kernels of runs are read with zarr-python 3; install it (pip install 'zarr>=3')"
        ) from error
    if int(zarr.__version__.split(".")[0]) < 3:
        raise ResourceError(
            f"kernels of runs are read with zarr-python 3, and this is {zarr.__version__}; upgrade "
            "it (pip install 'zarr>=3')"
        )
    return zarr


def _line(error: Exception) -> str:
    """An error's text on one line."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
