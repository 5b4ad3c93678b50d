"""The results of a run, read with NumPy and zarr-python and compared with NumPy."""
import numpy as np
import pytest
import zarr
from conftest import fcn, succeed, summary, symmetric, write_job


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    data = {"synthetic": {"seed": 3, "train": 300, "test": 70}}
    path = write_job(folder, data=data, spectrum={"vectors": "all"}, tile=96, prediction=None)
    succeed("run", path, ranks=2)
    return folder / "run"


def arc_cosine(q1, q2, k):
    s = np.sqrt(q1 * q2)
    c = np.clip(k / s, -1, 1)
    angle = np.pi - np.arccos(c)
    return s * (np.sqrt(1 - c * c) + angle * c) / (2 * np.pi), angle / (2 * np.pi)


def error_function(q1, q2, k):
    d = (1 + 2 * q1) * (1 + 2 * q2)
    return 2 / np.pi * np.arcsin(2 * k / np.sqrt(d)), 4 / np.pi / np.sqrt(d - 4 * k * k)


def recursion(dual, x, y, depth, w, b):
    """Textbook NNGP kernel and NTK of rows x and columns y."""
    k, q1, q2 = x @ y.T / x.shape[1], (x * x).mean(1)[:, None], (y * y).mean(1)[None]
    theta = np.zeros_like(k)
    for layer in range(depth + 1):
        k, q1, q2 = w * k + b, w * q1 + b, w * q2 + b
        theta = k + w * theta
        if layer == depth:
            return k, theta
        (k, slope), q1, q2 = dual(q1, q2, k), dual(q1, q1, q1)[0], dual(q2, q2, q2)[0]
        theta = slope * theta


@pytest.mark.parametrize("activation, dual", [("relu", arc_cosine), ("erf", error_function)])
@pytest.mark.parametrize("preprocessing", ["none", "standardize", "unit_norm"])
def test_kernels_equal_a_textbook_recursion_on_preprocessed_images(
        tmp_path, activation, dual, preprocessing):
    generator = np.random.default_rng(5)
    train, test = generator.random((70, 4, 4, 3)), generator.random((20, 4, 4, 3))
    np.save(tmp_path / "train.npy", train)
    np.save(tmp_path / "test.npy", test)
    arrays = {"arrays": {"train": str(tmp_path / "train.npy"), "test": str(tmp_path / "test.npy")},
              "preprocessing": preprocessing}
    path = write_job(tmp_path, data=arrays, network=fcn(activation, 1.7, 0.1, depth=2),
                     spectrum=None, prediction=None, tile=32)
    succeed("run", path)
    if preprocessing == "standardize":
        mean, deviation = train.mean((0, 1, 2)), train.std((0, 1, 2))
        train, test = (train - mean) / deviation, (test - mean) / deviation
    x, y = train.reshape(70, -1), test.reshape(20, -1)
    if preprocessing == "unit_norm":
        x, y = (z / np.linalg.norm(z, axis=1, keepdims=True) * np.sqrt(z.shape[1]) for z in (x, y))
    store = zarr.open(tmp_path / "run/kernels.zarr", mode="r")
    for kernel, square, cross in zip(
            ("nngp", "ntk"), recursion(dual, x, x, 2, 1.7, 0.1), recursion(dual, y, x, 2, 1.7, 0.1)):
        scale = np.abs(square).max()
        off = ~np.eye(70, dtype=bool)  # the textbook loses digits on the diagonal
        found = symmetric(store[f"{kernel}_train"][:])
        assert np.abs(found - square)[off].max() < 1e-12 * scale
        assert np.abs(found - square).max() < 1e-6 * scale
        assert np.abs(store[f"{kernel}_test"][:] - cross).max() < 1e-12 * scale
        assert store[f"{kernel}_test_diagonal"].shape == (20,)


