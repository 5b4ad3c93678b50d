"""A network as a recursion over the covariances of image pairs."""
import dataclasses

import numpy as np

from . import affine, mixes, sequences
from .activations import NAMES, dual
from .sequences import is_tied_residual, named
from .signals import Signal, inputs, variances


# The largest variance of a signal; tests of random networks lower it.
LIMIT = np.finfo(float).max


class VarianceError(ValueError):
    """A signal whose variance is NaN or too large."""


def layer_norm(signal, parameters):
    """K / sqrt((q1 + eps) (q2 + eps)), where q is that of each position or the mean over all."""
    epsilon = parameters.get("epsilon", 1e-12)
    everywhere = parameters.get("axes", "channel") == "all"

    def rule(c):
        a, b = c.q1, c.q2
        if everywhere:
            a, b = a.mean(-2, keepdims=True), b.mean(-1, keepdims=True)
        scale = np.sqrt((a + epsilon) * (b + epsilon))
        return c.k / scale, c.t / scale

    return signal.map(rule)


def dropout(signal, parameters):
    """Channels are kept with probability 1 - rate and divided by it, so every position's own variance grows."""
    keep = 1 - parameters["rate"]

    def rule(c):
        if not c.same:
            return c.k, c.t
        factor = 1 + (1 / keep - 1) * np.eye(c.k.shape[-1])
        return c.k * factor, c.t * factor

    return signal.map(rule)


def residual(signal, parameters):
    """The sum of two independent branches."""
    main = apply(signal, parameters["main"])
    shortcut = apply(signal, parameters.get("shortcut", []))
    pairs = zip(main.covariances, shortcut.covariances)
    width = main.width or shortcut.width
    return main.replaced([(a.k + b.k, a.t + b.t) for a, b in pairs], width=width)


def concatenate(signal, parameters):
    """Branches side by side in channels: the mean, weighted by their widths."""
    branches = [apply(signal, layers) for layers in parameters["branches"]]
    total = sum(b.width for b in branches)
    sides = zip(*(b.covariances for b in branches))
    pairs = [
        tuple(sum(b.width / total * c[index] for b, c in zip(branches, side)) for index in (0, 1))
        for side in sides]
    return branches[0].replaced(pairs, width=total)


def product(signal, parameters):
    """The product of independent branches: Theta = sum_i Theta_i prod_{j != i} K_j."""
    branches = [apply(signal, layers) for layers in parameters["branches"]]
    pairs = []
    for side in zip(*(b.covariances for b in branches)):
        k, t = side[0].k, side[0].t
        for c in side[1:]:
            k, t = k * c.k, t * c.k + k * c.t
        pairs.append((k, t))
    width = next((b.width for b in branches if b.width), None)
    return branches[0].replaced(pairs, width=width)


def mask(signal, parameters):
    """The product with a part of the images, stretched to the signal's positions."""
    part = mixes.cut(signal.image, parameters)
    part = mixes.resize(part, {"shape": signal.shape, "method": "nearest"})
    return signal.replaced([(a.k * b.k, a.t * b.k) for a, b in zip(signal.covariances, part.covariances)])


def repeat(signal, parameters):
    """Layers repeated a number of times."""
    layers, count = parameters["layers"], parameters["count"]
    if parameters.get("tied", False) and all(map(is_tied_residual, layers)):
        return sequences.tied(signal, count, layers, apply)
    # Without shortcuts, tied weights do not change the kernels.
    for _ in range(count):
        signal = apply(signal, layers)
    return signal


def activation(name):
    def layer(signal, parameters):
        def rule(c):
            k, slope = dual(name, parameters, c.k, c.q1, c.q2)
            return k, slope * c.t

        return signal.map(rule)

    return layer


LAYERS = {
    "dense": affine.dense,
    "convolution": affine.convolution,
    "local_convolution": affine.local_convolution,
    "transposed_convolution": affine.transposed_convolution,
    "flatten": mixes.flatten,
    "global_average_pool": mixes.global_average_pool,
    "global_sum_pool": mixes.global_sum_pool,
    "average_pool": mixes.average_pool,
    "sum_pool": mixes.sum_pool,
    "slice": mixes.cut,
    "resize": mixes.resize,
    "aggregate": mixes.aggregate,
    "mask": mask,
    "self_attention": mixes.self_attention,
    "recurrent": sequences.recurrent,
    "layer_norm": layer_norm,
    "dropout": dropout,
    "residual": residual,
    "concatenate": concatenate,
    "product": product,
    "repeat": repeat,
    **{name: activation(name) for name in NAMES},
}


def apply(signal: Signal, layers):
    """The signal after a list of layers."""
    for layer in layers:
        name, parameters = named(layer)
        signal = LAYERS[name](signal, parameters)
        largest = max(variances(side[0]).max() for side in (signal.left, signal.right))
        if not largest <= LIMIT:
            raise VarianceError(f"{name}: a variance of {largest}")
    return signal


def kernels(network, rows, columns=None):
    """The NNGP kernel and the NTK of images [N, H, W, C] or vectors [N, D].

    Without `columns`, the diagonal is that of each image with itself, so noise that is drawn per
    image counts.
    """
    square = columns is None
    rows = np.asarray(rows, float)
    columns = rows if square else np.asarray(columns, float)
    if network[0] == "flatten":
        # Pairs of pixels are not needed.
        network = network[1:]
        rows, columns = (images.reshape(len(images), -1) for images in (rows, columns))
    images = inputs(rows, columns)
    end = apply(dataclasses.replace(images, image=images), network)
    found = []
    for left, cross in zip(end.left, end.cross):
        kernel = np.array(cross[..., 0, 0])
        if square:
            np.fill_diagonal(kernel, variances(left)[:, 0, 0])
        found.append(kernel)
    return tuple(found)
