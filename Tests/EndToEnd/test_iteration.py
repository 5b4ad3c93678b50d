"""Kernel regression by preconditioned conjugate gradients against NumPy's factorization."""
import json
import os
import signal

import numpy as np
import pytest
import zarr
from conftest import (finish, ntk_dist, ranks_of, sentences, start, succeed, summary, symmetric, wait_until,
                      write_job)


def save_images(folder, count=300, repeat=0, size=12):
    """Training and 60 test images of four noisy classes; `repeat` images occur twice, with different labels."""
    generator = np.random.default_rng(8)
    centres = generator.normal(size=(4, size))
    labels, unseen = generator.integers(0, 4, count), generator.integers(0, 4, 60)
    train = centres[labels] + generator.normal(size=(count, size))
    for image in range(repeat):
        train[image + repeat] = train[image]
        labels[image + repeat] = (labels[image] + 1) % 4
    arrays = {"train": train, "test": centres[unseen] + generator.normal(size=(60, size)),
              "train_labels": labels, "test_labels": unseen}
    for name, value in arrays.items():
        np.save(folder / f"{name}.npy", value)
    return {"arrays": {name: str(folder / f"{name}.npy") for name in arrays}, "preprocessing": "none"}, labels


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("iteration"))


def expected(run, kernel, labels, ridge, offset=0.25):
    """Predictions by a factorization in NumPy, and the condition number of the shifted kernel."""
    store = zarr.open(run / "kernels.zarr", mode="r")
    k, cross = symmetric(store[f"{kernel}_train"][:]), store[f"{kernel}_test"][:]
    shifted = k + ridge * np.diag(k).mean() * np.eye(len(k))
    return cross @ np.linalg.solve(shifted, np.eye(4)[labels] - offset), np.linalg.cond(shifted)


def results(run, kernel):
    return summary(run)["variants"][0][kernel]["prediction"]


def cg(*ridges, **keys):
    other = {key: keys.pop(key) for key in ("validation", "target_offset") if key in keys}
    return {"regularization": list(ridges), "solver": "cg", "cg": keys, **other}


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
@pytest.mark.parametrize("tiles", ["auto", "f32", "f64", "store"])
def test_predictions_are_those_of_the_factorization(tmp_path, images, ranks, tiles):
    data, labels = images
    ridges = [1e-3, 0.03, 0.3]
    succeed("run", write_job(tmp_path, data=data, tile=48, spectrum=None,
                             prediction=cg(*ridges, rank=40, tiles=tiles, settled=0, tolerance=1e-10)), ranks=ranks)
    for kernel in ("nngp", "ntk"):
        found = results(tmp_path / "run", kernel)
        predictions = np.load(tmp_path / f"run/predictions/{kernel}.npy")
        assert found["solver"] == "cg" and found["iteration"]["rank"] == 40
        assert found["iteration"]["tiles"] == ("f32" if tiles == "auto" else tiles)
        for index, ridge in enumerate(ridges):
            f, condition = expected(tmp_path / "run", kernel, labels, ridge)
            assert np.abs(predictions[index] - f).max() < 1e-7
            entry = found["regularizations"][index]
            assert entry["relative_residual"] <= 1e-10 and 0 < entry["iterations"] < 200
            assert condition <= entry["condition_before"] * 1.01
            assert 1 <= entry["condition_after"] < entry["condition_before"]
            store = zarr.open(tmp_path / "run/kernels.zarr", mode="r")
            k = symmetric(store[f"{kernel}_train"][:])
            values = np.linalg.eigvalsh(k)
            low, high = entry["effective_dimension"]
            exact = (values / (values + ridge * np.diag(k).mean())).sum()
            assert low <= exact * (1 + 1e-9) and exact <= high * (1 + 1e-9)


def test_the_same_ranks_find_the_same_bits(tmp_path, images):
    data, _ = images
    found = []
    for name in ("first", "second"):
        succeed("run", write_job(tmp_path, f"{name}.json", data=data, tile=48, spectrum=None,
                                 kernels=["ntk"], output=tmp_path / name,
                                 prediction=cg(0.01, rank=30)), ranks=3)
        found.append((tmp_path / name / "predictions/ntk.npy").read_bytes())
    assert found[0] == found[1]


