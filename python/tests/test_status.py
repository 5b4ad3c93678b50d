"""The status of a run, from its folder, is that of `ntk-dist status`."""

import json
import os
import pathlib
import subprocess
import sys
import time

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


def test_the_program_says_the_same(tmp_path):
    """For runs that have only kernels, that are finished, and that were cleaned."""
    require_program()
    program = os.environ["NTK_DIST"]
    job = ntkdist.Job(
        data={"synthetic": {"train": 20, "test": 5}},
        network={"preset": "fcn", "depth": 1},
        spectrum={},
        output=tmp_path / "run",
    )
    job.save(tmp_path / "job.yaml")

    def states():
        printed = subprocess.run(
            [program, "status", job.output, "--format", "json"], check=True, capture_output=True
        ).stdout
        return json.loads(printed)["state"], state(job.output)

    subprocess.run([program, "assemble", tmp_path / "job.yaml"], check=True, capture_output=True)
    assert states() == ("stopped", "stopped")
    job.run(resume=True, progress=False)
    assert states() == ("finished", "finished")
    subprocess.run([program, "clean", job.output, "--yes"], check=True, capture_output=True)
    assert not (job.output / "kernels.zarr").exists()
    assert states() == ("finished", "finished")
