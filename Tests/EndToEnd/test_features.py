"""Kernels of Jacobians in chunks: formed on several ranks, killed and continued, refused if they are invalid."""
import json
import random
import shutil
import signal

import numpy as np
import pytest
import zarr
from conftest import (
    chunk_paths,
    chunks,
    finish,
    flip,
    has_event,
    kill_all,
    ntk_dist,
    sentences,
    start,
    succeed,
    summary,
    wait_for_chunks,
    wait_until,
    write_job,
)

N, M, CLASSES = 150, 40, 3
COLUMNS = [700, 2500, 4100]


def refused(result, status, *words):
    assert result.returncode == status, result.stderr[-1500:]
    said = sentences(result)
    assert len(said) == 1, result.stderr[-1500:]
    for word in words:
        assert word in said[0], said[0]


class Jacobians:
    """Random features in chunks, for training and test points."""

    def __init__(self, folder, dtype=np.float64, outputs=1, n=N, columns=COLUMNS, seed=6):
        generator = np.random.default_rng(seed)
        self.folder, self.n = folder, n
        (folder / "jac").mkdir()
        self.labels = generator.integers(0, CLASSES, n + M)
        self.labels[:CLASSES] = range(CLASSES)
        self.parts = []
        for number, width in enumerate(columns):
            shape = (n + M, width) if outputs == 1 else (n + M, outputs, width)
            part = (generator.normal(size=shape) / 64 + 0.01).astype(dtype)
            self.parts.append(part)
            np.save(folder / f"jac/train-{number}.npy", part[:n])
            np.save(folder / f"jac/test-{number}.npy", part[n:])
        np.save(folder / "y.npy", self.labels[:n])
        np.save(folder / "yt.npy", self.labels[n:])

    def matrix(self, weights=None, center=False, normalize=False):
        """The kernel of all points, in double precision. A chunk of weight 0 is left out."""
        factors = np.sqrt(weights or [1] * len(self.parts))
        rows = np.concatenate([
            factor * part.astype(np.float64).reshape(len(part), -1)
            for factor, part in zip(factors, self.parts)], axis=1)
        rows /= np.sqrt(self.parts[0].shape[1] if self.parts[0].ndim == 3 else 1)
        if center:
            rows -= rows[:self.n].mean(0)
        if normalize:
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows @ rows.T

    def job(self, name="job.yaml", test=True, labels=True, features=None, **sections):
        files = {"train": str(self.folder / "jac/train-*.npy")}
        if test:
            files["test"] = str(self.folder / "jac/test-*.npy")
        data = {"labels": {"train": str(self.folder / "y.npy"), "test": str(self.folder / "yt.npy")}}
        return write_job(self.folder, name, **{
            "network": None, "data": data if labels else None, "features": {**files, **(features or {})},
            "tile": 48, **sections})


@pytest.fixture
def jacobians(tmp_path):
    return Jacobians(tmp_path)


def stored(run, group=""):
    store = zarr.open(run / "kernels.zarr" / group, mode="r")
    return {name: array[...] for name, array in store.arrays()}


def largest_difference(run, whole, n=N, group=""):
    """Of a run's kernels from those in a matrix of all points, relative to its largest element."""
    arrays = stored(run, group)
    lower = np.tril_indices(n)
    pairs = [(arrays["kernel_train"][lower], whole[:n, :n][lower])]
    if "kernel_test" in arrays:
        pairs += [(arrays["kernel_test"], whole[n:, :n]), (arrays["kernel_test_diagonal"], np.diag(whole)[n:])]
    return max(np.abs(found - expected).max() for found, expected in pairs) / np.abs(whole).max()


@pytest.mark.parametrize("ranks, dtype, precision, tolerance", [
    (1, "f8", "f64", 1e-14), (3, "f8", "f64", 1e-14), (2, "f4", "f64", 1e-14), (2, "f4", "f32", 1e-6),
    (2, "f2", "f32", 1e-6), (2, "f8", "f32", 1e-6)])
