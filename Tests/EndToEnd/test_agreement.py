"""Errors that all ranks agree on: one sentence that names the rank, one status, and no hang.

NTK_DIST_FAIL_AT makes a chosen collective step fail on a chosen rank. Here every step of every stage fails
once, with one of three numbers of ranks, and on each rank in turn. With NTK_EXHAUSTIVE=1 (`make
test-agreement`), it fails with every number of ranks and on every rank, for larger jobs.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from conftest import (
    BINARY, ENVIRONMENT, PATIENCE, chunks, command, fcn, flip, ntk_dist, sentences, succeed, summary,
    write_job)

EXHAUSTIVE = bool(os.environ.get("NTK_EXHAUSTIVE"))
# The stages in order, and a result of each.
STAGES = {"assemble": None, "spectrum": "spectrum/nngp.npy", "predict": "predictions/nngp.npy",
          "train": "training/nngp_test.npy", "align": "alignment/nngp_phi_1_test.npy"}
JOB = dict(
    data={"synthetic": {"seed": 1, "train": 20, "test": 6}}, kernels=["nngp"], tile=16,
    network=fcn(depth=1), spectrum={"vectors": "all", "solver": "scalapack"},
    prediction={"regularization": [0.01]}, training={"times": [1]}, alignment={"targets": [1]})
LARGE = {
    **JOB, "kernels": ["nngp", "ntk"], "spectrum": {"vectors": 3, "checkpoint": 0, "centred": True},
    "training": {"times": [0.5, 1]},
    "prediction": {"regularization": [0.01, 0.02, 1], "variance": True, "validation": 4}}
# The variance needs all eigenvectors; LARGE trains without them.
ENSEMBLE = {**JOB, "kernels": ["nngp", "ntk"], "training": {"times": [1], "variance": True}}


def fail(arguments, ranks, where):
    """Runs the program with a step that fails; a hang is an error."""
    return subprocess.run(command(arguments, ranks), capture_output=True, text=True,
                          timeout=PATIENCE, env=dict(ENVIRONMENT, NTK_DIST_FAIL_AT=where))


def count(arguments, ranks):
    """The number of the program's collective steps."""
    result = fail(arguments, ranks, "count")
    assert result.returncode == 0, result.stderr
    return int(re.search(r"(\d+) agreements", result.stderr).group(1))


def check_failure(result, rank, step):
    name = f"rank {rank}: " if rank else ""
    told = [f"ntk-dist: {name}step {step} fails because NTK_DIST_FAIL_AT says so"]
    said = [line for line in sentences(result) if "continue with" not in line]
    assert result.returncode == 70 and said == told, (step, rank, result.returncode, result.stderr)


def fail_everywhere(folder, path, stage, ranks, share):
    """Makes the steps of a stage fail, each from the same state; resumes the last one; returns the run."""
    run = folder / f"{stage}-{ranks}"
    arguments = [stage, path, "--resume", "--progress", "none", "--set", f"output={run}"]

    def from_the_start(function, *where):
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(folder / "before" / stage, run)
        return function(arguments, ranks, *where)

    steps = from_the_start(count)
    assert steps > 3
    for step in range(steps):
        victims = range(ranks) if EXHAUSTIVE else [step // 3 % ranks] if step % 3 == share else []
        for rank in victims:
            check_failure(from_the_start(fail, f"{step}:{rank}"), rank, step)
    succeed(*arguments, ranks=ranks)
    return run


@pytest.mark.parametrize("job", [LARGE, ENSEMBLE] if EXHAUSTIVE else [JOB])
def test_every_collective_step_of_every_stage_can_fail_on_each_rank(tmp_path, job):
    run = tmp_path / "run"
    path = write_job(tmp_path, **job)
    for stage in STAGES:
        if run.exists():
            shutil.copytree(run, tmp_path / "before" / stage)
        else:
            (tmp_path / "before" / stage).mkdir(parents=True)
        succeed(stage, path, ranks=2)
    cases = [(stage, ranks, share) for stage in STAGES for share, ranks in enumerate((1, 3, 4))]
    # After a failed run, mpirun mostly waits.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda case: fail_everywhere(tmp_path, path, *case), cases))
    for (stage, *_), found in zip(cases, results):
        assert chunks(found) == chunks(run)
        if STAGES[stage]:
            whole = np.load(run / STAGES[stage])
            assert np.allclose(np.load(found / STAGES[stage]), whole, rtol=0,
                               atol=1e-11 * np.abs(whole).max())


def test_every_collective_step_of_an_iteration_can_fail_on_each_rank(tmp_path):
    run = tmp_path / "run"
    path = write_job(tmp_path, **dict(
        JOB, spectrum=None, training=None, alignment=None,
        prediction={"regularization": [0.1], "solver": "cg", "cg": {"rank": 4, "tolerance": 1e-12}}))
    succeed("assemble", path)
    shutil.copytree(run, tmp_path / "before/predict")
    succeed("predict", path)
    whole = np.load(run / STAGES["predict"])
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda case: fail_everywhere(tmp_path, path, "predict", *case),
                                [(1, 0), (3, 1), (4, 2)]))
    for found in results:
        assert np.abs(np.load(found / STAGES["predict"]) - whole).max() < 1e-6


