"""Runs read in Python: results of stages, the state, damaged and missing files."""

import json
import shutil

import numpy as np
import pytest
from small_jobs import DATA, EVERYTHING, NETWORK, require_program

import ntkdist
from ntkdist import failures


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    require_program()
    return ntkdist.Job(**EVERYTHING, output=tmp_path_factory.mktemp("runs") / "all").run(
        progress=False
    )


@pytest.fixture
def copy(run, tmp_path):
    """A run that may be damaged."""
    return ntkdist.open(shutil.copytree(run.path, tmp_path / "copy"))


def one_sentence(info):
    text = str(info.value)
    assert text and "\n" not in text and len(text) < 500
    return text


def test_what_a_run_is(run):
    assert run.variants == [""] and run.kinds == ["nngp", "ntk"]
    assert run.summary["data"]["train"] == 100
    assert run.job.document()["network"]["depth"] == 2
    status = run.status()
    assert status.state == "finished" and status.fraction == 1 and status.last_event == "finished"
    # Per kernel: ten tiles in a triangle, ten of its gaps, four of the test images, and one line.
    assert status.tiles == status.total == 2 * (10 + 10 + 4 + 1)


def test_eigenvalues_and_vectors_are_those_of_the_kernel(run):
    for kind in run.kinds:
        kernel = np.asarray(run.kernel(kind))
        values, vectors = run.eigenvalues(kind), run.eigenvectors(kind)
        np.testing.assert_allclose(values, np.linalg.eigvalsh(kernel), rtol=1e-9, atol=1e-12)
        assert vectors.shape == (100, 100)
        np.testing.assert_allclose(kernel @ vectors, vectors * values[::-1], atol=1e-11)
        assert run.eigenvalues(kind, centred=True).shape == (99,)


def test_weights_are_the_targets_in_the_eigenvectors(run):
    # At infinite time, the outputs are the targets.
    targets = run.training("ntk").train[-1]
    for kind in run.kinds:
        expected = run.eigenvectors(kind)[:, ::-1].T @ targets
        weights = run.weights(kind)
        assert weights.shape == (100, 10)
        np.testing.assert_allclose(np.abs(weights), np.abs(expected), atol=1e-6)


def test_predictions_are_kernel_regression(run):
    prediction = run.predictions("ntk")
    assert prediction.values.shape == (2, 30, 10) and prediction.labels.shape == (2, 30)
    assert prediction.confusion.shape == (2, 10, 10)
    assert prediction.variance.shape == (2, 30)
    np.testing.assert_allclose(
        np.trace(prediction.confusion, axis1=1, axis2=2) / 30, prediction.accuracy
    )
    marked = [
        index
        for index, result in enumerate(prediction.summary["regularizations"])
        if result.get("is_chosen")
    ]
    assert [prediction.chosen] == marked


def test_training_and_alignment(run):
    training = run.training("ntk")
    np.testing.assert_array_equal(training.times, [0, 1, 10, 100, np.inf])
    assert training.train.shape == (5, 100, 10) and training.test.shape == (5, 30, 10)
    assert training.variance.shape == (5, 30)
    assert (np.diff(training.train_loss) < 0).all()
    np.testing.assert_allclose(training.variance.mean(axis=1), training.mean_variance)
    alignment = run.alignment()
    assert alignment.kind == "ntk" and len(alignment.energies) == 100
    assert alignment.energies[-1] == pytest.approx(1)
    assert set(np.unique(alignment.signs(2))) <= {0, 1}


def test_what_is_missing_is_said_in_a_sentence(run, tmp_path):
    with pytest.raises(failures.MissingError, match="does not exist") as info:
        ntkdist.open(tmp_path / "nothing")
    one_sentence(info)
    with pytest.raises(FileNotFoundError, match="not a run folder"):
        ntkdist.open(tmp_path)
    with pytest.raises(ValueError, match="no variant 'depth=7'; it has ''"):
        run.eigenvalues(variant="depth=7")
    with pytest.raises(ValueError, match="'nngp', 'ntk' or 'kernel'"):
        run.kernel("gram")
    with pytest.raises(failures.MissingError, match="eigenvector 9 is not there"):
        run.alignment().signs(9)


def test_a_job_without_stages(tmp_path):
    require_program()
    bare = ntkdist.Job(data=DATA, network=NETWORK, kernels=["nngp"], output=tmp_path / "bare").run(
        progress=False
    )
    assert bare.kinds == ["nngp"] and bare.kernel().shape == (100, 100)
    for ask in (
        bare.predictions,
        bare.training,
        bare.alignment,
        bare.eigenvalues,
        bare.plot.spectrum,
        bare.plot.learning,
    ):
        with pytest.raises(failures.MissingError) as info:
            ask()
        one_sentence(info)
    with pytest.raises(failures.MissingError, match="has no ntk_train; it has 'nngp_test'"):
        bare.kernel("ntk")


def test_damaged_files_are_named(copy):
    values = copy.path / "spectrum/ntk.npy"
    values.write_bytes(values.read_bytes()[:100])
    with pytest.raises(failures.DataError, match="spectrum/ntk.npy") as info:
        copy.eigenvalues("ntk")
    one_sentence(info)
    summary = copy.path / "summary.json"
    text = summary.read_text()
    for damaged in (text[: len(text) // 2], "[]", '{"variants": [1]}', "\x00"):
        summary.write_text(damaged)
        with pytest.raises(failures.DataError, match="summary.json") as info:
            copy.variants  # noqa: B018
        one_sentence(info)
    summary.write_text(json.dumps({"variants": [{"name": "", "ntk": {"training": {"a": 1}}}]}))
    with pytest.raises(failures.DataError, match="no complete training"):
        copy.training()
    summary.unlink()
    assert copy.summary == {} and copy.variants == []
    with pytest.raises(failures.MissingError, match="no results yet"):
        copy.kernel()


def test_a_sweep_has_variants(tmp_path):
    require_program()
    network = {"preset": "fcn", "depths": [1, 3], "weight_variances": [1.5, 2.5]}
    run = ntkdist.Job(
        data=DATA,
        network=network,
        spectrum={},
        output=tmp_path / "sweep",
        prediction={"regularization": [1e-3]},
    ).run(progress=False)
    assert len(run.variants) == 4
    by_name = run.eigenvalues("ntk", variant="depth=3,weight_variance=1.5")
    by_values = run.eigenvalues("ntk", variant={"depth": 3, "weight_variance": 1.5})
    np.testing.assert_array_equal(by_name, by_values)
    assert run.kernel(variant=0).shape == (100, 100)
    with pytest.raises(ValueError, match="has 4 variants; name one of"):
        run.kernel()
    assert "depth=3" in run._repr_html_()


def test_the_table_for_notebooks(run):
    page = run._repr_html_()
    assert "finished" in page and "λ_max" in page and "NTK" in page
    assert "<script" not in page
