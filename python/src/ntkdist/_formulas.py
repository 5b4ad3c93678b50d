"""Formulas of activations: the formulas of known names, and the values of formulas."""

from __future__ import annotations

import ast
from functools import reduce
from typing import Any, Callable

#: Functions that formulas of a job may use, by name; see docs/concepts/activations.md.
FUNCTIONS = (
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tanh",
    "sinh",
    "cosh",
    "erf",
    "sigmoid",
    "softplus",
    "abs",
    "sign",
    "min",
    "max",
    "where",
)

#: Activations that the library has by name, with their formulas.
NAMED = {
    "tanh": "tanh(x)",
    "sigmoid": "sigmoid(x)",
    "swish": "x * sigmoid(x)",
    "silu": "x * sigmoid(x)",
    "softplus": "softplus(x)",
    "mish": "x * tanh(softplus(x))",
    "elu": "where(x > 0, x, exp(min(x, 0)) - 1)",
    "selu": "1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * (exp(min(x, 0)) - 1))",
    "hard_tanh": "max(-1, min(1, x))",
    "relu": "max(x, 0)",
    "gelu": "x * (1 + erf(x / sqrt(2))) / 2",
    "erf": "erf(x)",
    "sin": "sin(x)",
    "cos": "cos(x)",
    "exp": "exp(x)",
    "abs": "abs(x)",
    "sign": "sign(x)",
}

#: Other names of functions in NumPy, SciPy, math and JAX.
SYNONYMS = {
    "expit": "sigmoid",
    "logistic": "sigmoid",
    "absolute": "abs",
    "fabs": "abs",
}

_ALLOWED = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.Call,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.Compare,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.Pow,
    ast.USub,
    ast.UAdd,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
)


def function(formula: str, namespace: Callable[[], Any]) -> Callable[[Any], Any]:
    """The function of a formula, on arrays of the module that `namespace` gives.

    Raises ValueError if the text is not a formula.
    """
    try:
        tree = ast.parse(formula.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{formula!r} is not a formula of x, such as 'x * sigmoid(x)'") from None
    for node in ast.walk(tree):
        names = ("x", "pi", *FUNCTIONS)
        if isinstance(node, ast.Name) and node.id not in names:
            raise ValueError(
                f"unknown name {node.id!r} in the formula {formula!r}; known: {', '.join(names)}"
            )
        is_number = not isinstance(node, ast.Constant) or type(node.value) in (int, float)
        if not isinstance(node, _ALLOWED) or not is_number:
            raise ValueError(f"{formula!r} is not a formula of x, such as 'x * sigmoid(x)'")
    _require_conditions(tree, formula)
    code = compile(tree, "<formula>", "eval")

    def value(x: Any) -> Any:
        return eval(code, {"__builtins__": {}}, {**_names(namespace()), "x": x})

    return value


def _require_conditions(tree: ast.Expression, formula: str) -> None:
    """Raises ValueError unless each `where` begins with one comparison, and none is elsewhere."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    choices = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "where"]
    first = [choice.args[0] for choice in choices if len(choice.args) == 3]
    conditions = [c for c in first if isinstance(c, ast.Compare) and len(c.ops) == 1]
    comparisons = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    if not len(choices) == len(conditions) == len(comparisons):
        raise ValueError(
            f"{formula!r} has a comparison where none can be, or where(...) without one; write "
            "where(x > 0, 1, 0)"
        )


def _names(np: Any) -> dict[str, Any]:
    """The functions of formulas, on arrays of a module such as numpy or jax.numpy."""
    names = {name: getattr(np, name) for name in FUNCTIONS if hasattr(np, name)}
    names.update(abs=np.abs, pi=np.pi)
    names["min"] = lambda *values: reduce(np.minimum, values)
    names["max"] = lambda *values: reduce(np.maximum, values)
    names["softplus"] = lambda x: np.logaddexp(x, 0.0)
    names["sigmoid"] = lambda x: 0.5 * (1 + np.tanh(0.5 * x))
    names["erf"] = _erf(np)
    return names


def _erf(np: Any) -> Callable[[Any], Any]:
    if np.__name__.startswith("jax"):
        from ._jax import jax

        special: Callable[[Any], Any] = jax().scipy.special.erf
        return special
    import math

    return np.vectorize(math.erf, otypes=[float])  # type: ignore[no-any-return]
