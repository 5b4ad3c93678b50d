#!/usr/bin/env python3
"""Reference values for Tests/RecursionCoreTests/DeepPairs.swift, in 60-digit arithmetic (needs mpmath).

Textbook recursion of one pair of images through `depth` (dense, activation) pairs and a last dense
layer, from K11, K22 and the angular deficit 1 - c. Prints Swift literals: K12, Theta12 and their
deficits sqrt(K11 K22) - K12, sqrt(T11 T22) - T12.
"""
from mpmath import acos, asin, exp, mp, mpf, pi, sqrt

mp.dps = 120


def relu(q1, q2, k):
    s = sqrt(q1 * q2)
    c = k / s
    return s * (sqrt(1 - c * c) + (pi - acos(c)) * c) / (2 * pi), (pi - acos(c)) / (2 * pi)


def erf(q1, q2, k):
    d = (1 + 2 * q1) * (1 + 2 * q2)
    return 2 / pi * asin(2 * k / sqrt(d)), 4 / pi / sqrt(d - 4 * k * k)


def sin(q1, q2, k, sign=1):
    difference, total = exp(-(q1 + q2 - 2 * k) / 2), exp(-(q1 + q2 + 2 * k) / 2)
    return (difference - sign * total) / 2, (difference + sign * total) / 2


def cos(q1, q2, k):
    return sin(q1, q2, k, -1)


def gelu(q1, q2, k):
    d = (1 + q1) * (1 + q2)
    e = d - k * k
    beta = asin(k / sqrt(d))
    value = k / 4 + (k * beta + (k * k + q1 * q2 * e) / (d * sqrt(e))) / (2 * pi)
    return value, mpf(1) / 4 + (beta + k / sqrt(e) * (1 / (1 + q1) + 1 / (1 + q2) + 1 / e)) / (2 * pi)


def pair(dual, depth, w, b, q1, q2, u):
    w, b, q1, q2, u = map(mpf, (w, b, q1, q2, u))
    K = [q1, q2, sqrt(q1 * q2) * (1 - u)]
    T = [mpf(0)] * 3
    for layer in range(depth + 1):
        K = [w * x + b for x in K]
        T = [x + w * t for x, t in zip(K, T)]
        if layer == depth:
            break
        duals = [dual(K[0], K[0], K[0]), dual(K[1], K[1], K[1]), dual(*K)]
        K = [value for value, _ in duals]
        T = [d * t for (_, d), t in zip(duals, T)]
    return K[2], T[2], sqrt(K[0] * K[1]) - K[2], sqrt(T[0] * T[1]) - T[2]


CASES = [
    ("relu", 3, "2", "0.05", "0.7", "1.9", "0.4"),
    ("relu", 3, "2", "0", "1", "1", "1.999999"),
    ("relu", 1000, "2", "0", "0.3", "2.5", "0.7"),
    ("relu", 3, "2", "0", "1", "4", "1e-14"),
    ("relu", 200, "1.5", "0.1", "0.3", "2.5", "0.7"),
    ("erf", 3, "1.76", "0.18", "0.7", "1.9", "0.4"),
    ("erf", 3, "4", "0.01", "1", "1.2", "1.0000001"),
    ("erf", 200, "1", "0.05", "1", "1", "0.6"),
    ("erf", 200, "1", "0.05", "0.5", "1.6", "0.6"),
    ("erf", 60, "0.5", "0.18", "1", "1", "0.9"),
    ("erf", 30, "4", "0.05", "1", "1", "0.5"),
    ("erf", 10, "1.76", "0.18", "1", "1", "1e-13"),
    ("sin", 3, "2", "0.1", "0.7", "1.9", "0.4"),
    ("sin", 3, "2", "0", "1", "1", "1.999999"),
    ("sin", 2, "1", "0", "0.01", "0.01", "1.0000001"),
    ("sin", 60, "1", "0.05", "0.5", "1.6", "0.6"),
    ("sin", 10, "2", "0.1", "1", "1", "1e-13"),
    ("cos", 3, "2", "0.1", "0.7", "1.9", "0.4"),
    ("cos", 10, "2", "0.1", "1", "1", "1e-13"),
    ("cos", 30, "1", "0.05", "0.5", "1.6", "0.6"),
    ("gelu", 3, "2", "0.1", "0.7", "1.9", "0.4"),
    ("gelu", 3, "2", "0.1", "0.7", "1.9", "1.7"),
    ("gelu", 2, "1", "0", "0.01", "0.01", "1.0000001"),
    ("gelu", 30, "2", "0.1", "1", "1", "0.6"),
    ("gelu", 60, "1.5", "0.1", "0.3", "2.5", "0.7"),
    ("gelu", 10, "2", "0.1", "1", "1", "1e-13"),
]

if __name__ == "__main__":
    for name, *rest in CASES:
        values = ", ".join(mp.nstr(x, 18) for x in pair(globals()[name], int(rest[0]), *rest[1:]))
        print(f'    Case("{name}", {", ".join(map(str, rest))}, [{values}]),')
