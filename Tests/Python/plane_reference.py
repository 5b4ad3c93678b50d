#!/usr/bin/env python3
"""Reference values for Tests/RecursionCoreTests/TruncatedSeriesTests.swift (needs NumPy).

One pair through (flatten, dense, activation, dense) with weight variance 1, by Gauss-Legendre quadrature over the
plane in 80-bit arithmetic. The inner and the outer integral are cut where phi has a break, and more finely near 0,
where tanh of a large variance varies quickly. Prints K, Theta and their deficits as Swift literals.
"""
import numpy as np

REAL = np.longdouble
ROOT = np.sqrt(8 * np.arctan(REAL(1)))  # of 2 pi
REACH = REAL(12)


def rule(count=48):
    """Nodes and weights on [-1, 1], by Newton's method."""
    x = np.polynomial.legendre.leggauss(count)[0].astype(REAL)
    for _ in range(3):
        before, here = np.ones_like(x), x
        for n in range(2, count + 1):
            before, here = here, ((2 * n - 1) * x * here - (n - 1) * before) / n
        slope = count * (x * here - before) / (x * x - 1)
        x = x - here / slope
    return x, 2 / ((1 - x * x) * slope**2)


NODES, WEIGHTS = rule()


def hard_swish(x):
    return np.where(x < -3, 0, np.where(x > 3, x, x * (x + 3) / 6))


def hard_swish_slope(x):
    return np.where(x < -3, 0, np.where(x > 3, REAL(1), (2 * x + 3) / 6))


# phi, phi' and the breaks.
FUNCTIONS = {
    "x * min(max(x + 3, 0), 6) / 6": (hard_swish, hard_swish_slope, [-3, 3]),
    "where(x > 0.5, x, 0)": (
        lambda x: np.where(x > 0.5, x, 0),
        lambda x: np.where(x > 0.5, REAL(1), 0),
        [0.5],
    ),
    "where(x > 1, x, exp(x) - 1)": (
        lambda x: np.where(x > 1, x, np.expm1(np.minimum(x, 1))),
        lambda x: np.where(x > 1, REAL(1), np.exp(np.minimum(x, 1))),
        [1],
    ),
    "tanh(x)": (np.tanh, lambda x: 1 / np.cosh(np.minimum(abs(x), 5000)) ** 2, []),
}


def points(places, center):
    """Nodes and weights, times the normal density, of the line cut at `places` and around `center`."""
    grades = [center + s * REAL(4) / 2**k for k in range(-1, 14) for s in (1, -1)] + [center]
    cuts = np.unique([p for p in [*places, *grades] if abs(p) < REACH] + [-REACH, REACH])
    middle, half = (cuts[1:] + cuts[:-1]) / 2, np.diff(cuts) / 2
    z = (middle[:, None] + half[:, None] * NODES).ravel()
    return z, (half[:, None] * WEIGHTS).ravel() * np.exp(-z * z / 2) / ROOT


def pair(name, q1, q2, u):
    phi, slope, breaks = FUNCTIONS[name]
    r1, r2, c, s = np.sqrt(q1), np.sqrt(q2), 1 - u, np.sqrt(u * (2 - u))
    value = dual = REAL(0)
    for x, weight in zip(*points([t / r1 for t in breaks], REAL(0))):
        y, weights = points([(t / r2 - c * x) / s for t in breaks], -c * x / s)
        v = r2 * (c * x + s * y)
        value += weight * phi(r1 * x) * np.dot(weights, phi(v))
        dual += weight * slope(r1 * x) * np.dot(weights, slope(v))
    theta = value + dual * c * r1 * r2
    own = []
    for q, root in ((q1, r1), (q2, r2)):
        x, weights = points([t / root for t in breaks], REAL(0))
        k = np.dot(weights, phi(root * x) ** 2)
        own.append((k, k + q * np.dot(weights, slope(root * x) ** 2)))
    (k1, t1), (k2, t2) = own
    return [value, theta, np.sqrt(k1 * k2) - value, np.sqrt(t1 * t2) - theta]


if __name__ == "__main__":
    for case in [
        ("x * min(max(x + 3, 0), 6) / 6", "1", "2", "0.625"),
        ("x * min(max(x + 3, 0), 6) / 6", "4", "4", "0.0625"),
        ("x * min(max(x + 3, 0), 6) / 6", "0.5", "9", "1.75"),
        ("where(x > 0.5, x, 0)", "1", "2", "0.625"),
        ("where(x > 0.5, x, 0)", "2", "2", "1.5"),
        ("where(x > 1, x, exp(x) - 1)", "1", "1.5", "0.25"),
        ("tanh(x)", "1024", "400", "0.25"),
        ("tanh(x)", "10000", "10000", "1.5"),
    ]:
        numbers = [np.format_float_positional(x, 17, fractional=False) for x in pair(case[0], *map(REAL, case[1:]))]
        print(f'    ("{case[0]}", {", ".join(case[1:])}, [{", ".join(numbers)}]),', flush=True)
