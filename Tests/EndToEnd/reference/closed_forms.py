"""Dual activations with closed forms.

Each function takes K, q1, q2 (arrays that broadcast) and the layer's parameters, and returns
E[phi(u) phi(v)] and E[phi'(u) phi'(v)] for normal (u, v) with these covariances.
"""
import math

import numpy as np
from numpy.polynomial import hermite_e, polynomial

SIGMOID_LIKE = {"amplitude": 0.5, "scale": 1 / 2.4020563531719796, "shift": 0.5}


def sine_part(k, q1, q2):
    """sqrt(q1 q2 - K^2) and sqrt(q1 q2)."""
    root = np.sqrt(q1 * q2)
    return np.sqrt(np.maximum(root - k, 0) * np.maximum(root + k, 0)), root


def correlation(k, root):
    """K / sqrt(q1 q2), or 0 without variance."""
    return np.divide(k, root, out=np.zeros_like(k), where=root > 0)


def angle(k, q1, q2):
    """The angle between u and v; a right angle if either is 0."""
    s, root = sine_part(k, q1, q2)
    return np.where(root > 0, np.arctan2(s, k), np.pi / 2)


def abrelu(k, q1, q2, negative_slope, positive_slope):
    """a min(x, 0) + b max(x, 0) = (b - a) relu(x) + a x."""
    a, b = negative_slope, positive_slope
    s, _ = sine_part(k, q1, q2)
    half = (np.pi - angle(k, q1, q2)) / (2 * np.pi)
    return (
        (b - a) ** 2 * (s / (2 * np.pi) + half * k) + a * b * k,
        (b - a) ** 2 * half + a * b)


def relu(k, q1, q2):
    return abrelu(k, q1, q2, 0.0, 1.0)


def leaky_relu(k, q1, q2, negative_slope):
    return abrelu(k, q1, q2, negative_slope, 1.0)


def absolute(k, q1, q2):
    return abrelu(k, q1, q2, -1.0, 1.0)


def sign(k, q1, q2):
    """The derivative is 0 by convention."""
    root = np.sqrt(q1 * q2)
    value = np.where(root > 0, 1 - 2 / np.pi * angle(k, q1, q2), 0.0)
    return value, np.zeros_like(value)


def rectified_monomial(k, q1, q2, degree):
    """Cho and Saul 2009: (q1 q2)^(n/2) J_n(theta) / (2 pi)."""
    theta = angle(k, q1, q2)
    c, s = np.cos(theta), np.sin(theta)
    kernels = [
        np.pi - theta,
        s + (np.pi - theta) * c,
        3 * s * c + (np.pi - theta) * (1 + 2 * c**2),
        4 * s**3 + 15 * s * c**2 + (np.pi - theta) * (9 * c + 6 * c**3),
    ]
    root = np.sqrt(q1 * q2)
    value = root**degree * kernels[degree] / (2 * np.pi)
    if degree == 0:
        return value, np.zeros_like(value)
    return value, degree**2 * root ** (degree - 1) * kernels[degree - 1] / (2 * np.pi)


def erf(k, q1, q2, amplitude=1.0, scale=1.0, shift=0.0):
    """Williams 1997; a erf(b x) + c."""
    a, b = amplitude, scale
    p = (1 + 2 * b * b * q1) * (1 + 2 * b * b * q2)
    value = a * a * 2 / np.pi * np.arcsin(2 * b * b * k / np.sqrt(p)) + shift**2
    return value, a * a * b * b * 4 / np.pi / np.sqrt(p - 4 * b**4 * k * k)


def sigmoid_like(k, q1, q2):
    return erf(k, q1, q2, **SIGMOID_LIKE)


def gelu(k, q1, q2):
    """x Phi(x). (Tsuchida et al. 2020, arXiv 2002.08517.)"""
    p = (1 + q1) * (1 + q2)
    d2 = p - k * k
    d = np.sqrt(d2)
    turn = 0.25 + np.arctan2(k, d) / (2 * np.pi)
    value = k * turn + (k * k + q1 * q2 * d2) / (p * d) / (2 * np.pi)
    return value, turn + k / d * (1 / d2 + (1 - q1 * q2) / p + 1) / (2 * np.pi)


def sin(k, q1, q2, amplitude=1.0, frequency=1.0, phase=0.0):
    """a sin(b x + c)."""
    a, b = amplitude, frequency
    difference = np.exp(-b * b * (q1 + q2 - 2 * k) / 2)
    total = np.exp(-b * b * (q1 + q2 + 2 * k) / 2) * math.cos(2 * phase)
    return a * a / 2 * (difference - total), a * a * b * b / 2 * (difference + total)


