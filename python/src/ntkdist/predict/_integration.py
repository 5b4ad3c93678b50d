"""Ordinary differential equations: Dormand and Prince's method of order 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Callable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Derivative = Callable[[Vector], Vector]

_TABLE: tuple[tuple[float, ...], ...] = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
_ERROR = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)

#: The relative and absolute error of a step.
TOLERANCE = 1e-9
#: What a state may still change in a unit of its own slowest motion when time is infinite.
_AT_REST = 1e-10
_STEPS = 1_000_000


def _step(derivative: Derivative, y: Vector, slope: Vector, h: float) -> tuple[Vector, Vector]:
    """The state after a step, and its error."""
    slopes = [slope]
    for row in _TABLE:
        moved = y + h * _mixed(row, slopes)
        slopes.append(derivative(moved))
    return moved, h * _mixed(_ERROR, slopes)


def _mixed(factors: Sequence[float], slopes: Sequence[Vector]) -> Vector:
    mixed = np.zeros_like(slopes[0])
    for factor, slope in zip(factors, slopes):
        mixed += factor * slope
    return mixed


def integrated(derivative: Derivative, y: Vector, times: Sequence[float]) -> Iterator[Vector]:
    """The states at `times`, ascending from 0; at infinity, where the state rests.

    Raises ValueError for other times, RuntimeError where the state does not come to rest.
    """
    now, slope = 0.0, derivative(y)
    speed = float(np.abs(slope).max(initial=0.0))
    h = 1e-3 * max(float(np.abs(y).max(initial=0.0)), 1e-3) / speed if speed > 0 else 1.0
    for time in times:
        if not time >= now:
            raise ValueError(f"t has {time} behind {now}; give ascending times from 0")
        for _ in range(_STEPS):
            if now >= time or not slope.any() or (time == np.inf and _rests(y, slope, now)):
                break
            length = min(h, time - now)
            moved, error = _step(derivative, y, slope, length)
            scale = TOLERANCE * (1 + np.maximum(np.abs(y), np.abs(moved)))
            ratio = float(np.sqrt(np.mean((error / scale) ** 2)))
            if ratio <= 1:
                now = time if length == time - now else now + length
                y, slope = moved, derivative(moved)
            if np.isfinite(ratio):
                growth = 0.9 * max(ratio, 1e-10) ** -0.2
                proposed = length * min(5.0, max(0.2, growth))
                # A step cut off at a time says nothing against longer ones.
                h = max(h, proposed) if ratio <= 1 and length < h else proposed
            else:
                h = 0.1 * length
        else:
            raise RuntimeError(f"training has not come to rest after {_STEPS} steps; give t")
        yield y


def _rests(y: Vector, slope: Vector, now: float) -> bool:
    return bool(np.abs(slope).max() * max(now, 1.0) < _AT_REST * (1 + np.abs(y).max()))