def test_the_kernel_is_that_of_numpy(tmp_path, ranks, dtype, precision, tolerance):
    jacobians = Jacobians(tmp_path, dtype)
    path = jacobians.job(precision=precision, prediction={"regularization": [0.01], "variance": True},
                         alignment={}, spectrum={"vectors": 4})
    succeed("run", path, ranks=ranks)
    run = tmp_path / "run"
    whole = jacobians.matrix()
    assert largest_difference(run, whole) < tolerance
    values = np.linalg.eigvalsh(whole[:N, :N])
    assert np.abs(np.load(run / "spectrum/kernel.npy") - values).max() < 10 * tolerance * values[-1]
    targets = np.eye(CLASSES)[jacobians.labels[:N]] - 1 / CLASSES
    shifted = whole[:N, :N] + 0.01 * np.trace(whole[:N, :N]) / N * np.eye(N)
    expected = whole[N:, :N] @ np.linalg.solve(shifted, targets)
    found = np.load(run / "predictions/kernel.npy")[0]
    assert np.abs(found - expected).max() < 1e4 * tolerance * np.abs(expected).max()
    assert 0 < summary(run)["variants"][0]["kernel"]["alignment"]["alignment"] < 1
    # Single tiles, computed only from their own rows, are the same to the last bit.
    assert "all well" in succeed("verify", run, "--sample", 20, ranks=ranks).stdout
    assert not list(run.glob("features/sums-*"))
    page = (run / "report/index.html").read_text()
    assert "The kernel of features of 150 training and 40 test points" in page
    assert "150 training and 40 test points" in succeed("status", run).stdout


@pytest.mark.parametrize("outputs", [2, 10])
def test_several_outputs_give_the_mean_of_their_kernels(tmp_path, outputs):
    jacobians = Jacobians(tmp_path, outputs=outputs, columns=[300, 900])
    succeed("run", jacobians.job(features={"outputs": outputs}), ranks=2)
    assert largest_difference(tmp_path / "run", jacobians.matrix()) < 1e-14
    per_output = [np.concatenate([part[:N, o] for part in jacobians.parts], 1) for o in range(outputs)]
    mean = sum(rows @ rows.T for rows in per_output) / outputs
    lower = np.tril_indices(N)
    assert np.abs(stored(tmp_path / "run")["kernel_train"] - mean)[lower].max() < 1e-13 * mean.max()


def test_the_full_kernel_has_a_row_for_every_output(tmp_path):
    jacobians = Jacobians(tmp_path, outputs=3, n=50, columns=[300, 900])
    path = jacobians.job(features={"outputs": 3, "kernel": "full"}, labels=False, prediction=None)
    succeed("run", path, ranks=2)
    rows = np.concatenate([part.reshape(-1, part.shape[2]) for part in jacobians.parts], axis=1)
    assert largest_difference(tmp_path / "run", rows @ rows.T, 150) < 1e-14
    assert "all well" in succeed("verify", tmp_path / "run").stdout


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("options", [{}, {"center": True, "normalize": True, "weights": [1, 0.25, 2]}])
def test_every_layer_has_a_kernel_beside_that_of_all(jacobians, ranks, options):
    whole = jacobians.job("whole.yaml", output=jacobians.folder / "whole", features=options)
    succeed("run", whole, ranks=2)
    path = jacobians.job(features={**options, "layers": ["conv1", "fc-2", "conv1"]}, alignment={},
                         spectrum={"vectors": 4})
    result = succeed("run", path, ranks=ranks)
    run = jacobians.folder / "run"
    assert "layer=fc-2 kernel" in result.stdout
    weights = options.get("weights", [1, 1, 1])
    shape = {name: options.get(name, False) for name in ("center", "normalize")}
    for group, own in ("", [1, 1, 1]), ("layer=conv1", [1, 0, 1]), ("layer=fc-2", [0, 1, 0]):
        matrix = jacobians.matrix(np.multiply(weights, own).tolist(), **shape)
        assert largest_difference(run, matrix, group=group) < 1e-13
    # The whole kernel has the same bits as without those of layers.
    for name, array in stored(jacobians.folder / "whole").items():
        assert np.array_equal(array, stored(run)[name], equal_nan=True)
    assert [variant["name"] for variant in summary(run)["variants"]] == ["", "layer=conv1", "layer=fc-2"]
    page = (run / "report/index.html").read_text()
    assert "The 3 kernels" in page and "layer=conv1" in page
    state = json.loads(succeed("status", run, "--format", "json").stdout)
    assert state["state"] == "finished" and all(stage["of"] in (3, stage["done"]) for stage in state["stages"])
    succeed("compare", run, run, "--output", jacobians.folder / "comparison")
    # Single tiles, computed only from their own rows, are the same to the last bit.
    assert "all well" in succeed("verify", run, "--sample", 20, ranks=ranks).stdout
    before = chunks(run)
    for chunk in sorted(set(chunk_paths(run)))[::2]:
        chunk.unlink()
    succeed("assemble", path, "--resume", ranks=2)
    assert chunks(run) == before


