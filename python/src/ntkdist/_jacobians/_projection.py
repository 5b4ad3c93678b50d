"""Random signs for projections of parameters, which keep inner products the same on average."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024
"""The number of parameters whose signs come from one generator."""


def signs(seed: int, start: int, stop: int, columns: int) -> NDArray[np.int8]:
    """Rows `start` to `stop` of a matrix of independent signs [parameters, columns].

    They depend only on the seed, the parameter's number and `columns`, not on chunks or libraries.
    """
    blocks = [
        _block(seed, block, columns)[max(start - block * BLOCK, 0) : stop - block * BLOCK]
        for block in range(start // BLOCK, -(-stop // BLOCK))
    ]
    return np.concatenate(blocks)


def _block(seed: int, block: int, columns: int) -> NDArray[np.int8]:
    generator = np.random.Philox(key=(seed % 2**64) | (block << 64))
    words = generator.random_raw(-(-BLOCK * columns // 64))
    bits = np.unpackbits(words.astype("<u8").view(np.uint8), count=BLOCK * columns)
    return 2 * bits.astype(np.int8).reshape(BLOCK, columns) - 1


def project(
    rows: NDArray[Any], start: int, seed: int, total: NDArray[Any], most: int = 1 << 24
) -> None:
    """Adds to `total` the rows times the signs of their parameters.

    Args:
        rows: [n, parameters], from the parameter `start` on.
        start: the number of the first parameter.
        seed: of the signs.
        total: [n, columns], changed.
        most: the largest number of signs in memory at a time.
    """
    columns = total.shape[1]
    step = max(most // columns, 1)
    for first in range(0, rows.shape[1], step):
        last = min(first + step, rows.shape[1])
        matrix = signs(seed, start + first, start + last, columns).astype(total.dtype)
        for row in range(0, len(rows), 4096):
            part = np.asarray(rows[row : row + 4096, first:last], total.dtype)
            total[row : row + 4096] += part @ matrix
