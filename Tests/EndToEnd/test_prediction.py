"""Kernel regression against NumPy: many ridges, the choice of one, variances, leave-one-out errors."""
import numpy as np
import pytest
import zarr
from conftest import ntk_dist, sentences, succeed, summary, symmetric, write_job

RIDGES = [1e-7, 1e-6, 1e-5, 1e-3, 1e-2]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """180 training and 50 test images of four noisy classes, as .npy files."""
    folder = tmp_path_factory.mktemp("prediction")
    generator = np.random.default_rng(8)
    centres = generator.normal(size=(4, 12))
    labels, unseen = generator.integers(0, 4, 180), generator.integers(0, 4, 50)
    for name, value in {
        "train": centres[labels] + generator.normal(size=(180, 12)),
        "test": centres[unseen] + generator.normal(size=(50, 12)),
        "train_labels": labels, "test_labels": unseen,
    }.items():
        np.save(folder / f"{name}.npy", value)
    arrays = {name: str(folder / f"{name}.npy")
              for name in ("train", "test", "train_labels", "test_labels")}
    return {"arrays": arrays}, labels, unseen


def matrices(run, kernel):
    store = zarr.open(run / "kernels.zarr", mode="r")
    return symmetric(store[f"{kernel}_train"][:]), store[f"{kernel}_test"][:], \
        store[f"{kernel}_test_diagonal"][:]


def results(run, kernel):
    return summary(run)["variants"][0][kernel]["prediction"]["regularizations"]


def close(found, expected, relative=1e-8):
    return np.abs(np.asarray(found) - expected).max() <= relative * np.abs(expected).max()


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_ridges_within_a_decade_share_a_factor_and_lose_nothing(tmp_path, images, ranks):
    data, labels, unseen = images
    path = write_job(tmp_path, data=data, tile=48, spectrum=None,
                     prediction={"regularization": RIDGES})
    succeed("run", path, ranks=ranks)
    for kernel in ("nngp", "ntk"):
        k, cross, _ = matrices(tmp_path / "run", kernel)
        predictions = np.load(tmp_path / f"run/predictions/{kernel}.npy")
        found = results(tmp_path / "run", kernel)
        # 1e-7, 1e-6 and 1e-5 are one group, solved with the factor of its middle; 1e-3 and 1e-2 are another.
        assert ["seconds_factorizing" in ridge for ridge in found] == [False, True, False, False, True]
        assert all(ridge["iterations"] <= 60 for ridge in found)
        for index, ridge in enumerate(RIDGES):
            shifted = k + ridge * np.diag(k).mean() * np.eye(180)
            f = cross @ np.linalg.solve(shifted, np.eye(4)[labels] - 0.25)
            assert np.abs(predictions[index] - f).max() < 1e-13 * np.linalg.cond(shifted)
            assert found[index]["residual"] < 10
            confusion = np.zeros((4, 4), int)
            np.add.at(confusion, (unseen, f.argmax(1)), 1)
            assert found[index]["confusion"] == confusion.tolist()


def test_the_ridge_is_chosen_on_training_images_that_were_held_out(tmp_path, images):
    data, labels, _ = images
    path = write_job(tmp_path, data=data, tile=48, spectrum=None,
                     prediction={"regularization": RIDGES, "validation": 50})
    output = succeed("run", path, ranks=2).stdout
    for kernel in ("nngp", "ntk"):
        k, _, _ = matrices(tmp_path / "run", kernel)
        found = results(tmp_path / "run", kernel)
        own, held, scores = k[:130, :130], k[130:, :130], []
        for index, ridge in enumerate(RIDGES):
            shifted = own + ridge * np.diag(own).mean() * np.eye(130)
            f = held @ np.linalg.solve(shifted, np.eye(4)[labels[:130]] - 0.25)
            accuracy = (f.argmax(1) == labels[130:]).mean()
            error = ((f - np.eye(4)[labels[130:]] + 0.25) ** 2).mean()
            scores.append((accuracy, -error))
            assert found[index]["validation_accuracy"] == pytest.approx(accuracy)
            assert close(found[index]["validation_mean_squared_error"], error)
        chosen = [index for index, ridge in enumerate(found) if ridge.get("is_chosen")]
        assert chosen == [max(range(len(RIDGES)), key=lambda index: scores[index])]
    assert output.count("(chosen)") == 2


