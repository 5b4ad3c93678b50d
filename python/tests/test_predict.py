"""Predictions checked by identities, without neural-tangents."""

import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from ntkdist import predict, stax


@pytest.fixture
def problem(rng):
    factors = rng.standard_normal((14, 40))
    kernel = factors @ factors.T / 40
    return kernel[:10, :10], kernel[10:, :10], rng.standard_normal((10, 2))


@pytest.mark.parametrize("momentum", [None, 0.5])
def test_training_without_end_interpolates(problem, momentum):
    train, test, y = problem
    found = predict.gradient_descent(predict.mse, train, y, 1.0, momentum)(None, 0.0, 0.0, test)
    expected = predict.gradient_descent_mse(train, y)(None, 0.0, 0.0, test)
    for one, other in zip(found, expected):
        assert np.abs(one - other).max() < 1e-5


@pytest.mark.parametrize("t", [0.0, 3.0, np.array([0.0, 10.0, 200.0])])
def test_the_equation_has_the_closed_form(problem, t):
    train, test, y = problem
    start, start_test = np.full_like(y, 0.3), np.full((4, 2), -0.2)
    found = predict.gradient_descent(predict.mse, train, y, 0.7)(t, start, start_test, test)
    expected = predict.gradient_descent_mse(train, y, 0.7)(t, start, start_test, test)
    for one, other in zip(found, expected):
        assert one.shape == other.shape
        assert np.abs(one - other).max() < 1e-7


def test_long_times_approach_infinity(problem):
    train, test, y = problem
    predict_fn = predict.gradient_descent_mse(train, y)
    assert np.allclose(predict_fn(1e9, None, 0.0, test), predict_fn(None, None, 0.0, test))
    assert np.allclose(predict_fn(np.inf, 0.0), y)


def test_directions_without_eigenvalue_do_not_move(rng):
    x = rng.standard_normal((6, 2))
    y = rng.standard_normal((6, 1))
    predict_fn = predict.gradient_descent_mse(x @ x.T, y)
    weights, *_ = np.linalg.lstsq(x, y, rcond=None)
    for outputs in predict_fn(1e6, 0.0, 0.0, x @ x.T):
        assert np.allclose(outputs, x @ weights, atol=1e-6)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rank", [3, 7])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_singular_kernels_give_the_limit_of_small_regularizations(dtype, rank, seed):
    rng = np.random.default_rng(seed)
    x, z = rng.standard_normal((8, rank)), rng.standard_normal((4, rank))
    train, test, own = ((a @ b.T).astype(dtype) for a, b in ((x, x), (z, x), (z, z)))
    y = rng.standard_normal((8, 2))
    weights, *_ = np.linalg.lstsq(x, y, rcond=None)
    # Errors grow with the condition number.
    condition = np.linalg.cond(x) ** 2
    tolerance = 100 * condition * np.finfo(dtype).eps * np.abs(z @ weights).max()
    with pytest.warns(UserWarning, match=f"singular.* rank is {rank} of 8") as caught:
        found = predict.gradient_descent_mse(train, y)(None, None, 0.0, test)
    assert [w.filename for w in caught] == [__file__]
    assert np.abs(found - z @ weights).max() < tolerance
    with pytest.warns(UserWarning, match="singular"):
        mean, covariance = predict.gp_inference(train, y)("ntkgp", test, own)
    assert np.abs(mean - z @ weights).max() < tolerance
    assert np.abs(covariance).max() < 100 * condition * np.finfo(dtype).eps * own.max()


def test_kernels_that_cannot_be_solved_with(problem):
    train, test, y = problem
    for wrong, word in (
        (train - np.eye(10), "negative eigenvalues"),
        (np.zeros((10, 10)), "is 0"),
        (np.full((10, 10), np.nan), "not finite"),
    ):
        with pytest.raises(ValueError, match=word):
            predict.gradient_descent_mse(wrong, y)(None, None, 0.0, test)


