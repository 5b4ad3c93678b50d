"""Kernels of wide random networks: NNGP and NTK as means over draws of their weights.

Signals [images, rows, columns, channels] are computed with their derivatives along one random
direction of all parameters. The mean of f(x) f(x') over outputs and draws tends to the NNGP kernel,
and the mean of the derivatives' products to the NTK.
"""
import math

import numpy as np

ACTIVATIONS = {
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(x.dtype)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sin": (np.sin, np.cos),
    "sigmoid": (lambda x: 0.5 + 0.5 * np.tanh(x / 2), lambda x: 0.25 / np.cosh(x / 2) ** 2),
}


class Weights:
    """One matrix and one bias, drawn at the first use and the same at every later use."""

    def __init__(self, draw, parameters, width, variance="weight_variance"):
        self.draw, self.width = draw, parameters.get("width", width)
        self.w, self.b = parameters.get(variance, 1.0), parameters.get("bias_variance", 0.0)
        self.standard = parameters.get("parameterization") == "standard"
        self.matrix = None

    def normal(self, *shape):
        return self.draw.standard_normal(shape, np.float32)

    def __call__(self, x, v):
        """The product of x [..., inputs] with the matrix, plus the bias, and its derivative."""
        inputs = x.shape[-1]
        if self.matrix is None:
            self.matrix, self.direction = self.normal(inputs, self.width), self.normal(inputs, self.width)
            self.bias, self.bias_direction = self.normal(self.width), self.normal(self.width)
        scale = math.sqrt(self.w / inputs)
        # Parameters that carry their scale change by 1, others by the scale.
        step, bias_step = (1.0, float(self.b > 0)) if self.standard else (scale, math.sqrt(self.b))
        value = scale * (x @ self.matrix) + math.sqrt(self.b) * self.bias
        return value, scale * (v @ self.matrix) + step * (x @ self.direction) + bias_step * self.bias_direction


