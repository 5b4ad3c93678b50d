"""Kernels that another program has computed: imported, and used like those of networks."""
import json
import shutil
import signal

import numpy as np
import pytest
import zarr
from conftest import (
    chunks,
    fcn,
    finish,
    flip,
    kill_all,
    ntk_dist,
    sentences,
    start,
    succeed,
    summary,
    symmetric,
    wait_for_chunks,
    write_job,
)

N, M, CLASSES = 170, 45, 3


def refused(result, status, *words):
    assert result.returncode == status, result.stderr[-1500:]
    said = sentences(result)
    assert len(said) == 1, result.stderr[-1500:]
    for word in words:
        assert word in said[0], said[0]


class Given:
    """A kernel of random features, in .npy files."""

    def __init__(self, folder, dtype=np.float64, seed=4):
        generator = np.random.default_rng(seed)
        points = generator.normal(size=(N + M, 300)) / 17 + 0.05
        self.labels = generator.integers(0, CLASSES, N + M)
        self.labels[:CLASSES] = range(CLASSES)
        points[np.arange(N + M), self.labels] += 1
        whole = points @ points.T
        whole = ((whole + whole.T) / 2).astype(dtype)
        self.folder = folder
        self.train, self.test, self.diagonal = whole[:N, :N], whole[N:, :N], np.diag(whole)[N:].copy()
        for name, value in {"k": self.train, "kt": self.test, "kd": self.diagonal, "y": self.labels[:N],
                            "yt": self.labels[N:]}.items():
            np.save(folder / f"{name}.npy", value)

    def path(self, name):
        return str(self.folder / name)

    def job(self, name="job.yaml", kernel=None, labels=True, **sections):
        files = {"train": self.path("k.npy"), "test": self.path("kt.npy"), "test_diagonal": self.path("kd.npy")}
        data = {"labels": {"train": self.path("y.npy"), "test": self.path("yt.npy")}} if labels else None
        return write_job(self.folder, name, **{
            "network": None, "data": data, "kernel": {**files, **(kernel or {})}, "tile": 48, **sections})


@pytest.fixture
def given(tmp_path):
    return Given(tmp_path)


def stored(run):
    store = zarr.open(run / "kernels.zarr", mode="r")
    return {name: array[...] for name, array in store.arrays()}


ALL = dict(
    spectrum={"vectors": "all", "centred": True},
    prediction={"regularization": [1e-3, 1e-1], "variance": True, "leave_one_out": True, "validation": 20},
    training={"times": [0, 5, "infinity"]}, alignment={"targets": [1, 2]})


@pytest.mark.parametrize("ranks, dtype", [(1, np.float64), (2, np.float64), (3, np.float32)])
def test_every_stage_finds_what_numpy_finds(tmp_path, ranks, dtype):
    given = Given(tmp_path, dtype)
    path = given.job(**ALL)
    output = succeed("run", path, ranks=ranks).stdout
    run = tmp_path / "run"
    arrays = stored(run)
    assert sorted(arrays) == ["kernel_test", "kernel_test_diagonal", "kernel_train", "kernel_train_gap"]
    k, cross = given.train.astype(np.float64), given.test.astype(np.float64)
    lower = np.tril_indices(N)
    assert (arrays["kernel_train"][lower] == k[lower]).all()
    assert (arrays["kernel_test"] == cross).all()
    assert (arrays["kernel_test_diagonal"] == given.diagonal).all()
    gaps = np.diag(k)[:, None] + np.diag(k)[None, :] - 2 * k
    assert np.abs(arrays["kernel_train_gap"] - gaps)[lower].max() < 1e-13

    figures = summary(run)["variants"][0]["kernel"]
    values, vectors = np.linalg.eigh(symmetric(arrays["kernel_train"]))
    found = np.load(run / "spectrum/kernel.npy")
    assert np.abs(found - values).max() < 1e-13 * values[-1] * N
    centre = np.eye(N) - 1 / N
    centred = np.linalg.eigvalsh(centre @ k @ centre)[1:]
    assert np.abs(np.load(run / "spectrum/kernel_centred.npy") - centred).max() < 1e-12 * values[-1]

    targets = np.eye(CLASSES)[given.labels[:N]] - 1 / CLASSES
    predictions = np.load(run / "predictions/kernel.npy")
    variances = np.load(run / "predictions/kernel_variance.npy")
    for index, ridge in enumerate(ALL["prediction"]["regularization"]):
        shifted = k + ridge * np.diag(k).mean() * np.eye(N)
        f = cross @ np.linalg.solve(shifted, targets)
        assert np.abs(predictions[index] - f).max() < 1e-11
        posterior = given.diagonal - (cross * np.linalg.solve(shifted, cross.T).T).sum(1)
        assert np.abs(variances[index] - posterior).max() < 1e-11
        accuracy = (f.argmax(1) == given.labels[N:]).mean()
        assert figures["prediction"]["regularizations"][index]["accuracy"] == pytest.approx(accuracy)
    expected = np.trace(targets.T @ k @ targets) / (N * (targets ** 2).sum())
    assert figures["alignment"]["alignment"] == pytest.approx(expected, rel=1e-12)
    energies = np.cumsum((vectors[:, ::-1].T @ targets) ** 2, axis=0).sum(1) / (targets ** 2).sum()
    assert np.abs(np.array(figures["alignment"]["energies"]) - energies).max() < 1e-9
    assert [point.get("time") for point in figures["training"]["points"]] == [0, 5, None]
    at_the_end = np.load(run / "training/kernel_test.npy")[-1]
    assert np.abs(at_the_end - cross @ np.linalg.solve(k, targets)).max() < 1e-6

    assert "kernel: lambda_max" in output and "ntk" not in output.lower().replace("ntk-dist", "")
    shown = succeed("status", run).stdout
    assert "170 training and 45 test points" in shown and "finished" in shown
    assert "all well" in succeed("verify", run, ranks=ranks).stdout
    page = (run / "report/index.html").read_text()
    assert "A given kernel of 170 training and 45 test points" in page and "Infinite-width" not in page
    assert json.loads(succeed("list", tmp_path, "--format", "json").stdout)[0]["state"] == "finished"


