"""NumPy's whole numbers as arguments, with the same results as Python's."""

import json

import numpy as np
import pytest

from ntkdist import _program, predict, stax
from ntkdist._config import Config
from ntkdist.failures import JobError

#: A network with every function of whole numbers, from a function that converts a number.
NETWORKS = {
    "dense": lambda n: stax.Dense(n(3), parameterization="standard", s=(n(1), n(1))),
    "conv": lambda n: stax.Conv(n(2), (n(3), n(2)), (n(1), n(2))),
    "monomial": lambda n: stax.Monomial(n(2)),
    "rectified_monomial": lambda n: stax.RectifiedMonomial(n(2)),
    "hermite": lambda n: stax.Hermite(n(3)),
    "layer_norm": lambda n: stax.LayerNorm(n(-1)),
    "layer_norm_of_images": lambda n: stax.LayerNorm((n(1), n(2), n(3))),
    "layer_norm_of_an_array": lambda n: stax.LayerNorm(np.array([1, 2, 3])),
    "index": lambda n: stax.Index((slice(None), n(1), slice(n(0), n(3)))),
    "pool": lambda n: stax.AvgPool((n(2), n(2)), (n(1), n(2))),
    "resize": lambda n: stax.ImageResize((-1, n(4), n(4), -1), "linear"),
    "repeat": lambda n: stax.repeat(stax.Dense(2), n(2)),
    "attention": lambda n: stax.GlobalSelfAttention(n(3), n(2), n(2), n(1)),
}


def layers(net):
    whole = stax.serial(
        stax.Conv(4, (1, 1)), net, stax.Flatten(), stax.Dense(2, parameterization="standard")
    )
    return whole.kernel_fn.yaml((2, 6, 6, 3))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.int32])
def test_layers(name, dtype):
    expected = layers(NETWORKS[name](int))
    assert layers(NETWORKS[name](lambda n: dtype(n) if n >= 0 else np.int64(n))) == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda: stax.LayerNorm(1.5),
        lambda: stax.LayerNorm((1, 2.0)),
        lambda: stax.Aggregate("rows"),
        lambda: stax.Index((slice(None), slice(0.5, 2))),
        lambda: stax.LayerNorm(True),
    ],
)
def test_what_is_not_whole(make):
    with pytest.raises(TypeError):
        make()


def test_axes_of_graphs():
    for axis in (np.int64(1), [np.int64(1)], np.array([1])):
        assert stax.Aggregate(axis).layer.aggregate_axis == (1,)


def test_axes_of_targets():
    kernel, y = np.eye(4), np.ones((4, 2))
    expected = predict.gp_inference(kernel, y)("ntk", kernel)
    for axes in (np.int64(-1), (np.int64(1),), np.array([1])):
        found = predict.gp_inference(kernel, y, trace_axes=axes)("ntk", kernel)
        assert np.array_equal(found, expected)


def test_threads_and_ranks(monkeypatch):
    count = Config().thread_count(np.int32(3))
    assert json.dumps(count) == "3"
    monkeypatch.setenv("NTK_DIST", "/bin/true")
    monkeypatch.setattr(_program.shutil, "which", lambda name: name)
    assert _program.command([], np.int64(2))[:3] == ["mpirun", "-np", "2"]
    for wrong in (np.int64(0), -1, 2.0):
        with pytest.raises(JobError, match="ranks is"):
            _program.command([], wrong)
