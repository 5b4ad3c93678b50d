"""Derivatives of activations that are given as formulas."""

import numpy as np
import pytest

import ntkdist
from ntkdist import stax

POINTS = np.array([-800.0, -2.0, -0.3, 0.4, 1.5, 3.0])

#: Formulas with a branch that has no finite value or derivative where the other one is chosen, and
#: their first and second derivatives.
CHOICES = {
    "where(x > 0, x ** 1.5, 0)": (
        lambda x: np.where(x > 0, 1.5 * np.abs(x) ** 0.5, 0),
        lambda x: np.where(x > 0, 0.75 * np.abs(x) ** -0.5, 0),
    ),
    "where(x > 0, 1 - exp(-x), 2 * x)": (
        lambda x: np.where(x > 0, np.exp(-np.abs(x)), 2),
        lambda x: np.where(x > 0, -np.exp(-np.abs(x)), 0),
    ),
}


def activations(formula):
    """The function of a formula, in a job and in a network of stax."""
    job = ntkdist.finite([{"elementwise": {"formula": formula}}])
    params = job.params((-1, 1))
    own = stax.Elementwise(formula).apply_fn
    return lambda x: job.apply_fn(params, x[None, None])[0, 0], lambda x: own((), x)


@pytest.mark.parametrize("formula", CHOICES)
def test_derivatives_of_choices(jax, formula):
    first, second = CHOICES[formula]
    slope, bend = first(POINTS), second(POINTS)
    forward, reverse, vmap = jax.jacfwd, jax.jacrev, jax.vmap
    in_job, value = activations(formula)
    for one in (forward, reverse):
        assert np.allclose(vmap(one(in_job))(POINTS), slope, rtol=1e-6)
        for two in (forward, reverse):
            assert np.allclose(vmap(two(one(value)))(POINTS), bend, rtol=1e-6)
    assert np.allclose(jax.jit(vmap(jax.grad(value)))(POINTS), slope, rtol=1e-6)
    assert np.isfinite(vmap(reverse(reverse(reverse(value))))(POINTS)).all()


@pytest.mark.parametrize("formula", ["x * sigmoid(x)", "max(x, 0.1) ** 2"])
def test_derivatives_of_other_formulas(jax, formula):
    from ntkdist._formulas import function

    plain, points = function(formula, lambda: jax.numpy), POINTS[1:]
    _, value = activations(formula)
    for one, two in ((jax.jacrev, jax.jacfwd), (jax.jacfwd, jax.jacrev)):
        for own, expected in ((one(value), one(plain)), (two(one(value)), two(one(plain)))):
            assert np.allclose(jax.vmap(own)(points), jax.vmap(expected)(points), rtol=1e-6)


@pytest.mark.parametrize("formula", ["2.5", "where(x > 0, 1, 0)"])
def test_constants_have_derivatives(jax, formula):
    for value in activations(formula):
        assert np.array_equal(jax.vmap(jax.grad(value))(POINTS), 0 * POINTS)
        assert jax.vmap(value)(POINTS).dtype == POINTS.dtype
    net = ntkdist.finite(["dense", {"elementwise": {"formula": formula}}, "dense"], 4)
    x = np.ones((3, 2), np.float32)
    assert net.apply_fn(net.params(x.shape), x).shape == (3, 1)


def test_kernels_of_choices_are_finite(jax, rng):
    formula = "where(x > 0, x ** 1.5, 0)"
    x = rng.standard_normal((3, 6))
    for net in (
        ntkdist.finite(["dense", {"elementwise": {"formula": formula}}, "dense"], 64),
        stax.serial(stax.Dense(64), stax.Elementwise(formula), stax.Dense(1)),
    ):
        params = net.init_fn(jax.random.PRNGKey(0), x.shape)[1]
        kernel = ntkdist.empirical_ntk_fn(net.apply_fn)(x, None, params)
        assert np.isfinite(kernel).all() and (np.linalg.eigvalsh(kernel) > 0).all()
        linear = ntkdist.linearize(net.apply_fn, params)
        assert np.allclose(linear(params, x), net.apply_fn(params, x))
        bent = ntkdist.taylor_expand(net.apply_fn, params, 2)
        moved = jax.tree_util.tree_map(lambda leaf: leaf + 1e-3, params)
        assert np.allclose(bent(moved, x), net.apply_fn(moved, x), atol=1e-6)
