"""Checks that existing files belong to the same function, which a checksum cannot show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..failures import JobError
from ._layout import Chunk
from ._models import Model

Array = NDArray[Any]

INPUTS = 8
"""How many inputs are compared; the derivatives of one may all be zero."""

TOLERANCE = 1e-2
"""Devices and libraries round differently; relative to the norm of the derivatives."""

PIECE = 1 << 16
"""How many derivatives are in double precision at a time."""


def sample(work: Model, inputs: Array) -> dict[str, Any] | None:
    """Weighted sums of derivatives, one for each array of parameters, and their scale.

    They are over all parameters, all outputs in use, and inputs from the first to the last. The
    cost is that of one backward pass for each of these inputs. None if the sums are not finite.
    """
    sums, squares = np.zeros(len(work.leaves)), 0.0
    places = np.unique(np.linspace(0, len(inputs) - 1, INPUTS).astype(int))
    # Cosines of whole numbers: any other function almost certainly has another sum.
    weights = np.cos(1 + np.arange(PIECE))
    for count, place in enumerate(places):
        of_outputs = np.cos(1 + count * work.outputs + np.arange(work.outputs))
        for leaf, found in enumerate(work.gradient(np.asarray(inputs[place]), of_outputs)):
            for start in range(0, len(found), PIECE):
                part = np.asarray(found[start : start + PIECE], np.float64)
                sums[leaf] += part @ weights[: len(part)]
                squares += float(part @ part)
    if not np.isfinite([*sums, squares]).all():
        return None
    return {"sums": sums.tolist(), "norm": float(np.sqrt(squares))}


def require_same(found: Any, now: dict[str, Any] | None, manifest: Path) -> None:
    """Raises JobError if a manifest's sample is of other derivatives."""
    if found is None and now is None:
        return
    if found is not None and now is not None:
        difference = np.abs(np.subtract(found["sums"], now["sums"])).max()
        if difference <= TOLERANCE * max(found["norm"], now["norm"]):
            return
    raise JobError(_other(manifest))


def require_same_row(
    work: Model, plan: Sequence[Chunk], files: Sequence[Path], inputs: Array
) -> None:
    """Raises JobError if a chunk's first row has other derivatives, for older manifests.

    The chunk is the first one that has a file and a row that is not zero.
    """
    for chunk, path in zip(plan, files):
        if not path.exists():
            continue
        expected = np.asarray(np.load(path, mmap_mode="r")[0], np.float64)
        scale = np.abs(expected).max()
        if scale == 0:
            continue
        found = work.rows(chunk)(np.asarray(inputs[:1]))[0]
        if np.abs(found.reshape(expected.shape) - expected).max() > TOLERANCE * scale:
            raise JobError(_other(path))
        return


def _other(path: Path) -> str:
    return (
        f"{path} holds derivatives that differ from those of the function; delete the files, or "
        "give another name"
    )