def test_a_preconditioner_of_all_columns_needs_hardly_an_iteration(tmp_path, images):
    data, labels = images
    succeed("run", write_job(tmp_path, data=data, tile=48, spectrum=None, kernels=["ntk"],
                             prediction=cg(1e-6, rank=300)))
    entry = results(tmp_path / "run", "ntk")["regularizations"][0]
    assert entry["iterations"] <= 6 and entry["condition_after"] < 1.1
    f, _ = expected(tmp_path / "run", "ntk", labels, 1e-6)
    assert np.abs(np.load(tmp_path / "run/predictions/ntk.npy")[0] - f).max() < 1e-6


def test_a_tiny_ridge_is_solved_in_double_precision(tmp_path, images):
    data, labels = images
    succeed("run", write_job(tmp_path, data=data, tile=48, spectrum=None,
                             prediction=cg(1e-9, 1e-2, rank=60)), ranks=2)
    for kernel in ("nngp", "ntk"):
        found = results(tmp_path / "run", kernel)
        assert found["iteration"]["tiles"] == "f64"
        f, condition = expected(tmp_path / "run", kernel, labels, 1e-9)
        assert np.abs(np.load(tmp_path / f"run/predictions/{kernel}.npy")[0] - f).max() < 1e-5
        assert found["regularizations"][0]["iterations"] > found["regularizations"][1]["iterations"]


def test_too_few_iterations_are_said_with_what_would_help(tmp_path, images):
    data, _ = images
    result = succeed("run", write_job(
        tmp_path, data=data, tile=48, spectrum=None, kernels=["ntk"],
        prediction=cg(1e-7, 1e3, rank=2, iterations=12)))
    assert "no solution: conjugate gradients reach a relative residual" in result.stdout
    found = results(tmp_path / "run", "ntk")["regularizations"]
    for word in ("12 iterations", "rank 2", "prediction.cg.iterations", "cholesky"):
        assert word in found[0]["failure"]
    assert "failure" not in found[1] and "accuracy" in found[1]
    assert np.isnan(np.load(tmp_path / "run/predictions/ntk.npy")[0]).all()


def test_a_singular_kernel_without_a_ridge_is_one_sentence(tmp_path):
    data, _ = save_images(tmp_path, count=120, repeat=20)
    result = ntk_dist("run", write_job(tmp_path, data=data, tile=48, spectrum=None, kernels=["ntk"],
                                       prediction=cg(0)), ranks=2)
    assert result.returncode == 65 and len(sentences(result)) == 1
    assert "singular" in sentences(result)[0] and "regularization" in sentences(result)[0]
    # The rank of this kernel, 12, is less than the preconditioner's, which shows it before any iteration.
    linear = [{"dense": {"weight_variance": 1, "bias_variance": 0}}]
    result = ntk_dist("run", write_job(tmp_path, "linear.json", data=data, tile=48, spectrum=None,
                                       network=linear, kernels=["nngp"], output=tmp_path / "linear",
                                       prediction=cg(0, rank=50)))
    assert result.returncode == 65 and "12 of its columns span it" in sentences(result)[0]


def test_the_ridge_is_chosen_by_iteration_as_by_factorization(tmp_path, images):
    data, _ = images
    ridges = [1e-5, 1e-3, 0.1]
    found = {}
    for solver in ("cg", "cholesky"):
        prediction = {"regularization": ridges, "solver": solver, "validation": 90}
        succeed("run", write_job(tmp_path, f"{solver}.json", data=data, tile=48, spectrum=None,
                                 output=tmp_path / solver, prediction=prediction), ranks=2)
        found[solver] = [(entry["validation_accuracy"], entry.get("is_chosen"), entry["accuracy"])
                         for kernel in ("nngp", "ntk")
                         for entry in results(tmp_path / solver, kernel)["regularizations"]]
    assert found["cg"] == found["cholesky"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGUSR1])
def test_an_iteration_goes_on_where_it_was_killed(tmp_path, images, how):
    data, labels = images
    keys = dict(rank=1, checkpoint=0, iterations=100_000, tolerance=1e-10, settled=0, tiles="store")
    path = write_job(tmp_path, data=data, tile=12, spectrum=None, kernels=["ntk"],
                     prediction=cg(1e-7, **keys))
    state = tmp_path / "run/predictions/ntk.iteration/state"
    process = start("run", path, ranks=2)
    wait_until(state.exists, process, pause=0.002)
    if how == signal.SIGKILL:
        # mpirun does not forward it.
        for rank in ranks_of(process).values():
            os.kill(rank, how)
    process.send_signal(how)
    status, _ = finish(process)
    assert status != 0 and state.exists()
    if how == signal.SIGUSR1:
        assert status == 75
    output = succeed("run", path, "--resume", ranks=3).stdout
    assert "the iteration goes on from a relative residual" in output
    assert not state.parent.exists()
    f, condition = expected(tmp_path / "run", "ntk", labels, 1e-7)
    assert np.abs(np.load(tmp_path / "run/predictions/ntk.npy")[0] - f).max() < 1e-6


