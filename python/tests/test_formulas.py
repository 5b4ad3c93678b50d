"""Formulas of functions."""

import math

import numpy as np
import pytest

from ntkdist._formulas import NAMED, function
from ntkdist._tracing import Expression, formula

POINTS = np.linspace(-3, 3, 13)

FUNCTIONS = {
    "product": lambda x: x * np.tanh(x),
    "signs": lambda x: -(x**2) + (-x) ** 2 - -x,
    "powers": lambda x: (x**2) ** 2 - 2 ** (x / 3) + (-x) ** 3,
    "differences": lambda x: x - (1 - x) - (x - (2 - x)) / (4 / (1 + x * x)),
    "ratio": lambda x: x / (1 + abs(x)),
    "maxima": lambda x: np.maximum(x, 0.3) + np.minimum(x, -0.2),
    "where": lambda x: np.where(x > 0.5, x, np.exp(x)),
    "clip": lambda x: np.clip(x, -1, 1),
    "expm1": lambda x: np.expm1(x) * 2 + np.log1p(x * x),
    "square": lambda x: np.square(x + 1) ** 2,
    "reciprocal": lambda x: 1 / (2 + np.cos(x)) ** 2,
    "condition": lambda x: x > 0.3,
    "conditions": lambda x: x * (x > 0) + np.exp(-x) * (x <= -1) - (1 < x),
    "condition_of_where": lambda x: np.where((x > 0) * x < 1, x >= 2, x < -2),
    "function_of_condition": lambda x: np.cos((x > 0) + 0.5) ** (x < 1),
    "linear": lambda x: x,
    "constant": lambda x: 2.5,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_numpy(name):
    text, is_named = formula(FUNCTIONS[name])
    assert not is_named
    expected = np.array([FUNCTIONS[name](x) for x in POINTS], float)
    assert np.allclose(function(text, lambda: np)(POINTS) + 0 * POINTS, expected, rtol=1e-12)


@pytest.mark.parametrize(
    "name",
    [
        "swish",
        "silu",
        "softplus",
        "elu",
        "selu",
        "tanh",
        "sigmoid",
        "relu",
        "soft_sign",
        "leaky_relu",
        "gelu",
        "hard_tanh",
        "relu6",
        "celu",
        "log_sigmoid",
        "squareplus",
        "hard_swish",
    ],
)
def test_functions_of_jax(jax, name):
    called = getattr(jax.nn, name)
    text, is_named = formula(called)
    value = function(NAMED[text] if is_named else text, lambda: np)
    # 'gelu' and others have constants in single precision.
    assert np.allclose(value(POINTS), called(POINTS), rtol=1e-6, atol=1e-6)


def test_functions_of_jax_of_ones_own(jax):
    jnp = jax.numpy

    @jax.jit
    def own(x):
        return jnp.where(x > 0, x * jax.nn.sigmoid(x), jnp.sin(x) ** 3) + jax.scipy.special.erf(x)

    text, _ = formula(own)
    assert np.allclose(function(text, lambda: np)(POINTS), own(POINTS), rtol=1e-6)

    def gate(x):
        return x * (x > 0.1).astype(x.dtype) + jnp.sin(x) * (x < -1)

    text, _ = formula(gate)
    assert np.allclose(function(text, lambda: np)(POINTS), gate(jnp.asarray(POINTS)), rtol=1e-6)


def test_names():
    assert formula(np.tanh) == ("tanh", True)
    assert formula(np.absolute) == ("abs", True)
    assert formula(math.erf) == ("erf", True)


def test_a_function_with_the_name_of_another():
    def tanh(x):
        return 2 * np.tanh(x)

    assert formula(tanh) == ("2 * tanh(x)", False)


def test_what_cannot_be_read():
    for called in (
        math.floor,
        lambda x: 1.0 if x > 0 else 0.0,
        lambda x: np.arctan(x),
        str,
        lambda x: np.where(x == 0, 1.0, x),
        lambda x: np.where(x, 1.0, 2.0),
    ):
        with pytest.raises(NotImplementedError, match="formula"):
            formula(called)


@pytest.mark.parametrize(
    "text",
    [
        "x > 0",
        "x * (x > 0)",
        "where(x, 1, 2)",
        "where(0 < x < 1, x, 0)",
        "where(x > 0, x > 1, 0)",
        "where(x > 0, 1)",
        "max(x > 0, 1)",
    ],
)
def test_conditions_stand_first_in_where(text):
    with pytest.raises(ValueError, match="comparison"):
        function(text, lambda: np)


def test_formulas_of_several_values():
    found = function("min(x, 1, -x / 2) + max(x, 0, 1)", lambda: np)(POINTS)
    expected = np.minimum(np.minimum(POINTS, 1), -POINTS / 2) + np.maximum(POINTS, 1)
    assert np.array_equal(found, expected)


def test_operators_bind_as_in_python():
    x = Expression("x")
    assert ((x + 1) * 2).text == "(x + 1) * 2"
    assert (x - (x - 1)).text == "x - (x - 1)"
    assert ((-x) ** 2).text == "(-x) ** 2"
    assert (-(x**2)).text == "-(x ** 2)"
    assert (x ** (x**2)).text == "x ** x ** 2"
    assert ((x**2) ** x).text == "(x ** 2) ** x"
    assert (x * -2).text == "x * -2"
