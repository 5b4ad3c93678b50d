"""Training in function space: against neural-tangents' `predict`, against NumPy, with several ranks and restarts."""
import json
import shutil

import mpmath
import numpy as np
import pytest
import zarr
from conftest import SHARED, ntk_dist, sentences, succeed, summary, symmetric, write_job

CASE = "fcn256_relu_d3_w2_b0p05"
PREDICT = SHARED / "conformance/predict"
TIMES = [0, 1, 10, 100, 1000, 10000, 1e6, 1e8]


def reference(name):
    return np.load(PREDICT / f"{CASE}.{name}.npy")


def entry(name):
    entries = json.loads((PREDICT / "entries.json").read_text())["entries"]
    return next(entry for entry in entries if entry["name"] == f"{CASE}.{name}")


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    """A run whose store has the kernels from which the reference predictions were computed."""
    if not PREDICT.is_dir():
        pytest.skip(f"the reference predictions are not at {PREDICT}")
    folder = tmp_path_factory.mktemp("peer")
    case = json.loads((SHARED / f"conformance/cases/{CASE}.json").read_text())
    inputs = SHARED / "conformance/inputs"
    for part in "train", "test":
        np.save(folder / f"{part}_labels.npy", np.load(PREDICT / f"y_{part}.npy").argmax(axis=1))
    sections = dict(
        data={"arrays": {"train": str(inputs / case["rows"]), "test": str(inputs / case["columns"]),
                         "train_labels": str(folder / "train_labels.npy"),
                         "test_labels": str(folder / "test_labels.npy")}, "preprocessing": "none"},
        network=case["network"], spectrum={"vectors": "all"}, output=folder / "run", tile=64)
    path = write_job(folder, prediction=None, **sections)
    succeed("assemble", path, ranks=2)
    kernels = np.load(SHARED / f"conformance/cases/{CASE}.npz")
    # The tiles are replaced, which the kept checksums would detect.
    shutil.rmtree(folder / "run/checksums")
    store = zarr.open(folder / "run/kernels.zarr", mode="r+")
    for kernel in "nngp", "ntk":
        square = kernels[f"peer_{kernel}_train"]
        assert np.abs(symmetric(store[f"{kernel}_train"][:]) / square - 1).max() < 1e-6
        store[f"{kernel}_train"][:] = square
        store[f"{kernel}_test"][:] = kernels[f"peer_{kernel}_train_test"].T
    succeed("spectrum", path, ranks=2)

    def predict(ranks=2, **asked):
        path = write_job(folder, **{"prediction": None, **sections, **asked})
        succeed("predict" if "prediction" in asked else "train", path, ranks=ranks)
        return folder / "run"

    return predict


def close(found, expected, tolerance=1e-9):
    """To `tolerance` times the largest value; neural-tangents' float64 is no more accurate."""
    assert found.shape == expected.shape
    scale = np.abs(expected).max()
    assert np.abs(found - expected).max() <= tolerance * scale


@pytest.mark.parametrize("regularization", [0, 1e-4])
@pytest.mark.parametrize("rate", [1, 0.1])
@pytest.mark.parametrize("start", ["zero", "init"])
def test_gradient_descent_equals_neural_tangents(peer, regularization, rate, start):
    training = {"times": [*TIMES, "infinity"], "learning_rate": rate, "regularization": regularization}
    if start == "init":
        training["initial"] = {part: str(PREDICT / f"f0_{part}.npy") for part in ("train", "test")}
    run = peer(kernels=["ntk"], training=training)
    name = f"gdmse_reg{regularization:g}_lr{rate:g}_{start}"
    for part in "train", "test":
        found = np.load(run / f"training/ntk_{part}.npy")
        assert len(found) == 9
        close(found[:8], reference(f"{name}.t.{part}"))
    close(found[8], reference(f"{name}.inf.test"))
    points = summary(run)["variants"][0]["ntk"]["training"]["points"]
    assert [point.get("time") for point in points] == [*TIMES, None]
    assert [point["test_accuracy"] for point in points[:8]] == pytest.approx(
        entry(f"{name}.t.test")["test_accuracy"])
    assert points[-1]["train_loss"] == 0 and points[-1]["train_accuracy"] == 1


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize("momentum", [None, 0.9])
def test_the_integrated_equations_equal_neural_tangents(peer, loss, momentum):
    """neural-tangents integrates these with a tolerance of 1.4e-8 per step, which limits the agreement."""
    training = {"times": [10, 100, 1000], "loss": loss}
    if momentum:
        training["momentum"] = momentum
    run = peer(kernels=["ntk"], training=training)
    for part in "train", "test":
        expected = reference(f"gdode_{'mse' if loss == 'mse' else 'xent'}_mom{momentum or 0:g}.{part}")
        close(np.load(run / f"training/ntk_{part}.npy"), expected, 1e-6)


