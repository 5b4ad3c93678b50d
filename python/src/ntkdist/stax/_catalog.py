"""Layers of a job without widths, as networks of this module."""

from __future__ import annotations

from typing import Any, NoReturn

from . import _finite_only, _flatten, _functions, _normalization, _pooling, _positions, _rectifiers
from ._net import Net
from ._tying import AdjacencyLayer


def pair(value: Any) -> tuple[int, int]:
    """[down, across] from a job's pair, or from one number for both."""
    return (int(value[0]), int(value[1])) if isinstance(value, list) else (int(value), int(value))


def _pool(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "window_shape": pair(parameters["window"]),
        "strides": pair(parameters.get("stride", 1)),
        "padding": parameters.get("padding", "valid"),
    }


def _norm(parameters: dict[str, Any]) -> Net:
    epsilon = parameters.get("epsilon", 1e-12)
    if parameters.get("axes", "channel") == "channel":
        return _normalization.LayerNorm(-1, epsilon)
    # After a readout, the signal has no spatial axes.
    return Net(_normalization.LayerNormLayer(None, float(epsilon), 0, -1))


def _slices(parameters: dict[str, Any]) -> list[slice]:
    return [slice(*(parameters.get(key) or (None, None))) for key in ("rows", "columns")]


def _slice(parameters: dict[str, Any]) -> Net:
    return _positions.Index((slice(None), *_slices(parameters), slice(None)))


def _mask(parameters: dict[str, Any]) -> Net:
    return Net(_positions.MaskLayer(*_slices(parameters)))


def _no_function(parameters: dict[str, Any]) -> NoReturn:
    raise NotImplementedError(
        "exp_normalized is a kernel without a function, which no finite network has; use exp or rbf"
    )


def _numbers(function: Any, *keys: tuple[str, float]) -> Any:
    return lambda parameters: function(*(parameters.get(key, value) for key, value in keys))


_AMPLITUDE, _FREQUENCY, _PHASE = ("amplitude", 1.0), ("frequency", 1.0), ("phase", 0.0)

#: Functions that make the network of a job's activation from its parameters.
ACTIVATIONS: dict[str, Any] = {
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
    "exp_normalized": _no_function,
    "gabor": lambda parameters: _functions.Gabor(),
    "monomial": _numbers(_functions.Monomial, ("degree", 1)),
    "hermite": _numbers(_functions.Hermite, ("degree", 1)),
    "polynomial": lambda parameters: _functions.Polynomial(parameters["coefficients"]),
}

#: The layers without weights whose outputs are linear in their inputs.
LINEAR = (
    *("flatten", "global_average_pool", "global_sum_pool", "average_pool", "sum_pool", "resize"),
    *("slice", "mask", "aggregate"),
)

#: The same for the other layers without weights.
OTHERS: dict[str, Any] = {
    "flatten": lambda parameters: _flatten.Flatten(),
    "global_average_pool": lambda parameters: _pooling.GlobalAvgPool(),
    "global_sum_pool": lambda parameters: _pooling.GlobalSumPool(),
    "average_pool": lambda parameters: _pooling.AvgPool(
        **_pool(parameters), normalize_edges=parameters.get("normalize_edges", False)
    ),
    "sum_pool": lambda parameters: _pooling.SumPool(**_pool(parameters)),
    "max_pool": lambda parameters: _finite_only.MaxPool(**_pool(parameters)),
    "layer_norm": _norm,
    "batch_norm": _numbers(_finite_only.BatchNorm, ("epsilon", 1e-5)),
    "dropout": lambda parameters: _normalization.Dropout(1 - parameters["rate"]),
    "resize": lambda parameters: _positions.ImageResize(
        (-1, *pair(parameters["shape"]), -1),
        parameters.get("method", "bilinear"),
        parameters.get("antialias", True),
    ),
    "slice": _slice,
    "mask": _mask,
    "aggregate": lambda parameters: Net(AdjacencyLayer(str(parameters["adjacency"]))),
}