def cos(k, q1, q2, amplitude=1.0, frequency=1.0, phase=0.0):
    return sin(k, q1, q2, amplitude, frequency, phase + math.pi / 2)


def rbf(k, q1, q2, gamma=1.0):
    """sqrt(2) sin(sqrt(2 gamma) x + pi/4)."""
    value = np.exp(-gamma * (q1 + q2 - 2 * k))
    return value, 2 * gamma * value


def gaussian(k, q1, q2, amplitude=1.0, rate=-1.0):
    """a exp(b x^2)."""
    a, b = amplitude, rate
    r = ((1 - 2 * b * q1) * (1 - 2 * b * q2) - 4 * b * b * k * k) ** -0.5
    return a * a * r, 4 * a * a * b * b * k * r**3


def exp(k, q1, q2, amplitude=1.0, rate=1.0):
    """a exp(b x)."""
    value = amplitude**2 * np.exp(rate**2 * ((q1 + q2) / 2 + k))
    return value, rate**2 * value


def gabor(k, q1, q2):
    """exp(-x^2) sin(x)."""
    p = q1 * q2 - k * k
    det = 1 + 2 * (q1 + q2) + 4 * p
    # The quadratic forms of (1, -1) and (1, 1) in the inverse of (covariance^-1 + 2).
    minus = np.exp(-(q1 + q2 - 2 * k + 4 * p) / (2 * det))
    plus = np.exp(-(q1 + q2 + 2 * k + 4 * p) / (2 * det))
    value = (minus - plus) / (2 * np.sqrt(det))
    # The derivative of the value with respect to K (Price's theorem): that of det and of the forms.
    det_k = -8 * k
    minus_k = minus * (-(-2 - 8 * k) / (2 * det) + (q1 + q2 - 2 * k + 4 * p) * det_k / (2 * det**2))
    plus_k = plus * (-(2 - 8 * k) / (2 * det) + (q1 + q2 + 2 * k + 4 * p) * det_k / (2 * det**2))
    return value, (minus_k - plus_k) / (2 * np.sqrt(det)) - value * det_k / (2 * det)


def exp_normalized(k, q1, q2, gamma=1.0, shift=-1.0):
    """K' = sqrt(q1 q2) exp(gamma (c + shift)). (arXiv 2003.02237.)"""
    root = np.sqrt(q1 * q2)
    e = np.exp(gamma * (correlation(k, root) + shift))
    return root * e, gamma * e


def hermite(k, q1, q2, degree):
    """The normalized Hermite polynomial, on signals of unit variance."""
    return k**degree, degree * k ** max(degree - 1, 0)


def polynomials(k, q1, q2, coefficients):
    """Mehler's formula, which is a finite sum here: sum_n a_n(q1) a_n(q2) c^n."""
    c = np.asarray(coefficients, float)
    ratio = correlation(k, np.sqrt(q1 * q2))

    def dual(p):
        z, weight = hermite_e.hermegauss(len(p) + 1)
        weight = weight / weight.sum()

        def moments(q):
            values = polynomial.polyval(np.sqrt(q)[..., None] * z, p)
            return [
                (values * weight * hermite_e.hermeval(z, np.eye(len(p))[n])).sum(-1)
                / math.sqrt(math.factorial(n)) for n in range(len(p))]

        pairs = zip(moments(q1), moments(q2))
        return sum(a * b * ratio**n for n, (a, b) in enumerate(pairs))

    derivative = polynomial.polyder(c) if len(c) > 1 else np.zeros(1)
    return dual(c), dual(derivative)


def monomial(k, q1, q2, degree):
    return polynomials(k, q1, q2, np.eye(degree + 1)[degree])


CLOSED_FORMS = {
    "relu": relu, "leaky_relu": leaky_relu, "abs": absolute, "abrelu": abrelu, "sign": sign,
    "rectified_monomial": rectified_monomial, "erf": erf, "sigmoid_like": sigmoid_like,
    "gelu": gelu, "sin": sin, "cos": cos, "rbf": rbf, "gaussian": gaussian, "exp": exp,
    "gabor": gabor, "exp_normalized": exp_normalized, "hermite": hermite,
    "polynomial": polynomials, "monomial": monomial,
}