def test_maximal_learning_rates_equal_neural_tangents(peer):
    for momentum in None, 0.9:
        training = {"times": [1], **({"momentum": momentum} if momentum else {})}
        found = summary(peer(kernels=["ntk"], training=training))["variants"][0]["ntk"]["training"]
        assert found["maximal_learning_rate"] == pytest.approx(
            entry(f"max_lr_mom{momentum or 0:g}")["value"], rel=1e-9)


def test_ensembles_equal_neural_tangents(peer):
    """Its means, and the diagonals of its covariances."""
    training = {"times": [1000, 100000, "infinity"], "regularization": 1e-4, "variance": True}
    run = peer(training=training, ranks=3)
    # These references were not computed from the case's kernels but from another evaluation, whose NTK
    # diagonal differs by neural-tangents' error. NumPy with the case's kernels differs from them by 1.6e-9.
    for kernel, tolerance in ("nngp", 1e-9), ("ntk", 3e-9):
        mean = np.load(run / f"training/{kernel}_test.npy")
        variance = np.load(run / f"training/{kernel}_variance.npy")
        for index, time in enumerate(["1000", "100000", "inf"]):
            name = f"ens_reg0.0001_t{time}.{kernel}"
            close(mean[index], reference(f"{name}.mean"), tolerance)
            close(variance[index], np.diag(reference(f"{name}.cov")), tolerance)


@pytest.mark.parametrize("scale, ridges", [("relative", [0, 1e-6, 0.001, 0.1]), ("absolute", [0.01])])
def test_kernel_regression_equals_neural_tangents(peer, scale, ridges):
    run = peer(prediction={"regularization": ridges, "variance": True, "regularization_scale": scale})
    for kernel, fn in ("nngp", "nngp"), ("ntk", "ntkgp"):
        means = np.load(run / f"predictions/{kernel}.npy")
        variances = np.load(run / f"predictions/{kernel}_variance.npy")
        offsets = []
        for index, ridge in enumerate(ridges):
            name = f"gp_reg{ridge:g}" + ("abs" if scale == "absolute" else "") + f".{fn}"
            close(means[index], reference(f"{name}.mean"))
            offsets.append(variances[index] - np.diag(reference(f"{name}.cov")))
        # Every covariance has the same error of neural-tangents' NTK at the test images themselves.
        assert np.abs(offsets[0]).max() < (1e-11 if fn == "nngp" else 3e-6)
        for offset in offsets[1:]:
            assert np.abs(offset - offsets[0]).max() < 1e-9 * np.abs(variances).max()


@pytest.mark.parametrize("ridge", [0, 1e-6, 0.001, 0.1])
def test_networks_trained_to_the_end_equal_neural_tangents(peer, ridge):
    run = peer(training={"times": ["infinity"], "regularization": ridge, "variance": True})
    for kernel in "nngp", "ntk":
        name = f"gp_reg{ridge:g}.{kernel}"
        close(np.load(run / f"training/{kernel}_test.npy")[0], reference(f"{name}.mean"))
        close(np.load(run / f"training/{kernel}_variance.npy")[0], np.diag(reference(f"{name}.cov")))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A run of 90 synthetic images with all eigenvectors, and its NTK."""
    folder = tmp_path_factory.mktemp("small")
    sections = dict(
        data={"synthetic": {"seed": 4, "train": 90, "test": 20}}, spectrum={"vectors": "all"},
        output=folder / "run", tile=32, prediction=None)
    path = write_job(folder, training={"times": [1]}, **sections)
    succeed("run", path)
    store = zarr.open(folder / "run/kernels.zarr", mode="r")
    return folder, sections, symmetric(store["ntk_train"][:]), store["ntk_test"][:]


def targets_of(folder, sections):
    """One-hot targets minus 0.1 for a run's images: f on them when training has ended."""
    succeed("train", write_job(folder, training={"times": ["infinity"]}, **sections))
    return np.load(folder / "run/training/ntk_train.npy")[0]


