"""Jacobians in files: their values, interruptions, and bad input."""

import json
import subprocess
import sys

import numpy as np
import pytest
from jacobian_cases import network

import ntkdist
from ntkdist._jacobians import _layout, _production
from ntkdist.failures import DataError, JobError, MissingError, OutputError


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("outputs", [1, 10])
def test_kernels_are_those_of_the_peer(peer, jax, tmp_path, outputs, dtype):
    apply_fn, params, x = network(jax, outputs, dtype)
    found = ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", chunk=2000 * outputs)
    assert len(found.files) > 2
    assert np.load(found.files[0]).dtype == dtype
    tolerance = 1e-6 if dtype == "float32" else 1e-12
    for full in (False, True):
        traced = () if full else (-1,)
        expected = np.asarray(peer.empirical_ntk_fn(apply_fn, traced)(x, None, params))
        kernel = found.kernel(full=full)
        assert kernel.shape == expected.shape
        assert np.abs(kernel - expected).max() <= tolerance * np.abs(expected).max()


def test_files(jax, tmp_path):
    apply_fn, params, x = network(jax, 3)
    found = ntkdist.jacobians(apply_fn, params, x, tmp_path / "deep" / "train-*.npy", "3 kB")
    names = sorted(path.name for path in (tmp_path / "deep").glob("[!.]*"))
    assert names == [
        *(f"train-{index:05d}.npy" for index in range(len(found.files))),
        "train.json",
    ]
    assert found.pattern == str(tmp_path / "deep" / "train-*.npy")
    chunks = [np.load(file) for file in found.files]
    assert all(chunk.shape[:2] == (7, 3) and chunk.nbytes <= 3000 for chunk in chunks)
    assert all(chunk.flags["C_CONTIGUOUS"] for chunk in chunks)
    leaves = jax.tree_util.tree_leaves(
        jax.vmap(jax.jacrev(lambda p, one: apply_fn(p, one[None])[0]), (None, 0))(params, x)
    )
    whole = np.concatenate([np.asarray(leaf).reshape(7, 3, -1) for leaf in leaves], 2)
    assert np.abs(np.concatenate(chunks, 2) - whole).max() < 1e-14 * np.abs(whole).max()
    assert sorted(set(found.layers)) == ["0", "3"]
    assert (found.rows, found.outputs, found.parameters) == (7, 3, whole.shape[2])
    assert ntkdist.Jacobians(tmp_path / "deep" / "train").layers == found.layers
    assert np.allclose(found.kernel(["0"]) + found.kernel(["3"]), found.kernel(), rtol=1e-13)
    with pytest.raises(ValueError, match="no layer is called '1'"):
        found.kernel(["1"])


def test_outputs_are_chosen(jax, tmp_path):
    apply_fn, params, x = network(jax, 3)
    whole = ntkdist.jacobians(apply_fn, params, x, tmp_path / "all")
    one = ntkdist.jacobians(apply_fn, params, x, tmp_path / "one", outputs=1)
    two = ntkdist.jacobians(apply_fn, params, x, tmp_path / "two", outputs=[-1, 0])
    assert np.load(one.files[0]).shape == (7, np.load(whole.files[0]).shape[2])
    full = whole.kernel(full=True)
    assert np.allclose(one.kernel(), full[:, :, 1, 1], rtol=1e-13)
    assert np.allclose(two.kernel(full=True), full[:, :, [2, 0]][:, :, :, [2, 0]], rtol=1e-13)


@pytest.mark.parametrize("project", [None, 16])
def test_an_interrupted_call_goes_on(jax, tmp_path, monkeypatch, project):
    apply_fn, params, x = network(jax, 2)
    arguments = (apply_fn, params, x)
    whole = ntkdist.jacobians(*arguments, tmp_path / "whole", "2KB", project=project)
    filled = []
    fill = _production._Run.fill

    def stopped(self, path, chunk, kind=None):
        if len(filled) == 3:
            path.write_bytes(b"half of it")
            raise KeyboardInterrupt
        filled.append(chunk.index)
        return fill(self, path, chunk, kind)

    monkeypatch.setattr(_production._Run, "fill", stopped)
    with pytest.raises(KeyboardInterrupt):
        ntkdist.jacobians(*arguments, tmp_path / "train", "2KB", project=project)
    assert len(list(tmp_path.glob("train-*.npy"))) == (0 if project else 3)
    if project is None:
        with pytest.raises(MissingError, match="train-00003.npy is missing"):
            ntkdist.Jacobians(tmp_path / "train").kernel()
    filled[:] = [-1] * 4

    def counted(self, path, chunk, kind=None):
        filled.append(chunk.index)
        return fill(self, path, chunk, kind)

    monkeypatch.setattr(_production._Run, "fill", counted)
    again = ntkdist.jacobians(*arguments, tmp_path / "train", "2KB", project=project)
    assert filled[4] == 3
    for found, expected in zip(again.files, whole.files):
        assert open(found, "rb").read() == open(expected, "rb").read()
    assert not list(tmp_path.glob(".train*.npy")) and not list(tmp_path.glob(".train*.part"))
    filled.clear()
    ntkdist.jacobians(*arguments, tmp_path / "train", "2KB", project=project)
    assert not filled