def test_kernels_of_layers_survive_kills(tmp_path):
    jacobians = Jacobians(tmp_path, "f4", n=1200, columns=[9000] * 6)
    layers = ["a", "b"] * 3
    whole = jacobians.job("whole.yaml", output=tmp_path / "whole", features={"layers": layers}, **SLOW)
    succeed("assemble", whole, ranks=2)
    path = jacobians.job(features={"layers": layers, "checkpoint": 0}, **SLOW)
    run, seen = tmp_path / "run", set()
    # Kills in the kernel of all chunks, right after it, and in the kernels of the layers.
    for number, wanted in enumerate([None, None, "0 2 4", "0 2 4", "1 3 5", "1 3 5"]):
        process = start("assemble", path, "--resume", ranks=1 + number % 3)
        before = state_of(run)
        wait_until(
            lambda before=before, wanted=wanted: state_of(run)[0] == wanted and state_of(run) != before, process)
        kill_all(process)
        seen.add(state_of(run)[0])
    assert seen == {None, "0 2 4", "1 3 5"}
    succeed("assemble", path, "--resume", ranks=2)
    assert chunks(run) == chunks(tmp_path / "whole")
    assert not list((run / "features").glob("sums-*"))


def state_of(run):
    """The chunks in the saved sums, None for all, and the place that the sums have reached."""
    try:
        state = json.loads((run / "features/state.json").read_text())
    except FileNotFoundError:
        return None, None
    fields = dict(field.split("=", 1) for field in state["kernel"])
    return fields.get("chunks"), state["place"]


@pytest.mark.parametrize("layers, status, words", [
    (["a", "b"], 78, ("features.layers has 2 names", "3 chunks")),
    (["a", "b/c", "d"], 78, ("features.layers", "letters, digits, dots, dashes and underscores")),
    ([], 78, ("features.layers", "at least one")),
])
def test_layers_that_do_not_fit(jacobians, layers, status, words):
    refused(ntk_dist("assemble", jacobians.job(features={"layers": layers})), status, *words)


def test_layers_need_all_chunks(jacobians):
    path = jacobians.job(features={"layers": ["a", "b", "a"], "chunks": 3})
    refused(ntk_dist("assemble", path), 78, "features.layers", "features.chunks")


@pytest.mark.parametrize("center, normalize", [(True, False), (False, True), (True, True)])
def test_centered_and_normalized_features(jacobians, center, normalize):
    features = {"center": center, "normalize": normalize, "weights": [1, 0.25, 2]}
    path = jacobians.job(features=features, spectrum={"centred": True})
    succeed("run", path, ranks=2)
    run = jacobians.folder / "run"
    whole = jacobians.matrix(features["weights"], center, normalize)
    assert largest_difference(run, whole) < 1e-13
    gaps = np.diag(whole)[:N, None] + np.diag(whole)[None, :N] - 2 * whole[:N, :N]
    lower = np.tril_indices(N)
    assert np.abs(stored(run)["kernel_train_gap"] - gaps)[lower].max() < 1e-13 * np.abs(whole).max()
    # Other numbers of ranks, and single tiles, give the same bits.
    assert "all well" in succeed("verify", run, "--sample", 20).stdout
    other = jacobians.job("other.yaml", output=jacobians.folder / "other", features=features,
                          spectrum={"centred": True})
    succeed("assemble", other, ranks=3)
    assert chunks(jacobians.folder / "other") == chunks(run)


