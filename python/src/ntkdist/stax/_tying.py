"""Layers of finite networks with shared or untrained weights, and with graphs from files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._graph import Signal
from .._jax import jax, jnp
from ._layer import Layer, Signals, SimpleLayer, Tracing


class JobLayerOnly(SimpleLayer):
    """A layer that exists only in networks given as a job's text."""

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        raise NotImplementedError(
            f"{self.name} inside another network; give the whole network as a job's text"
        )


@dataclass(frozen=True)
class TiedLayer(JobLayerOnly):
    """A layer several times with the same weights."""

    part: Layer
    count: int
    name = "repeat with tied weights"

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        if not self.count:
            return shape, ()
        after, params = self.part.init(rng, shape)
        if tuple(after) != tuple(shape):
            raise ValueError(
                f"tied layers take the shape {tuple(shape)} to {tuple(after)}; let them keep it"
            )
        return after, params

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        rng = kwargs.pop("rng", None)
        for turn in range(self.count):
            own = None if rng is None else jax().random.fold_in(rng, turn)
            inputs = self.part.apply(params, inputs, rng=own, **kwargs)
        return inputs


@dataclass(frozen=True)
class FrozenLayer(Layer):
    """A layer whose parameters are not trained: derivatives with respect to them are 0."""

    part: Layer
    name = "a layer that is not trained"

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        return self.part.trace(signals, tracing)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        return self.part.init(rng, shape)

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        return self.part.apply(jax().lax.stop_gradient(params), inputs, **kwargs)


@dataclass(frozen=True)
class AdjacencyLayer(JobLayerOnly):
    """Sums over the neighbors of a graph [pixels, pixels] in a file."""

    path: str
    name = "aggregate"

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        matrix = np.load(os.path.expanduser(self.path))
        flat = inputs.reshape((len(inputs), -1, inputs.shape[-1]))
        if matrix.shape != (flat.shape[1],) * 2:
            raise ValueError(
                f"{self.path} has shape {matrix.shape}, and images have {flat.shape[1]} pixels"
            )
        sums = jnp().einsum("pq,nqc->npc", matrix.astype(flat.dtype), flat)
        return sums.reshape(inputs.shape)
