"""Windows along an axis: how many there are, and the margins of circular ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._graph import Signal
from ._layer import require_two


def pooled_size(size: int | None, window: int, stride: int, padding: str) -> int | None:
    """The number of windows along an axis of `size` pixels; None if the size is not known."""
    if size is None:
        return None
    if padding == "valid":
        return max(0, -(-(size - window + 1) // stride))
    return -(-size // stride)


def pooled(
    signal: Signal, name: str, window: Sequence[int], strides: Sequence[int], padding: str
) -> tuple[dict[str, Any], dict[str, int | None]]:
    """A pool's parameters in a job, and the size of each spatial axis after it.

    Raises ValueError if `window` is for another number of spatial axes.
    """
    spatial = signal.spatial
    require_two(len(spatial), name)
    if len(window) != len(spatial):
        raise ValueError(
            f"{name} has window_shape {window}, and the signal that reaches it has "
            f"{len(spatial)} spatial axes"
        )
    if not spatial:
        return {}, {}
    sides, steps = dict(zip(spatial, window)), dict(zip(spatial, strides))
    parameters = {
        "window": signal.pair(sides, 1),
        "stride": signal.pair(steps, 1),
        "padding": padding,
    }
    sizes = {
        axis: pooled_size(signal.size(axis), sides[axis], steps[axis], padding) for axis in spatial
    }
    return parameters, sizes


def circular_margins(size: int, window: int, stride: int) -> tuple[int, int]:
    """How many pixels to repeat before and after an axis, so that windows cover it as with SAME."""
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2