def windows(x, size):
    """The pixels in every window, with zeros around the image: [images, rows, columns, places x channels]."""
    low = [(n - 1) // 2 for n in size]
    padded = np.pad(x, [(0, 0), *((a, n - 1 - a) for a, n in zip(low, size)), (0, 0)])
    h, w = x.shape[1:3]
    return np.concatenate(
        [padded[:, i:i + h, j:j + w] for i in range(size[0]) for j in range(size[1])], -1)


def spread_out(x, size, stride):
    """The pixels in every output of a transposed convolution: pixel p contributes to output s p + f."""
    n, h, w, c = x.shape
    full = np.zeros((n, (h - 1) * stride[0] + size[0], (w - 1) * stride[1] + size[1], size[0], size[1], c), x.dtype)
    for i in range(h):
        for j in range(w):
            for a in range(size[0]):
                for b in range(size[1]):
                    full[:, i * stride[0] + a, j * stride[1] + b, a, b] = x[:, i, j]
    # The stride gives the width: cut at both ends, or with zeros at the end.
    for axis, (count, k, s) in enumerate(zip((h, w), size, stride), 1):
        cut = max(k - s, 0) // 2
        missing = max(count * s - full.shape[axis], 0)
        full = np.pad(full, [(0, missing) if d == axis else (0, 0) for d in range(full.ndim)])
        full = full.take(range(cut, cut + count * s), axis)
    return full.reshape(*full.shape[:3], -1)


class FiniteNetwork:
    """A network with one draw of its weights."""

    def __init__(self, network, width, seed):
        self.draw = np.random.default_rng(seed)
        self.width = width
        self.layers = self.sequence(network)

    def sequence(self, layers):
        """A function of (values, derivatives) for a list of layers."""
        functions = [self.layer(layer) for layer in layers]

        def run(x, v):
            for function in functions:
                x, v = function(x, v)
            return x, v

        return run

    def layer(self, layer):
        name, parameters = (layer, {}) if isinstance(layer, str) else next(iter(layer.items()))
        if name in ACTIVATIONS:
            f, derivative = ACTIVATIONS[name]
            return lambda x, v: (f(x), derivative(x) * v)
        return getattr(self, name)(parameters)

    def dense(self, parameters):
        return Weights(self.draw, parameters, self.width)

    def convolution(self, parameters):
        weights, size = Weights(self.draw, parameters, self.width), parameters["filter"]
        return lambda x, v: weights(windows(x, size), windows(v, size))

    def transposed_convolution(self, parameters):
        weights = Weights(self.draw, parameters, self.width)
        form = parameters["filter"], parameters["stride"]
        return lambda x, v: weights(spread_out(x, *form), spread_out(v, *form))

    def flatten(self, _):
        return lambda *both: [m.reshape(len(m), 1, 1, -1) for m in both]

    def global_average_pool(self, _):
        return lambda *both: [m.mean((1, 2), keepdims=True) for m in both]

    def dropout(self, parameters):
        keep = 1 - parameters["rate"]

        def run(x, v):
            kept = (self.draw.random(x.shape, np.float32) < keep) / np.float32(keep)
            return x * kept, v * kept

        return run

    def residual(self, parameters):
        main, shortcut = (self.sequence(parameters.get(key, [])) for key in ("main", "shortcut"))
        return lambda x, v: [a + b for a, b in zip(main(x, v), shortcut(x, v))]

    def product(self, parameters):
        branches = [self.sequence(branch) for branch in parameters["branches"]]

        def run(x, v):
            (value, slope), *others = [branch(x, v) for branch in branches]
            for other, other_slope in others:
                value, slope = value * other, slope * other + value * other_slope
            return value, slope

        return run

    def repeat(self, parameters):
        block = self.sequence(parameters["layers"])

        def run(x, v):
            for _ in range(parameters["count"]):
                x, v = block(x, v)
            return x, v

        assert parameters["tied"]
        return run

    def recurrent(self, parameters):
        f, derivative = ACTIVATIONS[parameters["activation"]]
        inward = Weights(self.draw, parameters, self.width, "input_variance")
        onward = Weights(self.draw, {**parameters, "bias_variance": 0.0}, self.width)
        rows = parameters["order"] == "rows"

        def run(x, v):
            n, h, w, c = x.shape
            steps, shape = (h, (n, h, 1, -1)) if rows else (h * w, (n, h, w, -1))
            u, du = inward(x.reshape(n, steps, -1), v.reshape(n, steps, -1))
            states = [(u[:, 0], du[:, 0])]
            for t in range(1, steps):
                before, slope = states[-1]
                new = onward(f(before), derivative(before) * slope)
                states.append((u[:, t] + new[0], du[:, t] + new[1]))
            return [np.stack(m, 1).reshape(shape) for m in zip(*states)]

        return run

    def self_attention(self, parameters):
        """One head with tied queries and keys, or (root scaling) 64 heads with separate weights."""
        root = parameters.get("scaling") == "root"
        heads = 64 if root else 1
        size = 24 if root else self.width
        names = ["query", "key", "value"]
        weights = {
            name: Weights(self.draw, {name: parameters.get(f"{name}_variance", 1.0)}, heads * size, name)
            for name in names}
        output = Weights(
            self.draw, {"output": parameters.get("output_variance", 1.0),
                        "bias_variance": parameters.get("bias_variance", 0.0)}, self.width, "output")
        if not root:
            # One matrix with the geometric mean of both scales.
            weights["key"].w = math.sqrt(weights["query"].w * weights["key"].w)
            weights["query"] = weights["key"]

        def run(x, v):
            n, h, w, c = x.shape

            def split(m):
                return m.reshape(n, h * w, heads, size).swapaxes(1, 2)

            both = {
                name: [split(m) for m in weight(x.reshape(n, h * w, c), v.reshape(n, h * w, c))]
                for name, weight in weights.items()}
            (q, dq), (k, dk), (z, dz) = (both[name] for name in names)
            scale = size ** (-0.5 if root else -1.0)
            score = scale * q @ k.swapaxes(-1, -2)
            slope = scale * (dq @ k.swapaxes(-1, -2) + q @ dk.swapaxes(-1, -2))
            g, dg = attention_weights(parameters["mechanism"], score, slope)
            mixed = [m.swapaxes(1, 2).reshape(n, h, w, -1) for m in (g @ z, g @ dz + dg @ z)]
            return output(*mixed)

        return run


def attention_weights(mechanism, score, slope):
    """zeta of the scores, and its derivative."""
    if mechanism == "identity":
        return score, slope
    if mechanism == "softmax":
        g = np.exp(score - score.max(-1, keepdims=True))
        g /= g.sum(-1, keepdims=True)
        return g, g * (slope - (g * slope).sum(-1, keepdims=True))
    f, derivative = {"relu": ACTIVATIONS["relu"], "abs": (np.abs, np.sign)}[mechanism]
    return f(score), derivative(score) * slope


def estimates(network, images, width, draws, seed):
    """The NNGP kernels and NTKs of single draws: two arrays [draws, images, images]."""
    kernels = [[], []]
    for draw in range(draws):
        x = images.astype(np.float32)
        both = FiniteNetwork(network, width, [seed, draw]).layers(x, np.zeros_like(x))
        for found, m in zip(kernels, both):
            flat = m.reshape(len(m), -1)
            found.append(flat @ flat.T / flat.shape[1])
    return [np.array(found, float) for found in kernels]
