"""Alignment of targets and kernels, and the signs of eigenvectors as targets, against NumPy."""
import numpy as np
import pytest
import zarr
from conftest import ntk_dist, sentences, succeed, summary, symmetric, write_job

TARGETS = [1, 2, 5, 12]
RIDGE = 1e-3


@pytest.fixture(scope="module", params=[(1, "all"), (3, 12)], ids=["all vectors", "12 of 200, three ranks"])
def run(request, tmp_path_factory):
    ranks, vectors = request.param
    folder = tmp_path_factory.mktemp("alignment")
    path = write_job(
        folder, data={"synthetic": {"seed": 4, "train": 200, "test": 60}}, prediction=None, tile=48,
        spectrum={"vectors": vectors},
        alignment={"targets": TARGETS, "regularization": RIDGE, "dimensions": [0.001, 0.1]})
    result = succeed("run", path, ranks=ranks)
    assert "eigenvectors hold" in result.stdout and "sign of eigenvector 5" in result.stdout
    again = succeed("align", path, "--resume")
    assert "eigenvectors hold" not in again.stdout
    return folder / "run"




@pytest.mark.parametrize("kernel", ["nngp", "ntk"])
def test_figures_are_those_of_the_formulas(run, kernel, tmp_path):
    store = zarr.open(run / "kernels.zarr", mode="r")
    k, cross = symmetric(store[f"{kernel}_train"][:]), store[f"{kernel}_test"][:]
    other = symmetric(store["ntk_train" if kernel == "nngp" else "nngp_train"][:])
    found = summary(run)["variants"][0][kernel]["alignment"]
    n = len(k)
    values, vectors = np.linalg.eigh(k)
    values, vectors = values[::-1], vectors[:, ::-1]
    assert found["cosine"] == pytest.approx((k * other).sum() / np.linalg.norm(k) / np.linalg.norm(other))
    assert found["participation"] == pytest.approx(np.trace(k) ** 2 / (k**2).sum())
    for dimension in found["effective_dimensions"]:
        ridge = dimension["regularization"] * np.trace(k) / n
        assert dimension["dimension"] == pytest.approx((values / (values + ridge)).sum())
    # The targets themselves are not in the run folder. Training to infinite time writes them.
    train = targets(run, tmp_path)
    assert found["alignment"] == pytest.approx(np.trace(train.T @ k @ train) / (n * (train**2).sum()))
    energies = np.cumsum(((vectors.T @ train) ** 2).sum(1)) / (train**2).sum()
    np.testing.assert_allclose(found["energies"], energies[:len(found["energies"])], rtol=1e-6)
    shifted = k + RIDGE * np.trace(k) / n * np.eye(n)
    for target in found["targets"]:
        phi = vectors[:, target["index"] - 1]
        phi = phi * np.sign(phi[np.abs(phi).argmax()])
        sign, unseen = np.where(phi < 0, -1, 1), np.where(cross @ phi < 0, -1, 1)
        files = [np.load(run / f"alignment/{kernel}_phi_{target['index']}_{part}.npy")
                 for part in ("train", "test")]
        assert all(labels.dtype == np.uint8 for labels in files)
        np.testing.assert_array_equal(files[0], sign > 0)
        np.testing.assert_array_equal(files[1], unseen > 0)
        a = np.linalg.solve(shifted, sign)
        assert target["eigenvalue"] == pytest.approx(values[target["index"] - 1])
        assert target["train_accuracy"] == pytest.approx(((k @ a < 0) == (sign < 0)).mean())
        assert target["test_accuracy"] == pytest.approx(((cross @ a < 0) == (unseen < 0)).mean())
    assert found["targets"][0]["train_accuracy"] > 0.95


def targets(run, folder):
    """One-hot targets less 0.1 of the run's images: f(infinity) on the training images."""
    path = write_job(
        folder, data={"synthetic": {"seed": 4, "train": 200, "test": 60}}, prediction=None,
        kernels=["ntk"], spectrum={"vectors": "all"}, training={"times": ["infinity"]}, output=folder / "other")
    succeed("run", path)
    return np.load(folder / "other/training/ntk_train.npy")[0]


def test_eigenvectors_of_another_job_are_not_taken(tmp_path):
    sections = dict(data={"synthetic": {"seed": 4, "train": 60, "test": 0}}, prediction=None, kernels=["ntk"])
    succeed("run", write_job(tmp_path, spectrum={"vectors": 5}, alignment={"targets": [5]}, **sections))
    old = tmp_path / "run/alignment/ntk_phi_5_train.npy"
    assert old.exists() and not (tmp_path / "run/alignment/ntk_phi_5_test.npy").exists()
    path = write_job(tmp_path, spectrum={"vectors": 40}, alignment={"targets": [30]}, **sections)
    result = ntk_dist("align", path, ranks=2)
    assert result.returncode == 66
    said, = sentences(result)
    assert "40 eigenvectors" in said and "the run has 5" in said
    succeed("run", path, "--resume")
    assert not old.exists() and (tmp_path / "run/alignment/ntk_phi_30_train.npy").exists()
    # Files of targets that are no longer asked for.
    succeed("run", path, "--resume", "--set", "alignment.targets=[]")
    assert not list((tmp_path / "run/alignment").glob("*_phi_*"))


@pytest.mark.parametrize("change, words", [
    ({"spectrum": {"vectors": 0}}, ["alignment", "spectrum.vectors"]),
    ({"spectrum": None}, ["alignment", "spectrum.vectors"]),
    ({"alignment": {"targets": [30]}}, ["alignment.targets", "at most", "20"]),
    ({"alignment": {"targets": [3, 2]}}, ["alignment.targets.1 is 2 after 3", "ascending order"]),
    ({"alignment": {"dimensions": [0]}}, ["alignment.dimensions"]),
    ({"alignment": {"energy": 3}}, ["alignment.energy", "targets"]),
])
def test_bad_alignment_is_said_in_one_sentence(tmp_path, change, words):
    result = ntk_dist("run", write_job(
        tmp_path, **{"prediction": None, "spectrum": {"vectors": 20}, "alignment": {}, **change}))
    assert result.returncode == 78
    said, = sentences(result)
    assert all(word in said for word in words), said
    assert not (tmp_path / "run").exists()


def test_another_precision_of_the_spectrum_measures_again(tmp_path):
    path = write_job(
        tmp_path, data={"synthetic": {"seed": 4, "train": 60, "test": 0}}, prediction=None, kernels=["ntk"],
        spectrum={"vectors": 5, "solver": "band"}, alignment={})
    succeed("run", path)
    before = summary(tmp_path / "run")["variants"][0]["ntk"]
    succeed("spectrum", path, "--set", "spectrum.precision=f32")
    between = summary(tmp_path / "run")["variants"][0]["ntk"]
    assert between["spectrum"]["precision"] == "f32" and "alignment" not in between
    succeed("run", path, "--resume")
    after = summary(tmp_path / "run")["variants"][0]["ntk"]
    assert after["alignment"]["energies"] == pytest.approx(before["alignment"]["energies"], rel=1e-4)