def test_files_of_another_jacobian_are_not_mixed(jax, tmp_path):
    apply_fn, params, x = network(jax)
    out = tmp_path / "train"
    ntkdist.jacobians(apply_fn, params, x, out)
    other = jax.tree_util.tree_map(lambda leaf: leaf + 1e-9, params)
    for arguments, options, word in (
        ((apply_fn, params, x[:6]), {}, r"rows differs \(7 there, 6 now\)"),
        ((apply_fn, other, x), {}, "fingerprint differs"),
        ((apply_fn, params, x), {"dtype": "f4"}, r"dtype differs \(<f8 there, <f4 now\)"),
        ((apply_fn, params, x), {"project": 4}, "projection differs"),
        ((apply_fn, params, x), {"chunk": "1kB"}, "chunks differs"),
        ((lambda p, x: 2 * apply_fn(p, x), params, x), {}, "derivatives that differ"),
    ):
        with pytest.raises(JobError, match=word):
            ntkdist.jacobians(*arguments, out, **options)
    (tmp_path / "train.json").unlink()
    with pytest.raises(JobError, match="without train.json"):
        ntkdist.jacobians(apply_fn, params, x, out)


def test_damaged_files_are_noticed(jax, tmp_path):
    apply_fn, params, x = network(jax)
    found = ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", "2KB")
    with open(found.files[1], "r+b") as file:
        file.truncate(200)
    with pytest.raises(DataError, match="train-00001.npy is damaged"):
        ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", "2KB")
    np.save(found.files[1], np.zeros((7, 1)))
    with pytest.raises(DataError, match=r"has shape \(7, 1\)"):
        ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", "2KB")
    (tmp_path / "train.json").write_text("{}")
    with pytest.raises(DataError, match="format"):
        ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", "2KB")
    with pytest.raises(MissingError, match="other.json is missing"):
        ntkdist.Jacobians(tmp_path / "other")


