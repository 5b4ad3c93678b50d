"""Convolutional networks as users run them: jobs on images of 8 x 8 pixels."""
import json
import signal

import numpy as np
import pytest
from conftest import (
    chunks,
    finish,
    has_event,
    start,
    succeed,
    summary,
    symmetric,
    wait_for_work,
    wait_until,
    write_job,
)

CONV = {"convolution": {"filter": [3, 3], "weight_variance": 2, "bias_variance": 0.1}}
NETWORKS = {
    "gap": [CONV, "relu", CONV, "erf", "global_average_pool", {"dense": {"weight_variance": 1}}],
    "flatten": [CONV, "relu", CONV, "relu", "flatten", {"dense": {"weight_variance": 1}}],
    "myrtle": {"preset": "myrtle-5", "image_size": 8},
}


def images(folder, train, test, seed=0):
    """The `data` section of random 8 x 8 images with labels, as .npy files."""
    generator = np.random.default_rng(seed)
    paths = {}
    for name, count in (("train", train), ("test", test)):
        np.save(folder / f"{name}.npy", generator.standard_normal((count, 8, 8, 3)))
        np.save(folder / f"{name}_labels.npy", generator.integers(0, 10, count))
        paths[name] = str(folder / f"{name}.npy")
        paths[f"{name}_labels"] = str(folder / f"{name}_labels.npy")
    return {"arrays": paths, "preprocessing": "none"}


@pytest.mark.parametrize("precision", ["f64", "f32"])
@pytest.mark.parametrize("name", NETWORKS)
def test_chunks_do_not_depend_on_the_number_of_ranks(tmp_path, name, precision):
    data = images(tmp_path, 37, 5)
    reference = None
    for ranks in (1, 2, 3, 4, 6):
        run = tmp_path / f"{ranks}"
        path = write_job(tmp_path, f"{ranks}.yaml", output=run, data=data, precision=precision, tile=8,
                         network=NETWORKS[name])
        succeed("run", path, ranks=ranks)
        reference = reference or chunks(run)
        assert chunks(run) == reference and len(reference) > 40
    assert summary(run)["variants"][0]["ntk"]["spectrum"]["lambda_max"] > 0


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_equals_the_kernel_command_and_does_not_depend_on_the_tile(tmp_path, name):
    import zarr
    data = images(tmp_path, 30, 4)
    kernels = []
    for tile in (4, 30):
        run = tmp_path / f"{tile}"
        succeed("run", write_job(tmp_path, output=run, data=data, tile=tile, network=NETWORKS[name]), ranks=2)
        group = zarr.open_group(run / "kernels.zarr", mode="r")
        kernels.append([symmetric(group["ntk_train"][:]), group["ntk_test"][:]])
    assert np.allclose(kernels[0][0], kernels[1][0], rtol=1e-13, atol=0)
    assert np.array_equal(kernels[0][1], kernels[1][1])
    network = tmp_path / "network.yaml"
    network.write_text(json.dumps({"network": NETWORKS[name]}))
    paths = data["arrays"]
    succeed("kernel", network, "--rows", paths["train"], "--output", tmp_path / "square", ranks=3)
    succeed("kernel", network, "--rows", paths["test"], "--columns", paths["train"], "--output",
            tmp_path / "rectangle")
    assert np.allclose(np.load(tmp_path / "square/ntk.npy"), kernels[0][0], rtol=1e-13, atol=0)
    assert np.allclose(np.load(tmp_path / "rectangle/ntk.npy"), kernels[0][1], rtol=1e-13, atol=0)


def test_depths_in_one_pass_equal_single_runs(tmp_path):
    data = images(tmp_path, 12, 3)
    preset = {"preset": "cnn-gap", "activation": "relu"}
    together = write_job(tmp_path, "all.yaml", output=tmp_path / "all", data=data,
                         network={**preset, "depths": [0, 1, 3]})
    succeed("run", together, ranks=2)
    # Without the images, the folder still says what it holds.
    (tmp_path / "train.npy").rename(tmp_path / "moved.npy")
    shown = succeed("status", tmp_path / "all").stdout
    (tmp_path / "moved.npy").rename(tmp_path / "train.npy")
    assert "pairs of pixels" in shown and "100.0 %" in shown
    for index, depth in enumerate((0, 1, 3)):
        run = tmp_path / f"{depth}"
        succeed("run", write_job(tmp_path, output=run, data=data, network={**preset, "depth": depth}))
        one = np.load(run / "spectrum/ntk.npy")
        name = summary(tmp_path / "all")["variants"][index]["name"]
        found = np.load(tmp_path / "all/spectrum" / name / "ntk.npy")
        assert np.allclose(found, one, rtol=0, atol=1e-12 * one[-1]), name


def test_a_signal_in_the_middle_of_a_tile_stops_within_seconds_and_resumes(tmp_path):
    # One tile takes about half a minute on one core, so the signal comes in the middle of it.
    generator = np.random.default_rng(1)
    np.save(tmp_path / "x.npy", generator.standard_normal((50, 32, 32, 3)))
    path = write_job(tmp_path, data={"arrays": {"train": str(tmp_path / "x.npy")}}, prediction=None,
                     tile=50, network={"preset": "cnn-gap", "depth": 3, "activation": "relu"})
    process = start("run", path, ranks=None)
    wait_until(lambda: has_event(tmp_path / "run", "assembly started"), process)
    wait_for_work(process.pid, 1.5, process)
    process.send_signal(signal.SIGUSR1)
    status, errors = finish(process)
    assert status == 75 and "continue with --resume" in errors, errors[-500:]
    assert not chunks(tmp_path / "run"), "the tile was not finished first"