def test_a_zarr_array_is_one_chunk(tmp_path):
    jacobians = Jacobians(tmp_path, "f4", columns=[5000])
    for name, rows in (("train", slice(None, N)), ("test", slice(N, None))):
        zarr.create_array(str(tmp_path / f"{name}.zarr"), data=jacobians.parts[0][rows], chunks=(64, 700),
                          compressors=None)
    features = {"train": str(tmp_path / "train.zarr"), "test": str(tmp_path / "test.zarr")}
    succeed("run", jacobians.job(features=features), ranks=2)
    assert largest_difference(tmp_path / "run", jacobians.matrix()) < 1e-14


def test_a_file_as_numpy_maps_it(tmp_path):
    jacobians = Jacobians(tmp_path, columns=[10])
    grads = np.lib.format.open_memmap(tmp_path / "grads.mmap", mode="w+", dtype=np.float16, shape=(N, 3000))
    grads[:] = np.random.default_rng(0).normal(size=(N, 3000))
    grads.flush()
    succeed("run", jacobians.job(test=False, labels=False, prediction=None,
                                 features={"train": str(tmp_path / "grads.mmap")}))
    rows = np.asarray(grads, dtype=np.float64)
    found = np.load(tmp_path / "run/spectrum/kernel.npy")
    assert np.abs(found - np.linalg.eigvalsh(rows @ rows.T)).max() < 1e-12 * found[-1]


SLOW = dict(tile=64, spectrum=None, prediction=None)


def panels(run):
    """The chunk and the panel at which the saved sums end."""
    try:
        place = json.loads((run / "features/state.json").read_text())["place"]
    except FileNotFoundError:
        return 0
    return 2 * place["chunk"] + place["panel"]


def test_twenty_kills_lose_nothing_and_count_nothing_twice(tmp_path):
    jacobians = Jacobians(tmp_path, "f2", n=1500, columns=[4200] * 40)
    whole = jacobians.job("whole.yaml", output=tmp_path / "whole", precision="f32", **SLOW)
    succeed("assemble", whole, ranks=2)
    path = jacobians.job(precision="f32", features={"checkpoint": 0}, **SLOW)
    run, generator, kills, resumed = tmp_path / "run", random.Random(5), 0, set()
    total = 40 * 2
    for number in range(20):
        before = panels(run)
        process = start("assemble", path, "--resume", ranks=1 + number % 3)
        goal = before + generator.randrange(3)
        wait_until(lambda goal=goal: panels(run) >= goal, process)
        if number % 4 == 3:
            process.send_signal(signal.SIGUSR1)
            finish(process)
        else:
            kill_all(process)
        kills += 1
        resumed.add(panels(run))
        assert panels(run) >= before
    assert kills == 20 and len(resumed) > 5 and max(resumed) < total
    succeed("assemble", path, "--resume", ranks=2)
    assert chunks(run) == chunks(tmp_path / "whole")
    assert not list((run / "features").glob("sums-*")) and not (run / "features/state.json").exists()
    assert largest_difference(run, jacobians.matrix(), 1500) < 1e-6


@pytest.mark.parametrize("checkpoint", [0, 600])
def test_a_centered_kernel_that_is_killed_while_it_is_written_is_the_same(tmp_path, checkpoint):
    """The means and norms are those of all tiles, whichever tiles are missing."""
    jacobians = Jacobians(tmp_path, n=300, columns=[300, 4200])
    both = {"center": True, "normalize": True, "checkpoint": checkpoint}
    options = dict(tile=5, spectrum=None, prediction=None)
    whole = jacobians.job("whole.yaml", output=tmp_path / "whole", features=both, **options)
    succeed("assemble", whole, ranks=2)
    path = jacobians.job(features=both, **options)
    process = start("assemble", path, ranks=2)
    wait_for_chunks(tmp_path / "run", 200, process)
    kill_all(process)
    (tmp_path / "run/features/moments.sums").unlink(missing_ok=True)
    succeed("assemble", path, "--resume", ranks=3)
    assert chunks(tmp_path / "run") == chunks(tmp_path / "whole")
    # Many of its tiles are lost.
    for chunk in sorted(set(chunk_paths(tmp_path / "run")))[::2]:
        chunk.unlink()
    succeed("assemble", path, "--resume", ranks=2)
    assert chunks(tmp_path / "run") == chunks(tmp_path / "whole")
    # These features are not those of the kernel.
    result = ntk_dist("assemble", path, "--resume", "--set", "features.normalize=false", ranks=2)
    refused(result, 78, "features")


