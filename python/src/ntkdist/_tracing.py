"""Formulas of Python functions, found by calling them with `x` or from the trace by JAX."""

from __future__ import annotations

import math
import sys
from typing import Any, Callable

import numpy as np

from ._formulas import FUNCTIONS, NAMED, SYNONYMS, function

_CONDITION, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = 0, 1, 2, 3, 4, 5

#: NumPy's functions of one argument, with their form in a formula.
_UNARY = {
    "negative": "-{}",
    "positive": "{}",
    "square": "{} ** 2",
    "reciprocal": "1 / {}",
    "expm1": "exp({}) - 1",
    "log1p": "log(1 + {})",
    "tan": "sin({0}) / cos({0})",
    "exp2": "2 ** {}",
    "log2": "log({}) / log(2)",
    "erfc": "1 - erf({})",
    "logistic": "sigmoid({})",
    "rsqrt": "1 / sqrt({})",
    "neg": "-{}",
}
_BINARY = {
    "add": ("+", _SUM),
    "subtract": ("-", _SUM),
    "sub": ("-", _SUM),
    "multiply": ("*", _PRODUCT),
    "mul": ("*", _PRODUCT),
    "divide": ("/", _PRODUCT),
    "true_divide": ("/", _PRODUCT),
    "div": ("/", _PRODUCT),
    "power": ("**", _POWER),
    "pow": ("**", _POWER),
    "float_power": ("**", _POWER),
}
_COMPARISONS = {
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}


class Expression:
    """A formula that operators and NumPy functions extend."""

    __array_priority__ = 1000

    def __init__(self, text: str, rank: int = _ATOM) -> None:
        self.text = text
        #: How strongly its last operator binds.
        self.rank = rank

    def inside(self, rank: int) -> str:
        """The formula as an operand of an operator that binds with `rank`."""
        return self.text if self.rank >= rank else f"({self.text})"

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            return NotImplemented
        return applied(ufunc.__name__, inputs)

    def __array_function__(self, called: Any, types: Any, inputs: Any, options: Any) -> Any:
        if options:
            return NotImplemented
        return applied(called.__name__, inputs)

    def __bool__(self) -> bool:
        raise TypeError("a condition on x; use np.where")

    def __neg__(self) -> Expression:
        return applied("negative", (self,))

    def __pos__(self) -> Expression:
        return self

    def __abs__(self) -> Expression:
        return applied("abs", (self,))

    def __lt__(self, other: Any) -> Expression:
        return applied("less", (self, other))

    def __le__(self, other: Any) -> Expression:
        return applied("less_equal", (self, other))

    def __gt__(self, other: Any) -> Expression:
        return applied("greater", (self, other))

    def __ge__(self, other: Any) -> Expression:
        return applied("greater_equal", (self, other))


def _operator(name: str, is_reversed: bool) -> Callable[[Any, Any], Expression]:
    def method(self: Expression, other: Any) -> Expression:
        return applied(name, (other, self) if is_reversed else (self, other))

    return method


for _name, _word in (
    ("add", "add"),
    ("sub", "subtract"),
    ("mul", "multiply"),
    ("truediv", "divide"),
    ("pow", "power"),
):
    setattr(Expression, f"__{_name}__", _operator(_word, False))
    setattr(Expression, f"__r{_name}__", _operator(_word, True))


def _operand(value: Any) -> Expression:
    if isinstance(value, Expression):
        return value
    number = float(value)
    if not math.isfinite(number):
        raise TypeError("a number that is not finite")
    text = repr(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)
    return Expression(text, _ATOM if number >= 0 else _SIGN)


def _number(value: Any) -> Expression:
    """An operand for arithmetic: a condition counts as 1 or 0, as in NumPy."""
    operand = _operand(value)
    return applied("where", (operand, 1, 0)) if operand.rank == _CONDITION else operand


