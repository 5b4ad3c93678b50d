"""Finite networks compared with neural-tangents: the same keys give the same outputs."""

import warnings

import numpy as np
import pytest

from ntkdist import stax

STANDARD = {"parameterization": "standard"}

NETWORKS = {
    "dense": ((7,), lambda s: s.serial(s.Dense(8, 1.2, 0.3), s.Relu(), s.Dense(3, 0.9))),
    "standard": (
        (7,),
        lambda s: s.serial(
            s.Dense(8, 1.2, 0.3, s=(1, 2), **STANDARD),
            s.Erf(1, 2, 0.1),
            s.Dense(3, 0.9, s=(2, 1), **STANDARD),
        ),
    ),
    "convolutions": (
        (6, 5, 3),
        lambda s: s.serial(
            s.Conv(4, (3, 2), (2, 1), "SAME", 1.2, 0.3),
            s.Gelu(),
            s.Conv(5, (2, 3), padding="CIRCULAR"),
            s.LayerNorm(),
            s.LeakyRelu(0.1),
            s.ConvLocal(4, (2, 2), padding="SAME", b_std=0.2),
            s.Abs(),
            s.ConvTranspose(3, (2, 3), (2, 1), "SAME", b_std=0.5),
            s.Flatten(),
            s.Dense(2),
        ),
    ),
    "circular_transposed_convolutions": (
        (4, 3, 2),
        lambda s: s.serial(
            s.ConvTranspose(3, (3, 4), (2, 1), "CIRCULAR", b_std=0.5),
            s.ConvTranspose(2, (2, 5), (3, 2), "CIRCULAR"),
        ),
    ),
    "standard_convolution": (
        (6, 5, 3),
        lambda s: s.serial(
            s.Conv(4, (3, 2), W_std=1.2, b_std=0.3, **STANDARD),
            s.Sin(0.5, 2, 1),
            s.ConvLocal(4, (2, 2), W_std=1.3, **STANDARD),
            s.GlobalSumPool(),
        ),
    ),
    "pools": (
        (6, 6, 3),
        lambda s: s.serial(
            s.AvgPool((2, 3), padding="SAME"),
            s.AvgPool((3, 3), (2, 1), "SAME", True),
            s.AvgPool((2, 2), padding="CIRCULAR"),
            s.SumPool((2, 2)),
            s.GlobalAvgPool(),
        ),
    ),
    "branches": (
        (6, 5, 3),
        lambda s: s.serial(
            s.FanOut(3),
            s.parallel(s.Dense(4), s.Identity(), s.serial(s.Dense(4), s.Cos())),
            s.FanInConcat(-1),
            s.FanOut(2),
            s.parallel(s.Dense(4), s.Dense(4)),
            s.FanInSum(),
            s.FanOut(2),
            s.parallel(s.Dense(4), s.Identity()),
            s.FanInProd(),
            s.repeat(s.serial(s.Dense(4), s.Relu()), 3),
            s.GlobalAvgPool(),
        ),
    ),
    "positions": (
        (6, 5, 3),
        lambda s: s.serial(
            s.ImageResize((-1, 4, 7, -1), "linear"),
            s.Index(s.Slice[:, 1:-1, ...]),
            s.Index(s.Slice[..., 2, :]),
            s.LayerNorm((1, 2)),
            s.Flatten(),
        ),
    ),
    "attention": (
        (3, 4, 3),
        lambda s: s.serial(
            s.GlobalSelfAttention(5, 4, 3, 2, b_std=0.2, W_key_std=1.3, W_out_std=0.8),
            s.GlobalSelfAttention(
                5,
                4,
                3,
                2,
                False,
                attention_mechanism="RELU",
                pos_emb_type="CONCAT",
                n_chan_pos_emb=2,
            ),
            s.GlobalSelfAttention(
                5, 4, 3, 2, attention_mechanism="ABS", pos_emb_type="SUM", val_pos_emb=True
            ),
            s.GlobalAvgPool(),
        ),
    ),
    "activations": (
        (7,),
        lambda s: s.serial(
            s.Rbf(0.5),
            s.Gaussian(0.5, -0.3),
            s.Exp(1, 0.5),
            s.Gabor(),
            s.Sigmoid_like(),
            s.Polynomial([0.1, 0.2, 0.3]),
            s.Monomial(2),
            s.RectifiedMonomial(2),
            s.Hermite(3),
            s.ABRelu(0.1, 2),
            s.Sign(),
        ),
    ),
    "channels_first": (
        (3, 6, 5),
        lambda s: s.serial(
            s.Conv(4, (3, 2), dimension_numbers=("NCHW", "HWIO", "NCHW")),
            s.Relu(),
            s.AvgPool((2, 1), batch_axis=0, channel_axis=1),
            s.Dense(3, channel_axis=1, b_std=0.1),
            s.GlobalAvgPool(channel_axis=1),
        ),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_and_shapes(peer, jax, name):
    shape, build = NETWORKS[name]
    x = np.random.default_rng(2).standard_normal((4, *shape))
    key = jax.random.PRNGKey(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, ours = build(peer.stax), build(stax)
        expected_shape, expected_params = theirs[0](key, x.shape)
        expected = theirs[1](expected_params, x)
    output_shape, params = ours[0](key, x.shape)
    assert tuple(output_shape) == tuple(expected_shape)
    leaves, own = jax.tree_util.tree_leaves(expected_params), jax.tree_util.tree_leaves(params)
    assert sum(leaf.size for leaf in leaves) == sum(leaf.size for leaf in own)
    found = ours[1](params, jax.numpy.asarray(x))
    assert np.allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_names_of_functions_and_arguments(peer, jax):
    found = []
    for s in (stax, peer.stax):
        init_fn, apply_fn, kernel_fn = s.Dense(3)
        shape, params = init_fn(rng=jax.random.PRNGKey(1), input_shape=(4, 7))
        outputs = apply_fn(params=params, inputs=np.ones((4, 7)))
        names = [function.__name__ for function in (init_fn, apply_fn, kernel_fn)]
        found.append((tuple(shape), np.asarray(outputs).tolist(), names))
    assert found[0] == found[1]


def test_dropout_takes_a_key(peer, jax):
    x = np.random.default_rng(2).standard_normal((4, 7))
    key = jax.random.PRNGKey(3)
    outputs = []
    for s in (stax, peer.stax):
        init_fn, apply_fn, _ = s.serial(s.Dense(50), s.Relu(), s.Dropout(0.7), s.Dense(3))
        _, params = init_fn(key, x.shape)
        outputs.append(apply_fn(params, x, rng=key))
    assert np.allclose(*outputs, rtol=1e-6)
    init_fn, apply_fn, _ = stax.serial(stax.Dense(50), stax.Dropout(0.7))
    with pytest.raises(ValueError, match="random key"):
        apply_fn(init_fn(key, x.shape)[1], x)


@pytest.mark.parametrize("implementation", ["DENSE", "SPARSE"])
def test_graphs(peer, jax, implementation):
    generator = np.random.default_rng(2)
    x = generator.standard_normal((4, 3, 5, 2))
    pattern = generator.random((4, 3, 5, 3, 5))
    if implementation == "SPARSE":
        edges = [generator.integers(0, size, (4, 6, 2)) for size in (3, 5)]
        pattern = np.stack(edges, 2)
        pattern[1, 3:] = -1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, expected = (
            s.Aggregate(implementation=implementation)[1]((), x, pattern=pattern)
            for s in (stax, peer.stax)
        )
        compiled = jax.jit(stax.Aggregate(implementation=implementation)[1])
    assert np.allclose(found, expected, rtol=1e-6)
    # Under `jit`, the graphs are traced too.
    assert np.allclose(compiled((), x, pattern=pattern), expected, rtol=1e-6)


@pytest.mark.parametrize("kind", [list, tuple])
def test_branches_have_the_structure_of_the_inputs(peer, jax, kind):
    x = kind([np.ones((4, 3)), kind([np.ones((4, 2)), np.ones((4, 5))])])
    shapes = kind([(4, 3), kind([(4, 2), (4, 5)])])
    found = []
    for s in (stax, peer.stax):
        init_fn, apply_fn, _ = s.parallel(s.Dense(2), s.parallel(s.Dense(3), s.Identity()))
        _, params = init_fn(jax.random.PRNGKey(0), shapes)
        found.append(jax.tree_util.tree_structure(apply_fn(params, x)))
    assert found[0] == found[1]


def test_finite_networks_of_jobs(jax):
    text = '[{"convolution": {"filter": 3, "width": 4}}, "relu", "flatten", "dense", "tanh"]'
    init_fn, apply_fn, _ = stax.from_yaml(text, width=6)
    shape, params = init_fn(jax.random.PRNGKey(0), (-1, 5, 5, 3))
    assert shape == (-1, 6)
    x = np.random.default_rng(2).standard_normal((4, 5, 5, 3))
    own = stax.serial(
        stax.Conv(4, (3, 3), padding="SAME"), stax.Relu(), stax.Flatten(), stax.Dense(6)
    )
    own_params = own[0](jax.random.PRNGKey(0), (-1, 5, 5, 3))[1]
    # How keys are split depends on the number of layers: equal layers have equal keys.
    assert np.allclose(apply_fn(params, x), np.tanh(own[1](own_params, x)), rtol=1e-6)
    with pytest.raises(ValueError, match="width of dense"):
        stax.from_yaml('["dense"]')[0](jax.random.PRNGKey(0), (-1, 3))


def test_parameters_of_layers_of_jobs(jax):
    x = np.linspace(-2, 2, 9).reshape(3, 3)
    for text, expected in (
        ('["elu"]', jax.nn.elu(x)),
        ('[{"elu": {"alpha": 0.3}}]', jax.nn.elu(x, 0.3)),
        ('[{"elementwise": {"formula": "x ** 3"}}]', x**3),
        ('[{"leaky_relu": {"negative_slope": 0.2}}]', jax.nn.leaky_relu(x, 0.2)),
    ):
        init_fn, apply_fn, _ = stax.from_yaml(text)
        params = init_fn(jax.random.PRNGKey(0), x.shape)[1]
        assert np.allclose(apply_fn(params, x), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        '{"relu": {"slope": 2}}',
        '{"dense": {"width": 3, "gain": 2}}',
        '{"convolution": {"filter": 3, "width": 4, "groups": 2}}',
        '{"average_pool": {"window": 2, "ceil": true}}',
        '{"residual": {"main": ["relu"], "scale": 0.5}}',
        '{"elu": {"beta": 2}}',
    ],
)
def test_parameters_that_finite_networks_do_not_have(jax, layer):
    with pytest.raises(NotImplementedError, match="a finite network with"):
        stax.from_yaml(f"[{layer}]")[0](jax.random.PRNGKey(0), (-1, 5, 5, 3))


def test_wide_networks_have_the_kernel(jax, kernels):
    """The covariance of the outputs of many wide networks is the NNGP kernel."""
    x = np.random.default_rng(2).standard_normal((3, 6))
    net = stax.serial(stax.Dense(400, 1.2, 0.2), stax.Elementwise("tanh(x)"), stax.Dense(100, 1.5))
    keys = jax.random.split(jax.random.PRNGKey(1), 100)

    def outputs(key):
        return net.apply_fn(net.init_fn(key, x.shape)[1], x)

    values = np.asarray(jax.vmap(outputs)(keys))
    found = np.einsum("knc,kmc->nm", values, values) / (values.shape[0] * values.shape[2])
    expected = net.kernel_fn(x, None, "nngp")
    # 10,000 samples give a relative error of 1.4 %.
    assert np.abs(found - expected).max() < 0.06 * np.diag(expected).max()
