"""Batches, which kernels here do not need."""

from __future__ import annotations

from typing import Any, Callable


def batch(
    kernel_fn: Callable[..., Any],
    batch_size: int = 0,
    device_count: int = -1,
    store_on_device: bool = True,
) -> Callable[..., Any]:
    """`kernel_fn` itself: kernels are computed in tiles that fit the caches anyway.

    Args:
        kernel_fn: of a network.
        batch_size: not used.
        device_count: not used.
        store_on_device: not used.
    """
    return kernel_fn
