"""Predictions compared with those of neural-tangents."""

import warnings

import numpy as np
import pytest

from ntkdist import predict
from ntkdist._kernels import named

TIMES = [None, 0.0, 3.0, np.array([0.5, 20.0]), np.array([[1.0, 2.0], [3.0, 40.0]])]


@pytest.fixture
def problem(rng):
    x, y = rng.standard_normal((12, 5)), rng.standard_normal((12, 2))
    z = rng.standard_normal((4, 5))

    def kernel(a, b, power):
        return (1 + a @ b.T / 5) ** power + 0.3 * np.exp(-((a[:, None] - b[None]) ** 2).sum(-1) / 5)

    def pair(a, b):
        return named("Pair", ("nngp", "ntk"))(kernel(a, b, 2), kernel(a, b, 3))

    return pair(x, x), pair(z, x), pair(z, z), y


def close(found, expected, tolerance=1e-8):
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            close(one, other, tolerance)
        return
    expected = np.asarray(expected)
    assert np.asarray(found).shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * max(np.abs(expected).max(), 1)


@pytest.mark.parametrize("get", [None, "nngp", "ntk", "ntkgp", ("ntk", "nngp")])
@pytest.mark.parametrize("has_cov", [False, True])
@pytest.mark.parametrize("absolute", [False, True])
def test_posteriors(peer, problem, get, has_cov, absolute):
    train, test, own, y = problem
    both = []
    for module in (predict, peer.predict):
        predict_fn = module.gp_inference(train, y, 1e-3, absolute)
        # The peer needs this name in a tuple.
        asked = (get,) if get == "ntkgp" else get
        found = predict_fn(asked, test, own if has_cov else None)
        train_set = predict_fn(asked, None, own if has_cov else None)
        both.append((found, train_set))
    close(*both)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("start", ["train", "test", "both"])
def test_mean_squared_error(peer, problem, t, start, rng):
    train, test, _, y = problem
    fx_train = None if start == "test" else rng.standard_normal(y.shape)
    fx_test = None if start == "train" else rng.standard_normal((4, 2))
    found, expected = (
        module.gradient_descent_mse(train.ntk, y, 0.7, 1e-3)(t, fx_train, fx_test, test.ntk)
        for module in (predict, peer.predict)
    )
    close(found, expected)


def test_trace_axes(peer, rng):
    a, b = rng.standard_normal((2, 12, 12))
    train = np.einsum("ij,kl->ijkl", a @ a.T + np.eye(12), (b @ b.T + np.eye(12))[:3, :3])
    test = np.einsum("ij,kl->ijkl", a[:4] @ a.T, (b @ b.T)[:3, :3])
    y = rng.standard_normal((12, 2, 3))
    for t in TIMES:
        found, expected = (
            module.gradient_descent_mse(train, y, 0.7, 1e-3, trace_axes=(1,))(t, 0.1, 0.2, test)
            for module in (predict, peer.predict)
        )
        close(found, expected)
    found, expected = (
        module.gp_inference(train, y, 1e-3, trace_axes=(1,))("ntk", test)
        for module in (predict, peer.predict)
    )
    close(found, expected)


@pytest.mark.parametrize("axes", [(0, 1), (0, -2, 1, -1), (1, -1)])
def test_all_axes_are_traced_and_some_are_named_twice(peer, problem, axes, rng):
    y = rng.standard_normal((12, 2))
    train = problem[0].ntk if 0 not in axes else np.array(1.7)
    for t in TIMES:
        found, expected = (
            module.gradient_descent_mse(train, y, 0.7, 1e-3, trace_axes=axes)(t, 0.1)
            for module in (predict, peer.predict)
        )
        close(found, expected)
    pair = named("Pair", ("nngp", "ntk"))(train, train)
    found, expected = (
        module.gp_inference(pair, y, 1e-3, trace_axes=axes)("ntk")
        for module in (predict, peer.predict)
    )
    close(found, expected)


@pytest.mark.parametrize("momentum", [None, 0.9])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_descent_on_losses(peer, jax, problem, loss, momentum, rng):
    train, test, _, y = problem
    jnp = jax.numpy
    losses = {
        "mse": lambda fx, y: 0.5 * jnp.mean((fx - y) ** 2),
        "cross_entropy": lambda fx, y: -jnp.mean(jax.nn.log_softmax(fx) * y),
    }
    targets = np.abs(y)
    fx_train, fx_test = rng.standard_normal((12, 2)), rng.standard_normal((4, 2))
    t = np.array([0.0, 0.5, 7.0])
    expected = peer.predict.gradient_descent(losses[loss], train.ntk, targets, 0.3, momentum)(
        t, fx_train, fx_test, test.ntk
    )
    for own in (losses[loss], getattr(predict, loss)):
        found = predict.gradient_descent(own, train.ntk, targets, 0.3, momentum)(
            t, fx_train, fx_test, test.ntk
        )
        close(found, expected, 1e-6)


def test_states_resume(peer, jax, problem):
    train, test, _, y = problem
    loss = lambda fx, y: 0.5 * jax.numpy.mean((fx - y) ** 2)  # noqa: E731
    ends = []
    for module in (predict, peer.predict):
        predict_fn = module.gradient_descent(loss, train.ntk, y, 0.3, 0.9)
        state = predict_fn(
            2.0, module.ODEState(np.zeros_like(y), np.zeros((4, 2))), k_test_train=test.ntk
        )
        state = predict_fn(3.0, state, k_test_train=test.ntk)
        ends.append(
            tuple(getattr(state, f) for f in ("fx_train", "fx_test", "qx_train", "qx_test"))
        )
    close(*ends, 1e-6)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("get", [None, "nngp", "ntk", ("ntk", "nngp")])
@pytest.mark.parametrize("compute_cov", [False, True])
@pytest.mark.parametrize("on_test", [False, True])
def test_ensembles(peer, t, get, compute_cov, on_test, rng):
    x, y, z = rng.standard_normal((9, 4)), rng.standard_normal((9, 2)), rng.standard_normal((3, 4))

    def kernel_fn(a, b, get):
        b = a if b is None else b
        values = {"nngp": (1 + a @ b.T / 4) ** 2, "ntk": (1 + a @ b.T / 4) ** 3}
        if isinstance(get, str):
            return values[get]
        return named("AnalyticKernel", tuple(get))(*(values[name] for name in get))

    found, expected = (
        module.gradient_descent_mse_ensemble(kernel_fn, x, y, 0.6, 1e-2)(
            t, z if on_test else None, get, compute_cov
        )
        for module in (predict, peer.predict)
    )
    close(found, expected)
    if get is None or isinstance(get, tuple):
        assert found._fields == expected._fields


def test_largest_learning_rate(problem):
    train = problem[0].ntk
    largest = np.linalg.eigvalsh(train)[-1]
    assert np.isclose(predict.max_learning_rate(train), 2 * 12 / largest)
    assert np.isclose(predict.max_learning_rate(train, 24, 0.5), 3 * 24 / largest)


def test_warnings_are_not_made(problem):
    train, test, own, y = problem
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predict.gp_inference(train, y)(None, test, own)
