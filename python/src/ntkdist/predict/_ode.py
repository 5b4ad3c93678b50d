"""Gradient descent on any loss, as a differential equation."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Callable

import numpy as np

from .._arrays import result
from .._jax import register
from ._integration import integrated
from ._losses import Loss, gradient_of
from ._matrices import Array, Axes, Targets, matrix, real, shared_dtype
from ._mse import check_start
from ._traced import traceable


@dataclass(frozen=True)
class ODEState:
    """The outputs, and their velocities if there is momentum.

    Attributes:
        fx_train: outputs for the training inputs [n, outputs].
        fx_test: outputs for the test inputs; None without test inputs.
        qx_train: the velocity of `fx_train` with momentum.
        qx_test: the velocity of `fx_test` with momentum.
    """

    fx_train: Any = None
    fx_test: Any = None
    qx_train: Any = None
    qx_test: Any = None

    def __post_init__(self) -> None:
        register(type(self), tuple(one.name for one in fields(self)))

    def replace(self, **changes: Any) -> ODEState:
        """The same state with some attributes changed."""
        return replace(self, **changes)

    def asdict(self) -> dict[str, Any]:
        """The attributes by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def astuple(self) -> tuple[Any, ...]:
        """The attributes in order."""
        return tuple(self.asdict().values())


@traceable
def gradient_descent(
    loss: Loss,
    k_train_train: Any,
    y_train: Any,
    learning_rate: float = 1.0,
    momentum: float | None = None,
    trace_axes: Axes = (-1,),
) -> Callable[..., Any]:
    """The outputs under gradient flow on a loss, or with momentum.

    Args:
        loss: `loss(fx, y)` of the outputs and targets of all training inputs: `predict.mse`,
            `predict.cross_entropy`, or a function that JAX can differentiate.
        k_train_train: the NTK of the training inputs, [n, n].
        y_train: targets [n, outputs].
        learning_rate: the time of the flow is learning_rate * t; with momentum, its root times t.
        momentum: of the optimizer; None for gradient flow.
        trace_axes: axes of the targets that the kernel lacks.

    Returns a function `predict_fn(t, fx_train_or_state_0, fx_test_0, k_test_train)` like that of
    `gradient_descent_mse`, for ascending times. Given an `ODEState`, it returns an `ODEState`.
    """
    kernel, y = real(k_train_train, "k_train_train"), real(y_train, "y_train")
    targets = Targets.of(y, trace_axes)
    targets.check(kernel)
    dtype = shared_dtype(kernel, y)
    train = matrix(kernel)
    gradient = gradient_of(loss, y.astype(np.float64))
    pace = learning_rate if momentum is None else learning_rate**0.5
    friction = 0.0 if momentum is None else (momentum - 1.0) / pace

    def slopes(test: Array | None, shapes: list[tuple[int, ...]]) -> Callable[[Array], Array]:
        maps = [(train, kernel.shape[::2])]
        if test is not None:
            maps.append((matrix(test), test.shape[::2]))
        count = sum(int(np.prod(shape)) for shape in shapes)

        def derivative(state: Array) -> Array:
            outputs, velocity = state[:count], state[count:]
            fx = outputs[: y.size].reshape(y.shape)
            columns = targets.columns(gradient(fx))
            force = np.concatenate(
                [-targets.values(m @ columns, places, ()).reshape(-1) for m, places in maps]
            )
            if momentum is None:
                return np.asarray(force)
            both: Array = np.concatenate([velocity, force + friction * velocity])
            return both

        return derivative

    def predict_fn(
        t: Any = None,
        fx_train_or_state_0: Any = 0.0,
        fx_test_0: Any = None,
        k_test_train: Any = None,
    ) -> Any:
        """The outputs at times `t`; see `gradient_descent`."""
        start, is_state = fx_train_or_state_0, isinstance(fx_train_or_state_0, ODEState)
        if not is_state:
            start = ODEState(start, fx_test_0)
        elif fx_test_0 is not None:
            raise ValueError("fx_test_0 is part of the ODEState; leave it out")
        check_start(start.fx_train, start.fx_test, k_test_train)
        if momentum is None and (start.qx_train is not None or start.qx_test is not None):
            raise ValueError("the state has velocities, and momentum is None; give momentum")
        test = None if start.fx_test is None else real(k_test_train, "k_test_train")
        shapes = [y.shape]
        if test is not None:
            shapes.append(targets.values(_zeros(test, targets), test.shape[::2], ()).shape)
        parts = [_filled(start.fx_train, shapes[0])]
        parts += [_filled(start.fx_test, shape) for shape in shapes[1:]]
        if momentum is not None:
            parts.append(_filled(start.qx_train, shapes[0]))
            parts += [_filled(start.qx_test, shape) for shape in shapes[1:]]
        times = np.asarray(np.inf if t is None else real(t, "t"), np.float64) * pace
        found = integrated(slopes(test, shapes), np.concatenate(parts), list(times.reshape(-1)))
        states = np.stack(list(found))
        values, place = [], 0
        for shape in shapes * (1 if momentum is None else 2):
            size = int(np.prod(shape))
            values.append(
                result(states[:, place : place + size], dtype).reshape(*times.shape, *shape)
            )
            place += size
        end = _state(values, len(shapes))
        if is_state:
            return end
        if start.fx_test is None:
            return end.fx_train
        return end.fx_test if start.fx_train is None else (end.fx_train, end.fx_test)

    return predict_fn


def _zeros(test: Array, targets: Targets) -> Array:
    traced = [targets.shape[axis] for axis in targets.trace]
    return np.zeros((*test.shape[::2], *traced))


def _filled(value: Any, shape: tuple[int, ...]) -> Array:
    """A start value as numbers of a shape; zeros for None."""
    start = np.zeros(()) if value is None else real(value, "outputs at time 0")
    return np.broadcast_to(start, shape).reshape(-1).astype(np.float64)


def _state(values: list[Array], count: int) -> ODEState:
    has_test = count == 2
    test = values[1] if has_test else None
    if len(values) == count:
        return ODEState(values[0], test)
    return ODEState(values[0], test, values[count], values[count + 1] if has_test else None)
