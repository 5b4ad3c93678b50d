"""Kernels of every layer beside those of neural-tangents."""

import warnings

import numpy as np
import pytest

from ntkdist import stax

pytestmark = pytest.mark.usefixtures("kernels")

IMAGES = (4, 5, 3)


def inputs(shape, count=(3, 2)):
    generator = np.random.default_rng(5)
    return [generator.standard_normal((n, *shape)) for n in count]


def agree(peer, build, shape=IMAGES, tolerance=1e-8, skipped=(), **options):
    """Kernels of `build(stax)` in both packages, and the fields of a whole Kernel."""
    x1, x2 = inputs(shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, ours = build(peer.stax), build(stax)
        for second in (None, x2):
            expected = theirs[2](x1, second, **options)
            found = ours[2](x1, second, **options)
            for name in ("nngp", "ntk", "cov1", "cov2"):
                reference, value = getattr(expected, name), getattr(found, name)
                if reference is None:
                    assert value is None, name
                    continue
                reference = np.asarray(reference) * np.ones_like(value)
                # The peer's diagonals carry errors of their own, or are no numbers.
                given = np.where(np.isnan(reference), value, reference)
                scale = max(np.abs(given).max(), 1e-3)
                difference = np.abs(value - given)
                if second is None and name in ("nngp", "ntk"):
                    np.fill_diagonal(difference, 0)
                    assert np.allclose(np.diag(value), np.diag(given), rtol=1e-6), name
                assert difference.max() <= tolerance * scale, (name, value, reference)
            for name in (
                "shape1",
                "shape2",
                "is_gaussian",
                "batch_axis",
                "channel_axis",
                "diagonal_batch",
                "mask1",
                "mask2",
            ):
                if name not in skipped:
                    assert getattr(found, name) == getattr(expected, name), name
            assert bool(found.x1_is_x2) == bool(expected.x1_is_x2)


ACTIVATIONS = {
    "abrelu": lambda s: s.ABRelu(-0.3, 1.2),
    "abs": lambda s: s.Abs(),
    "relu": lambda s: s.Relu(),
    "relu_stable": lambda s: s.Relu(do_stabilize=True),
    "leaky_relu": lambda s: s.LeakyRelu(0.1),
    "erf": lambda s: s.Erf(0.7, 1.3, 0.2),
    "sigmoid_like": lambda s: s.Sigmoid_like(),
    "gelu": lambda s: s.Gelu(),
    "sin": lambda s: s.Sin(0.8, 1.1, 0.3),
    "cos": lambda s: s.Cos(1.2, 0.7, 0.1),
    "rbf": lambda s: s.Rbf(0.4),
    "gaussian": lambda s: s.Gaussian(1.3, -0.6),
    "exp": lambda s: s.Exp(0.5, 0.4),
    "exp_normalized": lambda s: s.ExpNormalized(0.8, -0.5),
    "gabor": lambda s: s.Gabor(),
    "sign": lambda s: s.Sign(),
    "monomial": lambda s: s.Monomial(3),
    "rectified_monomial": lambda s: s.RectifiedMonomial(2),
    "polynomial": lambda s: s.Polynomial([0.1, 0.5, -0.3, 0.2]),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_of_vectors(peer, name):
    agree(
        peer,
        lambda s: s.serial(s.Dense(8, 0.9, 0.2), ACTIVATIONS[name](s), s.Dense(3, 1.1, 0.1)),
        shape=(7,),
        # Without a finite network the peer does not know the shape.
        skipped=("shape1", "shape2") if name == "exp_normalized" else (),
    )


@pytest.mark.parametrize("name", ["abrelu", "erf", "sin", "gelu", "gaussian", "polynomial"])
def test_activations_of_pixels(peer, name):
    agree(
        peer,
        lambda s: s.serial(
            s.Conv(8, (3, 2), padding="SAME", W_std=0.9, b_std=0.2),
            ACTIVATIONS[name](s),
            s.Conv(8, (2, 2)),
            s.GlobalAvgPool(),
        ),
    )


def test_hermite_behind_unit_variance(peer):
    agree(
        peer,
        lambda s: s.serial(s.Dense(8), s.LayerNorm(), s.Hermite(3), s.Dense(1)),
        shape=(7,),
    )


@pytest.mark.parametrize("function", ["tanh", "swish", "softplus", "own"])
def test_numerical_activations(peer, jax, function):
    known = {
        "tanh": jax.numpy.tanh,
        "swish": jax.nn.swish,
        "softplus": jax.nn.softplus,
        "own": lambda x: x * jax.nn.sigmoid(1.702 * x),
    }
    agree(
        peer,
        lambda s: s.serial(
            s.Dense(8, 0.8), s.ElementwiseNumerical(known[function], deg=60), s.Dense(1)
        ),
        shape=(7,),
        tolerance=1e-6,
    )


CONVOLUTIONS = {
    "valid": lambda s: s.Conv(8, (2, 3)),
    "same": lambda s: s.Conv(8, (3, 3), padding="SAME", b_std=0.1),
    "circular": lambda s: s.Conv(8, (3, 2), padding="CIRCULAR", W_std=1.3),
    "strides": lambda s: s.Conv(8, (3, 3), (2, 1), "SAME"),
    "local": lambda s: s.ConvLocal(8, (3, 3), padding="SAME", b_std=0.3),
    "local_valid": lambda s: s.ConvLocal(8, (2, 2), (1, 2)),
    "transposed": lambda s: s.ConvTranspose(8, (3, 3), (2, 2), "SAME", b_std=0.3),
    "transposed_valid": lambda s: s.ConvTranspose(8, (2, 3), (2, 1)),
    "dense": lambda s: s.Dense(8, 1.2, 0.1),
}
READOUTS = {
    "flatten": lambda s: s.Flatten(),
    "mean": lambda s: s.GlobalAvgPool(),
    "sum": lambda s: s.GlobalSumPool(),
}


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(peer, name, readout):
    agree(
        peer,
        lambda s: s.serial(
            CONVOLUTIONS[name](s),
            s.Relu(),
            CONVOLUTIONS[name](s),
            READOUTS[readout](s),
            s.Dense(2, 1.1),
        ),
    )


MIDDLES = {
    "average_pool": lambda s: s.AvgPool((2, 2), (2, 2)),
    "average_pool_same": lambda s: s.AvgPool((3, 2), padding="SAME"),
    "average_pool_edges": lambda s: s.AvgPool((3, 3), (2, 1), "SAME", normalize_edges=True),
    "average_pool_circular": lambda s: s.AvgPool((2, 3), padding="CIRCULAR"),
    "sum_pool": lambda s: s.SumPool((2, 2), (1, 2)),
    "layer_norm": lambda s: s.LayerNorm(),
    "layer_norm_all": lambda s: s.LayerNorm(axis=(1, 2, 3), eps=1e-6),
    "dropout": lambda s: s.Dropout(0.8),
    "dropout_test": lambda s: s.Dropout(0.8, mode="test"),
    "identity": lambda s: s.Identity(),
    "resize": lambda s: s.ImageResize((-1, 3, 7, -1), "linear"),
    "resize_nearest": lambda s: s.ImageResize((-1, -1, 7, -1), "nearest"),
    "index": lambda s: s.Index(s.Slice[:, 1:-1, :2]),
    "index_row": lambda s: s.Index(s.Slice[:, 1, ...]),
    "index_pixel": lambda s: s.Index(s.Slice[..., -1, 2, :]),
    "attention": lambda s: s.GlobalSelfAttention(
        4, 4, 4, 2, W_key_std=1.2, W_value_std=0.8, b_std=0.3
    ),
    "attention_relu": lambda s: s.GlobalSelfAttention(
        4, 4, 4, 2, attention_mechanism="RELU", pos_emb_type="SUM", W_pos_emb_std=0.7
    ),
    "attention_concat": lambda s: s.GlobalSelfAttention(
        4,
        4,
        4,
        2,
        attention_mechanism=s.AttentionMechanism.ABS.name,
        pos_emb_type="CONCAT",
        n_chan_pos_emb=3,
        val_pos_emb=True,
        W_query_std=0.9,
    ),
    "attention_root": lambda s: s.GlobalSelfAttention(
        4,
        4,
        4,
        2,
        linear_scaling=False,
        attention_mechanism="IDENTITY",
        pos_emb_type="CONCAT",
        n_chan_pos_emb=5,
        val_pos_emb=True,
    ),
}


@pytest.mark.parametrize("name", MIDDLES)
def test_layers_between(peer, name):
    readout = "identity_pool" if name == "index_pixel" else "pool"

    def build(s):
        # An odd number of convolutions turns the peer's axes, which it forgets in some layers.
        before = s.Dense(8, 1.1, 0.1) if name.startswith("resize") else s.Conv(8, (2, 2))
        layers = [before, MIDDLES[name](s)]
        if name == "index_row":
            layers.append(s.Conv(4, (2,)))
        if readout == "pool":
            layers.append(s.GlobalAvgPool())
        return s.serial(*layers, s.Dense(2))

    agree(peer, build)


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


@pytest.mark.parametrize("implementation", ["DENSE", "SPARSE"])
@pytest.mark.parametrize("axis", [None, 1, (2,), (1, 2)])
def test_graphs(peer, axis, implementation):
    generator = np.random.default_rng(8)
    x1, x2 = inputs((3, 4, 2))
    axes = (1, 2) if axis is None else (axis,) if isinstance(axis, int) else axis
    sizes = [x1.shape[a] for a in axes]
    if implementation == "DENSE":
        graph = generator.random((1, *sizes, *sizes))
    else:
        edges = [generator.integers(0, size, (1, 7, 2)) for size in sizes]
        graph = np.stack(edges, 2)
        # Padding.
        graph[0, 3] = -1
    patterns = (np.repeat(graph, 3, 0), np.repeat(graph, 2, 0))

    def build(s):
        return s.serial(
            s.Dense(8, 1.3, 0.2),
            s.Relu(),
            s.Aggregate(axis, implementation=implementation),
            s.Dense(3),
            s.GlobalAvgPool(),
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = build(peer.stax)[2](x1, x2, ("nngp", "ntk"), pattern=patterns)
    found = build(stax)[2](x1, x2, ("nngp", "ntk"), pattern=patterns)
    assert np.allclose(found.nngp, expected.nngp, rtol=1e-8)
    assert np.allclose(found.ntk, expected.ntk, rtol=1e-8)
