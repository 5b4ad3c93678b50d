"""Given kernels of unusual scale, singular kernels and kernels of zeros; and results that an error withdraws."""
import os

import numpy as np
import pytest
import zarr
from conftest import ntk_dist, sentences, succeed, summary, write_job

N, M, CLASSES = 60, 10, 3


def similarities(rows, columns):
    return np.exp(-((rows[:, None] - columns[None]) ** 2).sum(-1) / 20)


class Kernel:
    """A kernel of Gaussian similarities in .npy files, and jobs that use it."""

    def __init__(self, folder, scale=1.0, change=lambda train: train):
        generator = np.random.default_rng(0)
        points = generator.normal(size=(N + M, 10))
        self.labels = (points @ generator.normal(size=(10, CLASSES))).argmax(1)
        self.train = change(scale * similarities(points[:N], points[:N]))
        self.test = scale * similarities(points[N:], points[:N])
        self.folder = folder
        for name, value in {"k": self.train, "kt": self.test, "y": self.labels[:N], "yt": self.labels[N:]}.items():
            np.save(folder / f"{name}.npy", value)

    def job(self, name="job.yaml", **sections):
        path = {name: str(self.folder / f"{name}.npy") for name in ("k", "kt", "y", "yt")}
        return write_job(self.folder, name, **{
            "network": None, "kernel": {"train": path["k"], "test": path["kt"]}, "tile": 16, "spectrum": None,
            "prediction": None, "data": {"labels": {"train": path["y"], "test": path["yt"]}}, **sections})


def result(folder, name="run"):
    return summary(folder / name)["variants"][0]["kernel"]


def failure(folder):
    return result(folder)["prediction"]["regularizations"][0]["failure"]


def test_training_on_a_negative_kernel_is_refused(tmp_path):
    path = Kernel(tmp_path, scale=-1).job(prediction=None, training={"times": [1]})
    for ranks in (None, 2):
        refused = ntk_dist("run", path, *(["--resume"] if ranks else []), ranks=ranks)
        assert refused.returncode == 65 and "training needs a positive one" in sentences(refused)[-1]


@pytest.mark.parametrize("sections", [{"spectrum": {"vectors": 0}}, {"density": {"probes": 2, "steps": 60}}])
def test_negative_eigenvalues_are_a_warning(tmp_path, sections):
    def negative(train):
        values, vectors = np.linalg.eigh(train)
        values[:5] = -0.5
        changed = vectors * values @ vectors.T
        return (changed + changed.T) / 2

    said = succeed("run", Kernel(tmp_path, change=negative).job(**sections)).stderr
    assert said.count("has an eigenvalue of at most -0.") == 1


def test_a_negative_definite_kernel_is_a_warning(tmp_path):
    said = succeed("run", Kernel(tmp_path, scale=-1).job(spectrum={"vectors": 0})).stderr
    assert said.count("has an eigenvalue of at most -") == 1


def test_the_centered_kernel_of_one_image_has_no_spectrum(tmp_path):
    path = write_job(tmp_path, data={"synthetic": {"seed": 4, "train": 1, "test": 0}}, kernels=["ntk"], prediction=None,
                     spectrum={"vectors": 0, "centred": True})
    assert "has no eigenvalues" in succeed("run", path).stderr
    found = summary(tmp_path / "run")["variants"][0]["ntk"]
    assert found["spectrum"]["n"] == 1 and "centred_spectrum" not in found


def test_a_figure_of_equal_values_is_drawn(tmp_path):
    path = Kernel(tmp_path, change=lambda train: np.eye(N)).job(spectrum={"weights": True}, generalization={})
    result = succeed("run", path)
    assert "did not draw" not in result.stderr and list((tmp_path / "run/report").glob("*.svg"))


@pytest.mark.parametrize("momentum", [None, 0.9])
def test_training_with_cross_entropy_does_not_depend_on_the_scale(tmp_path, momentum):
    outputs = []
    for scale in (1.0, 1e-8, 1e12):
        folder = tmp_path / str(scale)
        folder.mkdir()
        training = {"loss": "cross_entropy", "times": [10, 100], "learning_rate": 1 / scale}
        if momentum:
            training["momentum"] = momentum
        kernel = Kernel(folder, scale)
        succeed("run", kernel.job(spectrum={"vectors": "all"}, training=training), ranks=2)
        outputs.append(np.load(folder / "run/training/kernel_train.npy"))
    assert np.abs(outputs[0]).max() > 0.5
    for found in outputs[1:]:
        assert np.allclose(found, outputs[0], rtol=0, atol=1e-9)


def test_an_error_in_a_recomputation_withdraws_the_earlier_result(tmp_path):
    kernel = Kernel(tmp_path)
    sections = dict(spectrum={"weights": True, "vectors": 3}, generalization={"regularization": [1e-2]})
    succeed("run", kernel.job(**sections))
    vectors = tmp_path / "run/spectrum/kernel_vectors.npy"
    os.rename(vectors, tmp_path / "kept.npy")
    (vectors / "in the way").mkdir(parents=True)
    other = kernel.job(**{**sections, "spectrum": {**sections["spectrum"], "target_offset": 0.0}})
    assert ntk_dist("run", other, "--resume").returncode == 74
    # The weights are those of other targets now.
    assert "spectrum" not in result(tmp_path) and "generalization" not in result(tmp_path)
    (vectors / "in the way").rmdir()
    vectors.rmdir()
    os.rename(tmp_path / "kept.npy", vectors)
    again = {**sections, "generalization": {"regularization": [1e-3]}}
    succeed("run", kernel.job(**again), "--resume")
    succeed("run", kernel.job("fresh.yaml", **again, output=str(tmp_path / "fresh")))
    found, expected = (result(tmp_path, name)["generalization"]["regularizations"] for name in ("run", "fresh"))
    assert found[0]["train_error"] == pytest.approx(expected[0]["train_error"], rel=1e-9)
    weights = np.load(tmp_path / "run/spectrum/kernel_weights.npy")
    norm = result(tmp_path)["spectrum"]["weights"]["squared_norm"]
    assert (weights**2).sum() == pytest.approx(norm, rel=1e-9)