def test_no_direction_of_a_regularized_kernel_is_left_out(problem):
    """The regularization is below the rounding errors of single precision."""
    train, test, y = problem
    kernel = np.repeat(np.repeat(train.astype(np.float32), 2, 0), 2, 1)
    cross, targets = np.repeat(test, 2, 1) * np.tile([1, 0.9], 10), np.concatenate([y, -y])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = predict.gradient_descent_mse(kernel, targets, 1.0, 1e-7)(None, None, 0.0, cross)
    shift = 1e-7 * np.trace(kernel.astype(float)) / 20 * np.eye(20)
    expected = cross @ np.linalg.solve(kernel.astype(float) + shift, targets)
    assert np.abs(found - expected).max() < 1e-6 * np.abs(expected).max()


def test_options_may_be_random_keys(jax):
    def kernel_fn(x1, x2, get, rng):
        values = np.eye(len(x1)) + x1 @ (x1 if x2 is None else x2).T
        return values if isinstance(get, str) else SimpleNamespace(**{n: values for n in get})

    x, key = np.eye(3), jax.random.key
    predict_fn = predict.gradient_descent_mse_ensemble(kernel_fn, x, np.ones((3, 1)), rng=key(1))
    assert np.array_equal(predict_fn(1.0, x, "ntk", rng=key(1)), predict_fn(1.0, x, "ntk"))
    with pytest.raises(ValueError, match="rng is"):
        predict_fn(1.0, x, "ntk", rng=key(2))


def test_options_may_be_trees(rng):
    """Parameters of a finite network, which are given for training and for test inputs."""
    x, params = rng.standard_normal((3, 2)), [(np.eye(2), 1.0), {"b": np.zeros(3)}]

    def kernel_fn(x1, x2, get, params):
        assert params[0] is not params[1]
        values = x1 @ params[0][0] @ (x1 if x2 is None else x2).T + np.eye(len(x1))
        return values if isinstance(get, str) else SimpleNamespace(**{n: values for n in get})

    predict_fn = predict.gradient_descent_mse_ensemble(kernel_fn, x, np.ones((3, 1)), params=params)
    same = [(np.eye(2), 1.0), {"b": np.zeros(3)}]
    found = predict_fn(1.0, x, "ntk", params=same)
    assert np.array_equal(found, predict_fn(1.0, x, "ntk"))
    with pytest.raises(ValueError, match="params is"):
        predict_fn(1.0, x, "ntk", params=[(np.eye(2), 2.0), {"b": np.zeros(3)}])
    # Two layers are no pair of options for two inputs.
    params = ((np.eye(2), 1.0), (np.ones(2), 2.0))
    predict_fn = predict.gradient_descent_mse_ensemble(kernel_fn, x, np.ones((3, 1)), params=params)
    assert np.array_equal(found, predict_fn(1.0, x, "ntk", params=params))


def test_pairs_of_options_are_those_of_the_inputs(rng):
    """As random keys and graphs: the second element is None where inputs meet themselves."""
    x, z = rng.standard_normal((3, 2)), rng.standard_normal((2, 2))
    seen = []

    def kernel_fn(x1, x2, get, scales):
        seen.append(scales)
        values = x1 @ (x1 if x2 is None else x2).T
        values = values + 3 * np.eye(len(x1)) if x2 is None else values
        return values if isinstance(get, str) else SimpleNamespace(**{n: values for n in get})

    predict_fn = predict.gradient_descent_mse_ensemble(
        kernel_fn, x, np.ones((3, 1)), scales=("train", None)
    )
    predict_fn(1.0, z, "nngp", compute_cov=True, scales=("test", None))
    assert seen == [("train", None), ("test", "train"), ("test", None)]


def test_posteriors_know_the_training_inputs(problem):
    train, _, y = problem
    found = predict.gp_inference(train, y)("nngp", train, train)
    assert np.allclose(found.mean, y, atol=1e-8)
    assert np.abs(found.covariance).max() < 1e-8


def test_dtypes_follow_the_inputs(problem):
    train, test, y = (a.astype(np.float32) for a in problem)
    predict_fn = predict.gradient_descent_mse(train, y)
    for t in (None, 1.0):
        assert predict_fn(t, None, 0.0, test).dtype == np.float32
    assert predict.gp_inference(train, y)("ntk", test).dtype == np.float32
    assert predict.gp_inference(train, y.astype(int))("ntk", test).dtype == np.float32
    assert predict.gp_inference(train, y.astype(float))("ntk", test).dtype == np.float64


