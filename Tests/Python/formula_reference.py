#!/usr/bin/env python3
"""Reference values for Tests/RecursionCoreTests/FormulaReferenceTests.swift (needs mpmath).

Two independent ways, both from the definition of the dual activation and not from the core's:
- `pair`: one pair through `depth` (dense, activation) pairs and a last dense layer, in 34-digit
  arithmetic, with Hermite coefficients from the trapezoidal rule and deficits as sums of differences.
- `plane`: E[phi phi] and E[phi' phi'] by adaptive quadrature in two dimensions, cut at the breaks.
Prints Swift literals.
"""
import sys

from mpmath import exp, log, mp, mpf, nstr, pi, quad, sqrt, tanh

mp.dps = 34


def sigmoid(x):
    return 1 / (1 + exp(-x))


FUNCTIONS = {
    "tanh": (tanh, lambda x: 1 - tanh(x) ** 2),
    "swish": (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x)))),
    "softplus": (lambda x: log(1 + exp(x)), sigmoid),
    "mish": (
        lambda x: x * tanh(log(1 + exp(x))),
        lambda x: tanh(log(1 + exp(x))) + x * (1 - tanh(log(1 + exp(x))) ** 2) * sigmoid(x),
    ),
    "elu": (lambda x: x if x > 0 else exp(x) - 1, lambda x: mpf(1) if x > 0 else exp(x)),
    "hard_tanh": (lambda x: max(-1, min(1, x)), lambda x: mpf(1) if abs(x) < 1 else mpf(0)),
}
BREAKS = {"elu": [0], "hard_tanh": [-1, 1]}


def coefficients(name, q, count, step=mpf(1) / 24, reach=11):
    """a_n of phi and b_n of phi' at variance q."""
    phi, slope = FUNCTIONS[name]
    z = [step * (k + mpf(1) / 2) for k in range(-int(reach / step), int(reach / step))]
    weights = [exp(-x * x / 2) * step / sqrt(2 * pi) for x in z]
    root = sqrt(q)
    f = [w * phi(root * x) for w, x in zip(weights, z)]
    g = [w * slope(root * x) for w, x in zip(weights, z)]
    before, here = [mpf(0)] * len(z), [mpf(1)] * len(z)
    a, b = [], []
    for n in range(count):
        a.append(sum(x * y for x, y in zip(f, here)))
        b.append(sum(x * y for x, y in zip(g, here)))
        r, s = sqrt(mpf(n)), 1 / sqrt(mpf(n + 1))
        before, here = here, [(x * h - r * p) * s for x, h, p in zip(z, here, before)]
    return a, b


def mehler(a, b, u):
    """The dual and its deficit, of correlation 1 - u."""
    la, lb = sqrt(sum(x * x for x in a)), sqrt(sum(x * x for x in b))
    value, deficit = mpf(0), mpf(0)
    # 1 - (1 - u)^n by its recursion, so that nothing cancels.
    power, loss = mpf(1), mpf(0)
    for x, y in zip(a, b):
        value += x * y * power
        deficit += x * y / (la * lb) * loss + (x / la - y / lb) ** 2 / 2
        loss = loss + u * (1 - loss)
        power *= 1 - u
    return value, deficit * la * lb, la * la, lb * lb


def pair(name, depth, w, b, q1, q2, u, count):
    w, b, q1, q2, u = map(mpf, (w, b, q1, q2, u))
    k1, k2, d = q1, q2, sqrt(q1 * q2) * u
    t1 = t2 = t = td = mpf(0)
    for layer in range(depth + 1):
        # sqrt((w k1 + b)(w k2 + b)) - (w k + b) without cancellation.
        k = sqrt(k1 * k2) - d
        e = b * w * (sqrt(k1) - sqrt(k2)) ** 2
        n1, n2 = w * k1 + b, w * k2 + b
        d = w * d + e / (sqrt(n1 * n2) + w * sqrt(k1 * k2) + b)
        k1, k2, k = n1, n2, w * k + b
        f = w * (sqrt(k1 * t2) - sqrt(k2 * t1)) ** 2
        s1, s2 = k1 + w * t1, k2 + w * t2
        td = d + w * td + f / (sqrt(s1 * s2) + sqrt(k1 * k2) + w * sqrt(t1 * t2))
        t1, t2, t = s1, s2, k + w * t
        if layer == depth:
            break
        u = d / sqrt(k1 * k2)
        a1, b1 = coefficients(name, k1, count)
        a2, b2 = coefficients(name, k2, count) if k2 != k1 else (a1, b1)
        k, d, k1, k2 = mehler(a1, a2, u)
        slope, slope_deficit, m1, m2 = mehler(b1, b2, u)
        td = slope * td + slope_deficit * sqrt(t1 * t2)
        t1, t2, t = m1 * t1, m2 * t2, slope * t
    return k, t, d, td


def plane(name, q1, q2, c):
    """E[phi phi] and E[phi' phi'], by panels that the breaks of v cut for every u."""
    mp.dps = 20
    q1, q2, c = map(mpf, (q1, q2, c))
    breaks = BREAKS.get(name, [])
    r1, r2, s = sqrt(q1), sqrt(q2), sqrt(1 - c * c)
    def ends(places):
        return sorted({mpf(x) for x in (-10, -5, 0, 5, 10)} | {p for p in places if abs(p) < 10})

    results = []
    for f in FUNCTIONS[name]:
        def inner(x):
            cuts = [(y / r2 - c * x) / s for y in breaks]
            return quad(lambda y: f(r2 * (c * x + s * y)) * exp(-y * y / 2), ends(cuts))
        crossings = [y / r1 for y in breaks]
        results.append(quad(lambda x: f(r1 * x) * exp(-x * x / 2) * inner(x), ends(crossings)) / (2 * pi))
    return results


DEEP = [
    ("tanh", 3, "1.5", "0.1", "0.7", "1.9", "0.4", 300),
    ("tanh", 50, "1", "0.05", "0.5", "1.6", "0.6", 160),
    ("tanh", 200, "1", "0.05", "0.5", "1.6", "0.6", 160),
    ("tanh", 50, "2.5", "0.05", "1", "1", "1e-9", 420),
    ("tanh", 200, "2.5", "0.05", "1", "1.2", "0.3", 420),
    ("swish", 50, "1.8", "0.1", "0.5", "1.6", "0.6", 120),
    ("softplus", 50, "0.8", "0.05", "0.5", "1.6", "0.6", 120),
    ("mish", 3, "1.5", "0.1", "0.7", "1.9", "1.4", 200),
]
PLANE = [
    ("elu", "1", "1", "0.5"), ("elu", "0.4", "2.5", "-0.7"), ("elu", "1", "1.1", "0.99"),
    ("hard_tanh", "1", "1", "0.5"), ("hard_tanh", "0.4", "2.5", "-0.7"), ("hard_tanh", "1", "1.1", "0.99"),
]

if __name__ == "__main__":
    for case in DEEP if "plane" not in sys.argv else []:
        name, depth, *numbers, count = case
        values = ", ".join(nstr(x, 18) for x in pair(name, depth, *numbers, count))
        print(f'Case("{name}", {depth}, {", ".join(numbers)}, [{values}]),', flush=True)
    for case in PLANE if "deep" not in sys.argv else []:
        values = ", ".join(nstr(x, 16) for x in plane(*case))
        print(f'("{case[0]}", {", ".join(case[1:])}, {values}),', flush=True)
