"""Random single layers for `random_networks`."""
import dataclasses

import numpy as np
from random_activations import random_activation


@dataclasses.dataclass
class State:
    """The signal after the layers so far."""

    # Rows and columns of positions; None after a readout.
    shape: tuple | None
    # input, gaussian or other: activations come only after Gaussian signals.
    kind: str = "input"
    # Whether the layers say how many channels it has.
    has_width: bool = True

    @property
    def count(self):
        return self.shape[0] * self.shape[1] if self.shape else 1


class Layers:
    """Writes one layer at a time; each is valid after the state, and updates it."""

    # The largest number of positions of a signal.
    POSITIONS = 36

    def __init__(self, seed, left_out=(), folder=None):
        self.random = np.random.default_rng(seed)
        self.left_out = set(left_out)
        # The folder for matrices of graphs; None for no graphs.
        self.folder = folder
        self.state = None
        # Rows and columns of the images; None for vectors.
        self.image = None
        self.nesting = 0
        # Whether every layer with weights says how many channels it has.
        self.widths = False

    def chance(self, probability):
        return self.random.random() < probability

    def choice(self, options):
        return options[int(self.random.integers(len(options)))]

    def number(self, low, high):
        return round(float(self.random.uniform(low, high)), 3)

    def integer(self, low, high):
        return int(self.random.integers(low, high + 1))

    # Layers with weights.

    def variances(self):
        """The parameters that dense layers and convolutions share."""
        parameters = {"weight_variance": self.number(0.5, 1.8)}
        if self.chance(0.7):
            parameters["bias_variance"] = self.number(0.01, 0.3)
        if self.widths or self.chance(0.2):
            parameters["width"] = self.integer(8, 64)
        if self.state.has_width and self.chance(0.15):
            parameters["parameterization"] = "standard"
        if self.chance(0.05):
            parameters["trained"] = False
        self.state = dataclasses.replace(
            self.state, kind="gaussian", has_width="width" in parameters)
        return parameters

    def dense(self):
        return [{"dense": self.variances()}]

    def weights(self):
        if not self.state.shape:
            return self.dense()
        kinds = ["convolution"] * 2 + ["local_convolution", "transposed_convolution", "dense"]
        kind = self.choice([kind for kind in kinds if kind not in self.left_out])
        return self.dense() if kind == "dense" else [{kind: self.convolution(kind)}]

    def convolution(self, kind):
        size = [self.integer(1, 3), self.integer(1, 3)]
        stride = [self.choice([1, 1, 1, 2]), self.choice([1, 1, 1, 2, 3])]
        parameters = {"filter": size, "stride": stride}
        h, w = self.state.shape
        if kind == "transposed_convolution":
            padding = self.choice(["same", "valid", "circular"])
            after = [
                n * s + (max(f - s, 0) if padding == "valid" else 0)
                for n, s, f in zip((h, w), stride, size)]
            if after[0] * after[1] > self.POSITIONS:
                parameters["stride"], padding, after = [1, 1], "same", [h, w]
        else:
            padding = self.choice(["same", "same", "circular", "valid"])
            if self.chance(0.2):
                parameters["dilation"] = [self.choice([1, 2]), self.choice([1, 2, 3])]
            dilation = parameters.get("dilation", [1, 1])
            extent = [(f - 1) * d + 1 for f, d in zip(size, dilation)]
            # Windows must not be larger than a signal, or go around it many times.
            reach = 4 if padding == "circular" else 1
            if padding != "same" and (extent[0] > reach * h or extent[1] > reach * w):
                padding = "same"
            after = [
                (n - e) // s + 1 if padding == "valid" else -(-n // s)
                for n, e, s in zip((h, w), extent, stride)]
        parameters["padding"] = padding
        parameters |= self.variances()
        self.state.shape = tuple(after)
        return parameters

    def self_attention(self):
        parameters = {
            "mechanism": self.choice(["softmax", "softmax", "identity", "relu", "abs"]),
            **{f"{name}_variance": self.number(0.4, 1.2) for name in ("query", "key", "value")},
            "output_variance": self.number(0.5, 1.2), "bias_variance": self.number(0.0, 0.2)}
        if parameters["mechanism"] != "softmax":
            # Weights that are not normalized grow with the number of positions.
            parameters["output_variance"] = round(0.8 / self.state.count, 4)
        if parameters["mechanism"] == "identity" and self.chance(0.5):
            parameters["scaling"] = "root"
        if self.chance(0.4):
            parameters |= {
                "positional": self.choice(["sum", "concatenate"]),
                "positional_variance": self.number(0.2, 1.5),
                "positional_values": "scaling" in parameters or self.chance(0.5)}
        self.state = State(self.state.shape, "gaussian", False)
        return [{"self_attention": parameters}]

    def recurrent(self):
        order = self.choice(["rows", "pixels"])
        shape = (self.state.shape[0], 1) if order == "rows" else self.state.shape
        activation = random_activation(self, shape[0] * shape[1], repeated=True)
        parameters = {
            "activation": activation,
            "weight_variance": self.number(0.3, 1.1), "input_variance": self.number(0.4, 1.2),
            "bias_variance": self.number(0.0, 0.2), "order": order}
        self.state = State(shape, "gaussian", False)
        return [{"recurrent": parameters}]

    # Layers without weights.

    def activation(self):
        layer = random_activation(self, self.state.count)
        self.state = dataclasses.replace(self.state, kind="other")
        return [layer]

    def layer_norm(self):
        parameters = {"axes": self.choice(["channel", "all"])}
        if self.chance(0.5):
            parameters["epsilon"] = self.number(0.001, 0.2)
        elif parameters["axes"] == "channel" and self.chance(0.3) and "hermite" not in self.left_out:
            # Hermite polynomials need signals of unit variance.
            self.state = dataclasses.replace(self.state, kind="other")
            return [{"layer_norm": parameters}, {"hermite": {"degree": self.integer(1, 4)}}]
        return [{"layer_norm": parameters}]

    def dropout(self):
        self.state = dataclasses.replace(self.state, kind="other")
        return [{"dropout": {"rate": self.number(0.05, 0.5)}}]

    def pool(self):
        name = self.choice(["average_pool", "average_pool", "sum_pool"])
        size = [self.integer(1, min(3, n)) for n in self.state.shape]
        if name == "sum_pool":
            size = [min(size[0], 2), 1]
        stride = [self.choice([1, f]) for f in size]
        padding = self.choice(["valid", "same", "circular"])
        parameters = {"window": size, "stride": stride, "padding": padding}
        if name == "average_pool" and self.chance(0.5):
            parameters["normalize_edges"] = self.chance(0.7)
        self.state.shape = tuple(
            (n - f) // s + 1 if padding == "valid" else -(-n // s)
            for n, f, s in zip(self.state.shape, size, stride))
        return [{name: parameters}]

    def slice(self):
        parameters, shape = {}, []
        for key, n in zip(("rows", "columns"), self.state.shape):
            first = self.integer(0, n - 1)
            end = self.integer(first + 1, n)
            shape.append(end - first)
            if self.chance(0.25):
                shape[-1] = n
                continue
            parameters[key] = [
                self.choice([first, first - n]),
                self.choice([None, n]) if end == n else self.choice([end, end - n])]
            if self.chance(0.3):
                step = self.choice([1, 2, 3])
                # The same positions from the last to the first, or every step-th of them.
                backward = [end - 1, first - 1 if first else None, -step]
                parameters[key] = self.choice([[*parameters[key], step], backward])
                shape[-1] = -(-shape[-1] // step)
        self.state.shape = tuple(shape)
        return [{"slice": parameters or {"rows": [0, None]}}]

    def mask(self):
        (h, w), parameters = self.image, {}
        for key, n in (("rows", h), ("columns", w)):
            if self.chance(0.7):
                first = self.integer(0, n - 1)
                parameters[key] = [first, self.integer(first + 1, n)]
        return [{"mask": parameters or {"rows": [None, None]}}]

    def resize(self, shape=None):
        if shape is None:
            shape = (self.integer(1, 6), self.integer(1, 6))
        self.state.shape = tuple(shape)
        parameters = {
            "shape": list(shape), "method": self.choice(["nearest", "bilinear"]),
            "antialias": self.chance(0.5)}
        return [{"resize": parameters}]

    def aggregate(self):
        if self.folder is None:
            return []
        n = self.state.count
        adjacency = self.random.integers(0, 2, (n, n)) + np.eye(n)
        path = f"{self.folder}/adjacency-{self.random.integers(1 << 60)}.npy"
        np.save(path, adjacency / adjacency.sum(1, keepdims=True))
        return [{"aggregate": {"adjacency": path}}]

    def readout(self):
        name = self.choice(["flatten", "flatten", "global_average_pool", "global_sum_pool"])
        if name == "global_sum_pool" and self.state.count > 6:
            name = "global_average_pool"
        self.state.shape = None
        return [name]
