"""Gradient flow in the eigenbasis of a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Eigenbasis:
    """The eigenvectors of a kernel, and what gradient flow does along them.

    Losses are half the mean squared error over `size` outputs, so that along an eigenvector of
    eigenvalue v the error decays as exp(-v t / size).
    """

    def __init__(self, kernel: NDArray[np.float64], size: int) -> None:
        values, self.vectors = np.linalg.eigh(kernel)
        # Negative values are due to rounding.
        self.values: NDArray[np.float64] = np.maximum(values, 0.0)
        self._size = size
        self._rates = self.values / size

    def decay(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """exp(-v t / size): [times, n]."""
        with np.errstate(invalid="ignore"):
            exponents = np.where(self._rates > 0, self._rates * t[:, None], 0.0)
        decay: NDArray[np.float64] = np.exp(-exponents)
        return decay

    def learned(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """1 - exp(-v t / size): [times, n]."""
        with np.errstate(invalid="ignore"):
            exponents = np.where(self._rates > 0, self._rates * t[:, None], 0.0)
        learned: NDArray[np.float64] = -np.expm1(-exponents)
        return learned

    def weights(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """(1 - exp(-v t / size)) / v, and its limit for v = 0: [times, n]."""
        learned = self.learned(t)
        # Kernels vanish along eigenvectors of eigenvalue 0, so the limit at infinity is irrelevant.
        limit = np.where(np.isfinite(t), t, 0.0)[:, None] / self._size
        positive = self.values > 0
        return np.where(positive, learned / np.where(positive, self.values, 1.0), limit)

    def apply(self, factors: NDArray[np.float64], columns: NDArray[Any]) -> NDArray[np.float64]:
        """V diag(factors) V^T columns: [times, n, columns], for factors [times, n]."""
        inside = self.vectors.T @ columns
        applied: NDArray[np.float64] = np.matmul(self.vectors, factors[:, :, None] * inside)
        return applied