def applied(name: str, inputs: Any) -> Expression:
    """A function of NumPy or a primitive of JAX, applied. Raises TypeError for unknown ones."""
    name = SYNONYMS.get(name, name)
    if name == "where" and len(inputs) == 3:
        condition = _operand(inputs[0])
        if condition.rank != _CONDITION:
            raise TypeError("a condition that compares nothing with <, <=, > or >=")
        texts = [condition.text, _number(inputs[1]).text, _number(inputs[2]).text]
        return Expression(f"where({', '.join(texts)})")
    operands = [_number(value) for value in inputs]
    if len(operands) == 1:
        operand = operands[0]
        if name in FUNCTIONS:
            return Expression(f"{name}({operand.text})")
        if name in _UNARY:
            # Templates put the operand between operators, so their rank is that of a sum.
            return Expression(_UNARY[name].format(operand.inside(_ATOM)), _SUM)
    if len(operands) == 2:
        left, right = operands
        if name in _BINARY:
            symbol, rank = _BINARY[name]
            # Subtraction and division bind to the left, powers to the right.
            low, high = (rank + 1, rank) if symbol == "**" else (rank, rank + 1)
            text = f"{left.inside(low)} {symbol} {right.inside(high)}"
            return Expression(text, rank)
        if name in _COMPARISONS:
            text = f"{left.inside(_SUM)} {_COMPARISONS[name]} {right.inside(_SUM)}"
            return Expression(text, _CONDITION)
        if name in ("maximum", "max", "minimum", "min", "fmax", "fmin"):
            short = "max" if "max" in name else "min"
            return Expression(f"{short}({left.text}, {right.text})")
    if len(operands) == 3 and name == "clip":
        return applied("min", (applied("max", operands[:2]), operands[2]))
    raise TypeError(f"{name} of {len(operands)} arguments is not in formulas")


def _from_numpy(called: Callable[[Any], Any]) -> str:
    result = called(Expression("x"))
    return _number(result).text


def _from_jax(called: Callable[[Any], Any]) -> str:
    """The formula of a function that JAX can trace."""
    jax = sys.modules["jax"]
    closed = jax.make_jaxpr(called)(1.0)
    (result,) = _evaluated(closed.jaxpr, closed.consts, [Expression("x")])
    return _number(result).text


_SAME = (
    "convert_element_type",
    "copy",
    "copy_p",
    "stop_gradient",
    "broadcast_in_dim",
    "squeeze",
    "reshape",
)


def _evaluated(jaxpr: Any, consts: Any, inputs: Any) -> list[Any]:
    values: dict[Any, Any] = {}
    values.update(zip(jaxpr.constvars, consts))
    values.update(zip(jaxpr.invars, inputs))

    def read(variable: Any) -> Any:
        return variable.val if hasattr(variable, "val") else values[variable]

    for equation in jaxpr.eqns:
        operands = [read(variable) for variable in equation.invars]
        name = equation.primitive.name
        inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
        inner = inner or equation.params.get("fun_jaxpr")
        if inner is not None:
            results = _evaluated(
                getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), operands
            )
        else:
            results = [_primitive(name, operands, equation.params)]
        values.update(zip(equation.outvars, results))
    return [read(variable) for variable in jaxpr.outvars]


def _primitive(name: str, operands: list[Any], params: dict[str, Any]) -> Any:
    if name in _SAME:
        return operands[0]
    if name == "integer_pow":
        return applied("power", (operands[0], params["y"]))
    if name == "clamp":
        return applied("clip", (operands[1], operands[0], operands[2]))
    if name == "ne" and _operand(operands[0]).text == _operand(operands[1]).text:
        return False  # Whether a number is not a number.
    if name == "select_n" and len(operands) == 3:
        condition, other, chosen = operands
        if isinstance(condition, bool):
            return chosen if condition else other
        return applied("where", (condition, chosen, other))
    return applied(name, operands)


def formula(called: Callable[[Any], Any]) -> tuple[str, bool]:
    """The formula of a Python function, or one of the names `NAMED` (then True is second).

    Raises NotImplementedError for a function that cannot be read.
    """
    name = getattr(called, "__name__", "")
    home = (getattr(called, "__module__", "") or "").split(".")[0]
    if isinstance(called, np.ufunc) or home in ("numpy", "scipy", "math", "jax"):
        name = SYNONYMS.get(name, name)
        # JAX's gelu is the approximation by default, and its elu has a parameter.
        if name in NAMED and (name, home) != ("gelu", "jax"):
            return name, True
    for attempt in (_from_numpy, _from_jax):
        if attempt is _from_jax and "jax" not in sys.modules:
            continue
        try:
            text = attempt(called)
        except Exception:  # Whatever the function raises, it cannot be read this way.
            continue
        if _agrees(text, called):
            return text, False
    raise NotImplementedError(
        f"the function {name or called!r} cannot be read as a formula; give one as a string, such "
        "as Elementwise('x * sigmoid(1.702 * x)')"
    )


def _agrees(text: str, called: Callable[[Any], Any]) -> bool:
    """Whether a formula has the function's values, at some points where it can be called."""
    value = function(text, lambda: np)
    points = np.array([-3.1, -1.7, -0.6, -0.11, 0.23, 0.9, 1.4, 2.8])
    try:
        expected = np.array([float(called(point)) for point in points])
    except Exception:  # A function for arrays alone, which the trace has read all the same.
        return True
    with np.errstate(all="ignore"):
        found = value(points) * np.ones_like(points)
    return bool(np.allclose(found, expected, rtol=1e-4, atol=1e-5))
