"""Monte Carlo: with every layer, kernels of finite networks approach the infinite network's."""

import json
import os

import numpy as np
import pytest
from finite_cases import ACTIVATIONS, CASES, FINITE_ONLY, IMAGES, gray_images, signed_images

import ntkdist
from ntkdist import stax

#: All layers, more networks, and the decrease of errors with width; otherwise, some layers.
EXHAUSTIVE = os.environ.get("NTK_EXHAUSTIVE") == "1"
SOME = (
    "gelu",
    "elu",
    "standard",
    "aggregate",
    "mask",
    "dropout",
    "repeat tied residual",
    "recurrent",
)

#: The mean kernel of finite networks also differs from the limit, by about 1 / width. With few
#: networks, this is less than the standard error.
WIDTHS = {True: (32, 512), False: (16, 256)} if EXHAUSTIVE else {True: (256,), False: (256,)}
SAMPLES = {True: 400, False: 160} if EXHAUSTIVE else {True: 64, False: 64}


#: Widths and numbers of networks of special cases.
SPECIAL = {
    # A network that ends with an activation needs the derivatives of as many outputs as channels.
    "pool last": ((16, 128), 80),
    # Every pixel has weights of its own.
    "local_convolution": ((16, 128), 160),
    # The mean differs from the limit by about 2 / width of it, which more networks would resolve.
    "standard": ((32, 512), 80),
    # Products of many random matrices: the errors of narrow networks decrease faster.
    "self_attention root": ((64, 512), 160),
    "self_attention relu": ((128, 1024), 160),
    "self_attention abs": ((128, 1024), 160),
    "recurrent pixels": ((64, 512), 160),
}


def inputs(name):
    generator = np.random.default_rng(3)
    if name in ("self_attention relu", "self_attention abs"):
        return signed_images(generator, 3).astype(np.float32)
    if name.startswith("mask"):
        return gray_images(generator, 3).astype(np.float32)
    shape = (6,) if name in ACTIVATIONS else IMAGES
    return generator.standard_normal((3, *shape)).astype(np.float32)


def layers(name, folder):
    """The network of a case, with a graph in a file."""
    path = folder / "graph.npy"
    np.save(path, np.random.default_rng(4).standard_normal((20, 20)) / 4)
    return json.loads(json.dumps({**CASES, **FINITE_ONLY}[name]).replace("ADJACENCY", str(path)))


@pytest.mark.parametrize("name", CASES if EXHAUSTIVE else SOME)
def test_layers(jax, kernels, tmp_path, name):
    of_kind = WIDTHS[name in ACTIVATIONS], SAMPLES[name in ACTIVATIONS]
    widths, samples = SPECIAL.get(name, of_kind) if EXHAUSTIVE else of_kind
    found = ntkdist.monte_carlo(layers(name, tmp_path), inputs(name), widths, samples)
    for kind in ("nngp", "ntk"):
        kernel = getattr(found, kind)
        assert kernel.is_infinite
        scale = np.abs(kernel.reference).max()
        # Some elements do not vary, except by rounding.
        sure = np.abs(kernel.mean[-1] - kernel.reference) < 1e-5 * scale
        assert (sure | (np.abs(kernel.deviations()[-1]) < 4)).all(), (kind, kernel.deviations())
        if EXHAUSTIVE and kernel.distance[0] > 1e-5:
            assert abs(kernel.slope + 0.5) < 0.1, (kind, kernel.slope, kernel.distance)


@pytest.mark.parametrize("name", FINITE_ONLY)
def test_layers_without_a_closed_form(jax, kernels, tmp_path, name):
    with pytest.warns(UserWarning, match="distances are to the widest networks"):
        found = ntkdist.monte_carlo(layers(name, tmp_path), inputs(name), (8, 32, 64), 8)
    for kernel in (found.nngp, found.ntk):
        assert not kernel.is_infinite
        assert np.array_equal(kernel.reference, kernel.mean[-1])
        assert np.isnan(kernel.distance[-1]) and (kernel.distance[:-1] > 0).all()
        assert np.isfinite(kernel.slope)
        # They are symmetric, and positive on the diagonal.
        assert np.allclose(kernel.mean, kernel.mean.transpose(0, 2, 1), rtol=1e-4)
        assert (np.diagonal(kernel.mean, axis1=1, axis2=2) > 0).all()


def test_networks_of_stax_without_a_closed_form(jax):
    net = stax.serial(stax.Conv(9, (2, 2)), stax.MaxPool((2, 2)), stax.Flatten(), stax.Dense(1))
    with pytest.warns(UserWarning, match="distances are to the widest networks.*MaxPool"):
        found = ntkdist.monte_carlo(net, inputs("max_pool"), (4, 8), 4)
    assert not found.ntk.is_infinite and (found.ntk.distance[:1] > 0).all()


