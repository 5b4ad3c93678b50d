"""Comparisons of runs: cosines, eigenspaces and results, against NumPy."""
import json
import shutil
import subprocess

import numpy as np
import pytest
import zarr
from conftest import (
    BINARY,
    ENVIRONMENT,
    fcn,
    flip,
    ntk_dist,
    sentences,
    succeed,
    summary,
    symmetric,
    write_job,
)

needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None, reason="gnuplot is not there")


def kernel(run, name="ntk_train"):
    return symmetric(zarr.open(run / "kernels.zarr", mode="r")[name][...])


def distance(a, b):
    """1 - cosine without cancellation, in the longest floating-point numbers."""
    a, b = np.asarray(a, np.longdouble), np.asarray(b, np.longdouble)
    a, b = a / np.sqrt((a * a).sum()), b / np.sqrt((b * b).sum())
    return float(((a - b) ** 2).sum() / 2)


def centred(a):
    a = np.asarray(a, np.longdouble)
    return a - a.mean(0) - a.mean(1)[:, None] + a.mean()


def made(folder, name, **sections):
    """A run in the folder `name`."""
    path = write_job(folder, f"{name}.yaml", **{
        "output": folder / name, "tile": 48, "spectrum": {"vectors": 12}, "prediction": None, **sections})
    succeed("run", path, ranks=2)
    return folder / name


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    deep = fcn(depth=4)
    erf = fcn("erf")
    given = {"network": None, "data": None, "kernel": {"train": str(folder / "k.npy")}}
    found = {
        "a": made(folder, "a", prediction={"regularization": [1e-2, 1e-1]}, alignment={"targets": [1]},
                  spectrum={"vectors": 12, "weights": True}),
        "tiles": made(folder, "tiles", tile=37),
        "large": made(folder, "large", tile=200, store={"shards": False}, spectrum={"vectors": 7}),
        "single": made(folder, "single", storage="f32", tile=32, network=deep),
        "erf": made(folder, "erf", network=erf, spectrum=None),
        "seed": made(folder, "seed", data={"synthetic": {"seed": 2, "train": 130, "test": 30},
                                           "preprocessing": "standardize"}),
        "fewer": made(folder, "fewer", data={"synthetic": {"seed": 1, "train": 120, "test": 0},
                                             "preprocessing": "standardize"}, spectrum=None),
        "nngp": made(folder, "nngp", kernels=["nngp"]),
        "sweep": made(folder, "sweep", network=fcn(depths=[1, 3]), tile=64),
    }
    generator = np.random.default_rng(3)
    noise = generator.normal(size=(130, 130))
    theta = kernel(found["a"])
    np.save(folder / "k.npy", theta + 1e-7 * (noise + noise.T) * np.abs(theta).mean())
    found["given"] = made(folder, "given", **given)
    return found


def compare(output, *arguments, ranks=None):
    """The record of a comparison, and what was printed."""
    result = succeed("compare", *arguments, "--output", output, ranks=ranks)
    return json.loads((output / "comparison.json").read_text()), result.stdout


def check_pair(pair, a, b):
    expected = distance(a, b)
    assert pair["distance"] == pytest.approx(expected, rel=1e-9, abs=1e-31)
    assert pair["cosine"] == pytest.approx(1 - expected, abs=1e-15)
    assert pair["centred_distance"] == pytest.approx(
        distance(centred(a), centred(b)), rel=1e-7, abs=1e-29)
    assert pair["centred_cosine"] == 1 - pair["centred_distance"]


