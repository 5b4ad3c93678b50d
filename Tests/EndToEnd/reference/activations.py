"""Every activation by its name: the dual of its covariances."""
import functools
import json

import numpy as np

from .closed_forms import CLOSED_FORMS
from .formulas import Formula, sigmoid, sigmoid_slope, softplus
from .quadrature import REACH, polar, series


def elu(alpha=1.0, scale=1.0):
    """scale * (x or alpha (exp(x) - 1))."""
    return (
        lambda x: scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
        lambda x: scale * np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0))), [0.0])


def mish_slope(x):
    t = np.tanh(softplus(x))
    return t + x * (1 - t * t) * sigmoid(x)


def swish_slope(x):
    return sigmoid(x) + x * sigmoid_slope(x)


# The function, its derivative, and the points where it is not smooth.
FUNCTIONS = {
    "tanh": lambda: (np.tanh, lambda x: 1 - np.tanh(x) ** 2, []),
    "sigmoid": lambda: (sigmoid, sigmoid_slope, []),
    "swish": lambda: (lambda x: x * sigmoid(x), swish_slope, []),
    "softplus": lambda: (softplus, sigmoid, []),
    "mish": lambda: (lambda x: x * np.tanh(softplus(x)), mish_slope, []),
    "elu": elu,
    # Klambauer et al. 2017, arXiv 1706.02515.
    "selu": lambda: elu(1.6732632423543772848170429916717, 1.0507009873554804934193349852946),
    "hard_tanh": lambda: (
        lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1).astype(float), [-1.0, 1.0]),
}
ALIASES = {"silu": "swish"}
NAMES = [*CLOSED_FORMS, *FUNCTIONS, *ALIASES, "elementwise"]


@functools.lru_cache(maxsize=64)
def function_of(name, parameters):
    """phi, phi' and the kinks of an activation, or its formula; `parameters` are JSON."""
    values = json.loads(parameters)
    return Formula(values["formula"]) if name == "elementwise" else FUNCTIONS[name](**values)


def dual(name, parameters, k, q1, q2):
    """E[phi(u) phi(v)] and E[phi'(u) phi'(v)] for normal (u, v) of covariance (q1, K; K, q2)."""
    name = ALIASES.get(name, name)
    if name in CLOSED_FORMS:
        return CLOSED_FORMS[name](k, q1, q2, **parameters)
    found = function_of(name, json.dumps(parameters))
    if isinstance(found, Formula):
        bound = REACH * np.sqrt(max(q1.max(), q2.max()))
        function, derivative, kinks = found.value, found.derivative, found.kinks(bound)
    else:
        function, derivative, kinks = found
    values = None if kinks else series(k, q1, q2, function, derivative)
    return values or polar(k, q1, q2, [function, derivative], kinks)
