"""Kernels of finite networks by automatic differentiation, against those of neural-tangents."""

import numpy as np
import pytest

import ntkdist
from ntkdist import stax


@pytest.fixture
def images(jax):
    keys = jax.random.split(jax.random.PRNGKey(3), 2)
    return [jax.random.normal(key, (n, 4, 5, 3)) for key, n in zip(keys, (3, 2))]


@pytest.fixture
def network(jax, images):
    init_fn, apply_fn, _ = stax.serial(
        stax.Conv(4, (3, 3), b_std=0.1), stax.Gelu(), stax.Dense(3, 1.2, 0.3)
    )
    return apply_fn, init_fn(jax.random.PRNGKey(4), images[0].shape)[1]


def same(found, expected):
    assert np.shape(found) == np.shape(expected)
    scale = np.abs(expected).max()
    assert np.abs(np.asarray(found) - np.asarray(expected)).max() <= 1e-12 * scale


AXES = [
    ((-1,), ()),
    ((), ()),
    ((3, 1), (2,)),
    ((), (0, -1)),
    ((0,), (3,)),
    ((1, 2), (-1,)),
    ((0, 1, 2, 3), ()),
]


@pytest.mark.parametrize("second", [True, False])
@pytest.mark.parametrize("axes", AXES)
def test_axes(peer, network, images, axes, second):
    apply_fn, params = network
    x1, x2 = images if second else (images[0], None)
    # A diagonal over inputs needs equally many of both.
    x2 = x1[:, ::-1] if second and 0 in axes[0] + axes[1] else x2
    for name in ("empirical_nngp_fn", "empirical_ntk_fn"):
        found, expected = (
            getattr(package, name)(apply_fn, *axes)(x1, x2, params) for package in (ntkdist, peer)
        )
        same(found, expected)


@pytest.mark.parametrize("vmap_axes", [None, 0, -4, (0, 0, {})])
@pytest.mark.parametrize("implementation", [0, 1, 2, 3])
def test_implementations(peer, network, images, implementation, vmap_axes):
    apply_fn, params = network
    x1, x2 = images
    expected = peer.empirical_ntk_fn(apply_fn, (), ())(x1, x2, params)
    ntk_fn = ntkdist.empirical_ntk_fn(
        apply_fn, (), (), vmap_axes, ntkdist.NtkImplementation(implementation)
    )
    same(ntk_fn(x1, x2, params), expected)
    traced = ntkdist.empirical_ntk_fn(apply_fn, (1,), (2,), vmap_axes, implementation)
    same(traced(x1, x2, params), np.einsum("abiijjcd->abjcd", expected) / x1[:, 1:-1].shape[1])


@pytest.mark.parametrize("axes", [(1, 1, -2), (2, -2, -1)])
def test_axes_that_are_named_twice(peer, network, images, axes):
    apply_fn, params = network
    for name in ("empirical_nngp_fn", "empirical_ntk_fn"):
        expected = getattr(peer, name)(apply_fn, axes)(*images, params)
        same(getattr(ntkdist, name)(apply_fn, axes)(*images, params), expected)
    # With products of vectors, the peer counts an axis once.
    found, expected = (
        p.empirical_ntk_fn(apply_fn, axes, implementation=p.NtkImplementation.NTK_VECTOR_PRODUCTS)(
            *images, params
        )
        for p in (ntkdist, peer)
    )
    same(found, expected)


def test_get(peer, jax, network, images):
    apply_fn, params = network
    ours, theirs = (p.empirical_kernel_fn(apply_fn, vmap_axes=0) for p in (ntkdist, peer))
    for get in ("nngp", "ntk", ("ntk", "nngp"), None):
        found, expected = (fn(*images, get, params) for fn in (ours, theirs))
        assert getattr(found, "_fields", None) == getattr(expected, "_fields", None)
        for a, b in zip(jax.tree_util.tree_leaves(found), jax.tree_util.tree_leaves(expected)):
            same(a, b)
    compiled = jax.jit(ours, static_argnums=2)
    same(compiled(*images, "ntk", params), theirs(*images, "ntk", params))
    with pytest.raises(ValueError, match="get is 'cov1'"):
        ours(*images, "cov1", params)
    with pytest.raises(ValueError, match="axes are"):
        ntkdist.empirical_nngp_fn(apply_fn, trace_axes=(7,))(*images, params)