@pytest.mark.parametrize("ranks", [None, 1, 2, 3])
def test_cosines_are_those_of_numpy_whatever_the_tiles(runs, tmp_path, ranks):
    names = ["a", "tiles", "large", "single", "erf", "seed", "given"]
    record, _ = compare(tmp_path / "out", *(runs[name] for name in names), ranks=ranks)
    kernels = [kernel(runs[name], "kernel_train" if name == "given" else "ntk_train") for name in names]
    assert record["format"] == 1 and record["n"] == 130
    assert [item["label"] for item in record["kernels"]][:2] == ["a NTK", "tiles NTK"]
    assert [item["kernel"] for item in record["kernels"]] == ["ntk"] * 6 + ["kernel"]
    assert [item["tile"] for item in record["kernels"]][:4] == [48, 37, 200, 32]
    assert record["kernels"][3]["storage"] == "float32"
    for item, values in zip(record["kernels"], kernels):
        assert item["norm"] == pytest.approx(np.linalg.norm(values), rel=1e-13)
        assert item["centred_norm"] == pytest.approx(float(np.sqrt((centred(values) ** 2).sum())), rel=1e-10)
    assert len(record["pairs"]) == 21
    for pair in record["pairs"]:
        check_pair(pair, kernels[pair["first"]], kernels[pair["second"]])
    # The same network in other tiles has the same kernel, up to the rounding of OpenBLAS's products, which
    # depends on their shapes. The noise of the given kernel is visible.
    assert record["pairs"][0]["distance"] < 1e-31 and record["pairs"][0]["centred_distance"] < 1e-29
    assert 1e-17 < record["pairs"][5]["distance"] < 1e-12


def test_equal_kernels_have_no_distance(runs, tmp_path):
    shutil.copytree(runs["a"], tmp_path / "copy")
    record, _ = compare(tmp_path / "out", runs["a"], tmp_path / "copy")
    assert record["pairs"][0]["distance"] == 0 and record["pairs"][0]["centred_distance"] == 0


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_eigenspaces_are_those_of_numpy(runs, tmp_path, ranks):
    names = ["a", "large", "seed", "given"]
    record, _ = compare(tmp_path / "out", *(runs[name] for name in names), ranks=ranks)
    files = [np.load(runs[name] / f"spectrum/{'kernel' if name == 'given' else 'ntk'}_vectors.npy")
             for name in names]
    for pair in record["pairs"]:
        u, v = files[pair["first"]], files[pair["second"]]
        most = min(u.shape[1], v.shape[1])
        counts = [item["eigenvectors"] for item in pair["overlaps"]]
        assert counts == [count for count in (1, 2, 5, 10) if count < most] + [most]
        for item in pair["overlaps"]:
            count = item["eigenvectors"]
            expected = np.linalg.norm(u[:, :count].T @ v[:, :count]) ** 2 / count
            assert item["overlap"] == pytest.approx(expected, abs=1e-12)
        u, v = u[:, :most], v[:, :most]
        cosines = np.linalg.svd(u.T @ v, compute_uv=False)
        sines = np.linalg.svd(v - u @ (u.T @ v), compute_uv=False)[::-1]
        assert pair["angles"] == pytest.approx(np.arctan2(sines, cosines), abs=1e-12)
        assert pair["angles"] == sorted(pair["angles"])
    same = record["pairs"][0]
    assert same["overlaps"][-1]["overlap"] == pytest.approx(1, abs=1e-12) and max(same["angles"]) < 1e-10


def test_a_run_and_itself(runs, tmp_path):
    record, said = compare(tmp_path / "out", runs["a"], runs["a"], ranks=2)
    (pair,) = record["pairs"]
    assert pair["distance"] == 0 and pair["cosine"] == 1 and pair["centred_distance"] == 0
    assert max(pair["angles"]) < 1e-14
    assert [item["label"] for item in record["kernels"]] == ["a (1)", "a (2)"]
    assert "1.000000" in said and "a (1), a (2)" in said


def test_what_the_runs_have_found_is_side_by_side(runs, tmp_path):
    record, said = compare(tmp_path / "out", runs["a"], runs["tiles"])
    figures = summary(runs["a"])["variants"][0]["ntk"]
    first, second = record["kernels"]
    for key in ("lambda_max", "lambda_min", "bulk_median", "condition_number", "trace"):
        assert first[key] == figures["spectrum"][key]
    assert first["alignment"] == figures["alignment"]["alignment"]
    assert first["participation"] == figures["alignment"]["participation"]
    best = max(figures["prediction"]["regularizations"], key=lambda item: item["accuracy"])
    assert first["accuracy"] == best["accuracy"] and first["eigenvectors"] == 12
    weights = np.load(runs["a"] / "spectrum/ntk_weights.npy")[::-1]
    energies = np.cumsum((weights ** 2).sum(1)) / (weights ** 2).sum()
    assert {item["eigenvectors"]: item["energy"] for item in first["energies"]} == pytest.approx(
        {count: energies[count - 1] for count in (1, 2, 5, 10, 20, 50, 100, 130)}, rel=1e-10)
    assert "accuracy" not in second and "alignment" not in second and "energies" not in second
    assert f"{100 * best['accuracy']:.2f} %" in said