def test_variances_and_leave_one_out_errors_are_those_of_the_formulas(tmp_path, images):
    data, labels, _ = images
    path = write_job(tmp_path, data=data, tile=48, spectrum=None,
                     prediction={"regularization": [1e-4, 1e-3], "variance": True,
                                 "leave_one_out": True, "target_offset": 0.1})
    succeed("run", path, ranks=3)
    targets = np.eye(4)[labels] - 0.1
    for index, ridge, kernel in ((0, 1e-4, "nngp"), (1, 1e-3, "nngp"), (1, 1e-3, "ntk")):
        k, cross, diagonal = matrices(tmp_path / "run", kernel)
        variances = np.load(tmp_path / f"run/predictions/{kernel}_variance.npy")
        assert variances.shape == (2, 50)
        shifted = k + ridge * np.diag(k).mean() * np.eye(180)
        expected = diagonal - (cross * np.linalg.solve(shifted, cross.T).T).sum(1)
        assert close(variances[index], expected)
        assert (variances[index] > 0).all()
        found = results(tmp_path / "run", kernel)[index]
        assert close(found["mean_posterior_variance"], expected.mean())
        # The images are really left out, one after another.
        alone = np.empty_like(targets)
        for image in range(180):
            rest = np.arange(180) != image
            weights = np.linalg.solve(shifted[np.ix_(rest, rest)], targets[rest])
            alone[image] = k[image, rest] @ weights
        assert found["leave_one_out"]["correct"] == (alone.argmax(1) == labels).sum()
        assert close(found["leave_one_out"]["mean_squared_error"], ((alone - targets) ** 2).mean())


@pytest.mark.parametrize("prediction, word", [
    ({"regularization": [1e-3], "validation": 180}, "validation"),
    ({"regularization": [1e-3], "validation": 200}, "validation"),
    ({"regularization": [1e-3], "variance": 3}, "variance"),
    ({"regularization": [1e-3], "target_offset": -1}, "target_offset"),
])
def test_senseless_predictions_are_one_sentence(tmp_path, images, prediction, word):
    data, _, _ = images
    path = write_job(tmp_path, data=data, tile=48, spectrum=None, prediction=prediction)
    result = ntk_dist("run", path)
    assert result.returncode == 78 and len(sentences(result)) == 1
    assert word in sentences(result)[0]


def test_confusion_matrices_of_many_classes_are_in_a_file_and_not_in_the_summary(tmp_path):
    rng = np.random.default_rng(3)
    labels = np.arange(60) % 40
    for name, value in {"x": rng.standard_normal((60, 8)), "t": rng.standard_normal((20, 8)),
                        "y": labels, "s": labels[:20]}.items():
        np.save(tmp_path / f"{name}.npy", value)
    data = {"arrays": {key: str(tmp_path / f"{name}.npy") for key, name in
                       dict(train="x", test="t", train_labels="y", test_labels="s").items()},
            "preprocessing": "none"}
    succeed("run", write_job(tmp_path, data=data, spectrum=None,
                             prediction={"regularization": [1e-3, 1e-1], "leave_one_out": True}))
    predictions = np.load(tmp_path / "run/predictions/ntk.npy")
    confusion = np.load(tmp_path / "run/predictions/ntk_confusion.npy")
    for index, f in enumerate(predictions):
        expected = np.zeros((40, 40))
        np.add.at(expected, (labels[:20], f.argmax(1)), 1)
        assert (confusion[index] == expected).all()
    found = summary(tmp_path / "run")["variants"][0]["ntk"]["prediction"]["regularizations"]
    assert all("confusion" not in entry and "confusion" not in entry["leave_one_out"]
               for entry in found)