def test_without_labels_there_are_spectra(given):
    path = given.job(labels=False, spectrum={"vectors": 3}, prediction=None,
                     kernel={"test": None, "test_diagonal": None})
    job = json.loads(path.read_text())
    job["kernel"] = {"train": given.path("k.npy")}
    path.write_text(json.dumps(job))
    succeed("run", path, ranks=2)
    found = np.load(given.folder / "run/spectrum/kernel.npy")
    assert np.abs(found - np.linalg.eigvalsh(given.train)).max() < 1e-11
    # Labels can be added later, because the kernel does not depend on them.
    more = ["--set", f"data.labels.train={given.path('y.npy')}", "--set", "alignment={}"]
    succeed("align", path, *more)
    assert 0 < summary(given.folder / "run")["variants"][0]["kernel"]["alignment"]["alignment"] < 1


def test_other_labels_drop_what_was_learned_from_the_old_ones(given):
    path = given.job(spectrum={"vectors": 4}, alignment={})
    succeed("run", path)
    before = summary(given.folder / "run")["variants"][0]["kernel"]
    labels = np.roll(given.labels[:N], 1)
    np.save(given.folder / "y.npy", labels)
    succeed("run", path, "--resume")
    after = summary(given.folder / "run")["variants"][0]["kernel"]
    assert after["spectrum"] == before["spectrum"]
    assert after["alignment"]["alignment"] != before["alignment"]["alignment"]
    targets = np.eye(CLASSES)[labels] - 1 / CLASSES
    expected = np.trace(targets.T @ given.train @ targets) / (N * (targets ** 2).sum())
    assert after["alignment"]["alignment"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("chunks_of, compressors, dtype", [((64, 50), None, "f8"), ((170, 170), None, "f4")])
def test_zarr_arrays_are_read(given, chunks_of, compressors, dtype):
    for name, value in (("k", given.train), ("kt", given.test)):
        zarr.create_array(given.path(f"{name}.zarr"), data=value.astype(dtype), chunks=chunks_of,
                          compressors=compressors, overwrite=True)
    zarr.create_array(given.path("kd.zarr"), data=given.diagonal.astype(dtype), chunks=(20,), compressors=None)
    files = {"train": given.path("k.zarr"), "test": given.path("kt.zarr"), "test_diagonal": given.path("kd.zarr")}
    succeed("run", given.job(kernel=files), ranks=2)
    arrays = stored(given.folder / "run")
    lower = np.tril_indices(N)
    assert (arrays["kernel_train"][lower] == given.train.astype(dtype)[lower]).all()
    assert (arrays["kernel_test"] == given.test.astype(dtype)).all()
    assert (arrays["kernel_test_diagonal"] == given.diagonal.astype(dtype)).all()


def test_the_kernels_of_another_run_are_read_from_its_store(tmp_path):
    first = write_job(tmp_path, "first.yaml", output=tmp_path / "first", tile=32, network=fcn(),
                      kernels=["ntk"], spectrum={}, prediction={"regularization": [1e-2]})
    succeed("run", first, ranks=2)
    store = tmp_path / "first/kernels.zarr"
    files = {part: str(store / f"ntk_{part}") for part in ("train", "test", "test_diagonal")}
    path = write_job(tmp_path, network=None, data=None, kernel=files, tile=48, spectrum={}, prediction=None)
    succeed("run", path, ranks=2)
    assert (np.load(tmp_path / "run/spectrum/kernel.npy") == np.load(tmp_path / "first/spectrum/ntk.npy")).all()
    a, b = stored(tmp_path / "run"), stored(tmp_path / "first")
    lower = np.tril_indices(130)
    assert (a["kernel_train"][lower] == b["ntk_train"][lower]).all()
    assert (a["kernel_test"] == b["ntk_test"]).all()
    assert (a["kernel_test_diagonal"] == b["ntk_test_diagonal"]).all()
    # A missing or damaged tile of that run is refused.
    flip(tmp_path / "first", "ntk_train/c/2/1")
    refused(ntk_dist("run", path, "--set", f"output={tmp_path}/other", ranks=2), 65, "ntk_train", "checksum")


def test_an_import_that_is_killed_or_stopped_goes_on(given):
    options = dict(tile=2, spectrum=None, prediction=None)
    whole = given.job("whole.yaml", output=given.folder / "whole", **options)
    succeed("assemble", whole)
    path = given.job(**options)
    for number in range(4):
        process = start("assemble", path, "--resume", ranks=2)
        wait_for_chunks(given.folder / "run", 80 * (number + 1), process)
        if number % 2:
            process.send_signal(signal.SIGUSR1)
            # The run may end before it receives the signal.
            assert finish(process)[0] in (0, 75)
        else:
            kill_all(process)
    succeed("assemble", path, "--resume", ranks=3)
    assert chunks(given.folder / "run") == chunks(given.folder / "whole")


def test_another_kernel_is_not_mixed_in(given):
    path = given.job()
    succeed("assemble", path)
    changed = given.train.copy()
    changed[3, 5] = changed[5, 3] = changed[3, 5] + 1e-9
    np.save(given.folder / "k.npy", changed)
    refused(ntk_dist("assemble", path, "--resume"), 78, "kernel_train", "matrices")
    refused(ntk_dist("spectrum", path, ranks=2), 78, "kernel_train", "matrices")


def test_the_files_are_not_needed_once_they_are_imported(given):
    path = given.job()
    succeed("assemble", path, ranks=2)
    for name in ("k.npy", "kt.npy", "kd.npy"):
        (given.folder / name).rename(given.folder / f"gone-{name}")
    succeed("run", path, "--resume", ranks=2)
    assert "not there" in succeed("verify", given.folder / "run").stdout
    assert "lambda_max" in succeed("status", given.folder / "run").stdout
    # A missing tile needs them.
    tiles = given.folder / "run/kernels.zarr"
    shutil.rmtree(tiles / "kernel_test/c")
    refused(ntk_dist("assemble", path, "--resume"), 66, "k.npy", "does not exist")


def test_a_damaged_tile_is_imported_again(given):
    path = given.job(spectrum=None, prediction=None)
    succeed("assemble", path, ranks=2)
    before = chunks(given.folder / "run")
    flip(given.folder / "run", sorted(before)[-1])
    assert ntk_dist("verify", given.folder / "run").returncode == 65
    succeed("assemble", path, "--resume", ranks=2)
    assert chunks(given.folder / "run") == before


def test_single_precision_in_the_store(given):
    succeed("run", given.job(storage="f32"), ranks=2)
    arrays = stored(given.folder / "run")
    assert arrays["kernel_test"].dtype == np.float32
    assert (arrays["kernel_test"] == given.test.astype(np.float32)).all()


@pytest.mark.parametrize("ranks", [None, 2])
def test_matrices_that_are_no_kernels(given, ranks):
    def attempt(status, *words, **kernel):
        path = given.job(kernel=kernel)
        refused(ntk_dist("run", path, "--set", f"output={given.folder}/bad", ranks=ranks), status, *words)
        shutil.rmtree(given.folder / "bad", ignore_errors=True)

    def save(name, value):
        np.save(given.folder / name, value)
        return given.path(name)

    bad = given.train.copy()
    bad[60, 7] *= 1.01
    attempt(65, "not symmetric", "(60, 7)", train=save("asymmetric.npy", bad))
    bad = given.train.copy()
    bad[7, 60] = np.nan
    attempt(65, "nan.npy holds nan at (7, 60)", train=save("nan.npy", bad))
    bad = given.test.astype(np.float32)
    bad[40, 100] = np.inf
    attempt(65, "inf.npy holds inf at (40, 100)", test=save("inf.npy", bad))
    attempt(65, "[45, 170]", "[n, n]", train=given.path("kt.npy"))
    attempt(65, "[170, 45]", "transpose", test=save("t.npy", np.ascontiguousarray(given.test.T)))
    attempt(65, "[44]", "[45]", test_diagonal=save("d.npy", given.diagonal[:44]))
    attempt(65, "<i8", "float64", train=save("int.npy", np.ones((N, N), int)))
    attempt(65, "Fortran", train=save("f.npy", np.asfortranarray(given.train)))
    attempt(66, "none.npy", "does not exist", train=given.path("none.npy"))
    content = (given.folder / "k.npy").read_bytes()
    (given.folder / "torn.npy").write_bytes(content[:-1000])
    attempt(65, "torn.npy", "bytes", train=given.path("torn.npy"))
    (given.folder / "folder").mkdir(exist_ok=True)
    attempt(65, "folder", "zarr.json", train=given.path("folder"))
    zarr.create_array(given.path("packed.zarr"), data=given.train, chunks=(64, 64), overwrite=True)
    attempt(65, "packed.zarr", "zstd", "compressors=None", train=given.path("packed.zarr"))
    zarr.create_array(given.path("old.zarr"), data=given.train, zarr_format=2, overwrite=True)
    attempt(65, "old.zarr", "v2", train=given.path("old.zarr"))
    zarr.create_array(given.path("gap.zarr"), data=given.train, chunks=(64, 64), compressors=None, overwrite=True)
    (given.folder / "gap.zarr/c/1/2").unlink()
    attempt(65, "gap.zarr/c/1/2", "does not exist", train=given.path("gap.zarr"))


@pytest.mark.parametrize("change, words", [
    ({"network": ["flatten", "dense"]}, ["network", "kernel"]),
    ({"kernels": ["ntk"]}, ["kernels", "kernel"]),
    ({"precision": "f32"}, ["precision"]),
    ({"average": {"flip": True}}, ["average"]),
    ({"data": {"synthetic": {}}}, ["data.synthetic", "labels"]),
    ({"data": {"labels": {"test": "y.npy"}}}, ["data.labels.train"]),
    ({"training": {"times": [1], "variance": True}, "spectrum": {"vectors": "all"}}, ["variance", "both kernels"]),
    ({"kernel": {"train": "k.npy"}}, ["kernel.test"]),
    ({"kernel": {"train": "k.npy", "test_diagonal": "d.npy"}}, ["kernel.test"]),
    ({"kernel": {"test": "k.npy"}}, ["kernel.train"]),
    ({"kernel": {"train": "k.npy", "trian": "k.npy"}}, ["trian", "train"]),
])
def test_jobs_that_contradict_themselves(given, change, words):
    path = given.job()
    job = {**json.loads(path.read_text()), **change}
    path.write_text(json.dumps(job))
    refused(ntk_dist("run", path), 78, *words)
    assert not (given.folder / "run").exists()


def test_labels_are_of_kernels_alone(tmp_path):
    path = write_job(tmp_path, data={"labels": {"train": "y.npy"}})
    refused(ntk_dist("run", path), 78, "data.labels", "data.arrays")


def test_a_plan_needs_no_network(given):
    plan = json.loads(succeed("plan", given.job(), "--ranks", 2, "--format", "json").stdout)
    assert plan["train"] == N and plan["test"] == M and plan["subjects"] == "points"
    assert [stage["name"] for stage in plan["stages"]] == ["assemble", "spectrum", "predict"]
    assert plan["store_bytes"] > (N * N / 2 + N * M) * 8
    assert "points" in succeed("plan", given.job(), "--ranks", 2).stdout
    assert "no network" in succeed("network", given.job()).stdout