def test_kernels_and_variants_can_be_named(runs, tmp_path):
    sweep = runs["sweep"]
    record, _ = compare(tmp_path / "out", sweep, sweep, runs["a"], "--variant", "depth=1", "--variant", "depth=3",
                        "--variant", "", "--kernel", "nngp")
    assert [item["variant"] for item in record["kernels"]] == ["depth=1", "depth=3", ""]
    assert [item["label"] for item in record["kernels"]] == ["sweep depth=1", "sweep depth=3", "a"]
    expected = [kernel(sweep, "depth=1/nngp_train"), kernel(sweep, "depth=3/nngp_train"),
                kernel(runs["a"], "nngp_train")]
    for pair in record["pairs"]:
        check_pair(pair, expected[pair["first"]], expected[pair["second"]])
    record, _ = compare(tmp_path / "two", runs["a"], runs["a"], "--kernel", "nngp", "--kernel", "ntk")
    check_pair(record["pairs"][0], kernel(runs["a"], "nngp_train"), kernel(runs["a"]))
    # One run has neither an NTK nor a given kernel.
    record, _ = compare(tmp_path / "three", runs["nngp"], runs["a"], "--vectors", "3")
    assert [item["kernel"] for item in record["kernels"]] == ["nngp", "ntk"]
    assert len(record["pairs"][0]["angles"]) == 3


def test_without_eigenvectors_the_rest_is_made(runs, tmp_path):
    record, said = compare(tmp_path / "out", runs["a"], runs["erf"], runs["tiles"], ranks=2)
    assert [("overlaps" in pair) for pair in record["pairs"]] == [False, True, False]
    assert all("distance" in pair for pair in record["pairs"])
    assert len([line for line in said.splitlines() if "not compared for erf:" in line and "vectors" in line]) == 1
    assert len(record["notes"]) == 1 and record["notes"][0] in said
    record, said = compare(tmp_path / "two", runs["a"], runs["erf"])
    assert "overlaps" not in record["pairs"][0] and "overlap" not in record["figures"]


def test_other_images_are_said(runs, tmp_path):
    record, said = compare(tmp_path / "out", runs["a"], runs["seed"])
    words = "a and seed are of different images or labels, for training or for testing"
    assert any(words in note for note in record["notes"])


@needs_gnuplot
@pytest.mark.parametrize("ranks", [None, 2])
def test_the_same_runs_give_the_same_bytes(runs, tmp_path, ranks):
    names = [runs["a"], runs["single"], runs["erf"]]
    compare(tmp_path / "out", *names, ranks=ranks)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    compare(tmp_path / "out", *names, ranks=ranks)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert {"comparison.json", "index.html", "spectra.svg", "spectra-over-trace.svg", "overlap.svg",
            "principal-angles.svg", "energies.svg"} <= set(before)
    page = before["index.html"].decode()
    assert "http:" not in page and "https:" not in page and page.count("<svg") == 5
    record = json.loads(before["comparison.json"])
    assert list(record) == sorted(record) and list(record["pairs"][0]) == sorted(record["pairs"][0])


@needs_gnuplot
def test_figures_of_an_earlier_comparison_go(runs, tmp_path):
    compare(tmp_path / "out", runs["a"], runs["tiles"])
    assert (tmp_path / "out/overlap.svg").exists()
    compare(tmp_path / "out", runs["a"], runs["erf"])
    assert not (tmp_path / "out/overlap.svg").exists() and not (tmp_path / "out/overlap.gp").exists()
    assert (tmp_path / "out/spectra.svg").exists()


def test_without_gnuplot(runs, tmp_path):
    path = tmp_path / "bin"
    path.mkdir()
    result = subprocess.run(
        [BINARY, "compare", runs["a"], runs["tiles"], "--output", tmp_path / "out"], capture_output=True, text=True,
        env=dict(ENVIRONMENT, PATH=str(path)))
    assert result.returncode == 0
    assert any("gnuplot is not in PATH" in line for line in sentences(result))
    page = (tmp_path / "out/index.html").read_text()
    assert "<svg" not in page and "<table" in page and (tmp_path / "out/spectra.tsv").exists()


