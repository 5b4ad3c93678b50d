"""The targets' weights in all eigenvectors, computed without eigenvectors, against NumPy."""
import json
import os
import signal

import numpy as np
import pytest
from conftest import (
    finish,
    is_alive,
    kernel_of,
    ntk_dist,
    ranks_of,
    sentences,
    start,
    succeed,
    summary,
    wait_until,
    write_job,
)

LINEAR = [{"dense": {"weight_variance": 1.0}}]


def one_hot(labels, classes, offset=None):
    return np.eye(classes)[labels] - (1 / classes if offset is None else offset)


def write_data(folder, images, labels):
    """A job's data of these arrays."""
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)
    return {"arrays": {"train": str(folder / "images.npy"), "train_labels": str(folder / "labels.npy")},
            "test": 0, "preprocessing": "none"}


def figures(run, kernel="ntk"):
    return summary(run)["variants"][0][kernel]["spectrum"]


def check(values, weights, kernel, y, gap, tolerance=1e-10):
    """Compares with NumPy's eigenvectors: products of the weights of two classes, summed over groups of
    eigenvalues whose distances are less than `gap` times the largest. Returns the number of groups."""
    expected, vectors = np.linalg.eigh(kernel)
    np.testing.assert_allclose(values, expected, atol=1e-14 * len(y) ** 0.5 * expected[-1])
    wanted = vectors.T @ y
    square = (y**2).sum()
    assert abs((weights**2).sum() - square) <= 1e-12 * square
    edges = np.flatnonzero(np.diff(expected) > gap * expected[-1]) + 1
    for rows in np.split(np.arange(len(y)), edges):
        difference = weights[rows].T @ weights[rows] - wanted[rows].T @ wanted[rows]
        assert np.abs(difference).max() <= tolerance * square, rows
    # A row's largest element is positive.
    assert (np.take_along_axis(weights, np.abs(weights).argmax(1)[:, None], 1) >= 0).all()
    return len(edges) + 1


def test_two_thousand_images_with_single_repeated_and_vanishing_eigenvalues(tmp_path):
    """A linear kernel X X' whose eigenvectors and eigenvalues are chosen: 150 single ones, twenty triples, and
    zero 1,790 times."""
    random = np.random.default_rng(5)
    n, classes = 2000, 10
    scales = np.concatenate([np.linspace(1, 4, 150), np.repeat(np.linspace(5, 7, 20), 3)])
    left, _ = np.linalg.qr(random.standard_normal((n, len(scales))))
    images = left * np.sqrt(scales * len(scales))
    labels = random.integers(0, classes, n)
    path = write_job(tmp_path, data=write_data(tmp_path, images, labels), network=LINEAR, kernels=["nngp"],
                     prediction=None, spectrum={"weights": True})
    output = succeed("run", path, ranks=2).stdout
    weights = np.load(tmp_path / "run/spectrum/nngp_weights.npy")
    assert weights.shape == (n, classes) and weights.dtype == np.float64
    y = one_hot(labels, classes)
    values = np.load(tmp_path / "run/spectrum/nngp.npy")
    groups = check(values, weights, kernel_of(tmp_path / "run", "nngp"), y, gap=1e-3)
    assert groups == 1 + 150 + 20
    # The same for the chosen eigenvectors, without NumPy's.
    chosen = left[:, :150].T @ y
    np.testing.assert_allclose(
        np.abs(weights[1790:1940]), np.abs(chosen), atol=1e-10 * np.linalg.norm(y))
    found = figures(tmp_path / "run", "nngp")
    assert found["routine"] == "band" and "weights without eigenvectors" in found["reason"]
    assert found["weights"]["squared_norm"] == pytest.approx((y**2).sum(), rel=1e-13)
    assert found["weights"]["norm_error"] < 1e-12
    energy = np.cumsum((weights[::-1] ** 2).sum(1)) / (y**2).sum()
    for share in found["weights"]["leading"]:
        assert energy[share["eigenvectors"] - 1] >= share["part"] - 1e-12
        assert share["eigenvectors"] == 1 or energy[share["eigenvectors"] - 2] < share["part"]
    assert "nngp: lambda_max" in output


@pytest.fixture(scope="module")
def assembled(tmp_path_factory):
    """300 images of five classes whose kernels are stored, the job's path, and the targets."""
    folder = tmp_path_factory.mktemp("weights")
    random = np.random.default_rng(6)
    labels = random.integers(0, 5, 300)
    means = random.standard_normal((5, 6, 6, 3))
    images = means[labels] + random.standard_normal((300, 6, 6, 3))
    path = write_job(folder, data=write_data(folder, images, labels), prediction=None, tile=64)
    succeed("assemble", path, ranks=2)
    return folder, path, one_hot(labels, 5)


@pytest.mark.parametrize("setting, ranks", [
    ("solver=auto", 1), ("solver=band", 3), ("solver=scalapack", 2), ("vectors=all", 3), ("vectors=12", 4),
    ("target_offset=0.5", 1), ("solver=elpa", 2)])
