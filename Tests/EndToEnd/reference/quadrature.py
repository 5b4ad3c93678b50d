"""Dual activations of any function, by Mehler's series if it is smooth, else by quadrature."""
import functools

import numpy as np

from .closed_forms import correlation

# The normal density beyond this is negligible.
REACH = 13.0
# The longest series; functions that need more terms are integrated.
LONGEST = 1500
# Edges of the radial panels: narrow near the origin, where poles of a function are nearest.
PANELS = np.array([0, 0.1, 0.3, 0.7, 1.4, 2.4, 3.8, 5.5, 8, REACH])


def hermite_table(count, step=0.015):
    """Nodes, and h_n(z) exp(-z^2/4) (2 pi)^(-1/4) step^(1/2) for n < count: [count, nodes]."""
    half = int(REACH / step)
    z = step * np.arange(-half, half + 1)
    table = np.empty((count, z.size))
    table[0] = np.exp(-z * z / 4) * (2 * np.pi) ** -0.25 * step**0.5
    table[1] = z * table[0]
    for n in range(1, count - 1):
        table[n + 1] = (z * table[n] - np.sqrt(n) * table[n - 1]) / np.sqrt(n + 1)
    return z, table


@functools.lru_cache(maxsize=8)
def table(count):
    return hermite_table(count)


@functools.lru_cache(maxsize=128)
def moments(function, variances, count):
    """a_n(q) = E[phi(sqrt(q) z) h_n(z)] for an array of q given as bytes: [q, count], by the trapezoidal rule."""
    z, rows = table(count)
    values = function(np.sqrt(np.frombuffer(variances))[:, None] * z) * rows[0]
    return values @ rows.T


def coefficients(function, q, count):
    """a_n(q) for an array of variances: [..., count]."""
    unique, inverse = np.unique(q, return_inverse=True)
    return moments(function, unique.tobytes(), count)[inverse.reshape(q.shape)]


def series(k, q1, q2, function, derivative):
    """sum_n a_n(q1) a_n(q2) c^n for phi and phi'; None if too many terms are needed."""
    c = correlation(k, np.sqrt(q1 * q2))

    def dual(f):
        for count in (128, 512, LONGEST):
            a, b = (coefficients(f, q, count) for q in (q1, q2))
            # Only products of two coefficients matter, and 1e-9 squared is below rounding errors.
            if all(np.abs(m[..., -8:]).max() <= 1e-9 * np.abs(m).max() for m in (a, b)):
                break
        else:
            return None
        total = np.zeros(c.shape)
        for n in reversed(range(count)):
            total = total * c + a[..., n] * b[..., n]
        return total

    value = dual(function)
    slope = None if value is None else dual(derivative)
    return None if slope is None else (value, slope)


def gauss(edges, count):
    """Nodes and weights of Gauss-Legendre on each panel between `edges` [..., m]: [..., nodes]."""
    x, w = np.polynomial.legendre.leggauss(count)
    half = np.diff(edges)[..., None] / 2
    middle = (edges[..., 1:] + edges[..., :-1])[..., None] / 2
    shape = (*edges.shape[:-1], -1)
    return (middle + half * x).reshape(shape), (half * w).reshape(shape)


def graded(edges, levels):
    """Edges with panels that halve towards both ends of each interval."""
    shares = 0.5 ** np.arange(levels, 0, -1)
    inner = np.concatenate([shares, 1 - shares[-2::-1]])
    width = np.diff(edges)[..., None]
    fine = np.concatenate([edges[..., :-1, None], edges[..., :-1, None] + width * inner], -1)
    return np.concatenate([fine.reshape(*edges.shape[:-1], -1), edges[..., -1:]], -1)


def polar(k, q1, q2, functions, kinks):
    """E[f(u) f(v)] for each of `functions`, in polar coordinates of the plane of u and v.

    A ray crosses each line on which u or v is a kink once. The radius is split there. The angle is split
    where two of these lines meet, and where a ray turns from one side of the plane to the other.
    """
    shape = np.broadcast_shapes(k.shape, q1.shape, q2.shape)
    triples = [np.broadcast_to(m, shape).ravel() for m in (k, np.minimum(q1, q2), np.maximum(q1, q2))]
    # Pairs that differ only in their order are integrated once.
    unique, inverse = np.unique(np.stack(triples, -1), axis=0, return_inverse=True)
    k, q1, q2 = unique.T
    away = [x for x in kinks if x != 0]
    out = np.empty((len(functions), k.size))
    size = 1 if away else 8
    for i in range(0, k.size, size):
        part = slice(i, i + size)
        out[:, part] = polar_part(k[part], q1[part], q2[part], functions, away)
    return [m[inverse.ravel()].reshape(shape) for m in out]


def polar_part(k, q1, q2, functions, kinks):
    s1, s2 = np.sqrt(q1), np.sqrt(q2)
    # This is exact for an image with itself; the product of the roots is not.
    product = np.sqrt(q1 * q2)
    sine = np.sqrt(np.maximum(product - k, 0) * np.maximum(product + k, 0))
    psi = np.arctan2(sine, k)
    turns = [np.zeros_like(psi)] + [
        (base + quarter) % (2 * np.pi)
        for base in (np.zeros_like(psi), psi) for quarter in (np.pi / 2, 3 * np.pi / 2)]
    with np.errstate(divide="ignore", invalid="ignore"):
        for a in kinks:
            for b in kinks:
                x = a / s1
                y = (b / s2 - x * np.cos(psi)) / np.sin(psi)
                turns.append(np.nan_to_num(np.arctan2(y, x)) % (2 * np.pi))
    edges = np.sort(np.stack(turns + [np.full_like(psi, 2 * np.pi)], -1), -1)
    theta, theta_weight = gauss(graded(edges, 8 if kinks else 6), 10)
    first, second = np.cos(theta) * s1[:, None], np.cos(theta - psi[:, None]) * s2[:, None]
    radii = [np.broadcast_to(PANELS, (*theta.shape, PANELS.size))]
    for a in kinks:
        for direction in (first, second):
            with np.errstate(divide="ignore"):
                crossing = a / direction
            inside = (crossing > 0) & (crossing < REACH)
            radii.append(np.where(inside, crossing, 0.0)[..., None])
    r, weight = gauss(np.sort(np.concatenate(radii, -1), -1), 14)
    weight = weight * r * np.exp(-r * r / 2) * theta_weight[..., None] / (2 * np.pi)
    u, v = r * first[..., None], r * second[..., None]
    return [(f(u) * f(v) * weight).sum((-2, -1)) for f in functions]
