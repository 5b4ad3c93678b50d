"""Idioms of programs for neural-tangents and JAX around kernels and layers, compared with it."""

import functools

import numpy as np
import pytest
from peering import agree, inputs

import ntkdist
from ntkdist import stax

pytestmark = pytest.mark.usefixtures("kernels")


@pytest.fixture(name="x")
def images():
    """Images x1 [4, 6] and x2 [3, 6]."""
    return inputs((6,), (4, 3))


def network(s):
    return s.serial(s.Dense(512, 1.5, 0.05), s.Erf(), s.Dense(1, 1.5, 0.05))


def both(peer):
    """The function of the network's kernels in neural-tangents and here."""
    return network(peer.stax)[2], network(stax)[2]


def close(found, expected):
    return np.allclose(np.asarray(found), np.asarray(expected), rtol=1e-9, atol=1e-12)


def test_kernels_are_updated_and_indexed_like_jax_arrays(jax, peer, x):
    expected, found = (kernel(x[0], None, "ntk") for kernel in both(peer))
    places = jax.numpy.diag_indices(4)
    assert close(found.at[places].add(1e-3), expected.at[places].add(1e-3))
    rows = jax.vmap(lambda i: found[i, i])(jax.numpy.arange(4))
    assert close(rows, np.diag(np.asarray(expected)))


def test_kernels_are_trees_of_arrays(jax, peer, x):
    theirs, ours = both(peer)
    expected, found = theirs(*x), ours(*x)
    twice = [jax.tree_util.tree_map(lambda a: 2 * a, kernel) for kernel in (expected, found)]
    assert close(twice[1].ntk, twice[0].ntk) and twice[1].shape1 == twice[0].shape1 == (4, 1)
    compiled = jax.jit(ours)(*x)
    assert compiled.shape1 == (4, 1) and compiled.is_gaussian is True
    assert close(compiled.ntk, expected.ntk)
    moved = jax.jit(lambda kernel: kernel.replace(ntk=kernel.ntk + 1))(found)
    assert close(moved.ntk, expected.ntk + 1) and moved.channel_axis == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda k: k * 2,
        lambda k: 0.5 * k,
        lambda k: np.float64(0.5) * k,
        lambda k: k / 4.0,
        lambda k: -k,
        lambda k: k + 1.5,
        lambda k: k - 2,
    ],
)
def test_arithmetic_with_kernels(peer, x, change):
    expected, found = (change(kernel(*x)) for kernel in both(peer))
    for name in ("nngp", "ntk", "cov1", "cov2"):
        assert close(getattr(found, name), getattr(expected, name)), name
    with pytest.raises(TypeError):
        both(peer)[1](*x) + both(peer)[1](*x)


@pytest.mark.parametrize("second", [True, False])
def test_batches_of_wrapped_kernel_functions(peer, jax, x, second):
    x1, x2 = x[0], x[0][:2] if second else None
    theirs, ours = (
        batch(lambda a, b, get=None, kernel=kernel: kernel(a, b, get), 2, 0)(x1, x2)
        for batch, kernel in zip((peer.batch, ntkdist.batch), both(peer))
    )
    for name in ("nngp", "ntk", "cov1", "cov2"):
        expected, found = getattr(theirs, name), getattr(ours, name)
        assert (found is None) == (expected is None), name
        assert expected is None or close(found, expected), name
    assert ours.shape1 == theirs.shape1 and ours.shape2 == theirs.shape2
    whole = ntkdist.batch(jax.jit(both(peer)[1], static_argnums=2), 2, 0)(x1, x2)
    assert close(whole.ntk, theirs.ntk)


def test_functions_of_a_triple_may_be_replaced(jax, peer, x):
    def built(s):
        init, apply, kernel = s.Dense(2)
        tripled = (
            init,
            lambda params, inputs, **kwargs: 3 * apply(params, inputs, **kwargs),
            kernel,
        )
        compiled = (init, apply, jax.jit(kernel, static_argnames="get"))
        return s.serial(tripled, s.Relu(), compiled)

    key = jax.random.PRNGKey(0)
    expected, found = (
        net[1](net[0](key, (-1, 6))[1], x[0]) for net in (built(peer.stax), built(stax))
    )
    assert close(found, expected)
    agree(peer, built, (6,))