def test_every_way_to_a_spectrum_finds_the_same_weights(assembled, setting, ranks):
    folder, path, y = assembled
    if "elpa" in setting and "ELPA" not in os.environ.get("NTK_DIST_TRAITS", ""):
        pytest.skip("this program was built without ELPA")
    succeed("spectrum", path, "--set", "spectrum.weights=true", "--set", f"spectrum.{setting}", ranks=ranks)
    offset = 0.3 if "offset" in setting else 0
    for kernel in ("nngp", "ntk"):
        values = np.load(folder / f"run/spectrum/{kernel}.npy")
        weights = np.load(folder / f"run/spectrum/{kernel}_weights.npy")
        # With such gaps, the 300 eigenvalues form nine groups if computed as here; rounding may merge some.
        assert check(values, weights, kernel_of(folder / "run", kernel), y - offset, gap=1e-4) >= 5
        assert figures(folder / "run", kernel)["weights"]["norm_error"] < 1e-12
    stored = folder / "run/spectrum/ntk_vectors.npy"
    assert stored.exists() == ("vectors" in setting)
    if stored.exists():
        vectors = np.load(stored)
        np.testing.assert_allclose(
            np.abs(vectors.T @ y)[:8], np.abs(weights[::-1][:8]), atol=1e-8 * np.linalg.norm(y))


def test_single_precision_keeps_the_norm_and_the_leading_weights(assembled):
    folder, path, y = assembled
    succeed("spectrum", path, "--set", "spectrum={weights: true, precision: f32}", ranks=3)
    weights = np.load(folder / "run/spectrum/ntk_weights.npy")
    square = (y**2).sum()
    assert abs((weights**2).sum() - square) <= 1e-12 * square
    _, vectors = np.linalg.eigh(kernel_of(folder / "run"))
    wanted = vectors.T @ y
    np.testing.assert_allclose((weights[-3:] ** 2).sum(1), (wanted[-3:] ** 2).sum(1), atol=1e-4 * square)


def test_a_spectrum_without_weights_leaves_no_old_ones(assembled):
    folder, path, _ = assembled
    succeed("spectrum", path, "--set", "spectrum={weights: true, centred: false}", ranks=2)
    file = folder / "run/spectrum/ntk_weights.npy"
    assert file.exists()
    # A spectrum without these weights is computed again; their offset matters only if there are weights.
    again = succeed("spectrum", path, "--resume", "--set", "spectrum.weights=true")
    assert "lambda_max" not in again.stdout
    succeed("spectrum", path, "--resume")
    assert not file.exists() and "weights" not in figures(folder / "run")
    again = succeed("spectrum", path, "--resume", "--set", "spectrum.target_offset=0.5")
    assert "lambda_max" not in again.stdout


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    """1,500 images: a reduction that takes a while, and its undisturbed weights."""
    folder = tmp_path_factory.mktemp("reduction")
    path = write_job(folder, data={"synthetic": {"seed": 4, "train": 1500, "test": 0}},
                     kernels=["ntk"], prediction=None, network={"preset": "fcn", "depth": 1},
                     spectrum={"checkpoint": 0, "weights": True})
    succeed("assemble", path, ranks=2)
    succeed("spectrum", path, "--set", "spectrum.checkpoint=600", ranks=2)
    return folder, path, np.load(folder / "run/spectrum/ntk_weights.npy")


def interrupt(path, folder, number):
    """Starts the spectrum on two ranks and ends it with a signal once a state is on disk."""
    content = summary(folder / "run")
    content["variants"][0].pop("ntk", None)
    (folder / "run/summary.json").write_text(json.dumps(content))
    (folder / "run/spectrum/ntk_weights.npy").unlink(missing_ok=True)
    process = start("spectrum", path)
    state = folder / "run/spectrum/ntk.reduction/state.json"
    wait_until(state.exists, process)
    ranks = ranks_of(process).values()
    if number == signal.SIGKILL:
        # mpirun does not forward it; orphaned ranks might finish before they notice.
        for rank in ranks:
            os.kill(rank, number)
    process.send_signal(number)
    finish(process)
    wait_until(lambda: not any(map(is_alive, ranks)))
    return state


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGKILL])
def test_a_halted_reduction_goes_on_with_its_targets(larger, number):
    folder, path, expected = larger
    state = interrupt(path, folder, number)
    assert json.loads(state.read_text())["columns"].startswith("10, ")
    assert "the reduction goes on at" in succeed("spectrum", path, "--resume", ranks=2).stdout
    assert np.array_equal(np.load(folder / "run/spectrum/ntk_weights.npy"), expected)


def test_a_state_with_other_targets_is_not_taken_up(larger):
    folder, path, expected = larger
    interrupt(path, folder, signal.SIGUSR1)
    result = succeed("spectrum", path, "--resume", "--set", "spectrum.target_offset=0", ranks=2)
    assert "it carries other targets" in result.stderr
    weights = np.load(folder / "run/spectrum/ntk_weights.npy")
    assert (weights**2).sum() == pytest.approx(1500, rel=1e-12)
    assert (expected**2).sum() == pytest.approx(1500 * 0.9, rel=1e-12)


def test_weights_without_labels_are_refused_in_one_sentence(tmp_path):
    np.save(tmp_path / "images.npy", np.ones((4, 3)))
    path = write_job(tmp_path, data={"arrays": {"train": str(tmp_path / "images.npy")}, "test": 0},
                     network=LINEAR, prediction=None, spectrum={"weights": True})
    result = ntk_dist("run", path)
    assert result.returncode == 78
    said, = sentences(result)
    assert "spectrum.weights needs labels" in said and "data.arrays.train_labels" in said
    assert not (tmp_path / "run").exists()
