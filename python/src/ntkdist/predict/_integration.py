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
#: A state is at rest if it has changed by less than this since half of the time.
_REST = 1e-8
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
    """The states at `times`, which ascend from 0; at infinity, the state at rest.

    Raises ValueError for other times, RuntimeError if the state does not come to rest.
    """
    motion = _Motion(derivative, y)
    for time in times:
        if not time >= motion.now:
            raise ValueError(f"t has {time} after {motion.now}; give ascending times from 0")
        if time == np.inf:
            motion.rest()
        else:
            motion.reach(float(time))
        yield motion.y


class _Motion:
    """A state that moves in steps, whose lengths keep the error within the tolerance."""

    def __init__(self, derivative: Derivative, y: Vector) -> None:
        self.now, self.y = 0.0, y
        self._derivative = derivative
        self._slope = derivative(y)
        self._steps = 0
        speed = float(np.abs(self._slope).max(initial=0.0))
        size = max(float(np.abs(y).max(initial=0.0)), 1e-3)
        self._length = 1e-3 * size / speed if speed > 0 else 1.0

    def reach(self, time: float) -> None:
        """Moves to a time."""
        while self.now < time:
            self._step(time - self.now)

    def rest(self) -> None:
        """Moves until nothing changes."""
        while self._slope.any():
            before = self.y
            # The time doubles each round; the first one takes the time of a few steps.
            self.reach(max(2 * self.now, 20 * self._length))
            if np.abs(self.y - before).max() < _REST * (1 + np.abs(self.y).max()):
                return

    def _step(self, most: float) -> None:
        """Takes a step of at most this length, or only makes a better guess of the length."""
        self._steps += 1
        if self._steps > _STEPS:
            raise RuntimeError(f"training has not converged after {_STEPS} steps; give t")
        length = min(self._length, most)
        moved, error = _step(self._derivative, self.y, self._slope, length)
        scale = TOLERANCE * (1 + np.maximum(np.abs(self.y), np.abs(moved)))
        ratio = float(np.sqrt(np.mean((error / scale) ** 2)))
        if not np.isfinite(ratio):
            self._length = 0.1 * length
            return
        proposed = length * min(5.0, max(0.2, 0.9 * max(ratio, 1e-10) ** -0.2))
        if ratio > 1:
            self._length = proposed
            return
        self.y, self._slope = moved, self._derivative(moved)
        self.now = self.now + most if length == most else self.now + length
        # That a step was cut short is no reason to make the next ones shorter.
        self._length = max(self._length, proposed) if length < self._length else proposed
