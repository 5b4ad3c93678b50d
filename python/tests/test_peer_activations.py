"""Kernels of every activation compared with those of neural-tangents."""

import pytest
from peering import ACTIVATIONS, agree

pytestmark = pytest.mark.usefixtures("kernels")


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