def test_repeated_layers_have_one_array_of_parameters(jax, peer, x):
    def built(s):
        return s.serial(s.repeat(s.serial(s.Dense(6), s.Relu()), 3), s.Dense(1))

    key = jax.random.PRNGKey(0)
    theirs, ours = (net[0](key, (-1, 6))[1] for net in (built(peer.stax), built(stax)))
    trees = jax.tree_util.tree_structure(theirs), jax.tree_util.tree_structure(ours)
    assert trees[0] == trees[1]
    for expected, found in zip(jax.tree_util.tree_leaves(theirs), jax.tree_util.tree_leaves(ours)):
        assert close(found, expected)
    assert close(built(stax)[1](theirs, x[0]), built(peer.stax)[1](theirs, x[0]))


def test_options_that_change_nothing(peer, x):
    theirs, ours = both(peer)
    for options in (
        {"mask_constant": 1234.0},
        {"mask_constant": np.nan},
        {"diagonal_batch": True},
    ):
        assert close(ours(*x, "ntk", **options), theirs(*x, "ntk", **options)), options


@pytest.mark.parametrize("is_diagonal", [None, True])
def test_covariances_of_all_pairs_of_inputs(peer, is_diagonal):
    options = {"diagonal_batch": False, "diagonal_spatial": is_diagonal}
    agree(
        peer,
        lambda s: s.serial(s.Conv(8, (2, 2)), s.Relu(), s.Conv(4, (1, 2))),
        (3, 4, 2),
        **options,
    )


def test_parts_of_covariances_of_all_pairs_of_inputs(jax, peer, x):
    theirs, ours = both(peer)
    expected = theirs(*x, diagonal_batch=False)
    compiled = jax.jit(functools.partial(ours, diagonal_batch=False))(*x)
    for kernel in (ours(*x, diagonal_batch=False), compiled):
        part = kernel.slice(slice(1, 4), slice(0, 2))
        assert not part.diagonal_batch and part.shape1 == (3, 1)
        # Those of the peer's slices are [3, 4].
        assert close(part.cov1, expected.cov1[1:4, 1:4])
        assert close(part.cov2, expected.cov2[:2, :2])


@pytest.mark.parametrize("index", [np.s_[:, ::2], np.s_[:, 1::3, ::-2], np.s_[:, 1:4, 5:1:-1]])
def test_slices_with_steps(peer, index):
    for end in (lambda s: s.Flatten(), lambda s: s.GlobalAvgPool()):
        agree(
            peer,
            lambda s, end=end: s.serial(
                s.Conv(8, (3, 3), padding="SAME"), s.Relu(), s.Index(index), end(s), s.Dense(1)
            ),
            (5, 6, 2),
        )


def test_ensembles_inside_jit_and_vmap(jax, peer, x):
    y = np.arange(8.0).reshape(4, 2)
    theirs, ours = (
        predict.gradient_descent_mse_ensemble(kernel, x[0], y, diag_reg=1e-4)
        for predict, kernel in zip((peer.predict, ntkdist.predict), both(peer))
    )
    expected = theirs(1.0, x[1], "ntk", True)
    found = jax.jit(ours, static_argnames=("get", "compute_cov"))(1.0, x[1], "ntk", True)
    assert close(found.mean, expected.mean) and close(found.covariance, expected.covariance)
    times = np.arange(3.0)
    found = jax.vmap(functools.partial(ours, x_test=x[1], get="ntk"))(times)
    assert close(found, theirs(times, x[1], "ntk"))


def test_kernels_of_vectorized_inputs(jax, peer, x):
    ours = both(peer)[1]
    stack = np.stack([x[0], 2 * x[0]])
    found = jax.vmap(lambda one: ours(one, None, "ntk"))(stack)
    assert close(found[1], ours(stack[1], None, "ntk"))


def test_derivatives_are_refused(jax, peer, x):
    ours = both(peer)[1]
    with pytest.raises(NotImplementedError, match="cannot differentiate kernel_fn"):
        jax.grad(lambda one: ours(one, x[1], "ntk").sum())(x[0])


@pytest.mark.parametrize("is_compiled", [True, False])
def test_several_inputs_are_refused(jax, x, is_compiled):
    kernel = stax.parallel(stax.Dense(3), stax.parallel(stax.Dense(3), stax.Dense(4))).kernel_fn
    with pytest.raises(NotImplementedError, match="several inputs side by side"):
        (jax.jit(kernel) if is_compiled else kernel)((x[0], (x[0], np.ones((4, 5, 5, 2)))))


def test_states_have_the_methods_of_those_of_neural_tangents():
    state = ntkdist.predict.ODEState(fx_train=np.ones(2))
    assert state.replace(fx_test=3).asdict()["fx_test"] == 3
    assert state.astuple()[1:] == (None, None, None)
