"""Spectra by reduction to a band: against NumPy, in both precisions, interrupted and resumed."""
import json
import os
import signal

import numpy as np
import pytest
from conftest import (
    finish,
    is_alive,
    kernel_of,
    ntk_dist,
    ranks_of,
    sentences,
    start,
    succeed,
    summary,
    wait_until,
    write_job,
)


def figures(run, kernel="ntk"):
    return summary(run)["variants"][0][kernel]["spectrum"]


@pytest.fixture(scope="module")
def assembled(tmp_path_factory):
    """300 images whose kernels are stored, and the job's path."""
    folder = tmp_path_factory.mktemp("spectra")
    path = write_job(folder, data={"synthetic": {"seed": 3, "train": 300, "test": 0}},
                     prediction=None, tile=64)
    succeed("assemble", path, ranks=2)
    return folder, path


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_both_precisions_and_solvers_agree_with_numpy(assembled, ranks):
    folder, path = assembled
    for kernel in ("nngp", "ntk"):
        expected = np.linalg.eigvalsh(kernel_of(folder / "run", kernel))
        for setting, tolerance in [("solver=auto", 1e-14), ("solver=band", 1e-14),
                                   ("solver=scalapack", 1e-14), ("precision=f32", 1e-6)]:
            succeed("spectrum", path, "--set", f"spectrum.{setting}", ranks=ranks)
            values = np.load(folder / f"run/spectrum/{kernel}.npy")
            found = figures(folder / "run", kernel)
            assert np.abs(values - expected).max() < tolerance * 300 ** 0.5 * expected[-1], setting
            assert found["precision"] == ("f32" if "f32" in setting else "f64")
            assert found["routine"] == ("pdsyev" if "scalapack" in setting else "band")
            assert found["trace_error"] < (1e-6 if "f32" in setting else 1e-12)
            assert found["frobenius_error"] < (1e-6 if "f32" in setting else 1e-12)
    assert not list((folder / "run/spectrum").glob("*.reduction"))


def test_elpa_where_it_is_built_in(assembled):
    """A build with the trait ELPA gives its numbers; another one says how to get it."""
    folder, path = assembled
    result = ntk_dist("spectrum", path, "--set", "spectrum.solver=elpa", ranks=2)
    if "ELPA" not in os.environ.get("NTK_DIST_TRAITS", ""):
        assert result.returncode == 69
        said = sentences(result)
        assert len(said) == 1 and "--traits ELPA" in said[0] and "libelpa-dev" in said[0]
        succeed("spectrum", path, "--set", "spectrum.vectors=all", ranks=2)
        assert figures(folder / "run")["routine"] == "pdsyevd"
        return
    assert result.returncode == 0, result.stderr
    expected = np.linalg.eigvalsh(kernel_of(folder / "run", "ntk"))
    for setting in ("solver=elpa", "vectors=all"):
        succeed("spectrum", path, "--set", f"spectrum.{setting}", ranks=2)
        found = figures(folder / "run")
        assert found["routine"] == "ELPA"
        values = np.load(folder / "run/spectrum/ntk.npy")
        assert np.abs(values - expected).max() < 1e-13 * expected[-1]
    assert found["residual"] < 10 and found["orthogonality"] < 10 and found["eigenvectors"] == 300
    too_many = ntk_dist("spectrum", path, "--set", "spectrum.solver=elpa", ranks=6)
    if too_many.returncode != 0:
        assert "use fewer ranks" in sentences(too_many)[0]


def test_single_precision_names_its_noise_floor(assembled):
    folder, path = assembled
    output = succeed("spectrum", path, "--set", "spectrum.precision=f32", ranks=2).stdout
    k = kernel_of(folder / "run", "ntk")
    found = figures(folder / "run")
    assert found["noise_floor"] == pytest.approx(2 ** -23 * np.trace(k), rel=1e-12)
    values = np.load(folder / "run/spectrum/ntk.npy")
    assert found["below_noise_floor"] == (values <= found["noise_floor"]).sum()
    assert "ntk: lambda_max" in output


