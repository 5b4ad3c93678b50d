"""Finite networks of a job's layers: what they compute, and how wide they are."""

import json
import re

import numpy as np
import pytest
from finite_cases import CASES, FINITE_ONLY, IMAGES
from program import ROOT

import ntkdist
from ntkdist import stax

DENSE = {"dense": {"weight_variance": 2.25, "bias_variance": 0.25}}


@pytest.fixture
def x(jax, rng):
    return rng.standard_normal((3, *IMAGES))


def sizes(jax, params):
    return [leaf.shape for leaf in jax.tree_util.tree_leaves(params)]


def test_widths(jax):
    shape = (-1, 6)
    net = ntkdist.finite([DENSE, "relu", {"dense": {"width": 5}}, "erf", DENSE], 7)
    output, params = net.init_fn(None, shape)
    assert output == (-1, 1)
    assert [s for s in sizes(jax, params) if len(s) == 2 and s[0] > 1] == [(6, 7), (7, 5), (5, 1)]
    for outputs, scale, expected in ((None, 3, [15, 1]), (4, 1, [5, 4])):
        net = ntkdist.finite(
            [{"dense": {"width": 5}}, "erf", DENSE], 7, outputs=outputs, scale=scale
        )
        found = [s[1] for s in sizes(jax, net.params(shape)) if s[0] > 1]
        assert found == expected
    # Layers after the last weights keep channels separate.
    net = ntkdist.finite([DENSE, "relu", DENSE, "tanh"], 7)
    assert net.init_fn(None, shape)[0] == (-1, 1)
    net = ntkdist.finite([DENSE, "relu", DENSE, "layer_norm"], 7)
    assert net.init_fn(None, shape)[0] == (-1, 7)
    net = ntkdist.finite([DENSE, "relu", {"dense": {"width": 10}}], 7)
    assert net.init_fn(None, shape)[0] == (-1, 10)


def test_attention_is_wide_inside_whatever_its_outputs(jax, x):
    """Otherwise kernels of networks that end with attention would not converge."""
    for scaling, heads, keys, values in (("linear", 4, 16, 4), ("root", 16, 4, 4)):
        last = {"self_attention": {"mechanism": "identity", "scaling": scaling}}
        for outputs in (None, 1, 3):
            net = ntkdist.finite([DENSE, last, "global_average_pool"], 16, outputs=outputs)
            shape, params = net.init_fn(None, x.shape)
            _, W_key, W_value, W_out, _, _ = params[1]
            assert shape == (3, outputs or 1)
            assert (W_key.shape, W_value.shape) == ((heads, 16, keys), (heads, 16, values))
            assert W_out.shape == (values * heads, outputs or 1)


def test_layer_norm_over_all_axes(jax, x, rng):
    """Of images, and of vectors, which have no axes of pixels."""
    norm = {"layer_norm": {"axes": "all"}}
    for layers, inputs in (
        ([DENSE, norm], x),
        (["flatten", DENSE, norm], x),
        ([DENSE, norm], rng.standard_normal((3, 6))),
    ):
        net = ntkdist.finite(layers, 7)
        found = net.apply_fn(net.params(inputs.shape), inputs).reshape(3, -1)
        assert np.allclose(found.mean(1), 0, atol=1e-6) and np.allclose(found.std(1), 1, rtol=1e-6)


def test_seeds(jax, rng):
    x = rng.standard_normal((3, 6))
    nets = [ntkdist.finite([DENSE, "relu", DENSE], 7, seed) for seed in (0, 0, 1)]
    first, same, other = (net.apply_fn(net.params(x.shape), x) for net in nets)
    assert np.array_equal(first, same) and not np.allclose(first, other)
    key = jax.random.PRNGKey(1)
    assert np.array_equal(nets[0].apply_fn(nets[0].init_fn(key, x.shape)[1], x), other)


