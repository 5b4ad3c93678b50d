"""Figures of runs, and comparisons of two runs."""

import numpy as np
import pytest
from small_jobs import DATA, EVERYTHING, require_program

import ntkdist
from ntkdist import failures

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    require_program()
    return ntkdist.Job(**EVERYTHING, output=tmp_path_factory.mktemp("plots") / "all").run(
        progress=False
    )


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    require_program()
    network = {
        "preset": "fcn",
        "depths": [1, 4, 16],
        "weight_variances": [1.5, 2.5],
        "activation": "erf",
        "bias_variance": 0.05,
    }
    return ntkdist.Job(
        data=DATA,
        network=network,
        spectrum={},
        kernels=["ntk"],
        prediction={"regularization": [1e-3, 1e-1]},
        output=tmp_path_factory.mktemp("plots") / "sweep",
    ).run(progress=False)


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


def labels(axes):
    axes.figure.canvas.draw()
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_spectra(run):
    axes = run.plot.spectrum()
    assert labels(axes) == ["NNGP", "NTK"]
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), run.eigenvalues("ntk")[::-1])
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("rank", "eigenvalue λ")
    axes = run.plot.spectrum("ntk", density=True)
    x, y = axes.lines[0].get_data()
    # A density over decades: the area is one.
    assert np.sum(y[1:-1:2] * np.diff(np.log10(x))[1::2]) == pytest.approx(1)


def test_learning(run):
    axes = run.plot.learning()
    assert labels(axes)[:2] == ["NNGP, training images", "NNGP, test images"]
    assert labels(axes)[-1] == "after infinite time"
    np.testing.assert_allclose(
        axes.lines[0].get_ydata(), 100 * run.training("nngp").train_accuracy[:-1]
    )
    assert run.plot.learning("ntk", quantity="loss").get_yscale() == "log"
    variance = run.plot.learning("ntk", quantity="variance")
    np.testing.assert_allclose(
        variance.lines[0].get_ydata(), run.training("ntk").mean_variance[:-1]
    )


def test_alignment(run):
    axes = run.plot.alignment("ntk")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 100 * run.alignment("ntk").energies)
    assert labels(axes) == ["NTK", "directions at random"]


def test_figures_of_a_sweep(sweep):
    axes = sweep.plot.heatmap()
    values = axes.images[0].get_array()
    assert values.shape == (2, 3)
    best = sweep.predictions(variant={"depth": 4, "weight_variance": 2.5}).accuracy.max()
    assert values[0, 1] == pytest.approx(100 * best)
    axes = sweep.plot.conditioning(quantity="lambda_max")
    assert labels(axes) == ["σ_w² 1.5", "σ_w² 2.5", "theory"]
    largest = [
        sweep.eigenvalues(variant={"depth": depth, "weight_variance": 1.5})[-1]
        for depth in (1, 4, 16)
    ]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), largest)
    name = sweep.variants[0]
    assert len(sweep.plot.spectrum(variants=[name]).lines) == 1
    for quantity in ("condition_number", "bulk"):
        labels(sweep.plot.conditioning(quantity=quantity))


def test_axes_that_are_given(run):
    figure, pair = pyplot.subplots(1, 2)
    assert run.plot.spectrum("ntk", axes=pair[0]) is pair[0]
    assert run.plot.alignment("ntk", axes=pair[1]) is pair[1]
    assert pyplot.get_fignums() == [figure.number]


def test_what_cannot_be_drawn(run, sweep):
    for draw, words in (
        (run.plot.heatmap, "does not vary"),
        (run.plot.conditioning, "has one network"),
        (sweep.plot.learning, "no training"),
        (sweep.plot.alignment, "no alignment"),
    ):
        with pytest.raises(failures.MissingError, match=words):
            draw()
    for draw in (
        lambda: run.plot.learning(quantity="x"),
        lambda: run.plot.spectrum("x"),
        lambda: sweep.plot.spectrum(variants=["x"]),
    ):
        with pytest.raises(ValueError, match="'x'"):
            draw()


def test_two_runs(run, sweep, tmp_path):
    other = run.job.replace(
        network={"preset": "fcn", "depth": 5},
        training=None,
        alignment=None,
        output=tmp_path / "other",
    ).run(progress=False)
    both = ntkdist.compare(run, other)
    assert both.job["network.depth"] == (2, 5) and both.job["training.loss"] == ("mse", None)
    assert "output" not in both.job
    ours, theirs = np.asarray(run.kernel()), np.asarray(other.kernel())
    cosine = np.sum(ours * theirs) / np.linalg.norm(ours) / np.linalg.norm(theirs)
    found = both.similarity("ntk")
    assert found.cosine == pytest.approx(cosine, rel=1e-12)
    assert found.distance == pytest.approx(1 - cosine, rel=1e-9)
    assert both.similarity(set="test").distance > 0
    row = both.spectra[1]
    assert row["kernel"] == "ntk"
    assert row["lambda_max"] == (run.eigenvalues()[-1], other.eigenvalues()[-1])
    assert len(both.accuracies) == 4
    assert both.accuracies[2]["accuracy"] == (
        run.predictions("ntk").accuracy[0],
        other.predictions("ntk").accuracy[0],
    )
    assert len(both.plot().lines) == 2
    assert "network.depth" in both._repr_html_() and "1 - cosine" in both._repr_html_()
    assert both.same_images
    same = ntkdist.compare(run, run)
    assert same.job == {} and same.similarity().distance == 0
    with pytest.raises(failures.MissingError, match="no kernel in common"):
        ntkdist.compare(run, sweep).similarity()
    half = run.job.replace(
        data={"synthetic": {"train": 50}},
        spectrum=None,
        prediction=None,
        training=None,
        alignment=None,
        output=tmp_path / "half",
    )
    with pytest.raises(failures.DataError, match="different images; their kernels have no cosine"):
        ntkdist.compare(run, half.run(progress=False)).similarity()
