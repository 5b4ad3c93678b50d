"""The largest learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._matrices import matrix, real


def max_learning_rate(
    ntk_train_train: Any,
    y_train_size: int | None = None,
    momentum: float = 0.0,
    eps: float = 1e-12,
) -> float:
    """The largest learning rate at which gradient descent on half the MSE does not diverge.

    Args:
        ntk_train_train: the NTK of the training inputs, [n, n].
        y_train_size: the number of all outputs, n times outputs; None for n.
        momentum: of the optimizer.
        eps: added to the largest eigenvalue.
    """
    kernel = matrix(real(ntk_train_train, "ntk_train_train"))
    if len(kernel) == 0 or kernel.shape[0] != kernel.shape[1]:
        raise ValueError(f"ntk_train_train has shape {kernel.shape}; give a square matrix")
    size = len(kernel) if y_train_size is None else y_train_size
    largest = float(np.linalg.eigvalsh(kernel)[-1])
    return 2 * (1 + momentum) * size / (largest + eps)
