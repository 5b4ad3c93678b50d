"""Kernels of random networks compared with those of neural-tangents."""

import numpy as np
import pytest
from peering import ACTIVATIONS, agree

pytestmark = pytest.mark.usefixtures("kernels")


def random_network(generator, s, depth=5):
    """Random layers on images, from a generator that is in the same state for both packages."""

    def deviations():
        return float(generator.uniform(0.7, 1.6)), float(generator.uniform(0, 0.5))

    def affine():
        size = int(generator.integers(1, 4))
        padding = ("SAME", "CIRCULAR")[generator.integers(2)]
        options = {"padding": padding, "W_std": deviations()[0], "b_std": deviations()[1]}
        make = (s.Conv, s.ConvLocal)[int(generator.random() < 0.2)]
        return make(8, (size, size), **options)

    def activation():
        names = ("abrelu", "erf", "gelu", "sin", "rbf", "relu", "sigmoid_like")
        return ACTIVATIONS[names[generator.integers(len(names))]](s)

    def block():
        kind = generator.integers(6)
        if kind == 0:
            return s.serial(affine(), s.LayerNorm(), activation(), affine())
        if kind == 1:
            return s.serial(s.AvgPool((2, 2), padding="SAME"), activation(), affine())
        if kind == 2:
            main = s.serial(activation(), s.Dense(8, *deviations()))
            return s.serial(s.FanOut(2), s.parallel(main, s.Identity()), s.FanInSum())
        if kind == 3:
            branches = [s.Dense(8, *deviations()) for _ in range(2)]
            gate = s.serial(branches[1], s.Sigmoid_like())
            return s.serial(
                s.FanOut(2), s.parallel(branches[0], gate), s.FanInProd(), s.Dense(8, *deviations())
            )
        if kind == 4:
            branches = [s.Dense(int(generator.integers(2, 9)), *deviations()) for _ in range(3)]
            return s.serial(
                s.FanOut(3), s.parallel(*branches), s.FanInConcat(), s.Dense(8, *deviations())
            )
        return s.serial(activation(), affine())

    layers = [affine(), *(block() for _ in range(depth))]
    readout = (s.Flatten(), s.GlobalAvgPool(), s.GlobalSumPool())[generator.integers(3)]
    return s.serial(*layers, readout, s.Dense(2, *deviations()))


@pytest.mark.parametrize("seed", range(20))
def test_random_compositions(peer, seed):
    agree(
        peer,
        lambda s: random_network(np.random.default_rng(seed), s),
        shape=(4, 4, 3),
        tolerance=1e-7,
    )
