"""The kernel that the program forms from JAX's Jacobians is neural-tangents' empirical NTK."""

import numpy as np
import pytest
from small_jobs import require_program

import ntkdist


@pytest.mark.parametrize(
    "precision, outputs, tolerance",
    [("f64", 1, 1e-12), ("f64", 10, 1e-12), ("f32", 1, 1e-6), ("f32", 10, 1e-6)],
)
def test_jacobians(peer, tmp_path, precision, outputs, tolerance):
    require_program()
    import jax
    import neural_tangents as nt

    dtype = np.float64 if precision == "f64" else np.float32
    stax = peer.stax
    initialize, apply, _ = stax.serial(
        stax.Flatten(), stax.Dense(40), stax.Erf(), stax.Dense(30), stax.Relu(), stax.Dense(outputs)
    )
    points = np.random.default_rng(3).standard_normal((60, 4, 4, 2)).astype(dtype)
    _, params = initialize(jax.random.PRNGKey(1), points.shape)
    params = jax.tree_util.tree_map(lambda leaf: leaf.astype(dtype), params)
    leaves = jax.tree_util.tree_leaves(jax.jacobian(apply)(params, points))
    (tmp_path / "jac").mkdir()
    # One chunk for each array of parameters: [n, outputs, P], or [n, P] for one output.
    number = 0
    for leaf in leaves:
        jacobian = np.asarray(leaf).reshape(len(points), outputs, -1)
        for name, part in (("train", jacobian[:45]), ("test", jacobian[45:])):
            np.save(tmp_path / f"jac/{name}-{number}.npy", part[:, 0] if outputs == 1 else part)
        number += 1
    job = ntkdist.Job(
        features={
            "train": tmp_path / "jac/train-*.npy",
            "test": tmp_path / "jac/test-*.npy",
            "outputs": outputs,
        },
        precision=precision,
        output=tmp_path / "run",
    )
    run = job.run(progress=False)
    kernel_fn = nt.empirical_ntk_fn(apply, trace_axes=(-1,))
    expected = np.asarray(kernel_fn(points, None, params), dtype=np.float64)
    scale = np.abs(expected).max()
    assert np.abs(np.asarray(run.kernel()) - expected[:45, :45]).max() < tolerance * scale
    assert np.abs(np.asarray(run.kernel(set="test")) - expected[45:, :45]).max() < tolerance * scale
    assert np.abs(run.test_variances() - np.diag(expected)[45:]).max() < tolerance * scale
