#!/usr/bin/env python3
"""Reference values for Tests/RecursionCoreTests/FormulaReferenceTests.swift (needs mpmath).

One pair through `depth` (dense, activation) pairs and a last dense layer, in 34-digit arithmetic, from
the definition of the dual activation and not from the core's: Hermite coefficients by the trapezoidal
rule, deficits as sums of differences. Prints Swift literals.
"""
from mpmath import exp, log, mp, mpf, nstr, pi, sqrt, tanh

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
}


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


DEEP = [
    ("tanh", 3, "1.5", "0.1", "0.7", "1.9", "0.4", 300),
    ("tanh", 50, "1", "0.05", "0.5", "1.6", "0.6", 160),
    ("tanh", 200, "1", "0.05", "0.5", "1.6", "0.6", 160),
    ("tanh", 50, "2.5", "0.05", "1", "1", "1e-9", 420),
    ("swish", 50, "1.8", "0.1", "0.5", "1.6", "0.6", 120),
    ("softplus", 50, "0.8", "0.05", "0.5", "1.6", "0.6", 120),
    ("mish", 3, "1.5", "0.1", "0.7", "1.9", "1.4", 200),
]

if __name__ == "__main__":
    for case in DEEP:
        name, depth, *numbers, count = case
        values = ", ".join(nstr(x, 18) for x in pair(name, depth, *numbers, count))
        print(f'Case("{name}", {depth}, {", ".join(numbers)}, [{values}]),', flush=True)