def test_steps_are_those_of_an_optimizer(small):
    """Plain descent, and heavy ball with steps that just do not diverge, against the optimizer's own loop."""
    folder, sections, k, cross = small
    n, classes = len(k), 10
    targets = targets_of(folder, sections)
    assert set(np.round(targets, 12).ravel()) == {-0.1, 0.9}
    maximal = summary(folder / "run")["variants"][0]["ntk"]["training"]["maximal_learning_rate"]
    assert maximal == pytest.approx(2 * n * classes / np.linalg.eigvalsh(k)[-1])
    for momentum, part in (None, 0.5), (0.8, 0.99):
        rate = part * maximal * (1 + (momentum or 0))
        training = {"times": [0, 1, 2, 7, 300], "dynamics": "steps", "learning_rate": rate,
                    **({"momentum": momentum} if momentum is not None else {})}
        succeed("train", write_job(folder, training=training, **sections), ranks=2)
        assert summary(folder / "run")["variants"][0]["ntk"]["training"]["dynamics"] == "steps"
        train, test = (np.load(folder / f"run/training/ntk_{part}.npy") for part in ("train", "test"))
        a, velocity, seen = np.zeros((n, classes)), np.zeros((n, classes)), {}
        for step in range(301):
            seen[step] = a.copy()
            gradient = (k @ a - targets) / (n * classes)
            velocity = (momentum or 0) * velocity + gradient
            a = a - rate * velocity
        for index, step in enumerate(training["times"]):
            np.testing.assert_allclose(train[index], k @ seen[step], atol=1e-9)
            np.testing.assert_allclose(test[index], cross @ seen[step], atol=1e-8)


