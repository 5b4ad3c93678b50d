"""Layers of a job as layers of this module, for finite networks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .. import _formulas
from .._graph import JobLayer
from .._jax import jnp
from . import (
    _convolution,
    _dense,
    _flatten,
    _functions,
    _normalization,
    _pooling,
    _positions,
    _rectifiers,
    _structure,
)
from ._activation import ActivationLayer
from ._layer import Layer
from ._net import Net


def layer_from_job(layer: JobLayer, width: int | None) -> Layer:
    """The layer that a job's layer is in a finite network.

    Raises NotImplementedError for layers that finite networks do not have.
    """
    name, given = (layer, {}) if isinstance(layer, str) else next(iter(layer.items()))
    parameters = _Parameters(given or {})
    if parameters.get("trained", True) is False or parameters.get("tied", False):
        raise NotImplementedError(f"a finite network with {name} that is not trained, or tied")
    made = _made(name, parameters, width)
    if unread := set(parameters) - parameters.read:
        raise NotImplementedError(
            f"a finite network with {name} and {', '.join(sorted(unread))}; leave it out"
        )
    return made


class _Parameters(dict[str, Any]):
    """The parameters of a layer, and which of them were read: others would be ignored."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)


def _made(name: str, parameters: _Parameters, width: int | None) -> Layer:
    if name == "dense" or name in _CONVOLUTIONS:
        return _affine(name, parameters, width).layer
    if name in _NESTED:
        return _nested(name, parameters, width)
    if name in _OTHERS:
        other: Net = _OTHERS[name](parameters)
        return other.layer
    if name in _formulas.NAMED or name == "elementwise":
        formula = parameters.get("formula") or _formulas.NAMED[name]
        if name == "elu":
            formula = (
                f"where(x > 0, x, {float(parameters.get('alpha', 1))!r} * (exp(min(x, 0)) - 1))"
            )
        own: JobLayer = {"elementwise": {"formula": formula}}
        return ActivationLayer("Elementwise", own, _formulas.function(formula, jnp), (formula,))
    raise NotImplementedError(f"a finite network with the layer {name}")


def layers_from_job(layers: Sequence[JobLayer], width: int | None) -> Layer:
    """The layers one after another, as `layer_from_job`."""
    return _structure.SerialLayer(tuple(layer_from_job(layer, width) for layer in layers))


_NESTED = ("residual", "concatenate", "product", "repeat")


def _nested(name: str, parameters: _Parameters, width: int | None) -> Layer:
    if name == "repeat":
        part = layers_from_job(parameters["layers"], width)
        return _structure.SerialLayer((part,) * int(parameters["count"]))
    branches = parameters.get("branches")
    if branches is None:
        branches = [parameters["main"], parameters.get("shortcut") or []]
    parts = tuple(layers_from_job(branch, width) for branch in branches)
    return _structure.SerialLayer(
        (
            _structure.FanOutLayer(len(parts)),
            _structure.ParallelLayer(parts),
            _structure.FanInLayer(name, name),
        )
    )


_CONVOLUTIONS: dict[str, Any] = {
    "convolution": _convolution.Conv,
    "local_convolution": _convolution.ConvLocal,
    "transposed_convolution": _convolution.ConvTranspose,
}


def _root(parameters: _Parameters, key: str, default: float) -> float:
    return math.sqrt(parameters.get(key, default))


def _pair(value: Any) -> tuple[int, int]:
    return (int(value[0]), int(value[1])) if isinstance(value, list) else (int(value), int(value))


def _affine(name: str, parameters: _Parameters, width: int | None) -> Net:
    count = parameters.get("width") or width
    if count is None:
        raise ValueError(
            f"a finite network needs the width of {name}; give it to the layer, or to from_yaml"
        )
    common: dict[str, Any] = {
        "W_std": _root(parameters, "weight_variance", 1),
        "b_std": _root(parameters, "bias_variance", 0) or None,
        "parameterization": parameters.get("parameterization", "ntk"),
    }
    if name == "dense":
        return _dense.Dense(int(count), **common)
    if _pair(parameters.get("dilation", 1)) != (1, 1):
        raise NotImplementedError("a finite network with a dilated convolution")
    net: Net = _CONVOLUTIONS[name](
        int(count),
        _pair(parameters["filter"]),
        _pair(parameters.get("stride", 1)),
        parameters.get("padding", "same"),
        **common,
    )
    return net


