"""Layers that only finite networks have."""

import numpy as np
import pytest
from finite_cases import IMAGES

import ntkdist
from ntkdist import stax


@pytest.fixture
def x(jax, rng):
    return rng.standard_normal((3, *IMAGES))


def sizes(jax, params):
    return [leaf.shape for leaf in jax.tree_util.tree_leaves(params)]


def test_layers_without_a_closed_form(jax, x):
    pooled = stax.MaxPool((2, 3), (1, 2)).apply_fn((), x)
    assert pooled.shape == (3, 3, 2, 2)
    assert np.allclose(pooled[:, 1, 1], x[:, 1:3, 2:5].max((1, 2)))
    same, params = stax.MaxPool((2, 3), (1, 2), "SAME").init_fn(None, x.shape)
    assert same == stax.MaxPool((2, 3), (1, 2), "CIRCULAR").apply_fn((), x).shape == (3, 4, 3, 2)
    normal = stax.BatchNorm(1e-9).apply_fn((), x)
    assert np.allclose(normal.mean((0, 1, 2)), 0, atol=1e-6)
    assert np.allclose(normal.var((0, 1, 2)), 1, rtol=1e-5)
    init_fn, apply_fn, kernel_fn = stax.GRU(3, 1.2, 0.5, 0.3)
    shape, params = init_fn(jax.random.PRNGKey(0), x.shape)
    w, u, b = (np.asarray(p) for p in params)
    assert shape == (3, 4, 1, 3)

    def sigmoid(value):
        return 1 / (1 + np.exp(-value))

    h, states, tokens = np.zeros((3, 3)), [], x.reshape(3, 4, -1)
    for t in range(4):
        given = [0.5 / 10**0.5 * tokens[:, t] @ u[g] + 0.3 * b[g] for g in range(3)]
        kept = [1.2 / 3**0.5 * h @ w[g] for g in range(3)]
        z, r = sigmoid(given[0] + kept[0]), sigmoid(given[1] + kept[1])
        h = (1 - z) * np.tanh(given[2] + r * kept[2]) + z * h
        states.append(h)
    assert np.allclose(apply_fn(params, x)[:, :, 0], np.stack(states, 1), rtol=1e-5, atol=1e-6)
    for net, word in (
        (stax.GRU(3), "recurrent"),
        (stax.MaxPool((2, 2)), "AvgPool"),
        (stax.BatchNorm(), "LayerNorm"),
    ):
        with pytest.raises(NotImplementedError, match=f"{word}.*ntkdist.monte_carlo"):
            net.kernel_fn(x, None, "ntk")


FINITE_NETWORKS = {
    "max_pool": stax.serial(
        stax.Conv(4, (3, 3), padding="SAME"),
        stax.MaxPool((2, 3), (1, 2), "SAME"),
        stax.Relu(),
        stax.Flatten(),
        stax.Dense(1),
    ),
    "batch_norm": stax.serial(
        stax.Dense(4, 1.2), stax.Relu(), stax.BatchNorm(1e-3), stax.Erf(), stax.Dense(1)
    ),
    "gru": stax.serial(stax.GRU(4, 1.2, 0.5, 0.3, "pixels"), stax.Relu(), stax.Dense(1)),
    "standard": stax.serial(
        stax.GRU(4, 1.2, 0.5, 0.3), stax.Flatten(), stax.Dense(1, parameterization="standard")
    ),
}


@pytest.mark.parametrize("name", FINITE_NETWORKS)
def test_networks_of_stax_without_a_closed_form(jax, x, name):
    """The layers in the form of a job compute what the network itself computes."""
    net = FINITE_NETWORKS[name]
    found = ntkdist.finite(net, 4)
    key = jax.random.PRNGKey(2)
    shape, params = net.init_fn(key, x.shape)
    own_shape, own = found.init_fn(key, x.shape)
    assert own_shape == shape and sizes(jax, own) == sizes(jax, params)
    assert np.allclose(found.apply_fn(own, x), net.apply_fn(own, x), rtol=1e-6, atol=1e-7)
    assert found.mixes_inputs(x.shape) is (name == "batch_norm")
    with pytest.raises(NotImplementedError, match="ntkdist.monte_carlo"):
        net.kernel_fn(x)


def test_axes_of_layers_without_a_closed_form(jax, x):
    channels_first = stax.Conv(4, (3, 3), dimension_numbers=("NCHW", "OIHW", "NCHW"))
    for layer in (stax.MaxPool((2, 2)), stax.BatchNorm(), stax.GRU(3)):
        with pytest.raises(ValueError, match="channel_axis -1"):
            ntkdist.finite(stax.serial(channels_first, layer)).params(x.shape)
    turned = stax.Conv(4, (1, 1), dimension_numbers=("NHWC", "HWIO", "NWHC"))
    with pytest.raises(ValueError, match="axes N10C"):
        ntkdist.finite(stax.serial(turned, stax.GRU(3))).params(x.shape)
    net = stax.serial(turned, stax.MaxPool((2, 3)))
    found = ntkdist.finite(net, 4, outputs=4)
    own = found.params(x.shape)
    pooled = net.apply_fn(net.init_fn(jax.random.PRNGKey(0), x.shape)[1], x)
    assert pooled.shape == (3, 4, 2, 4)
    assert found.apply_fn(own, x).shape == (3, 2, 4, 4)
    with pytest.raises(ValueError, match=r"MaxPool has window_shape \(2, 2\)"):
        ntkdist.finite(stax.serial(stax.Flatten(), stax.MaxPool((2, 2)))).params(x.shape)