def test_a_network_that_ends_with_an_activation(jax, kernels):
    """The kernel of one output does not approach the mean over all outputs; that of all does."""
    found = ntkdist.monte_carlo(CASES["pool last"], inputs("pool last"), (4, 64), 40)
    assert found.ntk.distance[1] < found.ntk.distance[0] / 2
    assert np.abs(found.ntk.deviations()).max() < 5


def test_values(jax):
    """The statistics, against those of the same networks drawn here."""
    x = inputs("relu")
    layers = [{"dense": {"weight_variance": 2.0}}, "relu", "dense"]
    limit = ntkdist.Kernel(
        *(np.eye(3), 2 * np.eye(3), None, None, True, True, False, False, True, False),
        *((3, 1), (3, 1), 0, 1),
    )
    found = ntkdist.monte_carlo(layers, x, [8, 4], 5, seed=3, reference=limit)
    keys = jax.random.split(jax.random.PRNGKey(3), 2)
    for place, width in enumerate((4, 8)):
        samples = {"nngp": [], "ntk": []}
        for key in jax.random.split(keys[place], 5):
            for kind, own, outputs in zip(samples, jax.random.split(key), (width, 1)):
                net = ntkdist.finite(layers, width, outputs=outputs)
                params = net.init_fn(jax.random.split(own)[0], x.shape)[1]
                kernel_fn = ntkdist.empirical_kernel_fn(net.apply_fn)
                samples[kind].append(np.asarray(kernel_fn(x, None, kind, params)))
        for kind, scale in (("nngp", 1), ("ntk", 2)):
            kernel, values = getattr(found, kind), np.array(samples[kind])
            assert list(kernel.widths) == [4, 8]
            assert np.allclose(kernel.mean[place], values.mean(0), rtol=1e-4, atol=1e-6)
            error = values.std(0, ddof=1) / 5**0.5
            assert np.allclose(kernel.error[place], error, rtol=1e-3, atol=1e-6)
            away = np.linalg.norm(values - scale * np.eye(3), axis=(1, 2)) / (scale * 3**0.5)
            assert np.allclose(kernel.distances[place], away, rtol=1e-4)
            assert np.isclose(kernel.distance[place], (away**2).mean() ** 0.5, rtol=1e-4)
            d = kernel.deviations()[place]
            assert np.allclose(d * kernel.error[place], kernel.mean[place] - scale * np.eye(3))


def test_functions_of_a_width(jax):
    x = inputs("relu")

    def network(width):
        return stax.serial(stax.Dense(width), stax.Relu(), stax.Dense(2))

    found = ntkdist.monte_carlo(network, x, (8, 16), 4, reference=None)
    assert found.ntk.mean.shape == (2, 3, 3)
    with pytest.warns(UserWarning, match="not one of ntkdist.stax"):
        ntkdist.monte_carlo(lambda width: tuple(network(width))[:2], x, (8,), 2)


def test_figure(jax):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed").use("agg")
    found = ntkdist.monte_carlo(
        ["dense", "relu", "dense"], inputs("relu"), (4, 8, 16), 2, reference=None
    )
    axes = found.plot()
    assert axes.get_ylabel() == "distance to the widest networks"
    assert [len(line.get_xdata()) for line in axes.get_lines()] == [2] * 4
    dashed = axes.get_lines()[1].get_ydata()
    assert np.isclose(dashed[1] / dashed[0], 0.5**0.5)


def test_progress(jax):
    seen = []
    ntkdist.monte_carlo(
        ["dense", "relu", "dense"], inputs("relu"), (4, 8), 2, reference=None, progress=seen.append
    )
    assert [progress.fraction for progress in seen] == [0, 0.5, 1]


def test_wrong_arguments(jax):
    x = inputs("relu")
    network = ["dense", "relu", "dense"]
    for options, word in (
        ({"widths": []}, "widths are"),
        ({"widths": [0]}, "widths are"),
        ({"samples": 1}, "samples is 1"),
    ):
        with pytest.raises(ValueError, match=word):
            ntkdist.monte_carlo(network, x, **options)
    with pytest.raises(ValueError, match="width 12 is no multiple of 8"):
        ntkdist.monte_carlo([{"dense": {"width": 8}}, "relu", "dense"], x, [12])
    with pytest.raises(ValueError, match=r"x\[1, 2\] is nan"):
        ntkdist.monte_carlo(network, np.where(np.arange(18).reshape(3, 6) == 8, np.nan, x))
