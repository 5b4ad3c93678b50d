"""Files that are not what they should be, and files of others."""
import json
import os
import re
import shutil
import socket
import subprocess

import numpy as np
import pytest
import zarr
from conftest import (
    BINARY, ENVIRONMENT, PATIENCE, fcn, ntk_dist, sentences, store_files, succeed, tile_places,
    write_job)


def refused(result, status, *words):
    assert result.returncode == status, (result.returncode, result.stderr)
    said = sentences(result)
    assert len(said) == 1, result.stderr
    for word in words:
        assert str(word) in said[0], said[0]


def other_job(folder):
    """A run of the same shape on other images."""
    data = {"synthetic": {"seed": 9, "train": 130, "test": 30}, "preprocessing": "standardize"}
    path = write_job(folder, "other.yaml", output=folder / "other", data=data)
    succeed("assemble", path)
    return folder / "other"


@pytest.mark.parametrize("ranks", [None, 3])
def test_a_tile_of_another_job_is_refused_by_every_reader_and_computed_again(tmp_path, ranks):
    path, run = write_job(tmp_path), tmp_path / "run"
    succeed("run", path, ranks=2)
    before = store_files(run)
    tile = "ntk_train/c/1/0"
    tile_places(run)[tile].write(tile_places(other_job(tmp_path))[tile].read())
    for command in ("spectrum", "predict"):
        refused(ntk_dist(command, path, ranks=ranks), 65, "tile (1, 0)", "ntk_train/c/0/0", "--resume")
    verified = ntk_dist("verify", run, "--sample", 0, ranks=ranks)
    assert verified.returncode == 65 and "tile (1, 0)" in verified.stderr
    resumed = succeed("assemble", path, "--resume", ranks=ranks)
    assert re.search(r"tile \(1, 0\) in .*/ntk_train/c/0/0 is damaged", resumed.stderr)
    assert store_files(run) == before
    succeed("verify", run, "--sample", 0)


def test_the_checksums_of_shards_protect_their_tiles(tmp_path):
    path, run = write_job(tmp_path, tile=32), tmp_path / "run"
    for shard in ("1/2", "2/2"):
        succeed("assemble", path, "--shard", shard)
    kept = sorted(str(p.relative_to(run)) for p in run.glob("shards/*/checksums/*.json"))
    assert len(kept) == 12 and "shards/1-of-2/checksums/ntk_train.json" in kept
    data = {"synthetic": {"seed": 9, "train": 130, "test": 30}, "preprocessing": "standardize"}
    succeed("assemble", write_job(tmp_path, "b.yaml", output=tmp_path / "b", tile=32, data=data))
    for tile in (0, 4):
        place, other = (tile_places(folder)[f"ntk_train/c/{tile}/{tile}"] for folder in (run, tmp_path / "b"))
        good = place.read()
        place.write(other.read())
        refused(ntk_dist("spectrum", path), 65, f"tile ({tile}, {tile})", "ntk_train/c/0/0")
        place.write(good)
    succeed("spectrum", path)
    # The next assembly keeps the checksums of the whole run.
    succeed("assemble", path, "--resume")
    assert (run / "checksums/ntk_train.json").exists()


def test_a_store_without_kept_checksums_is_read_and_gets_them(tmp_path):
    path, run = write_job(tmp_path), tmp_path / "run"
    succeed("run", path)
    files = {p.name: p.read_bytes() for p in (run / "checksums").iterdir()}
    shutil.rmtree(run / "checksums")
    succeed("spectrum", path)
    succeed("assemble", path, "--resume")
    assert {p.name: p.read_bytes() for p in (run / "checksums").iterdir()} == files
    # The checksums of a removed store are not used.
    shutil.rmtree(run / "kernels.zarr")
    (run / "checksums/ntk_train.json").write_text("{}")
    succeed("assemble", path, "--resume")
    assert {p.name: p.read_bytes() for p in (run / "checksums").iterdir()} == files


def test_zarr_python_sees_only_the_kernels(tmp_path, recwarn):
    succeed("run", write_job(tmp_path))
    group = zarr.open(tmp_path / "run/kernels.zarr", mode="r")
    assert sorted(group.array_keys()) == [
        f"{kernel}_{part}" for kernel in ("nngp", "ntk") for part in ("test", "test_diagonal", "train")]
    assert not list(group.group_keys()) and not recwarn.list


def test_damaged_checksums_are_named(tmp_path):
    path, run = write_job(tmp_path), tmp_path / "run"
    succeed("assemble", path)
    (run / "checksums/ntk_train.json").write_text("{}")
    refused(ntk_dist("spectrum", path, ranks=2), 65, "checksums/ntk_train.json", "remove it")
    (run / "checksums/ntk_train.json").unlink()
    succeed("assemble", path, "--resume")
    assert (run / "checksums/ntk_train.json").exists()


