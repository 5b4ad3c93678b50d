"""Maps of an image's own positions, M <- A1 M A2^T: pools, slices, resizing, graphs, attention."""
import numpy as np

from .affine import window
from .signals import variances


def mixed(signal, matrix, shape, width=None):
    """M <- A M A^T with one matrix for all images."""
    return signal.linear(lambda m: matrix @ m @ matrix.T, shape=shape, width=width or signal.width)


def counts(size, stride, padding, n):
    """How often each window holds each input along one axis: [outputs, inputs]."""
    places = window(size, stride, 1, padding, n)
    matrix = np.zeros((places.shape[1], n))
    for place in places:
        for output, source in enumerate(place):
            if source >= 0:
                matrix[output, source] += 1
    return matrix


def pool(signal, parameters, average):
    """Sums, or means, over windows."""
    size = parameters["window"]
    stride = parameters.get("stride", [1, 1])
    padding = parameters.get("padding", "valid")
    down, across = (counts(size[i], stride[i], padding, signal.shape[i]) for i in (0, 1))
    matrix = np.kron(down, across)
    if average:
        edges = padding == "same" and parameters.get("normalize_edges", False)
        matrix = matrix / (matrix.sum(1, keepdims=True) if edges else size[0] * size[1])
    return mixed(signal, matrix, (len(down), len(across)))


def average_pool(signal, parameters):
    """Means over windows; with `normalize_edges` over the positions inside the image."""
    return pool(signal, parameters, average=True)


def sum_pool(signal, parameters):
    """Sums over windows."""
    return pool(signal, parameters, average=False)


def positions(signal):
    return signal.left[0].shape[-1]


def global_average_pool(signal, _):
    """The mean of all positions: a readout."""
    return mixed(signal, np.full((1, positions(signal)), 1 / positions(signal)), None)


def global_sum_pool(signal, _):
    """The sum of all positions: a readout."""
    return mixed(signal, np.ones((1, positions(signal))), None)


def flatten(signal, _):
    """All positions as channels: a readout, the mean over a of M[a, a]."""
    width = signal.width and signal.width * positions(signal)
    return signal.linear(
        lambda m: variances(m).mean(-1)[..., None, None], shape=None, width=width)


def cut(signal, parameters):
    """A rectangle of positions: half-open ranges; negative numbers count from the end."""
    h, w = signal.shape
    rows, columns = (
        np.arange(n)[slice(*parameters.get(key, [None, None]))]
        for key, n in (("rows", h), ("columns", w)))
    kept = (rows[:, None] * w + columns).ravel()
    return signal.linear(
        lambda m: m[..., kept[:, None], kept], shape=(len(rows), len(columns)))


def resize_matrix(n, size, method, antialias):
    """The weights of `jax.image.resize` along one axis: [size, n]."""
    if n == size:
        return np.eye(n)
    centers = (np.arange(size) + 0.5) * n / size
    if method == "nearest":
        return np.eye(n)[np.floor(centers).astype(int)]
    if method != "bilinear":
        raise ValueError(f"resize: method {method}")
    scale = max(n / size, 1.0) if antialias else 1.0
    distance = np.abs(centers[:, None] - 0.5 - np.arange(n)) / scale
    weights = np.maximum(0.0, 1.0 - distance)
    return weights / weights.sum(1, keepdims=True)


def resize(signal, parameters):
    """Resized images."""
    size = parameters["shape"]
    method, antialias = parameters.get("method", "bilinear"), parameters.get("antialias", True)
    matrix = np.kron(*(resize_matrix(signal.shape[i], size[i], method, antialias) for i in (0, 1)))
    return mixed(signal, matrix, tuple(size))


def aggregate(signal, parameters):
    """The neighbors' sums on a graph over the positions: M <- A M A^T."""
    return mixed(signal, np.load(parameters["adjacency"]), signal.shape)


def softmax(m):
    e = np.exp(m - m.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


MECHANISMS = {
    "softmax": softmax,
    "identity": lambda m: m,
    "relu": lambda m: np.maximum(m, 0.0),
    "abs": np.abs,
}


def embedded(signal, parameters):
    """The signal with embeddings of positions, one random vector for each, added or concatenated."""
    kind = parameters.get("positional", "none")
    if kind == "none":
        return signal
    alpha, beta = 1.0, parameters.get("positional_variance", 1.0)
    if kind == "concatenate":
        # As many channels as the signal has.
        alpha, beta = 0.5, beta / 2
    return signal.linear(lambda m: alpha * m + beta * np.eye(m.shape[-1]))


def self_attention(signal, parameters):
    """Attention over all positions. (Hron et al. 2020, arXiv 2006.10540.)"""
    variance = {
        name: parameters.get(f"{name}_variance", 0.0 if name == "bias" else 1.0)
        for name in ("query", "key", "value", "output", "bias")}
    scale = variance["query"] * variance["key"]
    omega = variance["value"] * variance["output"]
    b = variance["bias"]
    keys = embedded(signal, parameters)
    values = keys if parameters.get("positional_values", False) else signal
    mechanism = parameters.get("mechanism", "softmax")
    if parameters.get("scaling", "linear") == "root":
        if mechanism != "identity":
            raise ValueError(f"self_attention: root scaling of {mechanism}")
        pairs = [root_attention(*both, scale * omega, b)
                 for both in zip(keys.covariances, values.covariances)]
    else:
        zeta = MECHANISMS[mechanism]
        g1, g2 = (zeta(np.sqrt(scale) * side[0]) for side in (keys.left, keys.right))

        def attend(side, first, second):
            k, t = (omega * first @ m @ np.swapaxes(second, -1, -2) for m in side)
            return k + b, t + 2 * k + b

        pairs = [attend(values.left, g1, g1), attend(values.right, g2, g2),
                 attend(values.cross, g1, g2)]
    return signal.replaced(pairs, width=parameters.get("width"))


def root_attention(keys, values, s, b):
    """Scaling by 1/sqrt(d), separate weights of queries and keys, no nonlinearity."""
    def inner(a, c):
        return (a * c).sum((-2, -1), keepdims=True)

    kk = inner(keys.k, values.k)
    k = s * kk * keys.k + b
    t = s * ((inner(keys.t, values.k) + inner(keys.k, values.t)) * keys.k
             + kk * (keys.t + 4 * keys.k)) + b
    return k, t
