"""Kernels of a run as arrays: every slice equals that of zarr-python's whole array."""

import shutil
import subprocess

import numpy as np
import pytest
from small_jobs import BINARY, DATA, NETWORK, require_program

import ntkdist
from ntkdist import failures
from ntkdist._tiles import TileArray

zarr = pytest.importorskip("zarr")
google_crc32c = pytest.importorskip("google_crc32c")


@pytest.fixture(scope="module", params=["f64", "f32"])
def run(request, tmp_path_factory):
    require_program()
    job = ntkdist.Job(
        data=DATA,
        network=NETWORK,
        tile=32,
        storage=request.param,
        output=tmp_path_factory.mktemp("kernels") / "run",
    )
    return job.run(progress=False)


def whole(run, name):
    """The array as zarr-python reads it, with both triangles if one is stored."""
    values = zarr.open(str(run.path / "kernels.zarr"), mode="r")[name][:]
    return np.tril(values) + np.tril(values, -1).T if name.endswith("train") else values


I = np.array([3, -1, 99, 0, 64, 3, -100, 31, 32])  # noqa: E741
J = np.array([96, 5, -3, 0, 64, 96, 33, 31, 0])
KEYS = [
    5,
    -1,
    np.int64(99),
    (7, 91),
    (91, 7),
    slice(None),
    Ellipsis,
    slice(10, 60, 7),
    (slice(None, None, -3), slice(70, 2, -1)),
    (slice(2, 2), slice(None)),
    (Ellipsis, 3),
    (3, Ellipsis),
    (slice(30, 35), slice(60, 70)),
    I,
    [1, 2, 3],
    [],
    (I, J),
    (I[:, None], J),
    np.ix_(I, J),
    (slice(4, 40), J),
    (I, slice(0, 3)),
    (I, 2),
    (2, J),
    (I.reshape(3, 3), 40),
    (np.arange(100) % 3 == 0,),
    (np.arange(100) % 3 == 0, slice(1, 5)),
    np.array(4),
]


@pytest.mark.parametrize("kind", ["nngp", "ntk"])
def test_slices_are_those_of_the_whole_array(run, kind):
    full, kernel = whole(run, f"{kind}_train"), run.kernel(kind)
    assert kernel.shape == full.shape == (100, 100) and kernel.is_symmetric
    assert kernel.dtype == full.dtype and len(kernel) == 100 and kernel.is_complete
    np.testing.assert_array_equal(np.asarray(kernel), full)
    for key in KEYS:
        found = kernel[key]
        assert np.shape(found) == np.shape(full[key]), key
        np.testing.assert_array_equal(found, full[key], err_msg=str(key))
    np.testing.assert_array_equal(kernel[full > full.mean()], full[full > full.mean()])
    np.testing.assert_array_equal(kernel.diagonal(), np.diag(full))
    np.testing.assert_array_equal(kernel @ np.ones(100), full @ np.ones(100))
    np.testing.assert_array_equal(np.stack(list(kernel)), full)


def test_the_rectangle_of_test_images(run):
    full, kernel = whole(run, "ntk_test"), run.kernel("ntk", set="test")
    assert kernel.shape == (30, 100) and not kernel.is_symmetric
    for key in [slice(None), 7, (slice(3, 29, 5), J), (I % 30, J), (Ellipsis, -1)]:
        np.testing.assert_array_equal(kernel[key], full[key], err_msg=str(key))
    np.testing.assert_array_equal(run.test_variances("ntk"), whole(run, "ntk_test_diagonal"))


def test_wrong_indices_are_numpys_errors(run):
    kernel = run.kernel()
    for key in (
        100,
        -101,
        (0, 100),
        (0, 1, 2),
        ([100], [0]),
        [1.5],
        None,
        (..., ...),
        np.zeros((3, 3), bool),
        np.zeros(7, bool),
        "a",
    ):
        with pytest.raises((IndexError, ValueError)):
            kernel[key]
    with pytest.raises(ValueError, match="without a copy"):
        kernel.__array__(copy=False)


def test_only_the_tiles_that_are_needed_are_read(run, monkeypatch):
    kernel = run.kernel()
    read = []
    original = type(kernel._array).read
    monkeypatch.setattr(
        type(kernel._array), "read", lambda self, tile: read.append(tile) or original(self, tile)
    )
    kernel[3:30, 70:80]
    assert read == [(2, 0)]
    read.clear()
    kernel[[0, 99], [99, 0]]
    assert read == [(3, 0)]
    read.clear()
    kernel[:]
    assert sorted(read) == [(it, jt) for it in range(4) for jt in range(it + 1)]


def copied(run, target, shards=None, missing=None):
    """A copy of a run whose NTK is rewritten, with tiles in files or in shards; its array."""
    copy = ntkdist.open(shutil.copytree(run.path, target))
    folder = copy.path / "kernels.zarr/ntk_train"
    old = zarr.open_array(str(folder), mode="r")
    values, attributes = old[:], dict(old.attrs)
    shutil.rmtree(folder)
    new = zarr.create_array(
        str(folder),
        shape=(100, 100),
        chunks=(32, 32),
        shards=shards,
        dtype=values.dtype,
        fill_value=np.nan,
        attributes=attributes,
        compressors=zarr.codecs.Crc32cCodec(),
        filters=None,
        serializer=zarr.codecs.BytesCodec(),
        zarr_format=3,
    )
    if missing:
        values[missing] = np.nan
    new[:] = values
    return copy, folder


