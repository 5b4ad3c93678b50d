"""Formulas of `elementwise`: values, derivatives and the points where they are not smooth."""
import ast
import math

import numpy as np


class Dual:
    """A number with its derivative, and operators that compute both."""

    def __init__(self, value, slope=0.0):
        self.value, self.slope = value, slope

    def __add__(self, other):
        other = lifted(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        other = lifted(other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __neg__(self):
        return Dual(-self.value, -self.slope)

    def __sub__(self, other):
        return self + -lifted(other)

    def __truediv__(self, other):
        other = lifted(other)
        quotient = self.value / other.value
        return Dual(quotient, (self.slope - quotient * other.slope) / other.value)

    def __pow__(self, other):
        other = lifted(other)
        if np.ndim(other.value) == 0 and np.ndim(other.slope) == 0 and other.slope == 0:
            n = other.value
            return Dual(self.value**n, n * self.value ** (n - 1) * self.slope if n else 0.0)
        power = self.value**other.value
        return Dual(power, power * (
            other.slope * np.log(self.value) + other.value * self.slope / self.value))


def lifted(value):
    return value if isinstance(value, Dual) else Dual(value)


def softplus(x):
    return np.logaddexp(0, x)


def sigmoid(x):
    return np.exp(-softplus(-x))


def sigmoid_slope(x):
    return sigmoid(x) * sigmoid(-x)


def erf(x):
    return np.vectorize(math.erf, otypes=[float])(x)


def root(function, low, high):
    """The point between `low` and `high` where a function changes its sign, by bisection."""
    sign = np.sign(function(low))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.sign(function(middle)) == sign else (low, middle)
    return (low + high) / 2


SMOOTH = {
    "exp": (np.exp, np.exp),
    "log": (np.log, lambda x: 1 / x),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda x: -np.sin(x)),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "sinh": (np.sinh, np.cosh),
    "cosh": (np.cosh, np.sinh),
    "erf": (erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-x * x)),
    "sigmoid": (sigmoid, sigmoid_slope),
    "softplus": (softplus, sigmoid),
}


class Evaluation(ast.NodeVisitor):
    """One evaluation of a formula at an array of points; its branches depend on the signs of `switches`."""

    OPERATORS = {
        ast.Add: Dual.__add__, ast.Sub: Dual.__sub__, ast.Mult: Dual.__mul__,
        ast.Div: Dual.__truediv__, ast.Pow: Dual.__pow__}

    def __init__(self, x):
        self.x = Dual(x, np.ones_like(x))
        self.switches = []

    def generic_visit(self, node):
        raise ValueError(f"formula: {ast.dump(node)}")

    def visit_Expression(self, node):
        return self.visit(node.body)

    def visit_Constant(self, node):
        return Dual(float(node.value))

    def visit_Name(self, node):
        return {"x": self.x, "pi": Dual(np.pi)}[node.id]

    def visit_UnaryOp(self, node):
        operand = self.visit(node.operand)
        return -operand if isinstance(node.op, ast.USub) else operand

    def visit_BinOp(self, node):
        return self.OPERATORS[type(node.op)](self.visit(node.left), self.visit(node.right))

    def visit_Compare(self, node):
        (op,), (right,) = node.ops, node.comparators
        difference = self.visit(node.left) - self.visit(right)
        self.switches.append(difference.value)
        compare = {ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater,
                   ast.GtE: np.greater_equal}[type(op)]
        return compare(difference.value, 0)

    def choose(self, condition, a, b):
        a, b = lifted(a), lifted(b)
        return Dual(np.where(condition, a.value, b.value), np.where(condition, a.slope, b.slope))

    def visit_Call(self, node):
        name, arguments = node.func.id, [self.visit(a) for a in node.args]
        if name in SMOOTH:
            f, derivative = SMOOTH[name]
            (a,) = arguments
            return Dual(f(a.value), derivative(a.value) * a.slope)
        if name == "where":
            return self.choose(*arguments)
        if name in ("abs", "sign"):
            (a,) = arguments
            self.switches.append(a.value)
            direction = np.sign(a.value)
            return Dual(direction * a.value, direction * a.slope) if name == "abs" else Dual(direction)
        if name in ("min", "max"):
            a, b = arguments
            difference = (a - b).value
            self.switches.append(difference)
            return self.choose(difference < 0 if name == "min" else difference > 0, a, b)
        raise ValueError(f"formula: unknown function {name}")


class Formula:
    """A function of x written as text."""

    def __init__(self, text):
        self.tree = ast.parse(text, mode="eval")

    def evaluation(self, x):
        """The value at each x as a `Dual`, and the switches."""
        run = Evaluation(np.asarray(x, float))
        with np.errstate(all="ignore"):
            return lifted(run.visit(self.tree)), run.switches

    def value(self, x):
        return np.broadcast_to(self.evaluation(x)[0].value, np.shape(x))

    def derivative(self, x):
        return np.broadcast_to(self.evaluation(x)[0].slope, np.shape(x))

    def kinks(self, bound):
        """The points on [-bound, bound] where a switch changes sign, so that the function is not smooth."""
        # An irrational step, so that no kink lies on the grid.
        grid = np.arange(-bound, bound, 0.0137 * np.sqrt(0.5))
        found = []
        for index, switch in enumerate(self.evaluation(grid)[1]):
            if np.ndim(switch) == 0:
                continue
            for i in np.flatnonzero(switch[:-1] * switch[1:] < 0):
                found.append(root(
                    lambda x, n=index: self.evaluation(np.array([x]))[1][n][0], grid[i], grid[i + 1]))
        return sorted({round(x, 13) + 0.0 for x in found})