def test_a_stop_saves_the_sums(tmp_path):
    jacobians = Jacobians(tmp_path, "f4", n=1200, columns=[9000] * 12)
    path = jacobians.job(precision="f32", **SLOW)
    process = start("assemble", path, ranks=2)
    wait_until(lambda: has_event(tmp_path / "run", "chunk"), process)
    process.send_signal(signal.SIGUSR1)
    status, errors = finish(process)
    assert status == 75 and "--resume" in errors
    assert panels(tmp_path / "run") > 0
    succeed("run", path, "--resume", ranks=1)
    assert largest_difference(tmp_path / "run", jacobians.matrix(), 1200) < 1e-6


def test_sums_that_are_damaged_begin_anew(tmp_path):
    jacobians = Jacobians(tmp_path, n=600, columns=[9000] * 4)
    path = jacobians.job(features={"checkpoint": 0}, **SLOW)
    run = tmp_path / "run"
    process = start("assemble", path, ranks=2)
    wait_until(lambda: panels(run) >= 2, process)
    kill_all(process)
    # The kill may have left files that the state does not name yet, or not any more.
    victim = run / "features" / json.loads((run / "features/state.json").read_text())["files"][0]
    content = bytearray(victim.read_bytes())
    content[-5] ^= 1
    victim.write_bytes(content)
    result = succeed("assemble", path, "--resume", ranks=2)
    assert "begin anew" in result.stderr and victim.name in result.stderr
    assert largest_difference(run, jacobians.matrix(), 600) < 1e-14


@pytest.mark.parametrize("features", [{}, {"center": True, "normalize": True}])
def test_damaged_and_lost_tiles_are_computed_again(jacobians, features):
    path = jacobians.job(features=features, spectrum=None, prediction=None)
    succeed("assemble", path, ranks=2)
    run = jacobians.folder / "run"
    before = chunks(run)
    flip(run, "kernel_train/c/2/1")
    assert ntk_dist("verify", run).returncode == 65
    succeed("assemble", path, "--resume", ranks=2)
    assert chunks(run) == before
    # If all tiles are lost, the kernel is formed again.
    shutil.rmtree(run / "kernels.zarr")
    succeed("assemble", path, "--resume", ranks=2)
    assert chunks(run) == before


def test_shards_form_parts_of_the_kernel(jacobians):
    whole = jacobians.job("whole.yaml", output=jacobians.folder / "whole", spectrum=None, prediction=None)
    succeed("assemble", whole)
    path = jacobians.job(spectrum=None, prediction=None)
    for shard in ("1/3", "2/3", "3/3"):
        succeed("assemble", path, "--shard", shard, ranks=2)
    succeed("run", path, "--resume", ranks=2)
    assert chunks(jacobians.folder / "run") == chunks(jacobians.folder / "whole")
    centred = jacobians.job("c.yaml", output=jacobians.folder / "c", features={"center": True},
                            spectrum=None, prediction=None)
    refused(ntk_dist("assemble", centred, "--shard", "1/2"), 78, "--shard", "features.center")


def test_other_features_are_not_mixed_in(jacobians):
    path = jacobians.job()
    succeed("assemble", path, ranks=2)
    np.save(jacobians.folder / "jac/train-1.npy", jacobians.parts[1][:N] * 1.001)
    refused(ntk_dist("assemble", path, "--resume"), 78, "kernel_train", "matrices")
    refused(ntk_dist("spectrum", path), 78, "kernel_train", "matrices")
    refused(ntk_dist("assemble", path, "--resume", "--set", "features.center=true"), 78, "features =")