@pytest.fixture
def half(tmp_path):
    """A run in which one of two shards has computed its tiles."""
    require_program()
    job = ntkdist.Job(data=DATA, network=NETWORK, tile=32, output=tmp_path / "half")
    job.save(tmp_path / "job.yaml")
    subprocess.run(
        [BINARY, "assemble", tmp_path / "job.yaml", "--shard", "1/2"],
        check=True,
        capture_output=True,
    )
    return ntkdist.open(job.output)


def test_a_run_in_progress(half):
    kernel = half.kernel("ntk")
    status = half.status()
    assert 0 < kernel.fraction < 1 and not kernel.is_complete
    assert 0 < status.fraction < 1 and 0 < status.tiles < status.total
    with pytest.raises(
        failures.MissingError,
        match=r"tile \(\d, \d\) .* is not computed yet: \d+ "
        r"of 10 tiles",
    ) as info:
        np.asarray(kernel)
    assert "\n" not in str(info.value)
    partial = np.asarray(half.kernel("ntk", missing="nan"))
    present = kernel._array.present()
    for it, jt in kernel._array.tiles():
        assert np.isfinite(partial[32 * it, 32 * jt]) == ((it, jt) in present)
    np.testing.assert_array_equal(partial, partial.T)
    # The finished run has the whole kernel.
    full = np.asarray(half.job.run(resume=True, progress=False).kernel("ntk"))
    there = np.isfinite(partial)
    assert 0 < there.sum() < there.size and kernel.is_complete
    np.testing.assert_array_equal(partial[there], full[there])
    with pytest.raises(ValueError, match="'raise' or 'nan'"):
        half.kernel(missing="zero")


def test_damaged_tiles_and_arrays(run, tmp_path):
    copy, folder = copied(run, tmp_path / "copy")
    tile = folder / "c/2/1"
    data = bytearray(tile.read_bytes())
    data[40] ^= 1
    for damaged in (bytes(data), bytes(data[:100]), b""):
        tile.write_bytes(damaged)
        kernel = copy.kernel("ntk")
        with pytest.raises(failures.DataError, match=r"tile \(2, 1\) .* is damaged") as info:
            kernel[40, 70]
        assert "\n" not in str(info.value)
        assert np.isfinite(kernel[5, 5])
    for damaged in ("", "{", '{"zarr_format": 3, "node_type": "array"}', "[1]"):
        (folder / "zarr.json").write_text(damaged)
        with pytest.raises(failures.DataError, match="cannot be read as a kernel") as info:
            copy.kernel("ntk")
        assert "\n" not in str(info.value)
    (folder / "zarr.json").unlink()
    with pytest.raises(failures.MissingError, match="no zarr.json"):
        copy.kernel("ntk")
    assert copy.status().state == "stopped"


@pytest.fixture
def sharded(run, tmp_path):
    """The kernel in shards of 2 x 2 tiles; one of the shards lacks a tile."""
    return copied(
        run, tmp_path / "sharded", shards=(64, 64), missing=(slice(64, 96), slice(32, 64))
    )


def test_shards(run, sharded):
    copy, folder = sharded
    full = whole(run, "ntk_train")
    kernel = copy.kernel("ntk", missing="nan")
    assert kernel.tile == 32 and kernel.fraction == 9 / 10
    expected = full.copy()
    expected[64:96, 32:64] = expected[32:64, 64:96] = np.nan
    np.testing.assert_array_equal(kernel[:], expected)
    with pytest.raises(failures.MissingError, match=r"tile \(2, 1\)"):
        copy.kernel("ntk")[70, 40]
    # As long as a shard is not complete, its tiles are separate files.
    tile = np.ascontiguousarray(full[64:96, 32:64])
    path = folder / "loose/1.0/2.1"
    path.parent.mkdir(parents=True)
    data = tile.tobytes()
    path.write_bytes(data + google_crc32c.value(data).to_bytes(4, "little"))
    assert kernel.is_complete
    np.testing.assert_array_equal(copy.kernel("ntk")[:], full)
    # Such a tile replaces the one in the shard.
    other = folder / "loose/0.0/1.1"
    other.parent.mkdir()
    shutil.copy(path, other)
    np.testing.assert_array_equal(copy.kernel("ntk")[32:64, 32:64], tile)


def test_damaged_shards(sharded):
    copy, folder = sharded
    kernel = copy.kernel("ntk", missing="nan")
    loose = folder / "loose/1.0/2.1"
    loose.parent.mkdir(parents=True)
    for data in (b"short", bytes(32 * 32 * kernel.dtype.itemsize) + b"crc?"):
        loose.write_bytes(data)
        with pytest.raises(failures.DataError, match=r"tile \(2, 1\) .* is damaged"):
            kernel[70, 40]
    shard = folder / "c/1/0"
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    for damaged in (bytes(data), b"", b"x" * 20):
        shard.write_bytes(damaged)
        with pytest.raises(failures.DataError, match="is damaged"):
            kernel[64, 0]
        with pytest.raises(failures.DataError, match=r"shard \(1, 0\)"):
            kernel._array.present()
    assert copy.status().total > 0


@pytest.mark.parametrize("name", ["ntk_train", "ntk_test", "ntk_test_diagonal"])
def test_tiles_and_elements_are_counted(run, name):
    array = TileArray(run.path / "kernels.zarr" / name)
    tiles = list(array.tiles())
    assert array.count == len(tiles) and array.present() == set(tiles)
    assert array.elements == sum(map(array.size, tiles))
