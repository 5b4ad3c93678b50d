"""Random networks of all layers, valid and small, with images for them, from a seed."""
import dataclasses

from random_activations import random_activation
from random_layers import Layers, State


class Generator(Layers):
    """Writes networks from a seed, without the layers and activations in `left_out`."""

    # The largest depth of blocks inside blocks.
    NESTING = 3

    def network(self, shape):
        """A network for images of a shape [H, W, C] or [D]."""
        self.state = State(tuple(shape[:2]) if len(shape) == 3 else None)
        self.image = self.state.shape
        layers = []
        if self.state.shape:
            layers += self.blocks(self.integer(2, 5))
            layers += self.readout()
        layers += self.blocks(self.integer(0, 3))
        return layers + self.dense()

    def blocks(self, count):
        layers = []
        for _ in range(count):
            layers += self.block()
        return layers

    def block(self):
        """One block that is valid after the state."""
        if self.state.kind == "gaussian" and self.chance(0.6):
            return self.activation()
        kinds = ["weights", "weights"]
        if self.nesting < self.NESTING:
            kinds += ["residual", "product", "concatenate", "repeat"]
        if self.state.kind == "gaussian":
            # The reference computes all pairs of depths, which takes longest.
            kinds += ["layer_norm", "tied" if self.state.count <= 12 else "layer_norm"] * 2
        if self.state.kind != "input":
            kinds += ["dropout"]
        if self.state.shape:
            kinds += [
                "self_attention", "recurrent", "pool", "pool", "slice", "resize", "aggregate",
                "mask"]
        kinds = [kind for kind in kinds if kind not in self.left_out]
        kind = self.choice(kinds)
        return getattr(self, kind)()

    # Blocks inside blocks.

    def inside(self, write):
        """Layers written one level deeper, from the state as it is."""
        self.nesting += 1
        layers = write()
        self.nesting -= 1
        return layers

    def branch(self, start, shape=None, widths=False):
        """Layers from `start` that end with their own weights, at positions of `shape`."""
        before, self.widths = self.widths, self.widths or widths
        self.state = dataclasses.replace(start)

        def write():
            layers = self.blocks(self.integer(0, 2))
            if shape is not None and self.state.shape != shape:
                layers += self.resize(shape)
            return layers + self.same_shape_weights()

        layers = self.inside(write)
        self.widths = before
        return layers

    def same_shape_weights(self):
        """Weights that keep the positions."""
        if not self.state.shape or self.chance(0.3):
            return self.dense()
        size = [self.integer(1, 3), self.integer(1, 3)]
        padding = self.choice(["same", "circular"])
        return [{"convolution": {"filter": size, "padding": padding, **self.variances()}}]

    def residual(self):
        start = dataclasses.replace(self.state)
        main = self.branch(start)
        end = dataclasses.replace(self.state)
        if start.shape == end.shape and self.chance(0.6):
            shortcut, kind, has_width = [], start.kind, end.has_width or start.has_width
        else:
            shortcut = self.branch(start, end.shape)
            kind, has_width = "gaussian", end.has_width or self.state.has_width
        self.state = State(end.shape, kind, has_width)
        return [{"residual": {"main": main, "shortcut": shortcut} if shortcut else {"main": main}}]

    def branches(self, widths):
        """Two or three branches that end at the same positions."""
        start, found, shape = dataclasses.replace(self.state), [], None
        ends = []
        for _ in range(self.choice([2, 2, 3])):
            layers = self.branch(start, shape, widths)
            shape = self.state.shape
            if self.chance(0.5):
                layers += self.activation()
            found.append(layers)
            ends.append(self.state)
        self.state = State(shape, "other", any(end.has_width for end in ends))
        return {"branches": found}

    def product(self):
        return [{"product": self.branches(False)}]

    def concatenate(self):
        return [{"concatenate": self.branches(True)}]

    def repeat(self):
        def write():
            layers = self.same_shape_weights()
            if self.chance(0.7):
                layers += self.activation()
            return layers

        count = self.integer(1, 3)
        # The first round's input may have a width although those of later rounds have none.
        self.state = dataclasses.replace(self.state, has_width=False)
        layers = self.inside(write)
        return [{"repeat": {"count": count, "layers": layers}}]

    def tied(self):
        main = [random_activation(self, self.state.count, repeated=True)]
        has_width = self.state.has_width
        parameters = self.variances()
        parameters.pop("parameterization", None)
        self.state.has_width = has_width
        if self.chance(0.25):
            # Every round must leave as many channels as it gets.
            parameters.pop("width", None)
            layers = [*main, {"dense": parameters}]
            self.state.has_width = False
        else:
            parameters["weight_variance"] = round(0.3 * parameters["weight_variance"], 3)
            layers = [{"residual": {"main": [*main, {"dense": parameters}]}}]
        return [{"repeat": {"count": self.integer(1, 3), "tied": True, "layers": layers}}]


def random_case(seed, left_out=(), folder=None):
    """A network, three images and two others."""
    generator = Generator(seed, left_out, folder)
    # One channel would make pixels parallel, where kinks amplify rounding errors of any recursion.
    if generator.chance(0.15):
        shape = [generator.integer(3, 12)]
    else:
        shape = [generator.integer(2, 6), generator.integer(2, 6), generator.integer(2, 4)]
    network = generator.network(shape)
    common = generator.random.standard_normal(shape)
    images = (0.5 * common + generator.random.standard_normal((5, *shape))) / 1.25**0.5
    return network, images[:3], images[3:]
