#!/usr/bin/env python3
"""The stored digits of `ntk-dist selftest` (Sources/SelfTest/StoredTiles.swift).

In 50-digit arithmetic; needs mpmath. Prints Swift literals: for each network the NNGP kernel and the NTK of
the lower triangle of three images, row by row. Textbook recursion, pixel pair by pixel pair.
"""
from mpmath import acos, asin, mp, mpf, pi, sqrt

mp.dps = 50
HEIGHT, WIDTH, CHANNELS, IMAGES = 4, 4, 3, 3
PIXELS = [(y, x) for y in range(HEIGHT) for x in range(WIDTH)]


def value(image, feature):
    """A number that a double holds exactly."""
    return mpf((7 * image * image + 5 * feature + 3 * image * feature) % 23 - 11) / 8


def pixel(image, place):
    first = (place[0] * WIDTH + place[1]) * CHANNELS
    return [value(image, first + channel) for channel in range(CHANNELS)]


def relu(q1, q2, k):
    s = sqrt(q1 * q2)
    c = min(max(k / s, mpf(-1)), mpf(1))
    return s * (sqrt(1 - c * c) + (pi - acos(c)) * c) / (2 * pi), (pi - acos(c)) / (2 * pi)


def erf(q1, q2, k):
    d = (1 + 2 * q1) * (1 + 2 * q2)
    return 2 / pi * asin(2 * k / sqrt(d)), 4 / pi / sqrt(d - 4 * k * k)


def dense(layers, w, b, dual, i, j):
    """Flatten, and `layers` times (dense, activation), and dense."""
    places = range(HEIGHT * WIDTH * CHANNELS)

    def start(m, n):
        return sum(value(m, p) * value(n, p) for p in places) / len(places)

    k, t = [start(i, i), start(j, j), start(i, j)], [mpf(0)] * 3
    for layer in range(layers + 1):
        k = [w * x + b for x in k]
        t = [x + w * y for x, y in zip(k, t)]
        if layer < layers:
            pairs = [dual(k[0], k[0], k[0]), dual(k[1], k[1], k[1]), dual(*k)]
            k, t = [a for a, _ in pairs], [d * x for (_, d), x in zip(pairs, t)]
    return k[2], t[2]


def convolved(kernel):
    """The mean over a 3 x 3 window, with zeros outside."""
    steps = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]

    def at(p, q, step):
        return kernel.get(((p[0] + step[0], p[1] + step[1]), (q[0] + step[0], q[1] + step[1])), mpf(0))

    return {(p, q): sum(at(p, q, step) for step in steps) / 9 for p in PIXELS for q in PIXELS}


def convolutional(layers, w, b, dual, i, j):
    """`layers` times (3 x 3 convolution, activation), the mean over all pixels, and dense with w and no bias."""
    pairs = [(i, i), (j, j), (i, j)]
    k = [{(p, q): sum(x * y for x, y in zip(pixel(m, p), pixel(n, q))) / CHANNELS for p in PIXELS for q in PIXELS}
         for m, n in pairs]
    t = [{place: mpf(0) for place in kernel} for kernel in k]
    for _ in range(layers):
        k = [{place: w * x + b for place, x in convolved(kernel).items()} for kernel in k]
        t = [{place: kernel[place] + w * x for place, x in convolved(tangent).items()}
             for kernel, tangent in zip(k, t)]
        results = []
        for (first, second), kernel in zip([(0, 0), (1, 1), (0, 1)], k):
            results.append({(p, q): dual(k[first][p, p], k[second][q, q], x) for (p, q), x in kernel.items()})
        k = [{place: a for place, (a, _) in result.items()} for result in results]
        t = [{place: d * tangent[place] for place, (_, d) in result.items()} for result, tangent in zip(results, t)]
    mean_k, mean_t = (sum(kernel[2].values()) / len(PIXELS) ** 2 for kernel in (k, t))
    return w * mean_k, w * mean_k + w * mean_t


for name, function, dual, layers, w, b in [
        ("fcn", dense, relu, 3, mpf(2), mpf(1) / 16), ("cnn", convolutional, erf, 2, mpf(7) / 4, mpf(1) / 8)]:
    values = [function(layers, w, b, dual, i, j) for i in range(IMAGES) for j in range(i + 1)]
    for part, kernel in enumerate(("nngp", "ntk")):
        print(f"{name} {kernel}: [{', '.join(mp.nstr(pair[part], 17) for pair in values)}]")
