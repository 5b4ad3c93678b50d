"""Projected Jacobians: the signs, and that inner products stay the same on average."""

import json
from itertools import count

import numpy as np
import pytest
from jacobian_cases import network

import ntkdist
from ntkdist._jacobians import _production, _projection


def test_signs_depend_on_parameters_alone():
    whole = _projection.signs(3, 0, 3000, 9)
    assert whole.shape == (3000, 9) and set(np.unique(whole)) == {-1, 1}
    for start, stop in ((0, 5), (1000, 1030), (1024, 2048), (2047, 3000)):
        assert np.array_equal(_projection.signs(3, start, stop, 9), whole[start:stop])
    assert not np.array_equal(_projection.signs(4, 0, 3000, 9), whole)
    # The 4.5 million products of different parameters' signs are 0 on average.
    product = whole.astype(float) @ whole.T
    off = product[np.triu_indices(3000, 1)]
    assert abs(off.mean()) < 4 * np.sqrt(9 / len(off))
    assert abs((off**2).mean() / 9 - 1) < 0.01


def test_projected_products_are_unbiased():
    rows = np.random.default_rng(2).standard_normal((6, 3000)) * np.linspace(0, 2, 3000)
    exact = rows @ rows.T
    samples = []
    for seed in range(200):
        total = np.zeros((6, 32))
        _projection.project(rows, 0, seed, total)
        samples.append(total @ total.T / 32)
    samples = np.array(samples)
    error = samples.std(0, ddof=1) / np.sqrt(len(samples))
    # For 21 elements.
    assert (np.abs(samples.mean(0) - exact) < 4 * error).all()
    # This is the variance of a sum over pairs of different parameters.
    diagonal = np.diag(exact)
    variance = (diagonal[:, None] * diagonal + exact**2 - 2 * rows**2 @ (rows**2).T) / 32
    assert 0.8 < (samples.var(0, ddof=1) / variance).mean() < 1.2


@pytest.mark.parametrize("outputs", [1, 2])
def test_projected_files(jax, tmp_path, outputs):
    apply_fn, params, x = network(jax, outputs)
    whole = ntkdist.jacobians(apply_fn, params, x, tmp_path / "whole")
    found = ntkdist.jacobians(apply_fn, params, x, tmp_path / "f", project=32, seed=5)
    rows = np.concatenate(list(whole.chunks()), -1)
    expected = rows @ _projection.signs(5, 0, rows.shape[-1], 32) / np.sqrt(32)
    assert found.files == [str(tmp_path / "f-00000.npy")]
    assert np.load(found.files[0]).shape == expected.shape
    assert np.allclose(np.load(found.files[0]), expected, rtol=1e-12, atol=1e-12)


def test_projections_do_not_depend_on_chunks(jax, tmp_path):
    apply_fn, params, x = network(jax)
    found = [
        ntkdist.jacobians(apply_fn, params, x, tmp_path / name, size, project=32, seed=5)
        for name, size in (("a", "4GB"), ("b", "1kB"))
    ]
    a, b = (np.load(one.files[0]) for one in found)
    assert a.shape == (7, 32)
    assert np.allclose(a, b, rtol=1e-12)
    assert json.loads((tmp_path / "a.json").read_text())["projection"] == {"columns": 32, "seed": 5}


def test_a_projection_like_that_of_other_inputs(jax, tmp_path):
    apply_fn, params, x = network(jax, 2)
    train = ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", project=32, seed=5)
    for like in (train, tmp_path / "train"):
        test = ntkdist.jacobians(
            apply_fn, params, x[2:4], tmp_path / "test", "2KB", project=32, seed=5, like=like
        )
        assert np.allclose(np.load(test.files[0]), np.load(train.files[0])[2:4], rtol=1e-12)
    whole = ntkdist.jacobians(apply_fn, params, x, tmp_path / "whole")
    out = tmp_path / "other"
    for options, word in (
        ({"project": 16, "seed": 5, "like": train}, "32 columns with seed 5; give one that is"),
        ({"project": 32, "like": train}, "projected to 32 columns with seed 0"),
        ({"project": 32, "like": whole}, "like is a Jacobian that is not projected"),
        ({"like": train}, "like is a projection to 32 columns with seed 5; give project"),
    ):
        with pytest.raises(ValueError, match=word):
            ntkdist.jacobians(apply_fn, params, x[:2], out, **options)
    for wrong, word in (
        ([*params[:3], (params[3][0][:, :1], params[3][1])], r"like is a Jacobian with \d+ param"),
        ([*params[:3], params[3][::-1]], "other parameters, such as 3.0"),
    ):
        with pytest.raises(ValueError, match=word):
            ntkdist.jacobians(
                lambda p, x: x.sum((1, 2, 3)) * p[0][0].sum(),
                wrong,
                x,
                out,
                project=32,
                seed=5,
                like=train,
            )
    assert not list(tmp_path.glob("other*"))


def interrupted(*arguments, after, **options):
    """Stops a projection after some batches, each of which is a chunk of a small network."""
    calls = count()

    def stop(progress):
        if next(calls) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ntkdist.jacobians(*arguments, **options, progress=stop)


def test_sums_of_deleted_files_are_not_used(jax, tmp_path):
    apply_fn, params, x = network(jax)
    options = {"chunk": "1KB", "project": 32}
    interrupted(apply_fn, params, x, tmp_path / "train", after=2, **options)
    assert list(tmp_path.glob(".train-sum-*.npy"))
    for path in tmp_path.glob("train*"):
        path.unlink()
    other = jax.tree_util.tree_map(lambda leaf: leaf + 1, params)
    found = ntkdist.jacobians(apply_fn, other, x, tmp_path / "train", **options)
    fresh = ntkdist.jacobians(apply_fn, other, x, tmp_path / "fresh", **options)
    assert np.array_equal(np.load(found.files[0]), np.load(fresh.files[0]))


@pytest.mark.parametrize("again", ["4GB", "500B", "700B", "2KB"])
def test_an_interrupted_projection_goes_on_with_chunks_of_any_size(
    jax, tmp_path, monkeypatch, again
):
    apply_fn, params, x = network(jax)
    whole = ntkdist.jacobians(apply_fn, params, x, tmp_path / "whole", project=32)
    out = tmp_path / "train"
    interrupted(apply_fn, params, x, out, after=3, chunk="1KB", project=32)
    (kept,) = tmp_path.glob(".train-sum-*.npy")
    computed = []
    fill = _production._Run.fill

    def counted(self, path, chunk, kind=None):
        computed.append(chunk.columns)
        return fill(self, path, chunk, kind)

    monkeypatch.setattr(_production._Run, "fill", counted)
    found = ntkdist.jacobians(apply_fn, params, x, out, again, project=32)
    assert np.allclose(np.load(found.files[0]), np.load(whole.files[0]), rtol=1e-12, atol=1e-12)
    # The parameters of the first chunks are not computed again.
    assert 0 < sum(computed) == found.parameters - int(kept.stem.split("-")[-1]) < found.parameters
    assert not list(tmp_path.glob(".train*.npy"))