def test_gradients_of_losses(rng):
    fx, y = rng.standard_normal((2, 5, 3))
    for loss in (predict.mse, predict.cross_entropy):
        gradient = loss.gradient(fx, y)
        for place in np.ndindex(fx.shape):
            step = np.zeros_like(fx)
            step[place] = 1e-6
            slope = (loss(fx + step, y) - loss(fx - step, y)) / 2e-6
            assert abs(slope - gradient[place]) < 1e-8


def test_wrong_arguments(problem):
    train, test, y = problem
    wrong = [
        (ValueError, lambda: predict.gp_inference(train[:5, :5], y)),
        (ValueError, lambda: predict.gp_inference(train, y, trace_axes=(2,))),
        (ValueError, lambda: predict.gp_inference(np.zeros((10, 10)), y)("ntk", test)),
        (ValueError, lambda: predict.gp_inference(train, y)("ntk", test, train)),
        (NotImplementedError, lambda: predict.gp_inference(train, y)("nttk", test)),
        (TypeError, lambda: predict.gp_inference(train, None)),
        (TypeError, lambda: predict.gradient_descent_mse("kernel", y)),
        (TypeError, lambda: predict.gradient_descent_mse(train, y.astype(complex))),
        (ValueError, lambda: predict.gradient_descent_mse(train, y)(1.0, None, None)),
        (ValueError, lambda: predict.gradient_descent_mse(train, y)(1.0, 0.0, 0.0)),
        (ValueError, lambda: predict.gradient_descent(predict.mse, train, y)([2.0, 1.0])),
        (ValueError, lambda: predict.gradient_descent(predict.mse, train, y)(-1.0)),
        (ValueError, lambda: predict.max_learning_rate(np.zeros((2, 3)))),
    ]
    for error, call in wrong:
        with pytest.raises(error) as caught:
            call()
        assert len(str(caught.value)) > 10


def test_compiled_kernels_are_predicted_with_in_double_precision(jax, kernels, rng):
    """As in the peer's notebooks, with JAX arrays and kernels in single precision."""
    from jax.experimental import disable_x64

    x, y, z = (rng.standard_normal(shape).astype(np.float32) for shape in ((8, 3), (8, 1), (4, 3)))
    kernel_fn = stax.serial(stax.Dense(1, 1.5, 0.1), stax.Erf(), stax.Dense(1)).kernel_fn
    expected = predict.gradient_descent_mse_ensemble(kernel_fn, x, y, diag_reg=1e-3)
    with disable_x64(), warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled = jax.jit(kernel_fn, static_argnums=(2,))
        arrays = [jax.numpy.asarray(a) for a in (x, y, z)]
        predict_fn = predict.gradient_descent_mse_ensemble(
            compiled, arrays[0], arrays[1], diag_reg=1e-3
        )
        for t in (None, 30.0):
            found = predict_fn(t, arrays[2], "ntk", compute_cov=True)
            close = expected(t, z, "ntk", compute_cov=True)
            assert found.mean.dtype == np.float32
            assert np.array_equal(found.mean, close.mean)
            assert np.array_equal(found.covariance, close.covariance)


@pytest.mark.parametrize("get", ["NTK", ("NNGP", "Ntk"), ("NNGP", "NTK", "NTKGP")])
def test_names_in_upper_case(problem, get):
    train, test, y = problem
    predict_fn = predict.gp_inference(train, y)
    same = get.lower() if isinstance(get, str) else tuple(name.lower() for name in get)
    found, expected = predict_fn(get, test), predict_fn(same, test)
    assert getattr(found, "_fields", None) == getattr(expected, "_fields", None)
    assert np.array_equal(found, expected)


def test_scipy_is_not_needed(problem, monkeypatch):
    train, test, y = problem
    expected = predict.gp_inference(train, y)("ntk", test)
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    assert np.allclose(predict.gp_inference(train, y)("ntk", test), expected, rtol=1e-9)


def test_names_in_upper_case_at_times(problem):
    train, test, y = problem

    def kernel_fn(x1, x2, get):
        kernel = train if x2 is None else test
        return kernel if isinstance(get, str) else SimpleNamespace(**dict.fromkeys(get, kernel))

    predict_fn = predict.gradient_descent_mse_ensemble(kernel_fn, "x", y)
    for t in (None, 3.0):
        found = predict_fn(t, x_test="z", get="NTK")
        assert np.array_equal(found, predict_fn(t, x_test="z", get="ntk"))