def _pool(parameters: _Parameters) -> dict[str, Any]:
    return {
        "window_shape": _pair(parameters["window"]),
        "strides": _pair(parameters.get("stride", 1)),
        "padding": parameters.get("padding", "valid"),
    }


def _norm(parameters: _Parameters) -> Net:
    axes: Any = -1 if parameters.get("axes", "channel") == "channel" else (-3, -2, -1)
    return _normalization.LayerNorm(axes, parameters.get("epsilon", 1e-12))


def _slice(parameters: _Parameters) -> Net:
    bounds = [slice(*(parameters.get(key) or (None, None))) for key in ("rows", "columns")]
    return _positions.Index((slice(None), *bounds, slice(None)))


def _numbers(function: Any, *keys: tuple[str, float]) -> Any:
    return lambda parameters: function(*(parameters.get(key, value) for key, value in keys))


_AMPLITUDE, _FREQUENCY, _PHASE = ("amplitude", 1.0), ("frequency", 1.0), ("phase", 0.0)

_OTHERS: dict[str, Any] = {
    "flatten": lambda parameters: _flatten.Flatten(),
    "global_average_pool": lambda parameters: _pooling.GlobalAvgPool(),
    "global_sum_pool": lambda parameters: _pooling.GlobalSumPool(),
    "average_pool": lambda parameters: _pooling.AvgPool(
        **_pool(parameters), normalize_edges=parameters.get("normalize_edges", False)
    ),
    "sum_pool": lambda parameters: _pooling.SumPool(**_pool(parameters)),
    "layer_norm": _norm,
    "dropout": lambda parameters: _normalization.Dropout(1 - parameters["rate"]),
    "resize": lambda parameters: _positions.ImageResize(
        (-1, *_pair(parameters["shape"]), -1),
        parameters.get("method", "bilinear"),
        parameters.get("antialias", True),
    ),
    "slice": _slice,
    "relu": lambda parameters: _rectifiers.Relu(),
    "leaky_relu": _numbers(_rectifiers.LeakyRelu, ("negative_slope", 0.01)),
    "abs": lambda parameters: _rectifiers.Abs(),
    "abrelu": _numbers(_rectifiers.ABRelu, ("negative_slope", 0), ("positive_slope", 1)),
    "rectified_monomial": _numbers(_rectifiers.RectifiedMonomial, ("degree", 1)),
    "sign": lambda parameters: _rectifiers.Sign(),
    "gelu": lambda parameters: _functions.Gelu(),
    "erf": _numbers(_functions.Erf, _AMPLITUDE, ("scale", 1.0), ("shift", 0.0)),
    "sigmoid_like": lambda parameters: _functions.Sigmoid_like(),
    "sin": _numbers(_functions.Sin, _AMPLITUDE, _FREQUENCY, _PHASE),
    "cos": _numbers(_functions.Cos, _AMPLITUDE, _FREQUENCY, _PHASE),
    "rbf": _numbers(_functions.Rbf, ("gamma", 1.0)),
    "gaussian": _numbers(_functions.Gaussian, _AMPLITUDE, ("rate", -1.0)),
    "exp": _numbers(_functions.Exp, _AMPLITUDE, ("rate", 1.0)),
    "gabor": lambda parameters: _functions.Gabor(),
    "monomial": _numbers(_functions.Monomial, ("degree", 1)),
    "hermite": _numbers(_functions.Hermite, ("degree", 1)),
    "polynomial": lambda parameters: _functions.Polynomial(parameters["coefficients"]),
}