def test_values_of_parameters(jax, rng):
    """Parameters are standard normal, and are multiplied by the job's scales."""
    x = rng.standard_normal((3, 6))
    net = ntkdist.finite([DENSE, "erf", DENSE], 50)
    params = net.params(x.shape)
    (w1, b1), _, (w2, b2) = params
    hidden = jax.scipy.special.erf(1.5 / np.sqrt(6) * x @ w1 + 0.5 * b1)
    assert np.allclose(
        net.apply_fn(params, x), 1.5 / np.sqrt(50) * hidden @ w2 + 0.5 * b2, rtol=1e-6
    )
    assert abs(np.var(w1) - 1) < 0.3


def test_standard_parameterization(jax, rng):
    x = rng.standard_normal((3, 6))
    standard = {"parameterization": "standard", "weight_variance": 2.0}
    layers = [{"dense": {"width": 8, **standard}}, "relu", {"dense": {"width": 1, **standard}}]
    net = ntkdist.finite(layers, scale=5)
    params = net.params(x.shape)
    own = stax.serial(
        stax.Dense(8, 2**0.5, parameterization="standard", s=(1, 5)),
        stax.Relu(),
        stax.Dense(1, 2**0.5, parameterization="standard", s=(5, 1)),
    )
    assert sizes(jax, params) == sizes(jax, own.init_fn(jax.random.PRNGKey(0), x.shape)[1])
    assert np.allclose(net.apply_fn(params, x), own.apply_fn(params, x), rtol=1e-6)


def test_networks_of_stax(jax, rng):
    """Their layers and axes count, but not their widths."""
    x = rng.standard_normal((3, 2, 4, 5))
    numbers = ("NCHW", "OIHW", "NCHW")
    net = stax.serial(
        stax.Conv(9, (3, 2), padding="SAME", dimension_numbers=numbers),
        stax.Relu(),
        stax.Flatten(),
        stax.Dense(10),
    )
    found = ntkdist.finite(net, 6)
    shape, params = found.init_fn(None, x.shape)
    assert shape == (3, 1)
    assert sizes(jax, params) == [(3, 2, 2, 6), (4 * 5 * 6, 1)]
    assert found.apply_fn(params, x).shape == (3, 1)


def test_tied_and_frozen_layers(jax, rng):
    x = rng.standard_normal((3, 6))
    rounds = {"repeat": {"count": 3, "tied": True, "layers": ["erf", DENSE]}}
    net = ntkdist.finite([DENSE, rounds, "erf", DENSE], 4)
    assert len([s for s in sizes(jax, net.params(x.shape)) if s[0] > 1]) == 3
    frozen = {"dense": {"trained": False}}
    net = ntkdist.finite([frozen, "erf", DENSE], 4)
    params = net.params(x.shape)
    slopes = jax.grad(lambda p: net.apply_fn(p, x).sum())(params)
    assert not np.any(slopes[0][0]) and np.any(slopes[2][0])


def test_recurrent_layers(jax, x):
    layer = {"activation": "cos", "weight_variance": 1.44, "input_variance": 0.25}
    for order in ("rows", "pixels"):
        net = ntkdist.finite([{"recurrent": {**layer, "order": order}}], 3)
        params = net.params(x.shape)
        w, u, b = params[0]
        rows = x.reshape(3, 4, -1) if order == "rows" else x.reshape(3, 20, -1)
        before, states = np.zeros((3, 3)), []
        for t in range(rows.shape[1]):
            states.append(1.2 / 3**0.5 * before @ w + 0.5 / u.shape[0] ** 0.5 * rows[:, t] @ u)
            before = np.cos(states[-1])
        shape = (3, 4, 1, 3) if order == "rows" else (3, 4, 5, 3)
        assert np.allclose(
            net.apply_fn(params, x), np.stack(states, 1).reshape(shape), rtol=1e-5, atol=1e-6
        )
    with pytest.raises(ValueError, match="give images"):
        ntkdist.finite([{"recurrent": layer}]).params((3, 6))


