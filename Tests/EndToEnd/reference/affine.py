"""Layers with random weights: dense and the convolutions."""
import math

import numpy as np


def affine(signal, parameters, taps=1, spread=lambda m: m, local=False, shape=None):
    """K <- w A(K) + b, Theta <- w A(Theta) + alpha A(K) + beta, with A = `spread`.

    In the NTK parameterization, alpha = w and beta = b. In the standard one, alpha is the number of
    inputs of an output, and beta is 1 if there is a bias. (arXiv 2001.07301.)
    """
    w = parameters.get("weight_variance", 1.0)
    b = parameters.get("bias_variance", 0.0)
    alpha, beta = w, b
    if parameters.get("parameterization", "ntk") == "standard":
        alpha, beta = signal.width * taps, float(b > 0)
    if not parameters.get("trained", True):
        alpha = beta = 0.0

    def rule(c):
        k, t = spread(c.k), spread(c.t)
        new, tangent = w * k + b, w * t + alpha * k + beta
        if local:
            # Every position has its own weights.
            own = np.eye(k.shape[-1])
            new, tangent = new * own, tangent * own
        return new, tangent

    return signal.map(rule, shape=shape or signal.shape, width=parameters.get("width"))


def dense(signal, parameters):
    """The same weights for every position."""
    return affine(signal, parameters)


def margins(size, stride, padding, n):
    """The number of outputs and the margin before the first input, as XLA pads; `size` is the window's extent."""
    if padding == "valid":
        return (n - size) // stride + 1, 0
    output = -(-n // stride)
    return output, max((output - 1) * stride + size - n, 0) // 2


def window(size, stride, dilation, padding, n):
    """The inputs at each place of each window along one axis: [places, outputs], -1 outside."""
    output, low = margins((size - 1) * dilation + 1, stride, padding, n)
    place = stride * np.arange(output) + dilation * np.arange(size)[:, None] - low
    if padding == "circular":
        return place % n
    return np.where((place >= 0) & (place < n), place, -1)


def transposed_window(size, stride, padding, n):
    """The same for `lax.conv_transpose`: windows over inputs with stride - 1 zeros between them."""
    if padding == "circular":
        # The outputs without padding are added to those in the middle that are n * stride apart.
        full, output = transposed_window(size, stride, "valid", n), n * stride
        wrapped = np.full((size, output), -1)
        for q, places in enumerate(full.T):
            inside = places >= 0
            wrapped[inside, (q - (full.shape[1] - output) // 2) % output] = places[inside]
        return wrapped
    if padding == "valid":
        output, low = n * stride + max(size - stride, 0), size - 1
    else:
        output = n * stride
        low = size - 1 if stride > size - 1 else math.ceil((size + stride - 2) / 2)
    place = np.arange(output) + np.arange(size)[:, None] - low
    inside = (place >= 0) & (place % stride == 0) & (place < n * stride)
    return np.where(inside, place // stride, -1)


def gather(down, across, columns):
    """A(M)[a, a'] = 1/|F| sum_f M[a + f, a' + f], zero outside, from the windows of both axes."""
    taps = [
        np.where((i[:, None] < 0) | (j < 0), -1, i[:, None] * columns + j).ravel()
        for i in down for j in across]

    def spread(m):
        padded = np.zeros((*m.shape[:-2], m.shape[-2] + 1, m.shape[-1] + 1), m.dtype)
        padded[..., :-1, :-1] = m
        return sum(padded[..., tap[:, None], tap] for tap in taps) / len(taps)

    return spread


def convolution(signal, parameters, local=False, transposed=False):
    """Weights over a window of positions."""
    size = parameters["filter"]
    stride = parameters.get("stride", [1, 1])
    dilation = parameters.get("dilation", [1, 1])
    padding = parameters.get("padding", "same")
    down, across = (
        transposed_window(size[i], stride[i], padding, signal.shape[i]) if transposed else
        window(size[i], stride[i], dilation[i], padding, signal.shape[i]) for i in (0, 1))
    return affine(
        signal, parameters, len(down) * len(across), gather(down, across, signal.shape[1]), local,
        (down.shape[1], across.shape[1]))


def local_convolution(signal, parameters):
    """A convolution whose weights differ from position to position."""
    return convolution(signal, parameters, local=True)


def transposed_convolution(signal, parameters):
    """The transpose of a strided convolution: larger images."""
    return convolution(signal, parameters, transposed=True)
