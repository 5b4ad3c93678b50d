#!/usr/bin/env python3
"""Reference values for DeepPairsTests, DeepActivationsTests and ExtremeDualsTests (Tests/RecursionCoreTests).

In 400-digit arithmetic; needs mpmath.

Textbook recursion of one pair of images through `depth` (dense, activation) pairs and a last dense
layer, from K11, K22 and the angular deficit 1 - c. Prints Swift literals: K12, Theta12 and their
deficits sqrt(K11 K22) - K12, sqrt(T11 T22) - T12.
"""
from mpmath import acos, asin, exp, factorial, mp, mpf, pi, sinh, cosh, sqrt

mp.dps = 400


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


def abrelu(q1, q2, k, a, b):
    s = sqrt(q1 * q2)
    angle, sine = acos(k / s), sqrt(q1 * q2 - k * k)
    slope = (a * a + b * b) / 2 - (a - b) ** 2 / (2 * pi) * angle
    return (a - b) ** 2 / (2 * pi) * sine + slope * k, slope


def leaky_relu(q1, q2, k, negative_slope):
    return abrelu(q1, q2, k, negative_slope, mpf(1))


def absolute(q1, q2, k):
    return abrelu(q1, q2, k, mpf(-1), mpf(1))


def rbf(q1, q2, k, gamma):
    value = exp(-gamma * (q1 + q2 - 2 * k))
    return value, 2 * gamma * value


def gaussian(q1, q2, k, rate):
    r = 1 / sqrt((1 - 2 * rate * q1) * (1 - 2 * rate * q2) - 4 * rate**2 * k * k)
    return r, 4 * rate**2 * k * r**3


def exponential(q1, q2, k, rate):
    value = exp(rate**2 * ((q1 + q2) / 2 + k))
    return value, rate**2 * value


def exp_normalized(q1, q2, k, gamma):
    s = sqrt(q1 * q2)
    value = exp(gamma * (k / s - 1))
    return s * value, gamma * value


def gabor(q1, q2, k):
    e = (1 + 2 * q1) * (1 + 2 * q2) - 4 * k * k
    factor = exp(-(q1 + q2 + 4 * (q1 * q2 - k * k)) / (2 * e)) / sqrt(e)
    x = k / e
    slope = (4 * k * (e + 1 + q1 + q2) * sinh(x) + (e + 8 * k * k) * cosh(x)) / (e * e)
    return factor * sinh(x), factor * slope