@pytest.mark.parametrize("precision", ["f64", "f32"])
def test_leading_eigenvectors_come_without_all_of_them(assembled, precision):
    folder, path = assembled
    succeed("spectrum", path, "--set", "spectrum.vectors=12", "--set",
            f"spectrum.precision={precision}", ranks=3)
    k = kernel_of(folder / "run", "ntk")
    expected, all_vectors = np.linalg.eigh(k)
    vectors = np.load(folder / "run/spectrum/ntk_vectors.npy")
    found = figures(folder / "run")
    assert vectors.shape == (300, 12) and found["eigenvectors"] == 12
    assert found["vector_routine"].startswith("block Lanczos")
    assert found["residual"] < 10 and found["orthogonality"] < 10
    assert found["leading_value_error"] < (1e-6 if precision == "f32" else 1e-13)
    leading = expected[::-1][:12]
    assert np.abs(k @ vectors - vectors * leading).max() < 1e-11 * expected[-1]
    overlap = np.abs((vectors * all_vectors[:, ::-1][:, :12]).sum(0))
    assert overlap[0] > 1 - 1e-10


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    """1,800 images: a reduction that takes a while, and its undisturbed result."""
    folder = tmp_path_factory.mktemp("reduction")
    path = write_job(folder, data={"synthetic": {"seed": 4, "train": 1800, "test": 0}},
                     kernels=["ntk"], prediction=None,
                     network={"preset": "fcn", "depth": 1}, spectrum={"checkpoint": 0})
    succeed("assemble", path, ranks=2)
    succeed("spectrum", path, "--set", "spectrum.checkpoint=600", ranks=2)
    return folder, path, np.load(folder / "run/spectrum/ntk.npy")


def interrupt(path, folder, number):
    """Starts the spectrum on two ranks and ends it with a signal once a state is on disk."""
    (folder / "run/spectrum/ntk.npy").unlink(missing_ok=True)
    content = summary(folder / "run")
    content["variants"][0].pop("ntk", None)
    (folder / "run/summary.json").write_text(json.dumps(content))
    process = start("spectrum", path)
    state = folder / "run/spectrum/ntk.reduction/state.json"
    wait_until(state.exists, process)
    ranks = ranks_of(process).values()
    if number == signal.SIGKILL:
        # mpirun does not forward it; orphaned ranks might finish before they notice.
        for rank in ranks:
            os.kill(rank, number)
    process.send_signal(number)
    status, errors = finish(process)
    wait_until(lambda: not any(map(is_alive, ranks)))
    return status, errors, state


def test_an_interrupted_reduction_goes_on_to_the_same_numbers(larger):
    folder, path, expected = larger
    status, errors, state = interrupt(path, folder, signal.SIGUSR1)
    assert status == 75 and "continue with --resume" in errors
    next_column = json.loads(state.read_text())["next"]
    assert 0 < next_column < 1800
    output = succeed("spectrum", path, "--resume", ranks=2).stdout
    assert "the reduction goes on at" in output
    assert np.array_equal(np.load(folder / "run/spectrum/ntk.npy"), expected)
    assert not state.parent.exists()


def test_a_killed_reduction_goes_on_too(larger):
    folder, path, expected = larger
    status, _, state = interrupt(path, folder, signal.SIGKILL)
    assert status == -9 and state.exists()
    assert "the reduction goes on at" in succeed("spectrum", path, "--resume", ranks=2).stdout
    assert np.array_equal(np.load(folder / "run/spectrum/ntk.npy"), expected)


def test_a_damaged_state_or_another_grid_begins_anew(larger):
    folder, path, expected = larger
    interrupt(path, folder, signal.SIGUSR1)
    result = succeed("spectrum", path, "--resume", ranks=3)
    assert "begun on a grid of 1 x 2" in result.stderr
    values = np.load(folder / "run/spectrum/ntk.npy")
    assert np.abs(values - expected).max() < 1e-12 * expected[-1]
    _, _, state = interrupt(path, folder, signal.SIGUSR1)
    part = sorted(state.parent.glob("part-*.1"))[0]
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    result = succeed("spectrum", path, "--resume", ranks=2)
    assert "is damaged; it begins anew" in result.stderr
    assert np.array_equal(np.load(folder / "run/spectrum/ntk.npy"), expected)


@pytest.mark.parametrize("spectrum, words", [
    ({"solver": "jacobi"}, ["jacobi", "band", "scalapack"]),
    ({"precision": "f16"}, ["f16", "f64", "f32"]),
    ({"precision": "f32", "solver": "scalapack"}, ["f32", "band"]),
    ({"precision": "f32", "solver": "elpa"}, ["f32", "band"]),
    ({"precision": "f32", "vectors": "all"}, ["f32", "all"]),
    ({"solver": "band", "vectors": "all"}, ["band", "scalapack"]),
    ({"checkpoint": -1}, ["checkpoint", "-1"]),
])
def test_what_a_solver_cannot_do_is_one_sentence(tmp_path, spectrum, words):
    result = ntk_dist("run", write_job(tmp_path, spectrum=spectrum))
    assert result.returncode == 78
    said = sentences(result)
    assert len(said) == 1 and all(word in said[0] for word in words), said
    assert not (tmp_path / "run").exists()