@pytest.mark.parametrize("vmap_axes", [(0, 0), ((0, -2), (-2, 0), {})])
def test_tuples_of_inputs_and_outputs(peer, jax, vmap_axes):
    x = (jax.numpy.ones((3, 4)), jax.numpy.linspace(0, 1, 15).reshape((3, 5)))
    init_fn, apply_fn, _ = stax.parallel(stax.Dense(2), stax.serial(stax.Dense(6), stax.Dense(3)))
    params = init_fn(jax.random.PRNGKey(1), tuple(one.shape for one in x))[1]
    found, expected = (
        p.empirical_ntk_fn(apply_fn, vmap_axes=vmap_axes)(x, None, params) for p in (ntkdist, peer)
    )
    for a, b in zip(found, expected):
        same(a, b)


@pytest.mark.parametrize("vmap_axes", [None, ([0, -2], [-2, 0], {}), 0])
def test_several_inputs_and_outputs(peer, jax, vmap_axes):
    keys = jax.random.split(jax.random.PRNGKey(3), 5)
    x1 = [jax.random.normal(keys[0], (3, 4)), jax.random.normal(keys[1], (3, 5))]
    x2 = [jax.random.normal(keys[2], (2, 4)), jax.random.normal(keys[3], (2, 5))]
    init_fn, apply_fn, _ = stax.serial(
        stax.parallel(stax.Dense(6), stax.Dense(6)),
        stax.FanInSum(),
        stax.Relu(),
        stax.FanOut(2),
        stax.parallel(stax.Dense(2), stax.Dense(3)),
    )
    params = init_fn(keys[4], [x.shape for x in x1])[1]
    for second in (x2, None):
        found, expected = (
            p.empirical_ntk_fn(apply_fn, vmap_axes=vmap_axes)(x1, second, params)
            for p in (ntkdist, peer)
        )
        assert len(found) == len(expected) == 2
        for a, b in zip(found, expected):
            same(a, b)
    both = ntkdist.empirical_kernel_fn(apply_fn)(x1, x2, None, params)
    assert [kernels._fields for kernels in both] == [("nngp", "ntk")] * 2


def test_keywords(peer, jax):
    generator = np.random.default_rng(2)
    x = [jax.numpy.asarray(generator.standard_normal((n, 5, 3))) for n in (3, 2)]
    pattern = tuple(jax.numpy.asarray(generator.random((n, 5, 5))) for n in (3, 2))

    def network(params, x, pattern):
        return jax.numpy.tanh(jax.numpy.einsum("npc,npq,cd->nqd", x, pattern, params)).sum(1)

    params = jax.numpy.asarray(generator.standard_normal((3, 2)))
    expected = peer.empirical_ntk_fn(network)(*x, params, pattern=pattern)
    blocks = ntkdist.batch(ntkdist.empirical_ntk_fn(network), batch_size=2)
    same(blocks(*x, params, pattern=pattern), expected)
    for axes in (None, (0, 0, {"pattern": 0}), (0, 0, 0)):
        found = ntkdist.empirical_ntk_fn(network, vmap_axes=axes)(*x, params, pattern=pattern)
        same(found, expected)


def test_graphs_of_inputs_in_batches(peer, jax):
    generator = np.random.default_rng(2)
    x = jax.numpy.asarray(generator.standard_normal((5, 4, 3)))
    graphs = jax.numpy.asarray(generator.standard_normal((5, 4, 4)))
    net = (stax.Dense(6), stax.Relu(), stax.Aggregate(), stax.GlobalAvgPool(), stax.Dense(3))
    init_fn, apply_fn, _ = stax.serial(*net)
    key = jax.random.PRNGKey(3)
    for second, pattern in (
        (None, (graphs, graphs)),
        (None, (graphs, None)),
        (x[:2], (graphs, graphs[:2])),
    ):
        whole, blocks = (
            ntkdist.monte_carlo_kernel_fn(init_fn, apply_fn, key, 2, batch_size=size)(
                x, second, "ntk", pattern=pattern
            )
            for size in (0, 2)
        )
        same(blocks, whole)


