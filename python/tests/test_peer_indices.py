"""Kernels of some of the inputs compared with those of neural-tangents."""

import warnings

import numpy as np
import pytest
from peering import inputs

import ntkdist
from ntkdist import stax

pytestmark = pytest.mark.usefixtures("kernels")


def test_indices_of_inputs(peer):
    x1, x2 = inputs((4, 5, 2), (5, 4))
    for index in (
        np.s_[::2],
        np.s_[1:4, ::-1],
        np.s_[3:0:-1, ::-1, 4:1:-1],
        np.s_[-3:, ::-1, 1:4],
        np.s_[1:2:-1],
    ):
        networks = [
            s.serial(s.Conv(3, (2, 1)), s.Relu(), s.Index(index), s.Conv(3, (2, 2)), s.Flatten())[2]
            for s in (peer.stax, stax)
        ]
        for second in (None, x2):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs, ours = (kernel(x1, second, ("nngp", "ntk")) for kernel in networks)
            for field in ("nngp", "ntk"):
                expected, found = np.asarray(getattr(theirs, field)), getattr(ours, field)
                assert found.shape == expected.shape and np.allclose(found, expected, rtol=1e-8)


def test_indices_of_inputs_in_branches():
    branches = stax.serial(
        stax.FanOut(2),
        stax.parallel(stax.Dense(1), stax.serial(stax.Dense(1), stax.Index(np.s_[::2]))),
        stax.FanInSum(),
    )
    with pytest.raises(NotImplementedError, match="behind FanIn"):
        branches.kernel_fn(np.ones((4, 3)))


def test_indices_of_inputs_that_are_repeated(peer):
    x = inputs((4, 2))[0]
    networks = [
        s.serial(
            s.Dense(4),
            s.repeat(s.serial(s.Dense(4), s.Relu(), s.Index(np.s_[::-1])), 3),
            s.Flatten(),
        )[2]
        for s in (peer.stax, stax)
    ]
    assert np.allclose(networks[1](x, None, "ntk"), networks[0](x, None, "ntk"), rtol=1e-7)


def test_indices_of_inputs_are_not_in_jobs():
    net = stax.serial(stax.Flatten(), stax.Dense(1), stax.Index(np.s_[::2]))
    for shape in (None, (2, 4)):
        with pytest.raises(NotImplementedError, match="index the arrays"):
            net.yaml(shape)
    with pytest.raises(NotImplementedError, match="index the arrays"):
        ntkdist.finite(net, width=8).layers((2, 4))
    assert net.layer.parts[-1].mixes_inputs and not stax.Index(np.s_[:, ::2]).layer.mixes_inputs


def test_indices_far_away_and_wrong_ones():
    x = inputs((4, 2))[0]
    far = stax.serial(stax.Dense(1), stax.Index(np.s_[:, -(2**40) : 2**60]), stax.Flatten())
    assert np.array_equal(
        far.kernel_fn(x, None, "ntk"),
        stax.serial(stax.Dense(1), stax.Flatten()).kernel_fn(x, None, "ntk"),
    )
    with pytest.raises(ValueError, match="step 0"):
        stax.Index(np.s_[:, ::0])
    with pytest.raises(ValueError, match="unknown size"):
        stax.Index(np.s_[::2]).init_fn(None, (-1, 4, 2))


def test_some_inputs_are_the_same():
    x = inputs((4, 2))[0]
    y = np.concatenate([x[:2], x[2:] + 5])
    net = stax.serial(
        stax.Dense(1), stax.Relu(), stax.Dropout(0.5), stax.Index(np.s_[:2]), stax.GlobalAvgPool()
    )
    found, own = net.kernel_fn(x, y), net.kernel_fn(x, None)
    # x1 is not x2, so that both have noise of their own.
    assert not found.x1_is_x2 and own.x1_is_x2
    assert found.nngp[0, 0] < 0.9 * own.nngp[0, 0]


def test_indices_of_many_inputs():
    shape, _ = stax.Index(np.s_[: 2 * 10**6]).init_fn(None, (3 * 10**6, 4, 2))
    assert shape == (2 * 10**6, 4, 2)