def test_an_indefinite_kernel_is_a_warning_in_every_stage(tmp_path):
    run = tmp_path / "run"
    path = write_job(tmp_path, kernels=["nngp"], spectrum={"vectors": "all"},
                     prediction={"regularization": [1e-4]}, training={"times": [1]},
                     alignment={"targets": [1]})
    succeed("assemble", path)
    shutil.rmtree(run / "checksums")
    tile = "nngp_train/c/1/0"
    tile_places(run)[tile].write(tile_places(other_job(tmp_path))[tile].read())
    # Two of the stages do not need a Cholesky factor.
    for command, status in ("spectrum", 0), ("predict", 65), ("train", 0), ("align", 65):
        result = ntk_dist(command, path)
        assert result.returncode == status, (command, result.stderr)
        assert re.search("ntk-dist: nngp has an eigenvalue of at most -.*`ntk-dist verify",
                         result.stderr), (command, result.stderr)


def test_only_a_run_folder_or_an_empty_one_is_taken(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    path = write_job(folder, output=".")
    text = path.read_text()
    for command, words in {"run": ". exists", "run --resume": ". holds other files",
                           "assemble --resume": ". holds other files",
                           "assemble --shard 1/2": ". holds other files"}.items():
        refused(ntk_dist(*command.split(), "job.yaml", cwd=folder), 73, words)
        assert path.read_text() == text and os.listdir(folder) == ["job.yaml"]
    refused(ntk_dist("run", write_job(tmp_path, output="/"), "--resume"), 73, "/ holds other files")
    refused(ntk_dist("spectrum", write_job(tmp_path, output=folder)), 73, "holds other files")
    empty = tmp_path / "empty"
    empty.mkdir()
    succeed("run", write_job(tmp_path, output=empty), "--resume")
    # A run of an earlier version has no marker.
    (empty / ".ntk-dist-run").unlink()
    succeed("run", write_job(tmp_path, output=empty), "--resume")


def test_output_below_a_parent_that_takes_no_folders(tmp_path):
    for output in ("/proc/x", "/proc/x/y/z", "/dev/null/x"):
        refused(ntk_dist("run", write_job(tmp_path, output=output)), 73, "/".join(output.split("/")[:3]))


def test_kernel_replaces_no_file_without_leave_and_no_input_at_all(tmp_path):
    np.save(tmp_path / "nngp.npy", np.random.default_rng(0).standard_normal((5, 8)))
    before = (tmp_path / "nngp.npy").read_bytes()
    network = tmp_path / "network.yaml"
    network.write_text(json.dumps({"network": fcn()}))
    os.symlink(tmp_path / "nngp.npy", tmp_path / "link.npy")
    for rows in ("nngp.npy", "link.npy"):
        for force in ([], ["--force"]):
            result = ntk_dist("kernel", network, "--rows", tmp_path / rows, "--output", tmp_path, *force)
            refused(result, 73, "would replace the input", rows)
    out = tmp_path / "out"
    arguments = ["kernel", network, "--rows", tmp_path / "nngp.npy", "--output", out]
    succeed(*arguments, ranks=2)
    refused(ntk_dist(*arguments, ranks=2), 73, "out/nngp.npy exists", "--force")
    succeed(*arguments, "--force")
    assert sorted(os.listdir(out)) == ["nngp.npy", "ntk.npy"]
    assert (tmp_path / "nngp.npy").read_bytes() == before


@pytest.mark.parametrize("kind", ["fifo", "socket", "device"])
def test_pipes_sockets_and_devices_are_refused_at_once(tmp_path, monkeypatch, kind):
    path = tmp_path / kind
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        # The whole path would be too long for a socket. The file remains after the socket is closed.
        monkeypatch.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(kind)
    else:
        path = "/dev/zero"
    refused(ntk_dist("run", path), 78, path)
    arrays = {"arrays": {"train": str(path), "test": str(path)}}
    result = ntk_dist("run", write_job(tmp_path, data=arrays, prediction=None), ranks=2)
    refused(result, 74, path, "pipe, socket or device")


@pytest.mark.parametrize("limit", [24, 32, 48])
def test_few_open_files_end_with_a_sentence_or_do(tmp_path, limit):
    # With fewer than 24, MPI does not start.
    result = subprocess.run(
        ["sh", "-c", f"ulimit -n {limit}; exec {BINARY} run {write_job(tmp_path)}"],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
    said = sentences(result)
    assert result.returncode == 0 or result.returncode in (69, 74) and len(said) == 1, result.stderr
