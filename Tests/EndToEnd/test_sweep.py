"""Spectra over depth and phase, compared with mean-field theory and 50-digit arithmetic."""
import json

import mpmath
import numpy as np
import pytest
import zarr
from conftest import ntk_dist, sentences, succeed, symmetric, write_job

CRITICAL = 1.375839


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Twelve random unit vectors in 64 dimensions."""
    vectors = np.random.default_rng(3).standard_normal((12, 64))
    path = tmp_path_factory.mktemp("images") / "unit.npy"
    np.save(path, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return path


def sweep(folder, images, **options):
    folder.mkdir(exist_ok=True)
    network = {"preset": "fcn", "activation": "erf", "bias_variance": 0.05, **options}
    path = write_job(
        folder, data={"arrays": {"train": str(images)}, "preprocessing": "unit_norm"}, network=network,
        spectrum={"vectors": 0, "centred": True}, prediction=None)
    succeed("run", path)
    summary = json.loads((folder / "run/summary.json").read_text())
    return {variant["name"]: variant for variant in summary["variants"]}


def test_limits_of_deep_networks(tmp_path, images):
    variants = sweep(tmp_path, images, depths=[60, 1000, 20000], weight_variance=[1, CRITICAL])
    assert len(variants) == 6
    ordered = variants["depth=60,weight_variance=1"]
    assert ordered["theory"]["phase"] == "ordered" and ordered["theory"]["positions"] == 1
    assert ordered["ntk"]["spectrum"]["lambda_max"] / ordered["theory"]["ntk"]["lambda_max"] == pytest.approx(
        0.999, abs=1.5e-3)
    p_star = ordered["theory"]["q_star"] / (1 - ordered["theory"]["chi_1"])
    assert ordered["ntk"]["spectrum"]["lambda_max"] / (12 * p_star) == pytest.approx(0.998, abs=1e-3)
    for depth, least, greatest in [(1000, 4.58, 4.68), (20000, 4.6573, 4.6760)]:
        variant = variants[f"depth={depth},weight_variance={CRITICAL}"]
        theory, spectrum = variant["theory"], variant["ntk"]["spectrum"]
        assert theory["phase"] == "critical" and theory["layers"] == depth + 1
        assert least < spectrum["lambda_max"] / (depth * theory["q_star"]) < greatest
    assert theory["ntk"]["condition_number"] == pytest.approx(7)
    assert spectrum["condition_number"] == pytest.approx(7, abs=0.02)
    assert spectrum["lambda_max"] == pytest.approx(theory["ntk"]["lambda_max"], rel=2e-3)
    assert spectrum["bulk_median"] == pytest.approx(theory["ntk"]["bulk"], rel=2e-3)
    nngp = variant["nngp"]["spectrum"]
    assert nngp["lambda_max"] == pytest.approx(theory["nngp"]["lambda_max"], rel=1e-4)
    assert nngp["bulk_median"] == pytest.approx(theory["nngp"]["bulk"], rel=1e-2)
    assert spectrum["lambda_2"] == pytest.approx(spectrum["bulk_median"], rel=1e-2)
    # At the critical point, the kernel itself keeps its digits, so both ways agree.
    centred = variant["ntk"]["centred_spectrum"]
    assert centred["n"] == 11 and centred["bulk_median"] == pytest.approx(spectrum["bulk_median"], rel=1e-6)


def test_limits_of_relu_and_of_chaos(tmp_path, images):
    relu = sweep(tmp_path / "relu", images, depths=[2000, 20000], activation="relu", weight_variance=2,
                 bias_variance=0)["depth=20000"]
    assert relu["ntk"]["spectrum"]["condition_number"] == pytest.approx(5, abs=0.01)
    assert relu["theory"]["ntk"]["condition_number"] == pytest.approx(5)
    assert relu["ntk"]["spectrum"]["lambda_max"] == pytest.approx(relu["theory"]["ntk"]["lambda_max"], rel=2e-3)
    assert relu["nngp"]["spectrum"]["bulk_median"] == pytest.approx(relu["theory"]["nngp"]["bulk"], rel=1e-2)
    chaos = sweep(tmp_path / "chaos", images, depth=100, weight_variance=2.5)[""]
    # The NTK's growth by chi_1 per layer begins in layers whose variance still differs from q*.
    for kernel, tolerance in ("nngp", 1e-4), ("ntk", 0.1):
        spectrum, theory = chaos[kernel]["spectrum"], chaos["theory"][kernel]
        assert spectrum["lambda_max"] == pytest.approx(theory["lambda_max"], rel=tolerance)
        assert spectrum["bulk_median"] == pytest.approx(theory["bulk"], rel=tolerance)


def exact_kernels(vectors, depth, w, b):
    """NNGP and NTK of erf networks by the textbook recursion, from float64 vectors taken as exact."""
    n, width = vectors.shape
    exact = [[mpmath.mpf(float(value)) for value in row] for row in vectors]
    w, b = mpmath.mpf(w), mpmath.mpf(b)
    norms = [mpmath.sqrt(mpmath.fdot(row, row)) for row in exact]
    k = mpmath.matrix(n, n)
    for i in range(n):
        for j in range(n):  # unit_norm: norms of sqrt(D), K0 = x x' / D
            k[i, j] = w * mpmath.fdot(exact[i], exact[j]) / (norms[i] * norms[j]) + b
    theta = k.copy()
    for _ in range(depth):
        variances = [k[i, i] for i in range(n)]
        for i in range(n):
            for j in range(n):
                area = (1 + 2 * variances[i]) * (1 + 2 * variances[j])
                derivative = 4 / mpmath.pi / mpmath.sqrt(area - 4 * k[i, j] ** 2)
                k[i, j] = w * 2 / mpmath.pi * mpmath.asin(2 * k[i, j] / mpmath.sqrt(area)) + b
                theta[i, j] = k[i, j] + w * derivative * theta[i, j]
    return {"nngp": k, "ntk": theta}


def test_the_bulk_of_the_ordered_phase_has_its_digits(tmp_path, images):
    depth = 200
    sweep(tmp_path, images, depth=depth, weight_variance=1)
    with mpmath.workdps(50):
        kernels = exact_kernels(np.load(images), depth, 1, 0.05)
        for kernel, matrix in kernels.items():
            exact = np.array(sorted(float(value) for value in mpmath.eigsy(matrix, eigvals_only=True)))
            bulk = np.load(tmp_path / f"run/spectrum/{kernel}_centred.npy")
            assert bulk.shape == (11,)
            assert np.abs(bulk / exact[:-1] - 1).max() < 1e-6
            whole = np.load(tmp_path / f"run/spectrum/{kernel}.npy")
            assert whole[-1] == pytest.approx(exact[-1], rel=1e-12)
            # The kernel itself has lost these digits. Otherwise, centring would be of no use here.
            assert np.abs(whole[:-1] / exact[:-1] - 1).max() > 1e-5


@pytest.mark.parametrize("preset", ["cnn-flatten", "cnn-gap"])
def test_centred_spectra_of_convolutions_are_those_of_the_centred_kernel(tmp_path, preset):
    """The network is so shallow that the kernel itself keeps its digits."""
    path = write_job(
        tmp_path, data={"synthetic": {"seed": 2, "train": 25, "test": 0}, "reduce": 4}, prediction=None,
        network={"preset": preset, "activation": "erf", "depths": [2, 5], "weight_variance": 1.3,
                 "bias_variance": 0.1, "padding": "circular"},
        spectrum={"vectors": 0, "centred": True}, tile=8)
    succeed("run", path, ranks=2)
    store = zarr.open(tmp_path / "run/kernels.zarr", mode="r")
    centre = np.eye(25) - 1 / 25
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    for variant in summary["variants"]:
        assert variant["theory"]["positions"] == (64 if preset == "cnn-gap" else 1)
        for kernel in "nngp", "ntk":
            k = symmetric(store[f"{variant['name']}/{kernel}_train"][:])
            gap = symmetric(store[f"{variant['name']}/{kernel}_train_gap"][:])
            np.testing.assert_allclose(
                gap, np.add.outer(np.diag(k), np.diag(k)) - 2 * k, atol=1e-12 * k.max())
            values = np.load(tmp_path / f"run/spectrum/{variant['name']}/{kernel}_centred.npy")
            np.testing.assert_allclose(
                values, np.linalg.eigvalsh(centre @ k @ centre)[1:], atol=1e-12 * k.max())


def test_gaps_that_are_not_there_are_asked_for(tmp_path, images):
    options = dict(data={"arrays": {"train": str(images)}, "preprocessing": "unit_norm"}, prediction=None)
    succeed("assemble", write_job(tmp_path, **options))
    path = write_job(tmp_path, spectrum={"centred": True}, **options)
    result = ntk_dist("spectrum", path, ranks=2)
    assert result.returncode == 66
    said, = sentences(result)
    assert "gaps" in said and "ntk-dist assemble --resume" in said
    succeed("run", path, "--resume", ranks=2)
    assert np.load(tmp_path / "run/spectrum/ntk_centred.npy").shape == (11,)


def test_a_chaotic_depth_that_overflows_is_named(tmp_path, images):
    path = write_job(
        tmp_path, data={"arrays": {"train": str(images)}, "preprocessing": "unit_norm"}, prediction=None,
        network={"preset": "fcn", "activation": "relu", "depths": [10, 4000], "weight_variance": [2, 3]})
    result = ntk_dist("run", path)
    assert result.returncode == 65
    said, = sentences(result)
    assert "depth=4000,weight_variance=3" in said and "fewer layers" in said
