"""The spectral density by stochastic Lanczos quadrature, against all eigenvalues."""
import json
import signal

import numpy as np
import pytest
import zarr
from conftest import finish, ntk_dist, sentences, start, succeed, summary, symmetric, write_job

RIDGES = [1e-6, 1e-3, 0.1]
DATA = {"synthetic": {"seed": 3, "train": 400, "test": 0}}


def density(run, kernel):
    return summary(run)["variants"][0][kernel]["density"]


@pytest.mark.parametrize("ranks, tiles", [(1, "auto"), (2, "f32"), (3, "store"), (4, "f64")])
def test_traces_and_counts_are_within_their_errors(tmp_path, ranks, tiles):
    path = write_job(tmp_path, data=DATA, tile=48, spectrum=None, prediction=None,
                     density={"probes": 24, "steps": 60, "regularization": RIDGES, "tiles": tiles})
    output = succeed("run", path, ranks=ranks).stdout
    assert output.count("log det") == 6
    for kernel in ("nngp", "ntk"):
        k = symmetric(zarr.open(tmp_path / "run/kernels.zarr", mode="r")[f"{kernel}_train"][:])
        values = np.linalg.eigvalsh(k)
        found = density(tmp_path / "run", kernel)
        assert found["tiles"] == ("f64" if tiles == "auto" else tiles)
        assert found["lambda_max"] == pytest.approx(values[-1], rel=1e-6)
        assert abs(found["trace"]["value"] - np.trace(k)) <= 5 * found["trace"]["error"]
        assert found["trace"]["error"] < 0.1 * np.trace(k)
        for ridge, entry in zip(RIDGES, found["regularizations"]):
            s = ridge * np.diag(k).mean()
            for name, exact in (("log_determinant", np.log(values + s).sum()),
                                ("effective_dimension", (values / (values + s)).sum())):
                assert abs(entry[name]["value"] - exact) <= 5 * entry[name]["error"] + 1e-4 * abs(exact)
                assert entry[name]["error"] < 0.05 * abs(exact)
        points = np.load(tmp_path / f"run/spectrum/{kernel}_density.npy")
        assert points.shape == (200, 3) and (np.diff(points[:, 0]) > 0).all()
        exact = (values[None, :] >= points[:, :1]).sum(1)
        assert (np.abs(points[:, 1] - exact) <= 5 * points[:, 2] + 1).all()
        # The error bars are small enough to be useful.
        assert np.median(points[:, 2]) < 0.1 * 400


def test_all_numbers_of_ranks_draw_the_same_probes(tmp_path):
    found = []
    for ranks in (1, 3):
        path = write_job(tmp_path, f"{ranks}.json", data=DATA, tile=48, spectrum=None, prediction=None,
                         kernels=["ntk"], output=tmp_path / str(ranks), density={"probes": 4, "steps": 20})
        succeed("run", path, ranks=ranks)
        found.append(density(tmp_path / str(ranks), "ntk")["regularizations"])
    for one, other in zip(*found):
        for name in ("log_determinant", "effective_dimension"):
            assert one[name]["value"] == pytest.approx(other[name]["value"], rel=1e-9)


def test_a_density_is_kept_and_planned(tmp_path):
    path = write_job(tmp_path, data=DATA, tile=48, spectrum=None, prediction=None, kernels=["ntk"],
                     density={"probes": 3, "steps": 10})
    succeed("assemble", path)
    succeed("spectrum", path)
    assert "log det" not in succeed("spectrum", path, "--resume").stdout
    assert "3 probes of 10 steps" in succeed("plan", path, "--ranks", 2).stdout
    status = json.loads(succeed("status", tmp_path / "run", "--format", "json").stdout)
    assert [stage["done"] for stage in status["stages"]] == [1 if part["stage"] != "assemble" else part["of"]
                                                            for part in status["stages"]]


def test_a_density_stops_on_request(tmp_path):
    path = write_job(tmp_path, data=DATA, tile=8, spectrum=None, prediction=None, kernels=["ntk"],
                     density={"probes": 64, "steps": 400, "tiles": "store"})
    succeed("assemble", path)
    process = start("spectrum", path, "--progress", "lines")
    for line in process.stderr:
        if "spectral density" in line:
            break
    process.send_signal(signal.SIGUSR1)
    assert finish(process)[0] == 75


@pytest.mark.parametrize("section, word", [
    ({"probes": 1}, "probes"), ({"steps": 0}, "steps"), ({"regularization": [0]}, "regularization"),
    ({"tiles": "disk"}, "tiles"), ({"probe": 3}, "probe"),
])
def test_senseless_densities_are_one_sentence(tmp_path, section, word):
    result = ntk_dist("run", write_job(tmp_path, density=section))
    assert result.returncode == 78 and len(sentences(result)) == 1
    assert word in sentences(result)[0]
