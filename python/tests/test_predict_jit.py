"""Predictions inside functions that JAX compiles."""

import numpy as np
import pytest

from ntkdist import predict

TIMES = np.array([[0.0, 0.5], [2.0, 7.0]])


@pytest.fixture
def problem(jax, rng):
    rows = rng.standard_normal((7, 9))
    kernel = rows @ rows.T
    train, test = rng.standard_normal((5, 2)), rng.standard_normal((2, 2))
    return kernel[:5, :5], rng.standard_normal((5, 2)), train, test, kernel[5:, :5], kernel[5:, 5:]


def same(jax, found, expected):
    pairs = [jax.tree_util.tree_leaves(value) for value in (found, expected)]
    assert len(pairs[0]) == len(pairs[1]) > 0
    for a, b in zip(*pairs):
        assert isinstance(a, jax.Array) and a.dtype == b.dtype
        assert np.allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("momentum", [None, 0.9])
def test_gradient_descent(jax, problem, momentum):
    k_dd, y, train, test, k_td, _ = problem
    predictors = [predict.gradient_descent(predict.mse, k_dd, y, 0.1, momentum)]
    if momentum is None:
        predictors.append(predict.gradient_descent_mse(k_dd, y, 0.1))
    for predict_fn in predictors:
        compiled = jax.jit(predict_fn)
        for arguments in ((TIMES.ravel(), train), (0.5, train, test, k_td), (None, train)):
            same(jax, compiled(*arguments), predict_fn(*arguments))
            assert isinstance(predict_fn(*arguments)[0], np.ndarray)


def test_states(jax, problem):
    k_dd, y, train, test, k_td, _ = problem
    predict_fn = predict.gradient_descent(predict.mse, k_dd, y, 0.1, 0.9)
    state = predict.ODEState(train, test)
    found = jax.jit(predict_fn)(1.5, state, None, k_td)
    assert isinstance(found, predict.ODEState)
    same(jax, found, predict_fn(1.5, state, None, k_td))


@pytest.mark.parametrize("with_cov", [True, False])
def test_functions_made_inside(jax, problem, with_cov):
    k_dd, y, train, test, k_td, k_tt = problem

    def descended(k_dd, y):
        return predict.gradient_descent_mse(k_dd, y)(TIMES, train, test, k_td)

    same(jax, jax.jit(descended)(k_dd, y), descended(k_dd, y))
    both = jax.vmap(descended)(np.stack([k_dd, 2 * k_dd]), np.stack([y, y]))
    same(jax, [one[1] for one in both], descended(2 * k_dd, y))

    def posterior(k_dd, k_td, k_tt):
        return predict.gp_inference(k_dd, y, 1e-3)("nngp", k_td, k_tt if with_cov else None)

    found = jax.jit(posterior)(k_dd, k_td, k_tt)
    assert isinstance(found, predict.Gaussian) is with_cov
    same(jax, found, posterior(k_dd, k_td, k_tt))


def test_kernels_of_all_outputs(jax, problem):
    k_dd, y, train, *_ = problem
    full = np.einsum("ij,kl->ijkl", k_dd, [[2.0, 0.3], [0.3, 1.0]])

    def descended(full):
        return predict.gradient_descent_mse(full, y, trace_axes=())(0.7, train)

    same(jax, jax.jit(descended)(full), descended(full))


def test_losses_of_ones_own(jax, problem):
    """JAX computes their gradient inside the callback."""
    k_dd, y, train, *_ = problem
    loss = lambda fx, y: 0.5 * jax.numpy.mean((fx - y) ** 2)  # noqa: E731
    predict_fn = predict.gradient_descent(loss, k_dd, y, 0.1)
    same(jax, jax.jit(predict_fn)(TIMES.ravel(), train), predict_fn(TIMES.ravel(), train))
