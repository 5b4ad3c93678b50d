"""A kernel given as a NumPy array: the run, and its results."""

import numpy as np
import pytest
from small_jobs import require_program

import ntkdist
from ntkdist import failures


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    require_program()
    folder = tmp_path_factory.mktemp("given")
    generator = np.random.default_rng(1)
    points = generator.normal(size=(110, 150))
    points[:, 0] += 2
    kernel = points @ points.T / 150
    labels = (points[:, 1] > 0).astype(int)
    np.save(folder / "k.npy", kernel[:80, :80])
    np.save(folder / "kt.npy", kernel[80:, :80])
    np.save(folder / "y.npy", labels[:80])
    np.save(folder / "yt.npy", labels[80:])
    job = ntkdist.Job(
        kernel={"train": folder / "k.npy", "test": folder / "kt.npy"},
        data={"labels": {"train": folder / "y.npy", "test": folder / "yt.npy"}},
        spectrum={"vectors": 5},
        prediction={"regularization": [0.01]},
        alignment={},
        output=folder / "run",
    )
    return job.run(progress=False), kernel, labels, job


def test_its_results_need_no_kind(given):
    run, kernel, labels, _ = given
    assert run.kinds == ["kernel"] and run.variants == [""]
    np.testing.assert_array_equal(np.tril(run.kernel()), np.tril(kernel[:80, :80]))
    np.testing.assert_array_equal(run.kernel("kernel", set="test")[...], kernel[80:, :80])
    np.testing.assert_allclose(run.eigenvalues(), np.linalg.eigvalsh(kernel[:80, :80]), atol=1e-12)
    assert run.eigenvectors().shape == (80, 5)
    shifted = kernel[:80, :80] + 0.01 * np.trace(kernel[:80, :80]) / 80 * np.eye(80)
    expected = kernel[80:, :80] @ np.linalg.solve(shifted, np.eye(2)[labels[:80]] - 0.5)
    np.testing.assert_allclose(run.predictions().values[0], expected, atol=1e-10)
    assert 0 < run.alignment().alignment < 1
    with pytest.raises(failures.MissingError, match="ntk_train"):
        run.kernel("ntk")
    with pytest.raises(ValueError, match="'nngp', 'ntk' or 'kernel'"):
        run.kernel("ntkk")


def test_it_is_shown(given):
    run, _, _, _ = given
    page = run._repr_html_()
    assert "80 training, 30 test" in page and "points" in page
    axes = run.plot.spectrum()
    assert len(axes.lines) >= 1


def test_its_job(given, tmp_path):
    _, _, _, job = given
    again = ntkdist.Job.from_yaml(job.yaml())
    assert again.document() == job.document()
    assert "no network" in job.check()
    assert job.plan(2).train == 80
    with pytest.raises(failures.JobError, match="stands in place of a network"):
        job.replace(kernels=["ntk"]).check()
    with pytest.raises(failures.JobError, match="it has no data and no network"):
        ntkdist.Job(output=tmp_path / "none")


def test_features(tmp_path):
    require_program()
    (tmp_path / "jac").mkdir()
    rows = np.random.default_rng(2).normal(size=(70, 500)).astype(np.float32)
    for number, first in enumerate(range(0, 500, 200)):
        np.save(tmp_path / f"jac/train-{number}.npy", rows[:, first : first + 200])
    job = ntkdist.Job(
        features={"train": tmp_path / "jac/train-*.npy"}, spectrum={}, output=tmp_path / "run"
    )
    run = job.run(progress=False)
    exact = rows.astype(np.float64) @ rows.T.astype(np.float64)
    np.testing.assert_allclose(np.asarray(run.kernel()), exact, rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(run.eigenvalues(), np.linalg.eigvalsh(exact), atol=1e-9)
    assert ntkdist.Job.from_yaml(job.yaml()).document() == job.document()
