"""Recurrent layers of finite networks, over the rows or the pixels of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Callable

from .._graph import Signal
from .._jax import jax, jnp
from ._layer import Layer, SimpleLayer, Tracing


def tokens(shape: Sequence[int], order: str) -> tuple[tuple[int, ...], int]:
    """The positions after a recurrent layer, and the number of channels of a token.

    Args:
        shape: [n, height, width, channels].
        order: "rows" or "pixels".

    Raises ValueError for inputs that are not images.
    """
    if len(shape) != 4:
        raise ValueError(f"a recurrent layer gets inputs of shape {tuple(shape)}; give images")
    if order == "pixels":
        return tuple(shape[1:3]), shape[3]
    return (shape[1], 1), prod(shape[2:])


def in_sequence(
    step: Callable[[Any, Any], tuple[Any, Any]], inputs: Any, order: str, width: int
) -> Any:
    """The outputs [n, ..., width] for images that are read as a sequence of tokens.

    `step(carried, token)` returns what is carried to the next token (0 before the first one) and
    the output, both [n, width].
    """
    places, channels = tokens(inputs.shape, order)
    sequence = jnp().moveaxis(inputs.reshape((len(inputs), -1, channels)), 1, 0)
    start = jnp().zeros((len(inputs), width), inputs.dtype)
    _, outputs = jax().lax.scan(step, start, sequence)
    return jnp().moveaxis(outputs, 0, 1).reshape((len(inputs), *places, width))


@dataclass(frozen=True)
class RecurrentLayer(SimpleLayer):
    """h_t = W phi(h_(t-1)) + U x_t + b, with phi(h) = 0 before the first input."""

    activation: Layer
    width: int
    W_std: float
    U_std: float
    b_std: float
    order: str
    name = "recurrent"

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        raise NotImplementedError(
            "recurrent inside another network; give the whole network as a job's text"
        )

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        places, channels = tokens(shape, self.order)
        normal, keys = jax().random.normal, jax().random.split(rng, 3)
        weights = normal(keys[0], (self.width, self.width))
        inputs = normal(keys[1], (channels, self.width))
        return (shape[0], *places, self.width), (weights, inputs, normal(keys[2], (self.width,)))

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        weights, of_inputs, biases = params
        _, channels = tokens(inputs.shape, self.order)
        of_state = weights * (self.W_std / self.width**0.5)
        of_token = of_inputs * (self.U_std / channels**0.5)
        shift = self.b_std * biases

        def step(before: Any, token: Any) -> tuple[Any, Any]:
            state = before @ of_state + token @ of_token + shift
            return self.activation.apply((), state), state

        return in_sequence(step, inputs, self.order, self.width)