def test_tiles_below_the_diagonal_are_there_and_none_above(run):
    k = zarr.open(run / "kernels.zarr", mode="r")["ntk_train"][:]
    i, j = np.indices(k.shape) // 96
    assert np.isfinite(k[i >= j]).all() and np.isnan(k[i < j]).all()
    for start in range(0, 300, 96):
        tile = k[start:start + 96, start:start + 96]
        assert np.array_equal(tile, tile.T)


@pytest.mark.parametrize("kernel", ["nngp", "ntk"])
def test_eigenpairs_are_those_of_the_stored_kernel(run, kernel):
    k = symmetric(zarr.open(run / "kernels.zarr", mode="r")[f"{kernel}_train"][:])
    values = np.load(run / f"spectrum/{kernel}.npy")
    assert np.abs(values - np.linalg.eigvalsh(k)).max() < 1e-12 * values[-1]
    vectors = np.load(run / f"spectrum/{kernel}_vectors.npy")
    assert vectors.shape == (300, 300)
    assert np.abs(k @ vectors - vectors * values[::-1]).max() < 1e-12 * values[-1]
    figures = summary(run)["variants"][0][kernel]["spectrum"]
    assert figures["lambda_max"] == values[-1] and figures["lambda_min"] == values[0]
    assert figures["residual"] < 10 and figures["orthogonality"] < 10
    assert figures["trace_error"] < 1e-12 and figures["frobenius_error"] < 1e-12


def test_predictions_are_those_of_a_numpy_solve(tmp_path):
    generator = np.random.default_rng(6)
    labels, unseen = generator.integers(0, 4, 150), generator.integers(0, 4, 40)
    for name, value in {"train": generator.random((150, 6)), "test": generator.random((40, 6)),
                        "train_labels": labels, "test_labels": unseen}.items():
        np.save(tmp_path / f"{name}.npy", value)
    arrays = {name: str(tmp_path / f"{name}.npy")
              for name in ("train", "test", "train_labels", "test_labels")}
    path = write_job(tmp_path, data={"arrays": arrays}, tile=64, spectrum=None,
                     prediction={"regularization": [0, 1e-6, 1e-2]})
    output = succeed("run", path, ranks=3).stdout
    store = zarr.open(tmp_path / "run/kernels.zarr", mode="r")
    for kernel in ("nngp", "ntk"):
        k, cross = symmetric(store[f"{kernel}_train"][:]), store[f"{kernel}_test"][:]
        predictions = np.load(tmp_path / f"run/predictions/{kernel}.npy")
        assert predictions.shape == (3, 40, 4)
        figures = summary(tmp_path / "run")["variants"][0][kernel]["prediction"]["regularizations"]
        for index, regularization in enumerate([0, 1e-6, 1e-2]):
            shifted = k + regularization * np.diag(k).mean() * np.eye(150)
            f = cross @ np.linalg.solve(shifted, np.eye(4)[labels] - 0.25)
            assert np.abs(predictions[index] - f).max() < 1e-13 * np.linalg.cond(shifted)
            correct = int((f.argmax(1) == unseen).sum())
            assert figures[index]["correct"] == correct
            assert figures[index]["accuracy"] == correct / 40
            error = ((f - (np.eye(4)[unseen] - 0.25)) ** 2).mean()
            assert abs(figures[index]["mean_squared_error"] - error) < 1e-9 * error
            assert figures[index]["residual"] < 10
            assert f"test accuracy {correct / 40 * 100:.2f} %" in output


def test_a_residual_of_two_thousand_images_is_below_ten(tmp_path):
    path = write_job(tmp_path, data={"synthetic": {"train": 2000, "test": 10}}, kernels=["ntk"],
                     spectrum={"vectors": 3}, prediction={"regularization": [1e-4]})
    succeed("run", path, ranks=2)
    figures = summary(tmp_path / "run")["variants"][0]["ntk"]
    assert figures["spectrum"]["residual"] < 10 and figures["spectrum"]["orthogonality"] < 10
    assert figures["spectrum"]["trace_error"] < 1e-12
    assert figures["prediction"]["regularizations"][0]["residual"] < 10
    assert np.load(tmp_path / "run/spectrum/ntk_vectors.npy").shape == (2000, 3)