def test_momentum_over_time_is_an_oscillator(small):
    """Every eigenvector's equation solved with fifty digits, one of them at its double root."""
    folder, sections, k, _ = small
    n, classes = len(k), 10
    targets = targets_of(folder, sections)
    values, vectors = np.linalg.eigh(k)
    omegas = values / (n * classes)
    momentum, rate = 0.7, (1 - 0.7) ** 2 / 4 / omegas[n // 2]
    times = [1e-4, 0.5, 3, 40, 1e4]
    training = {"times": times, "learning_rate": rate, "momentum": momentum, "variance": True}
    succeed("train", write_job(folder, training=training, **sections), ranks=3)
    found = np.load(folder / "run/training/ntk_train.npy")
    store = zarr.open(folder / "run/kernels.zarr", mode="r")
    prior, prior_cross = symmetric(store["nngp_train"][:]), store["nngp_test"][:]
    diagonal, cross = store["nngp_test_diagonal"][:], store["ntk_test"][:]
    variances = np.load(folder / "run/training/ntk_variance.npy")
    last_layer = np.load(folder / "run/training/nngp_variance.npy")

    def remainders(values, time):
        with mpmath.workdps(50):
            rest = []
            for value in values:
                half = (1 - mpmath.mpf(momentum)) / mpmath.sqrt(rate) / 2
                root = mpmath.sqrt(half**2 - mpmath.mpf(float(value)) / (n * classes))
                tau = mpmath.sqrt(rate) * mpmath.mpf(time)
                odd = mpmath.sinh(root * tau) / root if abs(root) > 1e-20 else tau
                rest.append(float(mpmath.re(mpmath.exp(-half * tau) * (
                    mpmath.cosh(root * tau) + half * odd))))
            return np.array(rest)

    for index, time in enumerate(times):
        rest = remainders(values, time)
        error = vectors @ (rest[:, None] * (vectors.T @ -targets))
        np.testing.assert_allclose(found[index], targets + error, atol=1e-10)
        # In ensembles, the initial function's error shrinks like that of the targets.
        b = vectors @ (((1 - rest) / values)[:, None] * (vectors.T @ cross.T))
        expected = diagonal + ((prior @ b) * b).sum(0) - 2 * (prior_cross.T * b).sum(0)
        np.testing.assert_allclose(variances[index], expected, atol=1e-8 * diagonal.max())
        own, basis = np.linalg.eigh(prior)
        rest = remainders(own, time)
        components = basis.T @ prior_cross.T
        expected = diagonal - (components**2 * ((1 - rest**2) / own)[:, None]).sum(0)
        np.testing.assert_allclose(last_layer[index], expected, atol=1e-8 * diagonal.max())


@pytest.mark.parametrize("momentum", [None, 0.9])
def test_early_outputs_keep_their_digits(small, momentum):
    """At first, the outputs move along K y; with momentum, with the square of the time."""
    folder, sections, k, cross = small
    targets = targets_of(folder, sections)
    training = {"times": [1e-15, 1e-9], **({"momentum": momentum} if momentum else {})}
    succeed("train", write_job(folder, training=training, **sections), ranks=2)
    for part, kernel in ("train", k), ("test", cross):
        found = np.load(folder / f"run/training/ntk_{part}.npy")
        for index, time in enumerate(training["times"]):
            factor = time**2 / 2 if momentum else time
            expected = factor / targets.size * (kernel @ targets)
            np.testing.assert_allclose(found[index], expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


def test_ranks_and_restarts_do_not_change_training(small):
    folder, sections, *_ = small
    training = {"times": [1, 100, "infinity"], "variance": True, "loss": "mse"}
    path = write_job(folder, training=training, **sections)
    results = []
    for ranks in 1, 3, 4:
        succeed("train", path, ranks=ranks)
        results.append([np.load(folder / f"run/training/ntk_{part}.npy")
                        for part in ("train", "test", "variance")])
    for result in results[1:]:
        for first, other in zip(results[0], result):
            np.testing.assert_allclose(other, first, rtol=1e-9, atol=1e-9 * np.abs(first).max())
    again = succeed("train", path, "--resume")
    assert "training at learning rate" not in again.stdout


@pytest.mark.parametrize("spectrum, ranks", [(None, 1), ({"vectors": 0}, 3)])
def test_a_resolvent_space_does_for_the_eigenvectors(tmp_path, spectrum, ranks):
    sections = dict(data={"synthetic": {"seed": 4, "train": 600, "test": 50}}, prediction=None, kernels=["ntk"])
    times = [0, 1, 300, 1e5, "infinity"]
    succeed("run", write_job(tmp_path, spectrum={"vectors": "all"}, output=tmp_path / "all",
                             training={"times": times}, **sections))
    succeed("run", write_job(tmp_path, spectrum=spectrum, output=tmp_path / "space",
                             training={"times": times, "tolerance": 1e-4}, **sections), ranks=ranks)
    for part in "train", "test":
        exact, found = (np.load(tmp_path / run / f"training/ntk_{part}.npy") for run in ("all", "space"))
        for time in range(len(times)):
            assert np.abs(found[time] - exact[time]).max() <= 1e-4 * max(np.abs(exact[time]).max(), 1e-9)
    training = summary(tmp_path / "space")["variants"][0]["ntk"]["training"]
    assert training["method"].startswith("rational Krylov space of ") and 0 < training["error"] <= 1e-4
    known = summary(tmp_path / "all")["variants"][0]["ntk"]["training"]
    assert training["maximal_learning_rate"] == pytest.approx(known["maximal_learning_rate"], rel=1e-9)
    assert [point["test_accuracy"] for point in training["points"]] == [
        point["test_accuracy"] for point in known["points"]]


@pytest.mark.parametrize("images, ranks", [(1, 1), (3, 4), (15, 2)])
def test_few_images_are_a_space_that_ends(tmp_path, images, ranks):
    """Fewer images than ranks, and spaces that end because no directions are left."""
    sections = dict(data={"synthetic": {"seed": 4, "train": images, "test": 5}}, prediction=None,
                    kernels=["ntk"], training={"times": [1, 1e3, "infinity"]})
    for name, vectors in ("all", "all"), ("space", 0):
        succeed("run", write_job(tmp_path, spectrum={"vectors": vectors}, output=tmp_path / name, **sections),
                ranks=ranks)
    exact, found = (np.load(tmp_path / run / "training/ntk_test.npy") for run in ("all", "space"))
    np.testing.assert_allclose(found, exact, atol=1e-9)


def test_a_tighter_tolerance_is_another_question(tmp_path):
    sections = dict(data={"synthetic": {"seed": 4, "train": 600, "test": 0}}, prediction=None, kernels=["ntk"],
                    spectrum=None)

    def run(*options, **training):
        path = write_job(tmp_path, training={"times": [1e4], **training}, **sections)
        return succeed("run", path, *options).stdout

    assert "training at" in run(tolerance=1e-2)
    assert "training at" not in run("--resume", tolerance=1e-2)
    assert "training at" in run("--resume", tolerance=1e-8)
    found = summary(tmp_path / "run")["variants"][0]["ntk"]["training"]
    assert found["error"] <= 1e-8 and "test_loss" not in found["points"][0]
    assert not (tmp_path / "run/training/ntk_test.npy").exists()


def test_an_image_twice_with_two_labels_has_no_end(tmp_path):
    images = np.random.default_rng(1).standard_normal((20, 6))
    images[7] = images[3]
    np.save(tmp_path / "train.npy", images)
    np.save(tmp_path / "labels.npy", np.arange(20) % 3)
    data = {"arrays": {"train": str(tmp_path / "train.npy"), "train_labels": str(tmp_path / "labels.npy")},
            "preprocessing": "none"}
    for spectrum in {"vectors": "all"}, {"vectors": 0}, None:
        result = ntk_dist("run", write_job(
            tmp_path, data=data, prediction=None, spectrum=spectrum, training={"times": [1, "infinity"]},
            output=tmp_path / f"run{spectrum}"))
        assert result.returncode == 65
        said, = sentences(result)
        assert "singular" in said and "training.regularization" in said, said
        succeed("run", write_job(
            tmp_path, data=data, prediction=None, spectrum=spectrum, output=tmp_path / f"regular{spectrum}",
            training={"times": [1, "infinity"], "regularization": 1e-3}))
    # Very long times are like infinity. Shorter ones are not.
    for time, is_noise in (1e3, False), (1e18, True):
        said = succeed("run", write_job(
            tmp_path, data=data, prediction=None, spectrum={"vectors": "all"}, training={"times": [time]},
            output=tmp_path / f"long{time}")).stderr
        assert ("learns its rounding errors" in said) == is_noise


@pytest.mark.parametrize("change, status, words", [
    ({"spectrum": {"vectors": 5}, "training": {"times": [1], "variance": True}}, 78,
     ["the variance", "keeps fewer", "vectors: all"]),
    ({"spectrum": None, "training": {"times": [1], "loss": "cross_entropy"}}, 78,
     ["cross_entropy", "keeps none", "vectors: all"]),
    ({"training": {"times": [1], "tolerance": 0}}, 78, ["training.tolerance", "1.0e-12"]),
    ({"training": {"times": [1e20], "dynamics": "steps"}}, 78, ["training.dynamics", "2^53"]),
    ({"training": {"times": [10000], "dynamics": "steps", "learning_rate": 1e6}}, 65,
     ["diverges", "1000000", "learning_rate"]),
    ({"training": {"times": ["infinity"], "dynamics": "steps", "learning_rate": 1e6}}, 65,
     ["steps of learning rate", "diverge"]),
    ({"training": {"times": [1], "variance": True},
      "data": {"synthetic": {"seed": 4, "train": 90, "test": 0}}}, 78, ["variance", "data.test"]),
    ({"training": {"times": [1, 1]}}, 78, ["training.times", "ascending"]),
    ({"training": {"times": [0.5], "dynamics": "steps"}}, 78, ["training.dynamics", "whole"]),
    ({"training": {"times": ["infinity"], "loss": "cross_entropy"}}, 78, ["cross_entropy", "infinity"]),
    ({"training": {"times": [1], "variance": True}, "kernels": ["ntk"]}, 78, ["[nngp, ntk]"]),
    ({"training": {"times": [1], "momentum": 1}}, 78, ["training.momentum", "below 1"]),
    ({"training": {"times": [1], "initial": {"train": "none.npy", "test": "none.npy"}}}, 66, ["none.npy"]),
])
def test_bad_training_is_said_in_one_sentence(small, tmp_path, change, status, words):
    folder, sections, *_ = small
    result = ntk_dist("train", write_job(
        tmp_path, **{**sections, "training": {"times": [1]}, **change}), cwd=tmp_path)
    assert result.returncode == status
    said, = sentences(result)
    assert all(word in said for word in words), said


def test_eigenvectors_that_are_not_there_are_asked_for(tmp_path):
    path = write_job(tmp_path, data={"synthetic": {"seed": 4, "train": 40, "test": 8}}, prediction=None,
                     spectrum={"vectors": "all"}, training={"times": [1]})
    succeed("assemble", path)
    result = ntk_dist("train", path, ranks=2)
    assert result.returncode == 66
    said, = sentences(result)
    assert "ntk-dist spectrum" in said


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_at_time_zero_the_outputs_are_those_before_training_without_rounding(tmp_path, ranks):
    """All outputs are then equal, so rounding would decide which class is the largest."""
    for loss, times in ("mse", [0, 1, "infinity"]), ("cross_entropy", [0, 1]):
        folder = tmp_path / loss
        folder.mkdir()
        path = write_job(folder, prediction=None, spectrum={"vectors": "all"},
                         training={"times": times, "loss": loss})
        succeed("run", path, ranks=ranks)
        outputs = np.load(folder / "run/training/ntk_train.npy")
        assert (outputs[0] == 0).all() and (outputs[1] != 0).all()
        assert (np.load(folder / "run/training/ntk_test.npy")[0] == 0).all()
        first = summary(folder / "run")["variants"][0]["ntk"]["training"]["points"][0]
        # With the squared loss, the outputs at the end are the targets.
        if loss == "mse":
            labels = outputs[-1].argmax(axis=1)
        # The first of equal outputs is the prediction, as with numpy.argmax.
        assert first["time"] == 0 and first["train_accuracy"] == (labels == 0).mean()
