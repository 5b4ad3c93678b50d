"""A build with MPICH next to the one with Open MPI: NTK_DIST_MPICH names it (`make test-mpich`)."""
import os
import signal
import subprocess

import pytest
from conftest import BINARY, ENVIRONMENT, PATIENCE, chunks, summary, wait_for_chunks, write_job

MPICH = os.environ.get("NTK_DIST_MPICH")
pytestmark = pytest.mark.skipif(not MPICH, reason="NTK_DIST_MPICH is not set; `make test-mpich` sets it")
LAUNCHERS = {"mpich": ["mpirun.mpich"], "openmpi": ["mpirun", "--oversubscribe"]}


def run(launcher, ranks, program, *arguments):
    return subprocess.run(
        [*LAUNCHERS[launcher], "-np", str(ranks), program, *map(str, arguments)], capture_output=True, text=True,
        timeout=PATIENCE, env=ENVIRONMENT)


def test_a_run_that_is_killed_under_mpich_resumes(tmp_path):
    sections = dict(spectrum={"vectors": 3}, tile=8, network={"preset": "cnn-flatten", "depth": 6},
                    data={"synthetic": {"seed": 3, "train": 96, "test": 16}})
    path = write_job(tmp_path, output=tmp_path / "killed", **sections)
    process = subprocess.Popen(
        [*LAUNCHERS["mpich"], "-np", "3", MPICH, "assemble", path], env=ENVIRONMENT, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_chunks(tmp_path / "killed", 10, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
    subprocess.run(["pkill", "-KILL", "-f", str(path)], check=False)
    result = run("mpich", 2, MPICH, "run", path, "--resume")
    assert result.returncode == 0, result.stderr[-2000:]
    whole = write_job(tmp_path, "whole.yaml", output=tmp_path / "whole", **sections)
    result = run("openmpi", 4, BINARY, "run", whole)
    assert result.returncode == 0, result.stderr[-2000:]
    assert chunks(tmp_path / "killed") == chunks(tmp_path / "whole")
    found, expected = (summary(tmp_path / name)["variants"][0]["ntk"]["spectrum"] for name in ("killed", "whole"))
    assert found["lambda_max"] == pytest.approx(expected["lambda_max"], rel=1e-12)


@pytest.mark.parametrize("launcher, program, mpi", [("openmpi", MPICH, "MPICH 4"), ("mpich", BINARY, "Open MPI v4")])
def test_the_launcher_of_another_mpi_is_noticed(tmp_path, launcher, program, mpi):
    path = write_job(tmp_path)
    result = run(launcher, 2, program, "run", path)
    sentences = [line for line in result.stderr.splitlines() if line.startswith("ntk-dist:")]
    assert result.returncode == 69 and len(sentences) == 1, result.stderr
    assert "has started 2 processes" in sentences[0] and f"built with {mpi}" in sentences[0]
    assert not (tmp_path / "run").exists()