def test_several_depths_in_one_pass_give_what_each_gives_alone(tmp_path):
    path = write_job(tmp_path, network=fcn("erf", 1.8, 0.1, depths=[1, 3, 8]), prediction=None)
    succeed("run", path)
    together = zarr.open(tmp_path / "run/kernels.zarr", mode="r")
    for depth in (1, 3, 8):
        alone = write_job(tmp_path, f"{depth}.yaml", network=fcn("erf", 1.8, 0.1, depth=depth),
                          prediction=None, output=tmp_path / str(depth))
        succeed("run", alone)
        single = zarr.open(tmp_path / str(depth) / "kernels.zarr", mode="r")
        for name in ("nngp_train", "ntk_train", "ntk_test"):
            assert np.array_equal(together[f"depth={depth}/{name}"][:], single[name][:], equal_nan=True)
        assert np.load(tmp_path / f"run/spectrum/depth={depth}/ntk.npy").shape == (130,)
    assert [v["name"] for v in summary(tmp_path / "run")["variants"]] == ["depth=1", "depth=3", "depth=8"]


def test_single_precision_lanes_and_storage_stay_close(tmp_path):
    for name, options in {"f64": {}, "lanes": {"precision": "f32"}, "stored": {"storage": "f32"}}.items():
        path = write_job(tmp_path, f"{name}.yaml", output=tmp_path / name, prediction=None,
                         spectrum=None, **options)
        succeed("run", path)
    exact = zarr.open(tmp_path / "f64/kernels.zarr", mode="r")["ntk_train"]
    lanes = zarr.open(tmp_path / "lanes/kernels.zarr", mode="r")["ntk_train"]
    stored = zarr.open(tmp_path / "stored/kernels.zarr", mode="r")["ntk_train"]
    assert stored.dtype == np.float32 and lanes.dtype == np.float64
    assert np.nanmax(np.abs(lanes[:] - exact[:])) < 2e-5 * np.nanmax(exact[:])
    assert np.array_equal(stored[:], exact[:].astype("f4"), equal_nan=True)
    assert np.array_equal(np.diag(lanes[:]), np.diag(exact[:])), "diagonals are exact in any precision"


def test_real_images_are_classified_as_numpy_does_it(tmp_path, exact_cifar10):
    data = {"cifar10": str(exact_cifar10), "train": 2000, "test": 1000, "preprocessing": "standardize"}
    path = write_job(tmp_path, data=data, network=fcn(w=2.0, b=0.0), spectrum=None,
                     prediction={"regularization": [1e-6, 1e-3]})
    output = succeed("run", path, ranks=2).stdout
    def labels(files):
        records = [np.fromfile(exact_cifar10 / f, "u1").reshape(-1, 3073) for f in files]
        return np.concatenate(records)[:, 0]
    train = labels([f"data_batch_{i}.bin" for i in range(1, 6)])[:2000]
    test = labels(["test_batch.bin"])[:1000]
    store = zarr.open(tmp_path / "run/kernels.zarr", mode="r")
    for kernel in ("nngp", "ntk"):
        k, cross = symmetric(store[f"{kernel}_train"][:]), store[f"{kernel}_test"][:]
        figures = summary(tmp_path / "run")["variants"][0][kernel]["prediction"]["regularizations"]
        predictions = np.load(tmp_path / f"run/predictions/{kernel}.npy")
        for index, regularization in enumerate([1e-6, 1e-3]):
            shifted = k + regularization * np.diag(k).mean() * np.eye(2000)
            f = cross @ np.linalg.solve(shifted, np.eye(10)[train] - 0.1)
            assert np.abs(predictions[index] - f).max() < 1e-8
            assert np.array_equal(predictions[index].argmax(1), f.argmax(1))
            correct = int((f.argmax(1) == test).sum())
            assert figures[index]["correct"] == correct
            assert f"test accuracy {correct / 10:.2f} %" in output
            assert 0.35 < correct / 1000 < 0.55, "a fully connected kernel of 2,000 images"