def test_a_singular_kernel_is_refused_alone_and_beside_larger_regularizations(tmp_path):
    kernel = Kernel(tmp_path, change=lambda train: np.kron(train[: N // 2, : N // 2], np.ones((2, 2))))
    for name, regularizations in (("alone", [1e-15]), ("beside", [1e-15, 1e-14])):
        succeed("run", kernel.job(prediction={"regularization": [*regularizations, 1e-2], "solver": "cholesky"},
                                  output=str(tmp_path / name)))
        found = result(tmp_path, name)["prediction"]["regularizations"]
        assert "singular to rounding" in found[0]["failure"] and "iterations" not in found[0]
        assert "failure" not in found[-1]


@pytest.mark.parametrize("ranks", [None, 2, 3])
def test_iterations_solve_a_tiny_kernel_without_a_regularization(tmp_path, ranks):
    """The preconditioner has all columns, so that nothing but rounding is left of the kernel."""
    k, cross = np.array([[3.1335, 1.0090], [1.0090, 1.4665]]), np.array([[1.0, 0.5], [0.2, 1.1]])
    for name, value in {"k": k, "kt": cross, "y": np.array([0, 1])}.items():
        np.save(tmp_path / f"{name}.npy", value)
    path = {name: str(tmp_path / f"{name}.npy") for name in ("k", "kt", "y")}
    succeed("run", write_job(
        tmp_path, network=None, kernel={"train": path["k"], "test": path["kt"]}, spectrum=None, tile=16,
        data={"labels": {"train": path["y"], "test": path["y"]}},
        prediction={"regularization": [0], "solver": "cg"}), ranks=ranks)
    assert "failure" not in result(tmp_path)["prediction"]["regularizations"][0]
    # The targets are one-hot minus 1 / 2.
    expected = cross @ np.linalg.solve(k, np.eye(2) - 0.5)
    assert np.abs(np.load(tmp_path / "run/predictions/kernel.npy")[0] - expected).max() < 1e-6


@pytest.mark.parametrize("scale, prediction", [
    (1.0, {"regularization": [0]}),
    (1e-8, {"regularization": [1e-10], "regularization_scale": "absolute", "cg": {"tiles": "f32"}})])
def test_too_few_iterations_are_not_called_singular(tmp_path, scale, prediction):
    limits = {**prediction.get("cg", {}), "iterations": 1, "rank": 1}
    path = Kernel(tmp_path, scale).job(prediction={**prediction, "solver": "cg", "cg": limits})
    said, = sentences(ntk_dist("run", path))
    assert "in 1 iteration," in said and "prediction.cg.iterations" in said
    assert failure(tmp_path) in said


@pytest.mark.parametrize("section", [
    {"density": {}}, {"spectrum": {"vectors": "all"}, "training": {"times": [1]}},
    {"spectrum": {"vectors": 2, "solver": "scalapack"}, "alignment": {}},
    {"prediction": {"regularization": [0, 1e-2], "solver": "cg"}}])
@pytest.mark.parametrize("factor", [0, -1])
def test_kernels_without_a_positive_diagonal_are_refused(tmp_path, section, factor):
    path = Kernel(tmp_path, change=lambda train: factor * train).job(**section)
    outcome = ntk_dist("run", path, ranks=2)
    *warnings, said = [line for line in sentences(outcome) if "warning" not in line]
    assert outcome.returncode == 65, outcome.stderr[-1500:]
    assert "diagonal" in said and "has the mean" in said and "JSON" not in said
    # A stage before the refused one warns of a negative definite kernel.
    assert all("has an eigenvalue of at most" in line for line in warnings) and (factor < 0 or not warnings)


def test_zarr_arrays_without_their_chunks_of_zeros(tmp_path):
    kernel = Kernel(tmp_path, change=lambda train: np.eye(N))
    for config in ({}, {"write_empty_chunks": True}):
        array = zarr.create_array(
            tmp_path / "k.zarr", shape=(N, N), chunks=(20, 20), dtype="f8", compressors=None, overwrite=True,
            config=config)
        array[:] = kernel.train
        path = kernel.job(kernel={"train": str(tmp_path / "k.zarr")}, spectrum={"vectors": 0},
                          data={"labels": {"train": str(tmp_path / "y.npy")}},
                          output=str(tmp_path / f"run-{len(config)}"))
        outcome = ntk_dist("run", path)
        if config:
            assert outcome.returncode == 0, outcome.stderr[-1500:]
        else:
            said, = sentences(outcome)
            assert outcome.returncode == 65 and "write_empty_chunks" in said


def test_a_lower_triangle_is_no_kernel_of_test_points(tmp_path):
    kernel = Kernel(tmp_path)
    succeed("run", kernel.job(output=str(tmp_path / "first")))
    path = kernel.job(
        kernel={"train": str(tmp_path / "k.npy"), "test": str(tmp_path / "first/kernels.zarr/kernel_train")},
        data=None)
    said, = sentences(ntk_dist("run", path))
    assert "holds the lower triangle" in said
