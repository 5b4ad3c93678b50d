"""The first line of a command on ranks, its warnings, and programs that do not fit together."""
import json
import os
import pathlib
import re
import subprocess

import numpy as np
import pytest
from conftest import BINARY, ENVIRONMENT, PATIENCE, ROOT, ntk_dist, sentences, succeed, write_job

# A job whose commands take no time.
SMALL = dict(data={"synthetic": {"seed": 1, "train": 20, "test": 5}}, spectrum={"vectors": "all"},
             training={"times": [1]}, alignment={"targets": [1]}, prediction={"regularization": [0.01]})
LINE = (r"ntk-dist \d+\.\d+\.\d+: {ranks} on 1 node, (Open MPI|MPICH) \S+, OpenBLAS \S+ \(\w+\), "
        r"core for \S+ \([\w.-]+\), {threads} a rank")


def run(launcher, *arguments, remove=(), **variables):
    """Runs the program under a launcher, with other variables."""
    environment = {name: value for name, value in ENVIRONMENT.items() if name not in remove}
    return subprocess.run([*launcher, BINARY, *map(str, arguments)], capture_output=True, text=True,
                          timeout=PATIENCE, env={**environment, **variables})


def mpirun(ranks, *options):
    return ["mpirun", "--oversubscribe", *options, "-np", str(ranks)]


def test_every_command_on_ranks_begins_with_a_line(tmp_path):
    path = write_job(tmp_path, **SMALL)
    kernel = ["kernel", path, "--rows", tmp_path / "rows.npy", "--output", tmp_path / "kernel"]
    np.save(tmp_path / "rows.npy", np.ones((4, 3)) + np.eye(4, 3))
    stages = [[stage, path] for stage in ("assemble", "spectrum", "predict", "train", "align")]
    for arguments in [*stages, ["run", path, "--resume"], ["verify", tmp_path / "run"], kernel]:
        result = succeed(*arguments)
        first, *others = result.stdout.splitlines()
        assert re.fullmatch(LINE.format(ranks="1 rank", threads="1 BLAS thread"), first), first
        assert not any(line.startswith("ntk-dist 0") for line in others)
        assert not sentences(result)
    two = succeed("verify", tmp_path / "run", ranks=2)
    assert two.stdout.startswith("ntk-dist ") and ": 2 ranks on 1 node" in two.stdout


def test_a_rank_alone_needs_no_daemon_and_no_session_folder(tmp_path):
    # If it needed a daemon or a session folder, Open MPI would not start here.
    path = write_job(tmp_path, **SMALL)
    result = run([], "assemble", path, PATH=str(tmp_path), TMPDIR="/dev/null")
    assert result.returncode == 0 and not sentences(result), result.stderr


def test_a_rank_alone_loads_no_libraries_of_network_adapters(tmp_path):
    path = write_job(tmp_path, **SMALL)
    said = run([], "assemble", path, remove=["OMPI_MCA_pml"], OMPI_MCA_pml_base_verbose="10")
    if "component" not in said.stderr:
        pytest.skip("this program was not built with Open MPI")
    assert said.returncode == 0 and "loaded component ob1" in said.stderr and "component cm" not in said.stderr
    # What the user has set stays.
    said = run([], "assemble", path, "--resume", OMPI_MCA_pml="^monitoring", OMPI_MCA_pml_base_verbose="10")
    assert said.returncode == 0 and "loaded component cm" in said.stderr


def test_more_ranks_than_cores_are_a_warning_unless_they_are_meant(tmp_path):
    path = write_job(tmp_path, **SMALL)
    # Two ranks that may only run on one core.
    one = ["taskset", "-c", str(min(os.sched_getaffinity(0))), *mpirun(2, "--bind-to", "none")]
    result = run(one, "assemble", path, remove=["OMPI_MCA_mpi_yield_when_idle"])
    said, = sentences(result)
    assert result.returncode == 0 and "2 ranks share 1 core on" in said and "start at most" in said, result.stderr
    assert not sentences(run(one, "assemble", path, "--resume"))


def test_threads_beyond_the_cores_are_a_warning_where_there_are_solvers(tmp_path):
    path = write_job(tmp_path, **SMALL)
    cores = len(os.sched_getaffinity(0))
    free = mpirun(2, "--bind-to", "none")
    threads = str(cores + 1)
    result = run(free, "assemble", path, OPENBLAS_NUM_THREADS=threads)
    assert result.returncode == 0 and not sentences(result)
    result = run(free, "spectrum", path, OPENBLAS_NUM_THREADS=threads)
    said, = sentences(result)
    assert f"2 ranks with {threads} BLAS threads each" in said, result.stderr
    assert f"{threads} BLAS threads a rank" in result.stdout


