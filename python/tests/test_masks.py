"""The layer `mask` of a job among layers of `ntkdist.stax`."""

import numpy as np
import pytest

import ntkdist
from ntkdist import stax

pytestmark = pytest.mark.usefixtures("kernels")


@pytest.fixture
def images():
    generator = np.random.default_rng(7)
    return [np.repeat(generator.standard_normal((n, 3, 4, 1)), 2, -1) for n in (3, 2)]


def network(rows, *layers):
    block = f"{{residual: {{main: [relu, {{mask: {{rows: {rows}}}}}, {{dense: {{}}}}]}}}}"
    return stax.serial(stax.from_yaml(f"[{{dense: {{}}}}, {block}]"), *layers)


@pytest.mark.parametrize("rows", ["[null, null]", "[-3, null]", "[null, null, 1]", "[0, 100]"])
def test_masks_name_the_same_pixels_of_extended_images(images, rows):
    """Kernels of pixels, and of different graphs, are computed with larger images."""
    for of_rows in (
        [rows, "[0, 3]"],
        ["[-1, null]", "[2, 3]"],
        ["[null, null, -1]", "[2, -4, -1]"],
    ):
        pixels = [network(part, stax.Dense(1)).kernel_fn(*images, "nngp") for part in of_rows]
        assert np.allclose(*pixels, rtol=1e-12)
        equal = network(of_rows[0], stax.Dense(1)).kernel_fn(*images, "nngp", diagonal_spatial=True)
        assert np.allclose(np.einsum("ijaabb->ijab", pixels[0]), equal)
        graphs = [np.random.default_rng(8).random((n, 3, 4, 3, 4)) for n in (3, 2)]
        ends = [
            network(part, stax.Aggregate(), stax.GlobalAvgPool()).kernel_fn(
                *images, "ntk", pattern=tuple(graphs)
            )
            for part in of_rows
        ]
        assert np.allclose(*ends, rtol=1e-12)


def test_a_mask_behind_other_layers_is_a_part_of_the_inputs(jax, images):
    x = images[0].astype(np.float32)
    net = stax.serial(stax.Dense(3), stax.from_yaml("[{mask: {rows: [0, 3], columns: [0, 4]}}]"))
    _, params = net.init_fn(jax.random.PRNGKey(1), x.shape)
    hidden = net.layer.parts[0].apply(params[0], x)
    assert np.allclose(net.apply_fn(params, x), hidden * x[..., :1], rtol=1e-5)


def test_an_empty_mask_of_a_finite_network_is_refused(jax, images):
    net = stax.from_yaml("[{convolution: {filter: 1, width: 2}}, {mask: {rows: [2, 1]}}]")
    _, params = net.init_fn(jax.random.PRNGKey(1), images[0].shape)
    with pytest.raises(ValueError, match="use a larger part"):
        net.apply_fn(params, images[0])
    with pytest.raises(ntkdist.NetworkError, match="use a larger part"):
        stax.serial(net, stax.GlobalAvgPool()).kernel_fn(images[0])