def test_every_collective_step_of_verify_and_kernel_can_fail(tmp_path):
    path = write_job(tmp_path, **JOB)
    succeed("assemble", path)
    np.save(tmp_path / "rows.npy", np.random.default_rng(1).normal(size=(9, 5)))
    kernel = ["kernel", path, "--rows", tmp_path / "rows.npy", "--output", tmp_path / "kernel"]
    for arguments in (["verify", tmp_path / "run"], kernel):
        steps = count(arguments, 3)
        shutil.rmtree(tmp_path / "kernel", ignore_errors=True)
        for step in range(steps):
            check_failure(fail(arguments, 3, f"{step}:{step % 3}"), step % 3, step)


@pytest.mark.parametrize("rank", [0, 2])
def test_a_failure_of_mpi_on_one_rank_ends_all_ranks(tmp_path, rank):
    path = write_job(tmp_path, **JOB)
    for step in (2, 12, 40):
        result = fail(["run", path, "--resume", "--progress", "none"], 3, f"{step}:{rank}:mpi")
        said = sentences(result)
        assert result.returncode == 70 and len(said) == 1, result.stderr
        assert said[0].startswith(f"ntk-dist: rank {rank}: NTK_DIST_FAIL_AT failed")
    succeed("run", path, "--resume", ranks=3)


# The triangle that is used takes 0.6 GB, and the whole array 1 GB of address space.
@pytest.mark.parametrize("kilobytes, words", [
    (1_000_000, "the spectrum of order 16000 takes 1.41 GB of memory .* available \\(by ulimit -v"),
    (1_340_000, "no memory for a local array of 10")])
def test_an_array_for_which_one_rank_has_no_memory_is_one_sentence(tmp_path, kilobytes, words):
    np.save(tmp_path / "rows.npy", np.random.default_rng(1).normal(size=(16_000, 3)))
    path = write_job(
        tmp_path, data={"arrays": {"train": str(tmp_path / "rows.npy")}}, tile=1000,
        kernels=["nngp"], network=fcn(depth=1), prediction=None, spectrum={"solver": "band"})
    succeed("assemble", path, "--shard", "1/100000")
    limit = f'[ "$OMPI_COMM_WORLD_RANK" = 1 ] && ulimit -v {kilobytes}; exec "$@"'
    result = subprocess.run(
        ["mpirun", "--oversubscribe", "-np", "2", "sh", "-c", limit, "sh", BINARY, "spectrum", path],
        capture_output=True, text=True, timeout=PATIENCE, env=ENVIRONMENT)
    warning, said = sentences(result)
    assert result.returncode == 69 and "the address space of a process is limited" in warning, result.stderr
    assert re.match(f"ntk-dist: rank 1: {words}", said), said


def test_a_state_that_one_rank_cannot_save_is_a_warning_with_the_reason(tmp_path):
    path = write_job(
        tmp_path, data={"synthetic": {"seed": 4, "train": 400, "test": 0}}, kernels=["ntk"],
        prediction=None, network=fcn(depth=1), spectrum={"checkpoint": 0})
    succeed("assemble", path, ranks=2)
    # Folders have the names of rank 1's files, and files cannot replace them.
    for column in range(400):
        (tmp_path / f"run/spectrum/ntk.reduction/part-{column}.1/x").mkdir(parents=True)
    result = ntk_dist("spectrum", path, ranks=2)
    warnings = [line for line in sentences(result) if "no state of ntk was saved" in line]
    assert warnings and all(re.search(r"saved: rank 1: .*part-\d+\.1", line) for line in warnings)
    assert summary(tmp_path / "run")["variants"][0]["ntk"]["spectrum"]["n"] == 400


def test_only_commands_that_can_resume_advise_it(tmp_path):
    path = write_job(tmp_path, spectrum=None, prediction=None)
    succeed("assemble", path)
    flip(tmp_path / "run", "ntk_train/c/1/0")
    damaged = ntk_dist("verify", tmp_path / "run", ranks=2)
    np.save(tmp_path / "rows.npy", np.ones((4, 3)))
    kernel = ["kernel", path, "--rows", tmp_path / "rows.npy"]
    full = ntk_dist(*kernel, "--output", "/dev/full/kernel")
    for result in (damaged, full):
        assert result.returncode != 0 and len(sentences(result)) == 1
        assert "--resume" not in result.stderr.replace("ntk-dist assemble --resume", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_advised_to_be_resumed_where_that_is_possible(tmp_path):
    mount = tmp_path / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount], check=True)
    try:
        rows = np.random.default_rng(1).normal(size=(700, 3))
        np.save(tmp_path / "rows.npy", rows)
        path = write_job(tmp_path, spectrum=None, prediction=None, output=mount / "run", tile=64,
                         data={"synthetic": {"seed": 1, "train": 700, "test": 0}})
        kernel = ["kernel", path, "--rows", tmp_path / "rows.npy", "--output", mount / "kernel"]
        for arguments, is_advised in (kernel, False), (["assemble", path], True):
            result = ntk_dist(*arguments, ranks=2)
            said = sentences(result)
            assert result.returncode == 74 and len(said) == 1, result.stderr
            assert ("continue with --resume" in said[0]) == is_advised, said
            assert is_advised or "--resume" not in said[0]
    finally:
        subprocess.run(["umount", "-l", mount])
