"""Layers that use the same weights several times: recurrence and tied residual blocks."""
import numpy as np

from .activations import dual
from .signals import Signal, variances


def tokens(signal, order):
    """The signal as a sequence of its rows, each the mean over its pixels, or of its pixels."""
    if order == "pixels" or signal.shape is None:
        return signal
    h, w = signal.shape

    def rows(m):
        return np.einsum("...ajbj->...ab", m.reshape(*m.shape[:-2], h, w, h, w)) / w

    return signal.linear(rows, shape=(h, 1))


def recurrent(signal, parameters):
    """h_t = W phi(h_{t-1}) + U x_t + b with phi(h_{-1}) = 0 and the same weights at all t."""
    w = parameters.get("weight_variance", 1.0)
    u = parameters.get("input_variance", 1.0)
    b = parameters.get("bias_variance", 0.0)
    name, options = named(parameters["activation"])
    signal = tokens(signal, parameters.get("order", "rows"))
    count = signal.left[0].shape[-1]

    def own(k):
        """The variances of h_t."""
        q = u * variances(k) + b
        for t in range(1, count):
            before = q[..., t - 1]
            q[..., t] += w * dual(name, options, before, before, before)[0]
        return q

    q1, q2 = own(signal.left[0]), own(signal.right[0])

    def scan(side, a, c):
        k = u * side[0] + b
        theta = k + u * side[1]
        for t in range(1, count):
            q = np.broadcast_arrays(a[..., t - 1, None], c[..., :-1])
            new, slope = dual(name, options, k[..., t - 1, :-1], *q)
            k[..., t, 1:] += w * new
            theta[..., t, 1:] += w * (new + slope * theta[..., t - 1, :-1])
        return k, theta

    return signal.replaced(
        [scan(signal.left, q1, q1), scan(signal.right, q2, q2), scan(signal.cross, q1, q2)],
        width=parameters.get("width"))


def named(layer):
    """The name and the parameters of a layer."""
    if isinstance(layer, str):
        return layer, {}
    ((name, parameters),) = layer.items()
    return name, parameters or {}


def is_tied_residual(layer):
    name, parameters = named(layer)
    return name == "residual" and not parameters.get("shortcut")


def tied(signal, count, layers, apply):
    """x_{l+1} = x_l + main(x_l), main with the same weights at all l (or in turn from `layers`).

    A block maps x_l and x_m like two inputs of one network, so increments of the same block are
    correlated at all depths:

        C[l, m] = C[0, 0] + sum_{j<l, k<m} I[j, k],    I[j, k] = main(C[j, k])

    for K and for Theta, where j and k are uses of the same block.
    """
    mains = [named(layer)[1]["main"] for layer in layers]
    depth = count * len(mains)
    # A left image with itself, a right one with itself, and a left one with a right one.
    sets = [(0, 0), (1, 1), (0, 1)]
    start = [signal.left, signal.right, signal.cross]
    states = [{(0, 0): side} for side in start]
    increments = [{}, {}, {}]

    def state(index, j, k):
        """C[j, k] of one of the sets."""
        if (j, k) not in states[index]:
            total = [np.array(m) for m in start[index]]
            for (a, c), value in increments[index].items():
                if a < j and c < k:
                    total = [x + y for x, y in zip(total, value)]
            states[index][j, k] = tuple(total)
        return states[index][j, k]

    for top in range(depth):
        for j, k in [(top, k) for k in range(top)] + [(j, top) for j in range(top + 1)]:
            if (j - k) % len(mains):
                continue
            for index, (a, c) in enumerate(sets):
                pair = Signal(state(a, j, j), state(c, k, k), state(index, j, k),
                              signal.shape, signal.width)
                result = apply(pair, mains[j % len(mains)])
                # An image with itself at one depth is one signal, not two.
                own = index < 2 and j == k
                increments[index][j, k] = result.left if own else result.cross
    return signal.replaced([state(index, depth, depth) for index in range(3)])