with_avx2 = pytest.mark.skipif(
    " avx2 " not in pathlib.Path("/proc/cpuinfo").read_text(), reason="of a processor with AVX2")


@with_avx2
def test_blas_gets_kernels_that_suit_the_core(tmp_path):
    """Also on processors that OpenBLAS does not know."""
    result = run([], "assemble", write_job(tmp_path, **SMALL), remove=["OPENBLAS_CORETYPE"])
    assert result.returncode == 0 and not sentences(result), result.stderr
    assert ("(SkylakeX)" if "(AVX-512)" in result.stdout else "(Haswell)") in result.stdout


@with_avx2
def test_old_kernels_of_blas_are_a_warning(tmp_path):
    path = write_job(tmp_path, **SMALL)
    result = run([], "assemble", path, OPENBLAS_CORETYPE="Prescott")
    said, = sentences(result)
    assert result.returncode == 0 and "OPENBLAS_CORETYPE=Prescott gives" in said, result.stderr
    assert "(Prescott)" in result.stdout


def test_the_version_names_what_the_program_is_made_of():
    short = succeed("--version").stdout
    long = succeed("--version", "--verbose").stdout
    assert long.startswith(short.rstrip("\n")) and len(long.splitlines()) > len(short.splitlines())
    for words in ("kernels ", "vectors ", "build ", "Swift 6", "libmpi", "openblas", "scalapack"):
        assert words in long
    assert succeed("--verbose", "--version").stdout == long
    assert ntk_dist("--verbose").returncode == 64


def other_program(folder):
    """A copy of the program that says another revision."""
    text = succeed("--version").stdout
    revision = re.search(r"revision (\S+)", text)[1].encode()
    content = pathlib.Path(BINARY).read_bytes()
    other = (b"0" if revision[:1] != b"0" else b"1") * 7 + revision[7:]
    assert content.count(revision) == 1
    path = folder / "other"
    path.write_bytes(content.replace(revision, other))
    path.chmod(0o755)
    return path, other.decode()


def test_ranks_of_different_programs_are_refused(tmp_path):
    path = write_job(tmp_path, **SMALL)
    other, revision = other_program(tmp_path)
    if "unknown" in revision:
        pytest.skip("a build outside of git has no revision")
    result = run(["mpirun", "--oversubscribe", "-np", "2"], "run", path, ":", "-np", "1", other, "run", path)
    said, = sentences(result)
    assert result.returncode == 69 and said.startswith("ntk-dist: rank 2: ntk-dist "), result.stderr
    assert revision[:12] in said and "on rank 0; install the same program" in said
    assert not (tmp_path / "run").exists() and "on 1 node" not in result.stdout


def test_a_run_says_which_version_wrote_it(tmp_path):
    path = write_job(tmp_path, **SMALL)
    succeed("assemble", path)
    version = re.match(r"ntk-dist (\S+),", succeed("--version").stdout)[1]
    assert f"Written by ntk-dist {version}, format 1" in (tmp_path / "run/.ntk-dist-run").read_text()
    assert json.loads((tmp_path / "run/environment.json").read_text())["version"] == version


def test_a_run_of_a_newer_format_is_refused_and_left_alone(tmp_path):
    path = write_job(tmp_path, **SMALL)
    run = tmp_path / "run"
    succeed("run", path)
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    marker = run / ".ntk-dist-run"
    newer = marker.read_text().replace("format 1", "format 2").replace("ntk-dist 0.", "ntk-dist 9.")
    marker.write_text(newer)
    for arguments in (["run", path, "--resume"], ["assemble", path, "--shard", "1/2"], ["spectrum", path],
                      ["align", path], ["verify", run], ["status", run], ["report", run]):
        result = ntk_dist(*arguments)
        said, = sentences(result)
        assert result.returncode == 65 and "was written by ntk-dist 9." in said and "format 2" in said, said
    marker.write_text("The results of one job of ntk-dist; docs/reference/outputs.md.\n")
    assert all(file.read_bytes() == content for file, content in before.items() if file != marker)
    # Markers of earlier versions have no format.
    succeed("run", path, "--resume")


def test_the_runtime_of_swift_is_in_the_program():
    libraries = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
    assert "libmpi" in libraries and not re.search("swift|Foundation", libraries), libraries
    # Scripts link programs with it in the same way.
    flags = subprocess.run([ROOT / "scripts/static-runtime"], capture_output=True, text=True, check=True).stdout.split()
    package = (ROOT / "Package.swift").read_text()
    assert len(flags) > 5 and [flag for flag in flags if f'"{flag}"' not in package] == []
