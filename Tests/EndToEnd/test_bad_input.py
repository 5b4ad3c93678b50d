"""Bad input gets one clear sentence and the right exit status, and loses nothing."""
import json
import subprocess

import numpy as np
import pytest
from conftest import (
    chunk_paths,
    chunks,
    fcn,
    finish,
    ntk_dist,
    sentences,
    start,
    succeed,
    wait_for_chunks,
    write_job,
)


def refused(result, status, *words):
    assert result.returncode == status, result.stderr[-1500:]
    said = sentences(result)
    assert len(said) == 1, result.stderr[-1500:]
    for word in words:
        assert word in said[0]


def cifar10(folder, records=20):
    """A tiny folder in CIFAR-10's layout."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
        batch = generator.integers(0, 256, (records, 3073), dtype=np.uint8)
        batch[:, 0] %= 10
        batch.tofile(folder / name)
    return folder


@pytest.mark.parametrize("ranks", [None, 3])
def test_batches_that_are_not_cifar10(tmp_path, ranks):
    folder = cifar10(tmp_path / "data")
    path = write_job(tmp_path, data={"cifar10": str(folder), "train": 50, "test": 10})
    batch = folder / "data_batch_2.bin"
    good = batch.read_bytes()

    batch.write_bytes(good[:-7])
    refused(ntk_dist("run", path, ranks=ranks), 65, "data_batch_2.bin", "3073")
    batch.write_bytes(b"\x89PNG\r\n\x1a\n" + good[8:])
    refused(ntk_dist("run", path, "--resume", ranks=ranks), 65, "data_batch_2.bin")
    batch.write_bytes(bytes([11]) + good[1:])
    refused(ntk_dist("run", path, "--resume", ranks=ranks), 65, "label 11", "record 0")
    batch.unlink()
    refused(ntk_dist("run", path, "--resume", ranks=ranks), 66, "data_batch_2.bin")
    batch.write_bytes(good)
    more = ["--set", "data.train=101"]
    refused(ntk_dist("run", path, "--resume", *more, ranks=ranks), 78, "101", "100")
    succeed("run", path, "--resume", ranks=ranks)
    refused(ntk_dist("run", path, "--set", f"data.cifar10={tmp_path}/none", "--resume", ranks=ranks), 66, "none")


def test_nan_in_an_array(tmp_path):
    images = np.random.default_rng(0).random((10, 5))
    images[7, 2] = np.nan
    np.save(tmp_path / "x.npy", images)
    path = write_job(tmp_path, data={"arrays": {"train": str(tmp_path / "x.npy")}}, prediction=None)
    refused(ntk_dist("run", path), 65, "image 7", "nan")


@pytest.mark.parametrize("change, words", [
    ({"network": {"preset": "fcn", "depth": 3, "activations": "relu"}}, ["activations", "activation"]),
    ({"network": ["flatten", {"dense": {"weight_varianc": 1}}]}, ["weight_varianc", "weight_variance"]),
    ({"network": ["flatten", "transformer"]}, ["transformer", "relu"]),
    ({"network": ["flatten", "dense", "relu", "relu", "dense"]}, ["layer 4 (relu)"]),
    ({"network": ["flatten"]}, ["dense"]),
    ({"spectra": {"vectors": 0}}, ["spectra", "spectrum"]),
    ({"kernels": ["ntk", "nkt"]}, ["nkt"]),
    ({"data": {"synthetic": {"train": 10, "test": 0}}}, ["test"]),
    ({"tile": 0}, ["tile"]),
    ({"prediction": {"regularization": [-1]}}, ["-1"]),
])
def test_jobs_that_make_no_sense(tmp_path, change, words):
    refused(ntk_dist("run", write_job(tmp_path, **change)), 78, *words)
    assert not (tmp_path / "run/kernels.zarr").exists()


CONV = {"convolution": {"filter": [3, 3], "weight_variance": 2}}


@pytest.mark.parametrize("network, words", [
    ([CONV, "relu", {"average_pool": {"window": [33, 2]}}, "flatten", "dense"],
     ["layer 3 (average_pool)", "33 x 2", "32 x 32"]),
    ([{"convolution": {"filter": [0, 3]}}, "relu", "flatten", "dense"], ["layer 1 (convolution)", "filter"]),
    ([{"convolution": {"filter": [40, 40], "padding": "valid"}}, "relu", "flatten", "dense"],
     ["layer 1 (convolution)", "40 x 40", "no pixels are left"]),
    ([CONV, "relu", "erf", "flatten", "dense"], ["layer 3 (erf)", "relu"]),
    ([CONV, "relu", "flatten", CONV, "relu", "dense"], ["layer 4 (convolution)", "readout"]),
    ([CONV, "relu", "flatten", "flatten", "dense"], ["layer 4 (flatten)", "no pixels left"]),
    ([CONV, "relu"], ["no readout"]),
    ([{"residual": {"main": [CONV], "shortcut": [{"convolution": {"filter": [3, 3], "stride": [2, 2]}}]}},
      "flatten", "dense"], ["layer 1 (residual)", "32 x 32", "16 x 16"]),
    ({"preset": "myrtle-10", "image_size": 16}, ["myrtle-10", "16 x 16", "32 x 32", "image_size"]),
])
def test_convolutional_networks_that_make_no_sense(tmp_path, network, words):
    refused(ntk_dist("run", write_job(tmp_path, network=network), ranks=2), 78, *words)
    assert not (tmp_path / "run/kernels.zarr").exists()


def test_a_tile_that_does_not_fit_into_memory(tmp_path):
    data = {"synthetic": {"train": 20000, "test": 0}}
    path = write_job(tmp_path, data=data, prediction=None, tile=20000,
                     network={"preset": "cnn-gap", "depth": 21, "activation": "relu"})
    refused(ntk_dist("run", path, ranks=2), 78, "tile of 20000 images", "GB", "layer", "set tile:")
    assert not (tmp_path / "run/kernels.zarr").exists()


def test_usage_and_missing_files(tmp_path):
    assert ntk_dist("run").returncode == 64
    assert ntk_dist("nonsense").returncode == 64
    assert ntk_dist("run", tmp_path / "none.yaml").returncode == 66
    refused(ntk_dist("status", tmp_path), 66, "job.yaml")
    refused(ntk_dist("spectrum", write_job(tmp_path)), 66, "assemble")


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for ranks in (None, 3):
        result = ntk_dist("run", write_job(tmp_path, output=tmp_path / "file/run"), ranks=ranks)
        refused(result, 73, "file/run")


@pytest.fixture
def disk(tmp_path):
    """Mounts a disk of a size, such as "40m"."""
    mount = tmp_path / "small"
    mount.mkdir()

    def of_size(size):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(mount)],
                          capture_output=True).returncode:
            pytest.skip("a small file system cannot be mounted here")
        return mount

    yield of_size
    subprocess.run(["umount", str(mount)], capture_output=True)


def test_a_disk_that_is_full(tmp_path, disk):
    mount = disk("600k")
    path = write_job(tmp_path, output=mount / "run", data={"synthetic": {"train": 2500, "test": 0}},
                     network=fcn(depth=60), prediction=None, spectrum=None, tile=64)
    refused(ntk_dist("run", path), 74, "no space", "0.6 MB")
    assert not chunks(mount / "run")
    # There is enough space at the start, until others take it.
    subprocess.run(["mount", "-o", "remount,size=200m", str(mount)], check=True)
    process = start("run", path, "--resume", ranks=None)
    wait_for_chunks(mount / "run", 20, process)
    subprocess.run(["mount", "-o", "remount,size=4m", str(mount)])
    status, errors = finish(process)
    assert status == 74 and "no space left" in errors
    before = len(chunk_paths(mount / "run"))
    assert 0 < before < 1640
    subprocess.run(["mount", "-o", "remount,size=200m", str(mount)], check=True)
    succeed("run", path, "--resume")


def test_many_ranks_need_no_more_disk_than_their_shards(tmp_path, disk):
    path = write_job(tmp_path, output=disk("40m") / "run", data={"synthetic": {"train": 200, "test": 0}},
                     prediction=None, spectrum=None)
    succeed("assemble", path, ranks=6)


def test_an_existing_run_is_refused_and_resumed(tmp_path):
    path = write_job(tmp_path)
    succeed("run", path)
    before = chunks(tmp_path / "run")
    refused(ntk_dist("run", path, ranks=2), 73, "--resume")
    succeed("run", path, "--resume")
    other = ["--set", "network.depth=4"]
    refused(ntk_dist("run", path, "--resume", *other, ranks=2), 78, "network", "4 x")
    refused(ntk_dist("run", path, "--resume", "--set", "data.synthetic.seed=9"), 78, "images")
    refused(ntk_dist("run", path, "--resume", "--set", "precision=f32"), 78, "precision")
    refused(ntk_dist("spectrum", path, *other), 78, "network")
    assert chunks(tmp_path / "run") == before
    assert json.loads((tmp_path / "run/summary.json").read_text())["variants"][0]["ntk"]["spectrum"]


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_black_and_identical_images(tmp_path, activation):
    images = np.random.default_rng(1).random((40, 12))
    images[3] = 0
    images[20] = images[5]
    np.save(tmp_path / "x.npy", images)
    np.save(tmp_path / "y.npy", np.arange(40) % 3)
    arrays = {"train": str(tmp_path / "x.npy"), "test": str(tmp_path / "x.npy"),
              "train_labels": str(tmp_path / "y.npy"), "test_labels": str(tmp_path / "y.npy")}
    path = write_job(tmp_path, data={"arrays": arrays, "preprocessing": "none"},
                     network=fcn(activation, 2.0, 0.0), prediction={"regularization": [0, 1e-3]})
    result = succeed("run", path)
    assert "no solution" in result.stdout and "a regularization of 1e-07 or more" in result.stdout
    values = np.load(tmp_path / "run/spectrum/ntk.npy")
    assert np.isfinite(values).all()
    assert np.sum(np.abs(values) < 1e-13 * values[-1]) == 2  # the black one and the duplicate
    predictions = np.load(tmp_path / "run/predictions/ntk.npy")
    assert np.isnan(predictions[0]).all() and np.isfinite(predictions[1]).all()
    alone = ntk_dist("run", path, "--set", "prediction.regularization=[0]", "--set",
                     f"output={tmp_path}/zero")
    refused(alone, 65, "a regularization of 1e-07 or more")


def test_a_variance_out_of_range(tmp_path):
    path = write_job(tmp_path, network=fcn(w=4.0, b=0.0, depth=200), precision="f32", prediction=None)
    result = ntk_dist("run", path)
    refused(result, 65, "use precision f64")
