"""Jacobians in files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..failures import MissingError
from ._files import ChunkFiles

Array = NDArray[Any]


def _job_names(layers: list[str]) -> list[str]:
    """Names that a job accepts, with only letters, digits, dots, dashes and underscores."""
    names: dict[str, str] = {}
    for layer in layers:
        name = re.sub(r"[^A-Za-z0-9._-]", "_", layer) or "_"
        while layer not in names and name in names.values():
            name += "_"
        names.setdefault(layer, name)
    return [names[layer] for layer in layers]


class Jacobians:
    """The Jacobian of a network at n inputs, in chunks of columns."""

    def __init__(self, out: str | os.PathLike[str]) -> None:
        """The Jacobian whose files begin with `out`. Raises MissingError and DataError."""
        self._files = ChunkFiles(out)
        self.description: dict[str, Any] = self._files.read()

    @property
    def pattern(self) -> str:
        """The files, as in a job's section `features`: `jac/train-*.npy`."""
        return self._files.pattern

    @property
    def rows(self) -> int:
        """n, the number of inputs."""
        return int(self.description["rows"])

    @property
    def outputs(self) -> int:
        """Outputs per input; chunks are [n, columns] for one, else [n, outputs, columns]."""
        return int(self.description["outputs"])

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return int(self.description["parameters"])

    def features(self, layers: bool = False) -> dict[str, Any]:
        """The section `features` of a job that uses them.

        Args:
            layers: whether to form the kernel of every layer too; all chunks must then exist.
        """
        found: dict[str, Any] = {"train": self.pattern}
        found |= {"layers": _job_names(self.layers)} if layers else {"chunks": len(self._chunks)}
        return {**found, "outputs": self.outputs} if self.outputs > 1 else found

    @property
    def files(self) -> list[str]:
        """The chunks' files, in order."""
        return [str(self._files.path(index)) for index in range(len(self._chunks))]

    @property
    def layers(self) -> list[str]:
        """The layer of each chunk."""
        return [str(chunk["layer"]) for chunk in self._chunks]

    @property
    def _chunks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.description["chunks"]
        return found

    def chunks(self) -> Iterator[Array]:
        """The chunks, mapped into memory. Raises MissingError if one is missing."""
        for file in self.files:
            try:
                yield np.load(file, mmap_mode="r")
            except FileNotFoundError:
                raise MissingError(
                    f"{file} is missing; call jacobians with the same arguments to go on"
                ) from None

    def kernel(self, layers: str | Sequence[str] | None = None, full: bool = False) -> Array:
        """J J^T in double precision, on one core; a job computes it for files of any size.

        Args:
            layers: whose parameters count, one or several; None for all.
            full: False: [n, n], the mean over outputs; True: [n, n, outputs, outputs].

        Returns the same as `empirical_ntk_fn` with `trace_axes=(-1,)`, or `()` if `full`.
        """
        if isinstance(layers, str):
            layers = [layers]
        unknown = [] if layers is None else sorted(set(layers) - set(self.layers))
        if unknown:
            raise ValueError(f"no layer is called {unknown[0]!r}; known: {', '.join(self.layers)}")
        n, k = self.rows, self.outputs
        total = np.zeros((n, k, n, k) if full else (n, n))
        for layer, chunk in zip(self.layers, self.chunks()):
            if layers is not None and layer not in layers:
                continue
            for start in range(0, chunk.shape[-1], 4096):
                part = np.asarray(chunk[..., start : start + 4096], np.float64)
                flat = part.reshape((n * k, -1) if full else (n, -1))
                total += (flat @ flat.T).reshape(total.shape)
        return total.transpose(0, 2, 1, 3) if full else total / k

    def __repr__(self) -> str:
        return (
            f"<Jacobian of {self.rows} inputs, {self.outputs} outputs and {self.parameters} "
            f"parameters in {self.pattern}>"
        )