def test_two_producers_of_one_name(jax, tmp_path):
    apply_fn, params, x = network(jax)
    (tmp_path / "lock.py").write_text(
        "import fcntl, sys\n"
        "file = open(sys.argv[1], 'a')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, tmp_path / "lock.py", tmp_path / ".train.lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        other.stdout.readline()
        with pytest.raises(OutputError, match="another process writes"):
            ntkdist.jacobians(apply_fn, params, x, tmp_path / "train")
        other.stdin.close()
    ntkdist.jacobians(apply_fn, params, x, tmp_path / "train")


def test_chunks_that_a_reader_takes_are_deleted(jax, tmp_path):
    apply_fn, params, x = network(jax)
    whole = ntkdist.jacobians(apply_fn, params, x, tmp_path / "whole", "1KB")
    total, most, taken = np.zeros((7, 7)), 0, []
    # Left over from earlier chunks of the same name.
    (tmp_path / "train-taken.json").write_text('{"chunks": 99}')

    def number(path):
        return int(path.stem.split("-")[1])

    def take(progress):
        """Acts as a reader between two batches."""
        nonlocal most
        waiting = [
            path for path in sorted(tmp_path.glob("train-*.npy")) if number(path) >= len(taken)
        ]
        most = max(most, len(waiting))
        for path in waiting:
            assert number(path) == len(taken)
            total.__iadd__(np.load(path) @ np.load(path).T)
            taken.append(path.name)
        (tmp_path / "train-taken.json").write_text(json.dumps({"chunks": len(taken)}))

    ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", "1KB", ahead=2, progress=take)
    assert most == 1
    take(None)
    assert np.allclose(total, whole.kernel(), rtol=1e-12)
    # A second call computes nothing, and deletes chunks that have been taken since.
    ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", "1KB", ahead=2)
    assert not list(tmp_path.glob("train-*.npy"))
    (tmp_path / "train-taken.json").write_text("{}")
    with pytest.raises(DataError, match="train-taken.json cannot be read"):
        ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", "1KB", ahead=2)


def test_chunks_like_those_of_other_inputs(jax, tmp_path):
    apply_fn, params, x = network(jax, 2)
    train = ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", "2KB")
    test = ntkdist.jacobians(apply_fn, params, x[:2], tmp_path / "test", like=tmp_path / "train")
    assert test.layers == train.layers
    for a, b in zip(train.chunks(), test.chunks()):
        assert np.allclose(a[:2], b, rtol=1e-13)
    chunks = len(train.files)
    assert train.features() == {"train": train.pattern, "chunks": chunks, "outputs": 2}
    found = train.features(layers=True)
    assert found == {"train": train.pattern, "layers": train.layers, "outputs": 2}
    for chunk, name in zip(train.description["chunks"], ("mlp/~/a", "mlp/_/a", "b")):
        chunk["layer"] = name
    assert train.features(layers=True)["layers"][:3] == ["mlp___a", "mlp___a_", "b"]
    for wrong in (params[:3], [*params[:3], (params[3][0][:, :1], params[3][1][:, :1])]):
        with pytest.raises(ValueError, match="like is a Jacobian with"):
            ntkdist.jacobians(
                lambda p, x: x.sum((1, 2, 3)) * p[0][0].sum(), wrong, x, tmp_path / "o", like=train
            )


def test_values_that_files_cannot_hold(jax, tmp_path):
    def steep(params, x):
        return params["a"] * x**2 + params["b"] * x

    params = {"a": np.float64(1), "b": np.float64(1)}
    x = np.array([1.0, 3.0, 300.0])
    with pytest.raises(DataError, match="input 2 by a is 9e[+]04, too large for f2"):
        ntkdist.jacobians(steep, params, x, tmp_path / "f2", dtype="f2")
    assert not list(tmp_path.glob("*f2*.part"))
    x[1] = np.nan
    with pytest.raises(DataError, match="input 1 by a is not finite"):
        ntkdist.jacobians(steep, params, x, tmp_path / "nan")
    found = ntkdist.jacobians(steep, params, x[:1], tmp_path / "half", dtype="f2")
    assert np.load(found.files[0]).dtype == np.float16


def test_arguments(jax, tmp_path):
    apply_fn, params, x = network(jax, 3)
    for options, word in (
        ({"chunk": "4 apples"}, "chunk is '4 apples'"),
        ({"chunk": 100}, "a column of 7 inputs and 3 outputs takes 168 bytes"),
        ({"outputs": 3}, "outputs is 3, and the function has 3"),
        ({"outputs": []}, "outputs is"),
        ({"project": 0}, "project is 0"),
        ({"project": 2.5}, "project is 2.5"),
        ({"batch": 0}, "batch is 0; give a number of inputs, 1 or more"),
        ({"batch": -1}, "batch is -1"),
        ({"batch": 2.0}, "batch is 2.0"),
        ({"batch": True}, "batch is True"),
        ({"dtype": "i4"}, "dtype is 'i4'"),
        ({"project": 4, "ahead": 1}, "ahead is for chunks"),
    ):
        with pytest.raises(ValueError, match=word):
            ntkdist.jacobians(apply_fn, params, x, tmp_path / "train", **options)
    assert not list(tmp_path.iterdir())
    batches = ntkdist.jacobians(apply_fn, params, x, tmp_path / "batches", batch=np.int64(3))
    whole = ntkdist.jacobians(apply_fn, params, x, tmp_path / "whole")
    assert np.allclose(batches.kernel(), whole.kernel(), rtol=1e-13)
    with pytest.raises(ValueError, match="give inputs"):
        ntkdist.jacobians(apply_fn, params, x[:0], tmp_path / "train")
    with pytest.raises(TypeError, match="fn is int"):
        ntkdist.jacobians(3, params, x, tmp_path / "train")
    with pytest.raises(ValueError, match="params hold no real numbers"):
        ntkdist.jacobians(lambda p, x: x, {"count": 3}, x, tmp_path / "train")
    for out in ("jac/*-*.npy", "train.npy", ""):
        with pytest.raises(JobError, match="out is"):
            ntkdist.jacobians(apply_fn, params, x, out)


def test_chunks_stay_inside_layers():
    arrays = _layout.leaves([(["a", "w"], 10), (["a", "b"], 2), (["c"], 5), (["d", "w"], 3)])
    for most in range(1, 21):
        found = _layout.chunks(arrays, most)
        assert all(1 <= chunk.columns <= most for chunk in found)
        assert [chunk.index for chunk in found] == list(range(len(found)))
        numbers = [
            arrays[span.leaf].offset + place
            for chunk in found
            for span in chunk.spans
            for place in range(span.start, span.stop)
        ]
        assert numbers == list(range(20))
        for chunk in found:
            assert {arrays[span.leaf].layer for span in chunk.spans} == {chunk.layer}
    assert [chunk.layer for chunk in _layout.chunks(arrays, 100)] == ["a", "c", "d"]


def test_sizes_of_chunks():
    for text, expected in (
        *(("4GB", 4 * 10**9), ("1.5 MB", 1500000), (7, 7), ("2k", 2000)),
        *(("4GiB", 4 * 2**30), ("1.5 MiB", 3 * 2**19), ("8 B", 8)),
    ):
        assert _layout.byte_count(text) == expected