def refused(result, status, *words):
    assert result.returncode == status, result.stderr[-1500:]
    said = sentences(result)
    assert len(said) == 1, result.stderr[-1500:]
    for word in words:
        assert str(word) in said[0], said[0]


@pytest.mark.parametrize("ranks", [None, 2])
def test_other_numbers_of_images_are_refused(runs, tmp_path, ranks):
    result = ntk_dist("compare", runs["a"], runs["fewer"], "--output", tmp_path / "out", ranks=ranks)
    refused(result, 65, runs["a"], "130", runs["fewer"], "120")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("ranks", [1, 3])
def test_a_damaged_tile_is_refused_with_its_file(runs, tmp_path, ranks):
    damaged = tmp_path / "damaged"
    shutil.copytree(runs["large"], damaged)
    flip(damaged, "ntk_train/c/0/0")
    result = ntk_dist("compare", runs["a"], damaged, "--output", tmp_path / "out", ranks=ranks)
    refused(result, 65, "checksum", f"{damaged}/kernels.zarr/ntk_train/c/0/0")
    assert not (tmp_path / "out/index.html").exists()


def test_a_missing_tile_is_refused(runs, tmp_path):
    damaged = tmp_path / "damaged"
    shutil.copytree(runs["large"], damaged)
    (damaged / "kernels.zarr/ntk_train/c/0/0").unlink()
    refused(ntk_dist("compare", runs["a"], damaged, "--output", tmp_path / "out", ranks=2), 65,
            "tile (0, 0) is not in the store")


def test_runs_without_what_is_compared_are_refused(runs, tmp_path):
    def compared(*arguments):
        return ntk_dist("compare", *arguments, "--output", tmp_path / "out")

    cleaned = tmp_path / "cleaned"
    shutil.copytree(runs["a"], cleaned, ignore=shutil.ignore_patterns("kernels.zarr"))
    refused(compared(runs["a"], cleaned), 66, f"{cleaned}/kernels.zarr/ntk_train does not exist")
    refused(compared(runs["a"], tmp_path / "none"), 66, "is not a run folder")
    refused(compared(runs["a"], runs["sweep"]), 66, "has 2 variants", "depth=1", "--variant")
    refused(compared(runs["a"], runs["sweep"], "--variant", "depth=2"), 66, "has no variant depth=2")
    refused(compared(runs["a"], runs["given"], "--kernel", "ntk"), 66, "has no kernel ntk")
    broken = tmp_path / "broken"
    shutil.copytree(runs["tiles"], broken)
    np.save(broken / "spectrum/ntk_vectors.npy", np.ones((130, 3)))
    refused(compared(runs["a"], broken), 65, f"{broken}/spectrum/ntk_vectors.npy", "not orthonormal")
    (broken / "spectrum/ntk_vectors.npy").write_bytes(b"nothing")
    refused(compared(runs["a"], broken), 65, f"{broken}/spectrum/ntk_vectors.npy")


def test_the_command_line_is_checked(runs, tmp_path):
    for arguments, words in [((runs["a"],), "two runs"), ((runs["a"], runs["a"], "--vectors", "0"), "--vectors"),
                             ((runs["a"],) * 3 + ("--variant", "x", "--variant", "y"), "--variant once")]:
        result = ntk_dist("compare", *arguments)
        assert result.returncode == 64 and words in result.stderr


def test_other_files_are_left_alone(runs, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "index.html").write_text("mine")
    arguments = ("compare", runs["a"], runs["tiles"], "--output", folder)
    refused(ntk_dist(*arguments), 73, folder, "--force")
    assert (folder / "index.html").read_text() == "mine"
    succeed(*arguments, "--force")
    assert "mine" != (folder / "index.html").read_text()
    refused(ntk_dist("compare", runs["a"], runs["tiles"], "--output", folder / "index.html"), 73, "is a file")
    # The folder of a run is not one of a comparison.
    refused(ntk_dist("compare", runs["a"], runs["tiles"], "--output", runs["a"]), 73, "holds other files")