def test_random_keys(peer, jax, images):
    init_fn, apply_fn, _ = stax.serial(
        stax.Flatten(), stax.Dense(9), stax.Dropout(0.7), stax.Dense(2)
    )
    params = init_fn(jax.random.PRNGKey(4), images[0].shape)[1]
    key = jax.random.PRNGKey(8)
    for second in (None, images[0], images[1]):
        found, expected = (
            p.empirical_kernel_fn(apply_fn)(images[0], second, None, params, rng=key)
            for p in (ntkdist, peer)
        )
        same(found.nngp, expected.nngp)
        same(found.ntk, expected.ntk)


def test_products(peer, jax, network, images):
    apply_fn, params = network
    for second in (images[1], None):
        like = apply_fn(params, images[0] if second is None else second)
        vector = jax.random.normal(jax.random.PRNGKey(5), like.shape)
        found, expected = (
            p.empirical_ntk_vp_fn(apply_fn, images[0], second, params)(vector)
            for p in (ntkdist, peer)
        )
        same(found, expected)


@pytest.mark.parametrize("degree", [0, 1, 2, 4])
def test_taylor_series(peer, jax, network, images, degree):
    apply_fn, params = network
    moved = jax.tree_util.tree_map(lambda leaf: 1.3 * leaf + 0.1, params)
    found, expected = (
        p.taylor_expand(apply_fn, params, degree)(moved, images[0]) for p in (ntkdist, peer)
    )
    same(found, expected)
    if degree == 1:
        same(ntkdist.linearize(apply_fn, params)(moved, images[0]), expected)


def test_degrees_of_taylor_series_are_whole_numbers(jax, network):
    for degree in (-1, 1.5, True):
        with pytest.raises(ValueError, match="whole number, 0 or more"):
            ntkdist.taylor_expand(*network, degree)


@pytest.mark.parametrize("batch_size", [0, 2])
@pytest.mark.parametrize("get", ["ntk", None])
def test_means_of_samples(peer, jax, images, get, batch_size):
    images = [images[0][:2], images[1]]
    key = jax.random.PRNGKey(8)
    init_fn, apply_fn, _ = stax.serial(stax.Flatten(), stax.Dense(9), stax.Erf(), stax.Dense(2))
    found, expected = (
        p.monte_carlo_kernel_fn(init_fn, apply_fn, key, [1, 3], batch_size, vmap_axes=0)(
            *images, get
        )
        for p in (ntkdist, peer)
    )
    found, expected = list(found), list(expected)
    assert len(found) == len(expected) == 2
    for a, b in zip(found, expected):
        assert getattr(a, "_fields", None) == getattr(b, "_fields", None)
        for one, other in zip(jax.tree_util.tree_leaves(a), jax.tree_util.tree_leaves(b)):
            same(one, other)
    whole = ntkdist.monte_carlo_kernel_fn(init_fn, apply_fn, key, 3, vmap_axes=0)(*images, "ntk")
    same(whole, found[1] if get else found[1].ntk)


def test_numbers_of_samples_are_checked(jax):
    for wrong in (0, [2, -1], [1.5], []):
        with pytest.raises(ValueError, match="n_samples"):
            ntkdist.monte_carlo_kernel_fn(None, None, None, wrong)
    with pytest.raises(TypeError, match="n_samples"):
        ntkdist.monte_carlo_kernel_fn(None, None, None, None)


def test_batches(jax, network, images):
    apply_fn, params = network
    kernel_fn = ntkdist.empirical_kernel_fn(apply_fn, vmap_axes=0)
    for second in (images[1], None):
        whole = kernel_fn(images[0], second, None, params)
        for size in (1, 2, 5):
            found = ntkdist.batch(kernel_fn, size)(images[0], second, None, params)
            assert found._fields == ("nngp", "ntk")
            same(found.nngp, whole.nngp)
            same(found.ntk, whole.ntk)
    with pytest.raises(ValueError, match="batch_size"):
        ntkdist.batch(kernel_fn, -1)
