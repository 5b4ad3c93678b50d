"""Windows along an axis: how many there are, and the margins of circular ones."""

from __future__ import annotations


def pooled_size(size: int | None, window: int, stride: int, padding: str) -> int | None:
    """The number of windows along an axis of `size` pixels; None if the size is not known."""
    if size is None:
        return None
    if padding == "valid":
        return max(0, -(-(size - window + 1) // stride))
    return -(-size // stride)


def circular_margins(size: int, window: int, stride: int) -> tuple[int, int]:
    """How many pixels to repeat before and after an axis, so that windows cover it as with SAME."""
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2
