"""Kernels of branches, axes and graphs compared with those of neural-tangents."""

import warnings

import numpy as np
import pytest
from peering import agree, inputs

from ntkdist import stax

pytestmark = pytest.mark.usefixtures("kernels")

BRANCHES = {
    "sum": lambda s: s.serial(
        s.FanOut(2), s.parallel(s.serial(s.Relu(), s.Conv(8, (1, 1))), s.Identity()), s.FanInSum()
    ),
    "sum_of_three": lambda s: s.serial(
        s.FanOut(3),
        s.parallel(s.serial(s.Relu(), s.Dense(8)), s.Dense(8, 0.3), s.serial(s.Erf(), s.Dense(8))),
        s.FanInSum(),
    ),
    "product": lambda s: s.serial(
        s.FanOut(2),
        s.parallel(s.Dense(8, 1.1), s.serial(s.Dense(8), s.Sigmoid_like())),
        s.FanInProd(),
        s.Dense(8),
    ),
    "concatenation": lambda s: s.serial(
        s.FanOut(2),
        s.parallel(s.Dense(24, 1.2), s.serial(s.Relu(), s.Dense(8))),
        s.FanInConcat(-1),
        s.Dense(8),
    ),
    "nested": lambda s: s.serial(
        s.FanOut(2),
        s.parallel(
            s.serial(
                s.Dense(8),
                s.FanOut(2),
                s.parallel(s.serial(s.Relu(), s.Dense(8)), s.Dense(8)),
                s.FanInSum(),
            ),
            s.Dense(8, 0.5),
        ),
        s.FanInProd(),
        s.Dense(8),
    ),
    "pairs": lambda s: s.serial(
        s.FanOut(2),
        s.parallel(s.FanOut(2), s.Dense(8)),
        s.parallel(s.serial(s.parallel(s.Dense(8), s.Identity()), s.FanInSum()), s.Identity()),
        s.FanInSum(),
    ),
    "repeat": lambda s: s.repeat(s.serial(s.Relu(), s.Dense(8, 1.2, 0.2)), 4),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_branches(peer, name):
    agree(peer, lambda s: s.serial(s.Conv(8, (2, 2)), BRANCHES[name](s), s.Flatten(), s.Dense(2)))


STANDARD = {"parameterization": "standard"}


AXES = [{"channel_axis": 1}, {"batch_axis": 3, "channel_axis": 1}, {"batch_axis": -2}]


@pytest.mark.parametrize("axes", AXES)
def test_axes_are_arguments_of_the_kernel(peer, axes):
    x = np.random.default_rng(3).standard_normal((3, 3, 3, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, expected = (s.Identity()[2](x, None, **axes) for s in (stax, peer.stax))
    assert np.allclose(found.nngp, expected.nngp, rtol=1e-10)
    assert found.shape1 == expected.shape1
    with pytest.raises(ValueError, match="axis"):
        stax.Conv(2, (2, 2), dimension_numbers=("CHWN", "HWIO", "NHWC")).kernel_fn(x, **axes)


@pytest.mark.parametrize("name", ["AvgPool", "SumPool"])
def test_pools_of_vectors(peer, name):
    agree(peer, lambda s: s.serial(s.Dense(8), getattr(s, name)(()), s.Relu(), s.Dense(2)), (7,))


@pytest.mark.parametrize("name", ["Conv", "ConvLocal"])
def test_convolutions_of_vectors(peer, name):
    def build(s):
        layer = getattr(s, name)
        turned = layer(8, (), b_std=0.3, dimension_numbers=("NC", "OI", "NC"), **STANDARD)
        return s.serial(s.GlobalAvgPool(), layer(8, (), W_std=1.2), s.Relu(), turned)

    agree(peer, build, skipped=("is_reversed",))


def test_standard_parameterization(peer):
    agree(
        peer,
        lambda s: s.serial(
            s.Conv(6, (2, 2), W_std=1.2, b_std=0.2, **STANDARD),
            s.Relu(),
            s.Conv(5, (2, 2), W_std=0.9, **STANDARD),
            s.Relu(),
            s.Flatten(),
            s.Dense(4, 1.1, 0.0, **STANDARD),
            s.Relu(),
            s.Dense(7),
            s.Relu(),
            s.Dense(3, 1.3, 0.3, **STANDARD),
        ),
    )


@pytest.mark.parametrize("activation", ["Erf", "Relu"])
def test_black_pixels_and_biases_of_variance_0(peer, activation):
    """The kernels are the limits for small biases, where the peer is continuous only for Erf."""
    x = inputs((4, 5, 3), (3,))[0]
    x[:, :, :3] = 0

    def kernel(s, b_std):
        layers = [
            s.Conv(8, (3, 3), (1, 1), "SAME", 1.3, b_std, **STANDARD),
            getattr(s, activation)(),
        ]
        net = s.serial(*layers, *layers, s.GlobalAvgPool(), s.Dense(1, 1.0, b_std, **STANDARD))
        return np.asarray(net[2](x, None, "ntk"))

    found = kernel(stax, 0.0)
    assert np.allclose(found, kernel(peer.stax, 1e-9), rtol=1e-8)
    if activation == "Erf":
        assert np.allclose(found, kernel(peer.stax, 0.0), rtol=1e-12)


def test_scales_of_the_standard_parameterization(peer):
    agree(
        peer,
        lambda s: s.serial(
            s.Dense(6, 1.2, 0.2, s=(1, 3), **STANDARD),
            s.Relu(),
            s.Dense(5, 1.2, 0.2, s=(3, 2), **STANDARD),
            s.Relu(),
            s.Dense(4, 1.1, s=(2, 1), **STANDARD),
        ),
        shape=(7,),
    )


def test_inputs_with_one_spatial_axis(peer):
    agree(
        peer,
        lambda s: s.serial(
            s.Conv(8, (3,), (2,), "SAME"),
            s.Relu(),
            s.AvgPool((2,)),
            s.Conv(8, (2,)),
            s.GlobalAvgPool(),
        ),
        shape=(9, 3),
    )


@pytest.mark.parametrize("shape", [(2, 3, 2, 2, 3), (4, 3), (4, 3, 2)])
def test_flattened_inputs(peer, shape):
    agree(peer, lambda s: s.serial(s.Flatten(), s.Dense(8), s.Relu(), s.Dense(1)), shape=shape)


def test_networks_without_weights_at_the_end(peer):
    agree(peer, lambda s: s.serial(s.Dense(8), s.Relu()), shape=(7,))
    agree(peer, lambda s: s.serial(s.Conv(8, (2, 2)), s.Relu(), s.Flatten()))
    agree(peer, lambda s: s.Dense(8, 1.5, 0.2), shape=(7,))
    agree(peer, lambda s: s.Flatten())
    agree(peer, lambda s: s.Identity(), shape=(7,))
    agree(peer, lambda s: s.GlobalAvgPool())


def test_other_orders_of_axes(peer):
    numbers = ("NCHW", "HWIO", "NCHW")
    agree(
        peer,
        lambda s: s.serial(
            s.Conv(8, (2, 3), dimension_numbers=numbers),
            s.Relu(),
            s.AvgPool((2, 1), batch_axis=0, channel_axis=1),
            s.Conv(8, (2, 1), (1, 2), dimension_numbers=("NCHW", "WHIO", "NCWH")),
            s.Relu(),
            s.Conv(8, (1, 2), padding="SAME", dimension_numbers=numbers),
            s.GlobalAvgPool(channel_axis=1),
            s.Dense(2),
        ),
        shape=(3, 5, 6),
    )


def test_inputs_along_another_axis(peer):
    generator = np.random.default_rng(3)
    x1, x2 = generator.standard_normal((5, 3, 4, 3)), generator.standard_normal((5, 2, 4, 3))

    def build(s):
        return s.serial(
            s.Conv(8, (2, 2), dimension_numbers=("HNWC", "HWIO", "HNWC")),
            s.Relu(),
            s.Flatten(batch_axis=1),
            s.Dense(2),
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = build(peer.stax)[2](x1, x2, ("nngp", "ntk"))
    found = build(stax)[2](x1, x2, ("nngp", "ntk"))
    assert np.allclose(found.nngp, expected.nngp, rtol=1e-8)
    assert np.allclose(found.ntk, expected.ntk, rtol=1e-8)
