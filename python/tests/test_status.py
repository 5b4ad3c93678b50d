"""The status of a run, from its folder, is that of `ntk-dist status`."""

import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import pytest
from small_jobs import require_program

import ntkdist

JOB = "data: {}\nnetwork: [dense]\nkernels: [ntk]\noutput: run\n"
SPECTRUM = {"format": 1, "variants": [{"name": "", "ntk": {"spectrum": {"maximum": 2.0}}}]}


@pytest.fixture
def folder(tmp_path):
    """A run that has read its data but computed nothing."""
    (tmp_path / "job.yaml").write_text(JOB)
    (tmp_path / "summary.json").write_text(json.dumps({"format": 1, "variants": [{"name": ""}]}))
    return tmp_path


def state(folder):
    return ntkdist.open(folder).status().state


def write_lease(folder, number=1, age=0.0, **changes):
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    stat = pathlib.Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()
    holder = {
        "machine": f"{boot} {os.readlink('/proc/self/ns/pid')}",
        "process": os.getpid(),
        "started": stat[19],
        **changes,
    }
    path = folder / f"lease-{number}.json"
    path.write_text(json.dumps(holder))
    written = time.time() - age
    os.utime(path, (written, written))


def test_a_lease_whose_process_lives_is_held_however_long_it_is_silent(folder):
    assert state(folder) == "stopped"
    write_lease(folder, age=1e6)
    assert state(folder) == "active"


def test_a_lease_whose_process_has_ended_is_not_held(folder):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    write_lease(folder, process=ended.pid)
    assert state(folder) == "stopped"
    # Another process has its number since.
    write_lease(folder, started="1")
    assert state(folder) == "stopped"
    # The last lease counts.
    write_lease(folder, number=10)
    assert state(folder) == "active"
    write_lease(folder, number=11, process=ended.pid)
    assert state(folder) == "stopped"


@pytest.mark.parametrize(("age", "expected"), [(50, "active"), (70, "stopped")])
def test_of_other_machines_signs_of_life_are_counted(folder, age, expected):
    write_lease(folder, age=age, machine="another")
    assert state(folder) == expected


@pytest.mark.parametrize(("age", "expected"), [(50, "active"), (70, "stopped")])
def test_shards_sign_in_files_of_their_own(folder, age, expected):
    shard = folder / "shards/2-of-3"
    shard.mkdir(parents=True)
    (shard / "events.jsonl").write_text('{"event": "started", "time": "now"}\n')
    assert state(folder) == "stopped"
    progress = shard / "progress.json"
    progress.write_text("{}")
    os.utime(progress, (time.time() - age,) * 2)
    assert state(folder) == expected


def test_a_run_without_tiles_is_finished_if_its_results_are_there(folder):
    (folder / "summary.json").write_text(json.dumps(SPECTRUM))
    assert state(folder) == "stopped"
    (folder / "job.yaml").write_text(JOB + "spectrum: {}\n")
    status = ntkdist.open(folder).status()
    assert status.state == "finished" and "tiles were removed" in str(status)
    (folder / "job.yaml").write_text(JOB + "spectrum: {}\nprediction: {regularization: [1]}\n")
    assert state(folder) == "stopped"
    (folder / "job.yaml").write_text(JOB.replace("[ntk]", "[nngp, ntk]") + "spectrum: {}\n")
    assert state(folder) == "stopped"


def test_kernels_that_are_not_from_networks(folder):
    summary = {"format": 1, "variants": [{"name": "", "kernel": {"density": {"points": 9}}}]}
    (folder / "summary.json").write_text(json.dumps(summary))
    for section in ("kernel", "features"):
        job = f"{section}: {{train: K.npy}}\noutput: run\ndensity: {{}}\n"
        (folder / "job.yaml").write_text(job)
        assert state(folder) == "finished"
        (folder / "job.yaml").write_text(job + "spectrum: {}\n")
        assert state(folder) == "stopped"


@pytest.fixture
def states():
    """A function that gives the states of a run for the program and for Python."""
    require_program()

    def both(folder):
        line = [os.environ["NTK_DIST"], "status", folder, "--format", "json"]
        printed = subprocess.run(line, check=True, capture_output=True).stdout
        return json.loads(printed)["state"], state(folder)

    return both


def call(command, *words):
    line = [os.environ["NTK_DIST"], command, *words]
    subprocess.run(line, check=True, capture_output=True)


@pytest.mark.parametrize("stage", ["spectrum", "density"])
def test_the_program_says_the_same(tmp_path, states, stage):
    """For runs that have only kernels, that are finished, and that were cleaned."""
    job = ntkdist.Job(
        data={"synthetic": {"train": 20, "test": 5}},
        network={"preset": "fcn", "depth": 1},
        output=tmp_path / "run",
        **{stage: {}},
    )
    job.save(tmp_path / "job.yaml")
    call("assemble", tmp_path / "job.yaml")
    assert states(job.output) == ("stopped", "stopped")
    job.run(resume=True, progress=False)
    assert states(job.output) == ("finished", "finished")
    call("clean", job.output, "--yes")
    assert not (job.output / "kernels.zarr").exists()
    assert states(job.output) == ("finished", "finished")


def test_the_program_says_the_same_of_other_kernels(tmp_path, states, monkeypatch):
    """For runs of a given kernel, and of features, with results and without."""
    monkeypatch.chdir(tmp_path)
    features = np.random.default_rng(0).standard_normal((20, 30))
    np.save("K.npy", features @ features.T)
    np.save("F-0.npy", features)
    for origin in ({"kernel": {"train": "K.npy"}}, {"features": {"train": "F-*.npy"}}):
        for stages in ({}, {"spectrum": {}}):
            output = "-".join(["run", *origin, *stages])
            ntkdist.Job(**origin, **stages, output=output).run(progress=False)
            assert states(output) == ("finished", "finished")
            if stages:
                call("clean", output, "--yes")
                assert states(output) == ("finished", "finished")
    layers = {"train": "F-*.npy", "layers": ["a"]}
    ntkdist.Job(features=layers, spectrum={}, output="layers").run(progress=False)
    assert states("layers") == ("finished", "finished")
