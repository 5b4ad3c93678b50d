"""A small network, for tests of Jacobians."""

import numpy as np

from ntkdist import stax


def network(jax, outputs=1, dtype="float64"):
    """A small network, its parameters, and inputs."""
    init_fn, apply_fn, _ = stax.serial(
        stax.Conv(4, (3, 3), b_std=0.1), stax.Relu(), stax.Flatten(), stax.Dense(outputs, 1.2, 0.3)
    )
    params = init_fn(jax.random.PRNGKey(4), (-1, 5, 4, 2))[1]
    params = jax.tree_util.tree_map(lambda leaf: leaf.astype(dtype), params)
    return apply_fn, params, np.random.default_rng(5).standard_normal((7, 5, 4, 2)).astype(dtype)
