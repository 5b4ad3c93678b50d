"""Kernels and networks that are kept: sliced, copied, pickled, and continued from."""

import copy
import pickle

import numpy as np
import pytest
from peering import ACTIVATIONS

import ntkdist
from ntkdist import stax

pytestmark = pytest.mark.usefixtures("kernels")


def test_kernels_of_kernels(x):
    first = stax.serial(stax.Dense(8, 1.5), stax.Relu())
    second = stax.serial(stax.Dense(8), stax.Erf(), stax.Dense(1))
    for x2 in (None, x[:2]):
        found = second.kernel_fn(first.kernel_fn(x, x2), get="ntk")
        expected = stax.serial(first, second).kernel_fn(x, x2, "ntk")
        assert np.array_equal(found, expected)
    assert second.kernel_fn(first.kernel_fn(x)).is_gaussian


def test_kernels_of_kernels_are_those_of_the_inputs_at_the_time(x):
    first = stax.serial(stax.Dense(8, 1.5), stax.Relu())
    second = stax.serial(stax.Dense(8), stax.Erf(), stax.Dense(1))
    y = x[:2].copy()
    for x2 in (None, y, x):
        kernel, expected = (
            first.kernel_fn(x, x2),
            stax.serial(first, second).kernel_fn(x, x2, "ntk"),
        )
        x += 1.0
        y -= 1.0
        assert np.array_equal(second.kernel_fn(kernel, get="ntk"), expected)


def test_pickled_kernels_are_kernels_alone(x):
    kernel = stax.Dense(1).kernel_fn(np.repeat(x, 1000, axis=1))
    twin = pickle.loads(pickle.dumps(kernel))
    assert twin.asdict().keys() == kernel.asdict().keys() and type(twin) is type(kernel)
    # The inputs are 240,000 bytes.
    assert len(pickle.dumps(kernel)) < 10_000
    with pytest.raises(NotImplementedError, match="serial"):
        stax.Dense(1).kernel_fn(twin)


def test_kernels_have_the_methods_of_the_peer(kernel_fn, x):
    kernel = kernel_fn(x)
    assert kernel.replace(ntk=None).ntk is None
    assert set(kernel.asdict()) == set(ntkdist.Kernel._fields)
    assert len(kernel.astuple()) == 16
    part = kernel.slice(slice(0, 2), slice(2, 5))
    assert np.array_equal(part.nngp, kernel.nngp[:2, 2:])
    assert part.shape1 == (2, 1) and part.shape2 == (3, 1)
    assert kernel.replace(ntk=None).slice(slice(0, 2), slice(2, 5)).ntk is None


def test_kernels_whose_inputs_are_not_the_first_axis_are_sliced(x):
    kernel = stax.Dense(3, batch_axis=1, channel_axis=0).kernel_fn(x.T)
    assert kernel.shape1 == (3, 5)
    part = kernel.slice(slice(0, 2), slice(2, 5))
    assert part.shape1 == (3, 2) and part.shape2 == (3, 3)


def test_networks_are_copied_and_pickled(x):
    net = stax.serial(stax.Dense(8), stax.Relu(), stax.Dense(1))
    expected = net.kernel_fn(x, None, "ntk")
    for twin in (copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert np.array_equal(twin.kernel_fn(x, None, "ntk"), expected)
    for kernel_fn in (copy.deepcopy(net.kernel_fn), pickle.loads(pickle.dumps(net.kernel_fn))):
        assert np.array_equal(kernel_fn(x, None, "ntk"), expected)
    kernel = pickle.loads(pickle.dumps(net.kernel_fn(x)))
    assert np.array_equal(kernel.ntk, expected)


def test_named_tuples_are_copied_and_pickled(kernel_fn, x):
    both = kernel_fn(x, None, ("ntk", "nngp"))
    for twin in (copy.copy(both), copy.deepcopy(both), pickle.loads(pickle.dumps(both))):
        assert type(twin) is type(both)
        assert np.array_equal(twin.ntk, both.ntk) and np.array_equal(twin.nngp, both.nngp)
    predict_fn = ntkdist.predict.gp_inference(both, x[:, :1], diag_reg=1e-3)
    means = predict_fn(("nngp", "ntk"), both)
    assert np.array_equal(pickle.loads(pickle.dumps(means)).ntk, means.ntk)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_pickled(name):
    net = ACTIVATIONS[name](stax)
    twin = pickle.loads(pickle.dumps(net))
    assert twin.layer.layer == net.layer.layer