def test_a_state_that_is_damaged_or_of_other_equations_is_not_taken_up(tmp_path, images):
    data, labels = images
    path = write_job(tmp_path, data=data, tile=12, spectrum=None, kernels=["ntk"],
                     prediction=cg(1e-7, rank=1, checkpoint=0, iterations=100_000, tolerance=1e-10, settled=0))
    state = tmp_path / "run/predictions/ntk.iteration/state"
    process = start("run", path, ranks=1)
    wait_until(state.exists, process, pause=0.002)
    process.send_signal(signal.SIGUSR1)
    assert finish(process)[0] == 75
    whole = state.read_bytes()
    state.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    other = json.loads(path.read_text())
    other["prediction"]["regularization"] = [0.1]
    path.write_text(json.dumps(other))
    result = succeed("run", path, "--resume")
    assert "is not taken up: it is damaged" in result.stderr and "goes on" not in result.stdout
    f, _ = expected(tmp_path / "run", "ntk", labels, 0.1)
    assert np.abs(np.load(tmp_path / "run/predictions/ntk.npy")[0] - f).max() < 1e-7
    state.parent.mkdir()
    state.write_bytes(whole)
    other["prediction"]["regularization"] = [0.2]
    path.write_text(json.dumps(other))
    assert "other regularizations" in succeed("run", path, "--resume").stderr


def test_the_program_says_which_solver_it_chose_and_why(tmp_path, images):
    data, _ = images
    succeed("run", write_job(tmp_path, data=data, tile=48, spectrum=None, kernels=["ntk"],
                             prediction={"regularization": [0.03]}))
    found = results(tmp_path / "run", "ntk")
    assert found["solver"] == "cholesky" and "operations" in found["reason"]
    machine = tmp_path / "machine.json"
    machine.write_text(json.dumps({"cores": 2, "memory": 24 << 30, "gflops_f64": 50, "gflops_f32": 100,
                                   "tiles": {}}))
    for rank, memory, kind in ((None, "24", "conjugate gradients"), (40_000, "8", "rank 40000")):
        prediction = {"regularization": [0.03], **({"solver": "cg", "cg": {"rank": rank}} if rank else {})}
        path = write_job(tmp_path, "plan.json", spectrum=None, kernels=["ntk"], prediction=prediction,
                         data={"synthetic": {"seed": 1, "train": 50_000, "test": 10_000}})
        result = ntk_dist("plan", path, "--ranks", 2, "--memory", memory, "--machine", machine)
        assert kind in result.stdout + result.stderr
        assert result.returncode == (69 if rank else 0)
    assert len(sentences(result)) == 1 and "prediction.cg.rank" in sentences(result)[0]


@pytest.mark.parametrize("prediction, word", [
    ({"regularization": [1e-3], "solver": "cg", "variance": True}, "cholesky"),
    ({"regularization": [1e-3], "solver": "cg", "leave_one_out": True}, "cholesky"),
    ({"regularization": [1e-3], "solver": "cholesky", "cg": {"rank": 5}}, "cg"),
    ({"regularization": [1e-3], "solver": "gauss"}, "solver"),
    (cg(1e-3, rank=181), "rank"), (cg(1e-3, rank=0), "rank"), (cg(1e-3, rank=100, validation=90), "rank"),
    (cg(1e-3, tolerance=0), "tolerance"), (cg(1e-3, tiles="disk"), "tiles"),
    (cg(1e-3, iterations=0), "iterations"),
])
def test_senseless_iterations_are_one_sentence(tmp_path, prediction, word):
    result = ntk_dist("run", write_job(
        tmp_path, data={"synthetic": {"seed": 1, "train": 180, "test": 20}}, spectrum=None,
        prediction=prediction))
    assert result.returncode == 78 and len(sentences(result)) == 1
    assert word in sentences(result)[0]