def test_dilated_convolutions(jax, x):
    layer = {"filter": 2, "dilation": [2, 3], "padding": "valid"}
    net = ntkdist.finite([{"convolution": layer}])
    (kernel, _), params = net.params(x.shape)[0], net.params(x.shape)
    found = net.apply_fn(params, x)
    assert net.init_fn(None, x.shape)[0] == found.shape == (3, 2, 2, 1)
    corner = np.einsum("nabc,abco->no", x[:, ::2, ::3][:, :2, :2], kernel) / 8**0.5
    assert np.allclose(found[:, 0, 0], corner, rtol=1e-5)


def test_graphs(jax, x, tmp_path, monkeypatch):
    matrix = np.random.default_rng(1).standard_normal((20, 20))
    np.save(tmp_path / "graph.npy", matrix)
    monkeypatch.setenv("HOME", str(tmp_path))
    net = ntkdist.finite([{"aggregate": {"adjacency": "~/graph.npy"}}])
    found = net.apply_fn(net.params(x.shape), x)
    assert np.allclose(found.reshape(3, 20, 2), matrix @ x.reshape(3, 20, 2), rtol=1e-5)
    with pytest.raises(ValueError, match=r"has shape \(20, 20\), and images have 16 pixels"):
        net.apply_fn(net.params((3, 4, 4, 2)), x[:, :, :4])


def test_chance_and_batches_are_noticed(x):
    for layers, expected in (
        ([DENSE, "relu", DENSE], False),
        ([DENSE, {"dropout": {"rate": 0.2}}, DENSE], True),
        ([{"residual": {"main": [DENSE, "batch_norm"]}}, DENSE], True),
        (
            [{"repeat": {"count": 2, "tied": True, "layers": [DENSE, {"dropout": {"rate": 0.2}}]}}],
            True,
        ),
    ):
        assert ntkdist.finite(layers).mixes_inputs(x.shape) is expected


def test_every_layer_of_the_catalog_has_a_case():
    text = (ROOT / "docs" / "reference" / "layers.md").read_text().split("## What may follow")[0]
    rows = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|", text, re.MULTILINE)
    names = set(re.findall(r"`([a-z_]+)`", " ".join(rows)))
    known = json.dumps({**CASES, **FINITE_ONLY})
    parameters = {
        *("bias_variance", "trained", "parameterization", "width", "stride", "padding"),
        *("dilation", "mechanism", "scaling", "positional", "positional_variance"),
        *("positional_values", "query_variance", "key_variance", "value_variance"),
        "output_variance",
    }
    missing = {name for name in names - parameters if f'"{name}"' not in known}
    assert missing == {"exp_normalized"}
    assert len(names) > 55
    with pytest.raises(NotImplementedError, match="kernel without a function"):
        ntkdist.finite([DENSE, "exp_normalized", DENSE]).params((1, 3))


def test_masks_are_refused(x):
    net = stax.serial(stax.Dense(3), stax.Relu())
    with pytest.raises(NotImplementedError, match="there are no masks"):
        net.apply_fn(((np.ones((2, 3)), None), ()), x, mask_constant=1.0)


def test_wrong_arguments(jax):
    for options, word in (
        ({"width": 0}, "width is 0"),
        ({"scale": 1.5}, "scale is"),
        ({"outputs": 0}, "outputs is 0"),
    ):
        with pytest.raises(ValueError, match=word):
            ntkdist.finite("[dense]", **options)
    with pytest.raises(TypeError, match="network is int"):
        ntkdist.finite(3)
    with pytest.raises(NotImplementedError, match="a finite network with the layer sofa"):
        ntkdist.finite(["sofa"]).params((1, 3))
    with pytest.raises(ValueError, match="tied layers take the shape"):
        ntkdist.finite(
            [{"repeat": {"count": 2, "tied": True, "layers": ["erf", DENSE]}}, "erf", DENSE], 4
        ).params((1, 3))
