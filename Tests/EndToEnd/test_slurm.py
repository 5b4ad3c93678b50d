"""The job templates on a real SLURM, private to this test."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest
from conftest import (
    BINARY,
    ENVIRONMENT,
    PATIENCE,
    SHARED,
    chunk_paths,
    chunks,
    fcn,
    is_alive,
    succeed,
    wait_until,
)

TEMPLATES = pathlib.Path(__file__).resolve().parents[2] / "jobs/slurm"
CLUSTER = SHARED / "cluster"


class Slurm:
    """Three nodes of two processors on this machine, and a folder from which jobs are submitted."""

    def __init__(self, root):
        self.cluster, self.folder = root / "cluster", root / "jobs"
        shutil.copytree(TEMPLATES, self.folder)
        # What a user would write into site.sh, for several nodes on one host and for root.
        with open(self.folder / "site.sh", "a") as site:
            site.write(f"NTK_DIST={pathlib.Path(BINARY).resolve()}\n"
                       "MPIRUN+=(--oversubscribe --mca btl tcp,self)\n")
        self.environment = {**ENVIRONMENT, "SLURM_CONF": str(self.cluster / "slurm.conf")}

    def up(self):
        return subprocess.run([CLUSTER / "slurm-up.sh", self.cluster, "3", "2"], text=True,
                              capture_output=True)

    def down(self):
        subprocess.run([CLUSTER / "slurm-down.sh", self.cluster], capture_output=True)

    def call(self, *arguments):
        result = subprocess.run([str(part) for part in arguments], cwd=self.folder, text=True,
                                env=self.environment, capture_output=True)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def job(self, name, **sections):
        sections = {"data": {"synthetic": {"seed": 1, "train": 600, "test": 50}}, "network": fcn(),
                    "tile": 32, "output": str(self.folder / name), **sections}
        (self.folder / f"{name}.yaml").write_text(json.dumps(sections))
        return f"{name}.yaml"

    def state(self, job):
        """State, exit status and number of restarts."""
        text = self.call("scontrol", "show", "job", job)
        return (re.search(r"JobState=(\w+)", text)[1], int(re.search(r"ExitCode=(\d+)", text)[1]),
                int(re.search(r"Restarts=(\d+)", text)[1]))

    def wait(self, job, until):
        deadline = time.monotonic() + 2 * PATIENCE
        while not until(*self.state(job)):
            assert time.monotonic() < deadline, (self.state(job), self.log(job))
            time.sleep(0.3)
        return self.state(job)

    def end(self, job):
        return self.wait(job, lambda state, *_: state not in ("PENDING", "RUNNING", "SIGNALING",
                                                              "COMPLETING", "REQUEUED"))

    def processes(self, job):
        """The processes of a job: its script and everything that the script started."""
        found, variable = [], f"SLURM_JOB_ID={job}".encode()
        for entry in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                variables = entry.read_bytes()
            except OSError:
                continue
            if variable in variables.split(b"\0") and str(self.folder).encode() in variables:
                found.append(int(entry.parent.name))
        return found

    def log(self, job):
        return "\n".join(path.read_text() for path in self.folder.glob(f"*-{job}.log"))

    def lose(self, node):
        """Ends everything that runs on a node at once, its daemons first."""
        victims = set(map(int, self.pids("pgrep", "-f", f"slurmd -N {node} -f {self.cluster}")))
        for entry in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                variables = entry.read_bytes()
                if (f"SLURMD_NODENAME={node}".encode() in variables.split(b"\0")
                        and str(self.folder).encode() in variables):
                    victims.add(int(entry.parent.name))
                    parent = int((entry.parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
                    if b"slurmstepd" in pathlib.Path(f"/proc/{parent}/cmdline").read_bytes():
                        victims.add(parent)
            except OSError:
                continue
        assert len(victims) > 1, "something ran there"
        for victim in victims:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def boot(self, node):
        self.call("slurmd", "-N", node, "-f", self.cluster / "slurm.conf")

    @staticmethod
    def pids(*command):
        return subprocess.run(command, capture_output=True, text=True).stdout.split()


@pytest.fixture(scope="module")
def slurm():
    if not CLUSTER.exists():
        pytest.skip(f"{CLUSTER} is not there")
    missing = [name for name in ("slurmctld", "slurmd", "sbatch", "munged") if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        pytest.skip(f"a private SLURM needs root and {' '.join(missing) or 'nothing else'}")
    # munge's socket must be accessible to all, which pytest's own folders are not.
    root = pathlib.Path(tempfile.mkdtemp(prefix="ntk-slurm-"))
    root.chmod(0o755)
    cluster = Slurm(root)
    result = cluster.up()
    if result.returncode != 0:
        cluster.down()
        pytest.fail("SLURM did not start: " + result.stderr[-2000:])
    yield cluster
    cluster.down()
    shutil.rmtree(root, ignore_errors=True)


def test_one_job_for_everything(slurm):
    name = slurm.job("whole", spectrum={"vectors": 3}, prediction={"regularization": [1e-2]})
    job = slurm.call("sbatch", "--parsable", "--nodes=2", "--ntasks-per-node=2", "whole.sh", name)
    assert slurm.end(job)[:2] == ("COMPLETED", 0), slurm.log(job)
    run = slurm.folder / "whole"
    hosts = json.loads((run / "environment.json").read_text())
    assert hosts["ranks"] == 4
    assert (run / "spectrum/ntk_vectors.npy").exists() and (run / "predictions/ntk.npy").exists()


def test_srun_without_an_interface_to_mpi_is_noticed(slurm):
    name = slurm.job("unconnected", spectrum={})
    program = pathlib.Path(BINARY).resolve()
    result = subprocess.run(["srun", "--mpi=none", "--ntasks=2", program, "run", name], cwd=slurm.folder,
                            text=True, env=slurm.environment, capture_output=True, timeout=PATIENCE)
    said = [line for line in result.stderr.splitlines() if line.startswith("ntk-dist:")]
    assert result.returncode == 69 and len(said) == 1, result.stderr
    assert "srun has started 2 processes, and each of them is alone" in said[0]
    assert not (slurm.folder / "unconnected").exists()
    # A program that a batch script starts without a launcher is meant to run alone.
    (slurm.folder / "unconnected.sh").write_text(f"#!/bin/bash\n{program} assemble {name}\n")
    job = slurm.call("sbatch", "--parsable", "--ntasks=2", "--output=unconnected-%j.log", "unconnected.sh")
    assert slurm.end(job)[:2] == ("COMPLETED", 0), slurm.log(job)
    assert "1 rank on 1 node" in slurm.log(job) and "is alone" not in slurm.log(job)


def selftest(slurm, *options):
    """The self-test of three nodes with one rank each."""
    folder = slurm.folder / "files"
    folder.mkdir(exist_ok=True)
    command = ["mpirun", "--oversubscribe", "--mca", "btl", "tcp,self", *options, pathlib.Path(BINARY).resolve(),
               "selftest", "--nodes", folder]
    (slurm.folder / "selftest.sh").write_text(f"#!/bin/bash\n{' '.join(map(str, command))}\n")
    job = slurm.call("sbatch", "--parsable", "--nodes=3", "--ntasks-per-node=1", "--output=selftest-%j.log",
                     "selftest.sh")
    status = slurm.end(job)[1]
    assert not list(folder.iterdir())
    return status, slurm.log(job)


def test_the_self_test_on_several_nodes(slurm):
    status, log = selftest(slurm)
    assert status == 0, log
    for words in ("3 ranks on 3 nodes", "network ", "between all 3 nodes", "seen whole by 3 nodes",
                  "apart at most"):
        assert words in log, log
    # Below each figure, there is a row for every node.
    assert log.count("GFLOP/s a rank") == 4, log


@pytest.mark.parametrize("fault, status, words", [
    ("clocks:1", 0, r"clocks .* 100 s apart at most .* look "),
    ("datagrams:2", 0, r"datagrams .*none from rank 2 .* and between 2 more pairs .*look "),
    ("rename:2", 69, r"folder .*files of other nodes are not seen by rank 2 \(.*\) .*bad ")])
def test_the_self_test_names_what_is_wrong_between_nodes(slurm, fault, status, words):
    found, log = selftest(slurm, "-x", f"NTK_DIST_SELFTEST_FAULT={fault}")
    assert found == status and re.search(words, log), log


def test_the_job_that_plan_prints(slurm):
    name = slurm.job("planned", spectrum={})
    text = slurm.call(pathlib.Path(BINARY).resolve(), "plan", name, "--ranks", 4, "--ranks-per-node", 2,
                      "--slurm", "--set", "network.depth=2")
    (slurm.folder / "planned.sh").write_text(text + "\n")
    job = slurm.call("sbatch", "--parsable", "planned.sh")
    assert slurm.end(job)[:2] == ("COMPLETED", 0), slurm.log(job)
    assert (slurm.folder / "planned/spectrum/ntk.npy").exists()


def test_an_array_of_shards_and_a_job_that_solves(slurm):
    name = slurm.job("shards", spectrum={})
    array, solve = slurm.call("./submit-shards.sh", name, 5, "--ntasks=1", "--ntasks=2").split()
    assert slurm.end(solve)[:2] == ("COMPLETED", 0), slurm.log(solve)
    assert "assembled 0 of" in slurm.log(solve), slurm.log(f"{array}_*")
    assert "(the others were there)" in slurm.log(solve)
    alone = slurm.job("alone", spectrum={})
    succeed("assemble", slurm.folder / alone, ranks=2)
    assert chunks(slurm.folder / "shards") == chunks(slurm.folder / "alone")
    assert (slurm.folder / "shards/spectrum/ntk.npy").exists()


def test_a_preemptible_job_outlives_its_time_limit_and_a_lost_node(slurm):
    name = slurm.job("long", data={"synthetic": {"seed": 1, "train": 176, "test": 0}},
                     network={"preset": "cnn-gap", "depth": 5}, kernels=["ntk"], precision="f32",
                     tile=8)
    run = slurm.folder / "long"
    # A minute is the shortest limit; the signal comes about half a minute before its end.
    job = slurm.call("sbatch", "--parsable", "--nodes=2", "--ntasks-per-node=1", "--time=1",
                     "--signal=B:USR1@30", "preemptible.sh", name)
    slurm.wait(job, lambda state, _, restarts: restarts == 1 and state == "RUNNING")
    assert "stopped on request" in slurm.log(job) and "ended with status 75" in slurm.log(job)
    before = len(chunks(run))
    wait_until(lambda: len(chunks(run)) >= before + 4)
    slurm.lose("n2")
    slurm.wait(job, lambda state, _, restarts: restarts >= 2)
    slurm.boot("n2")
    # On a slow machine, the rest takes many minutes, so it gets a longer limit.
    slurm.call("scontrol", "update", f"JobId={job}", "TimeLimit=60")
    assert slurm.end(job)[:2] == ("COMPLETED", 0), slurm.log(job)
    assert "all well" in succeed("verify", run, "--sample", "4", ranks=2).stdout
    assert len(chunks(run)) == 22 * 23 // 2


def test_a_cancelled_job_stays_cancelled(slurm):
    name = slurm.job("cancelled", data={"synthetic": {"seed": 1, "train": 400, "test": 0}},
                     network={"preset": "cnn-gap", "depth": 5}, precision="f32", tile=8)
    job = slurm.call("sbatch", "--parsable", "--ntasks=2", "preemptible.sh", name)
    wait_until(lambda: chunk_paths(slurm.folder / "cancelled"))
    processes = slurm.processes(job)
    assert len(processes) > 2, "the script, mpirun and the ranks"
    slurm.call("scancel", job)
    assert slurm.end(job)[0] == "CANCELLED"
    # Only the job's own script could requeue it.
    wait_until(lambda: not any(map(is_alive, processes)))
    state, _, restarts = slurm.state(job)
    assert (state, restarts) == ("CANCELLED", 0), slurm.log(job)


def test_a_job_that_cannot_succeed_is_not_requeued(slurm):
    name = slurm.job("bad", network={"preset": "fcn", "depth": -3})
    job = slurm.call("sbatch", "--parsable", "--ntasks=2", "preemptible.sh", name)
    assert slurm.end(job) == ("FAILED", 78, 0), slurm.log(job)
    assert "network.depth" in slurm.log(job)