def test_the_chunks_are_not_needed_once_the_kernel_is_there(jacobians):
    path = jacobians.job()
    succeed("assemble", path, ranks=2)
    shutil.rmtree(jacobians.folder / "jac")
    succeed("run", path, "--resume", ranks=2)
    assert "not there" in succeed("verify", jacobians.folder / "run").stdout


@pytest.mark.parametrize("ranks", [None, 2])
def test_chunks_that_are_no_features(jacobians, ranks):
    folder = jacobians.folder / "jac"
    keep = {path.name: path.read_bytes() for path in folder.iterdir()}

    def attempt(status, *words, path=None):
        refused(ntk_dist("run", path or jacobians.job(), "--set", f"output={jacobians.folder}/bad", ranks=ranks),
                status, *words)
        shutil.rmtree(jacobians.folder / "bad", ignore_errors=True)
        for extra in set(folder.iterdir()) - {folder / name for name in keep}:
            extra.unlink()
        for name, content in keep.items():
            (folder / name).write_bytes(content)

    part = jacobians.parts[1]
    np.save(folder / "train-1.npy", part[:N - 1])
    attempt(65, "train-1.npy has 149 rows", "150")
    (folder / "train-1.npy").unlink()
    attempt(65, "train-1.npy is missing")
    bad = part[:N].copy()
    bad[77, 2100] = np.nan
    np.save(folder / "train-1.npy", bad)
    attempt(65, "train-1.npy has nan in row 77, column 2100")
    with np.errstate(over="ignore"):
        np.save(folder / "test-1.npy", (part[N:] * 1e7).astype(np.float16))
    attempt(65, "test-1.npy has", "inf in row", "65504")
    attempt(65, "train-0.npy", "[150, 700]", "[n, 3, P]", path=jacobians.job(features={"outputs": 3}))
    np.save(folder / "train-2.npy", jacobians.parts[2][:N].reshape(N, 2, -1))
    attempt(65, "train-2.npy", "[150, 2, 2050]", "features.outputs: 2")
    content = (folder / "train-2.npy").read_bytes()
    (folder / "train-2.npy").write_bytes(content[:-100])
    attempt(65, "train-2.npy", "bytes")
    (folder / "test-2.npy").unlink()
    attempt(65, "3 chunks", "2 of")
    np.save(folder / "test-2.npy", jacobians.parts[2][N:, :-1])
    attempt(65, "test-2.npy", "[40, 4099]", "[150, 4100]")
    np.save(folder / "train-01.npy", part[:N])
    attempt(65, "train-01.npy", "same number")
    attempt(66, "names no file", path=jacobians.job(features={"train": str(folder / "none-*.npy")}))
    attempt(78, "features.weights", "2 numbers", path=jacobians.job(features={"weights": [1, 2]}))
    zero = jacobians.parts[0][:N].copy()
    zero[5] = 0
    for number in range(3):
        other = jacobians.parts[number][:N].copy()
        other[5] = 0
        np.save(folder / f"train-{number}.npy", other)
    attempt(65, "training point 5", "normalize", path=jacobians.job(features={"normalize": True}))


@pytest.mark.parametrize("change, words", [
    ({"kernel": {"train": "k.npy"}}, ["features", "kernel"]),
    ({"network": ["flatten", "dense"]}, ["network", "features"]),
    ({"kernels": ["ntk"]}, ["kernels"]),
    ({"features": {"train": "a*b*.npy", "test": "t-*.npy"}}, ["features.train", "one *"]),
    ({"features": {"train": "a", "outputs": 0}}, ["features.outputs"]),
    ({"features": {"train": "a-*.npy"}}, ["features.test"]),
])
def test_jobs_that_contradict_themselves(jacobians, change, words):
    path = jacobians.job()
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    refused(ntk_dist("run", path), 78, *words)


def test_a_plan_counts_products_and_sums(jacobians):
    path = jacobians.job(precision="f32")
    plan = json.loads(succeed("plan", path, "--ranks", 2, "--format", "json").stdout)
    assert plan["train"] == N and plan["stages"][0]["name"] == "assemble"
    assert f"{sum(COLUMNS)} columns of features" in plan["stages"][0]["note"]