def polynomial(q1, q2, k, *coefficients):
    """By the series sum of a_n(q1) a_n(q2) c^n; a_n from the moments of z^(n + 2 i) with He_n."""

    def b(n, q):
        return sum(
            coefficients[j] * factorial(j) / (2 ** ((j - n) // 2) * factorial((j - n) // 2)) * q ** ((j - n) // 2)
            for j in range(n, len(coefficients), 2)
        ) / sqrt(factorial(n))

    products = [b(n, q1) * b(n, q2) for n in range(len(coefficients))]
    return (
        sum(p * k**n for n, p in enumerate(products)),
        sum(n * p * k ** (n - 1) for n, p in enumerate(products) if n),
    )


def sign(q1, q2, k):
    return 2 / pi * asin(k / sqrt(q1 * q2)), mpf(0)


def monomial(q1, q2, k, degree):
    return polynomial(q1, q2, k, *([mpf(0)] * int(degree) + [mpf(1)]))


def hermite(q1, q2, k, degree):
    coefficients = [mpf(0)] * (int(degree) + 1)
    for i in range(int(degree) // 2 + 1):
        j = int(degree) - 2 * i
        coefficients[j] = (-1) ** i * sqrt(factorial(degree)) / (2**i * factorial(i) * factorial(j))
    return polynomial(q1, q2, k, *coefficients)


def rectified_monomial(q1, q2, k, degree):
    def j(n, c):
        theta = acos(c)
        sine = sqrt(1 - c * c)
        return [
            pi - theta,
            sine + (pi - theta) * c,
            3 * sine * c + (pi - theta) * (1 + 2 * c * c),
            15 * sine - 11 * sine**3 + (pi - theta) * (9 * c + 6 * c**3),
        ][n]

    n, s = int(degree), sqrt(q1 * q2)
    c = k / s
    return s**n * j(n, c) / (2 * pi), n * n * s ** (n - 1) * j(n - 1, c) / (2 * pi) if n else mpf(0)


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

# With parameters.
GENERAL = [
    ("leaky_relu", {"negative_slope": "0.1"}, 3, "1.9", "0.1", "0.7", "1.9", "0.4"),
    ("leaky_relu", {"negative_slope": "-0.3"}, 200, "1.5", "0.1", "0.3", "2.5", "0.7"),
    ("abs", {}, 3, "1", "0.1", "0.7", "1.9", "0.4"),
    ("abs", {}, 2, "1", "0", "1", "1.5", "1.75"),
    ("abs", {}, 200, "0.9", "0.1", "0.3", "2.5", "1.3"),
    ("rbf", {"gamma": "0.5"}, 200, "0.9", "0.1", "0.5", "1.6", "0.6"),
    ("rbf", {"gamma": "0.5"}, 200, "1.2", "0.1", "0.5", "1.6", "0.6"),
    ("gaussian", {"rate": "-1"}, 3, "2", "0.1", "0.7", "1.9", "0.4"),
    ("gaussian", {"rate": "-0.3"}, 200, "8", "0.1", "0.5", "1.6", "0.6"),
    ("gaussian", {"rate": "-0.3"}, 200, "12", "0.1", "0.5", "1.6", "0.6"),
    ("exp", {"rate": "0.5"}, 30, "0.6", "0.1", "0.9", "0.9", "0.6"),
    ("exp", {"rate": "1"}, 1, "1", "0", "0.5", "0.5", "1e-13"),
    ("exp_normalized", {"gamma": "0.9"}, 200, "0.9", "0.1", "0.9", "0.9", "0.6"),
    ("exp_normalized", {"gamma": "1.1"}, 200, "1", "0", "0.5", "1.6", "0.6"),
    ("gabor", {}, 3, "2", "0.1", "0.7", "1.9", "0.4"),
    ("gabor", {}, 200, "2", "0.1", "0.5", "1.6", "0.6"),
    ("gabor", {}, 200, "2.7", "0.1", "0.5", "1.6", "0.6"),
    ("gabor", {}, 3, "2", "0.1", "1", "1", "1e-13"),
    ("hermite", {"degree": "2"}, 30, "0.3", "0.2", "0.9", "0.9", "0.6"),
    ("hermite", {"degree": "3"}, 30, "0.3", "0.2", "0.5", "1.6", "0.6"),
    ("hermite", {"degree": "3"}, 1, "1", "0", "1", "1", "1e-10"),
    ("monomial", {"degree": "2"}, 3, "0.5", "0.1", "0.9", "0.7", "0.6"),
    ("polynomial", {"coefficients": ["0.1", "0.9", "0.05", "-0.02"]}, 200, "1.1", "0.1", "0.5", "1.6", "0.6"),
    ("polynomial", {"coefficients": ["0", "1.5", "0", "-0.1"]}, 200, "0.5", "0.05", "0.5", "1.6", "0.6"),
    ("polynomial", {"coefficients": ["0", "1.5", "0", "-0.1"]}, 200, "0.7", "0.05", "0.5", "1.6", "0.6"),
    ("rectified_monomial", {"degree": "2"}, 3, "0.7", "0.1", "0.7", "0.9", "0.4"),
    ("rectified_monomial", {"degree": "2"}, 2, "1", "0", "0.7", "0.9", "1.75"),
    ("rectified_monomial", {"degree": "2"}, 15, "0.3", "0.1", "0.7", "0.9", "0.4"),
    ("rectified_monomial", {"degree": "3"}, 2, "0.5", "0.1", "0.7", "0.7", "1e-9"),
    ("rectified_monomial", {"degree": "0"}, 200, "2", "0.1", "0.7", "0.9", "0.3"),
]


# One layer between two dense ones of weight variance 1, at small and large variances and near c = 1
# and -1: K11, K22, 1 - c.
EXTREMES = [("1e-8", "3e-8", "0.5"), ("1000", "1000", "1e-12"), ("1", "1", "1.9375")]
AT_EXTREMES = [
    ("leaky_relu", {"negative_slope": "0.1"}),
    ("leaky_relu", {"negative_slope": "-0.5"}),
    ("abs", {}),
    ("rbf", {"gamma": "0.5"}),
    ("gaussian", {"rate": "-1"}),
    ("gaussian", {"rate": "0.0001"}),
    ("exp", {"rate": "0.125"}),
    ("exp_normalized", {"gamma": "2"}),
    ("gabor", {}),
    ("sign", {}),
    ("hermite", {"degree": "3"}),
    ("polynomial", {"coefficients": ["0.5", "1", "-0.25", "0.125"]}),
    ("monomial", {"degree": "3"}),
    ("rectified_monomial", {"degree": "0"}),
    ("rectified_monomial", {"degree": "2"}),
    ("rectified_monomial", {"degree": "3"}),
]


def swift(name, parameters):
    lists = [f', "{key}", [{", ".join(p)}]' for key, p in parameters.items() if isinstance(p, list)]
    numbers = [f'"{key}": {p}' for key, p in parameters.items() if not isinstance(p, list)]
    return f'"{name}"' + (lists[0] if lists else f", [{', '.join(numbers) or ':'}]")


def literals(name, parameters, depth, w, b, *place):
    """Swift literals of a pair's numbers; inputs are doubles."""
    dual = (globals() | {"abs": absolute, "exp": exponential})[name]
    numbers = [mpf(x) for p in parameters.values() for x in (p if isinstance(p, list) else [p])]
    values = pair(lambda q1, q2, k: dual(q1, q2, k, *numbers), depth, w, b, *place)
    return ", ".join(mp.nstr(x, 18) for x in values)


if __name__ == "__main__":
    for name, parameters, *rest in GENERAL:
        values = literals(name, parameters, *rest)
        print(f"    Case(layer({swift(name, parameters)}), {', '.join(map(str, rest))}, [{values}]),")
    print()
    for name, parameters in AT_EXTREMES:
        for place in EXTREMES:
            values = literals(name, parameters, 1, 1, 0, *map(float, place))
            print(f"    Case(layer({swift(name, parameters)}), {', '.join(place)}, [{values}]),")
    print()
    for name, *rest in CASES:
        values = ", ".join(mp.nstr(x, 18) for x in pair(globals()[name], int(rest[0]), *rest[1:]))
        print(f'    Case("{name}", {", ".join(map(str, rest))}, [{values}]),')
