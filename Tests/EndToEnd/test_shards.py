"""Finished tiles in shards: the same files whatever happened before, and nothing lost by damage."""
import os
import re
import shutil
import signal
import subprocess

import numpy as np
import pytest
import zarr
from conftest import (
    BINARY,
    ENVIRONMENT,
    PATIENCE,
    chunks,
    fcn,
    finish,
    flip,
    is_alive,
    ntk_dist,
    ranks_of,
    sentences,
    shard_index,
    start,
    store_files,
    succeed,
    tile_places,
    wait_for_chunks,
    wait_until,
    write_job,
)

# 300 images in tiles of 8: 38 rows of tiles, three of shards.
MANY = dict(data={"synthetic": {"seed": 3, "train": 300, "test": 40}}, kernels=["ntk"], tile=8,
            spectrum=None, prediction=None)
TILES, FILES = 741 + 190 + 5, 6 + 3 + 1
# The zarr.json of the store and its arrays.
DESCRIPTIONS = 4
# Long enough to be killed in the middle.
SLOW = {**MANY, "network": fcn("erf", 1.7, 0.1, depths=[3, 200])}


def assemble(folder, name, *options, ranks=None, **sections):
    """Assembles a run in its own folder; returns the files of its store."""
    path = write_job(folder, f"{name}.yaml", output=folder / name, **{**MANY, **sections})
    succeed("assemble", path, *options, ranks=ranks)
    return store_files(folder / name)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run."""
    folder = tmp_path_factory.mktemp("finished")
    assemble(folder, "run", ranks=2)
    return folder / "run"


@pytest.fixture
def copied(finished, tmp_path):
    """A job, its finished run, and the files of its store."""
    shutil.copytree(finished, tmp_path / "run")
    return write_job(tmp_path, **MANY), tmp_path / "run", store_files(finished)


def test_every_number_of_ranks_and_of_jobs_gives_the_same_files(finished, tmp_path):
    expected = store_files(finished)
    assert len(expected) == DESCRIPTIONS + FILES
    for ranks in (None, 3, 4):
        assert assemble(tmp_path, f"{ranks}", ranks=ranks) == expected
    # Two jobs one after another, and three at once; neither number divides the number of shards.
    for number in (1, 2):
        found = assemble(tmp_path, "after", "--shard", f"{number}/2")
    assert found == expected
    path = write_job(tmp_path, "beside.yaml", output=tmp_path / "beside", **MANY)
    jobs = [start("assemble", path, "--shard", f"{number}/3", ranks=ranks)
            for number, ranks in ((1, 2), (2, None), (3, None))]
    assert [finish(job)[0] for job in jobs] == [0, 0, 0]
    assert store_files(tmp_path / "beside") == expected


def test_zarr_python_reads_the_shards_and_they_are_the_tiles_of_a_run_without(finished, tmp_path):
    plain = assemble(tmp_path, "plain", store={"shards": False})
    assert len(plain) == DESCRIPTIONS + TILES
    assert chunks(finished) == chunks(tmp_path / "plain")
    packed, plain = (zarr.open(run / "kernels.zarr", mode="r") for run in (finished, tmp_path / "plain"))
    assert packed["ntk_train"].shards == (128, 128) and packed["ntk_train"].chunks == (8, 8)
    assert packed["ntk_test_diagonal"].shards == (2048,) and plain["ntk_train"].shards is None
    for name in packed.array_keys():
        assert np.array_equal(packed[name][:], plain[name][:], equal_nan=True)
    assert np.isfinite(np.tril(packed["ntk_train"][:])[np.tril_indices(300)]).all()
    # Tiles lie row by row from the start of the file, without gaps.
    index = shard_index(finished / "kernels.zarr/ntk_train/c/1/1", 256)
    there = [row * 16 + column for row in range(16) for column in range(row + 1)]
    assert (index[there] == [[516 * place, 516] for place in range(136)]).all()
    assert (np.delete(index, there, axis=0) == -1).all()


@pytest.mark.parametrize("name", ["packed", "plain"])
def test_a_store_keeps_its_layout_whatever_the_job_says(tmp_path, name):
    first, second = {"shards": name == "packed"}, {"shards": name != "packed"}
    expected = assemble(tmp_path, "whole", store=first)
    path = write_job(tmp_path, output=tmp_path / "run", **MANY, store=first)
    succeed("assemble", path, "--shard", "2/3")
    assert assemble(tmp_path, "run", "--resume", ranks=2, store=second) == expected


def test_runs_killed_again_and_again_leave_the_same_files(tmp_path):
    expected = assemble(tmp_path, "whole", ranks=2, **SLOW)
    tiles = chunks(tmp_path / "whole")
    path = write_job(tmp_path, "broken.yaml", output=tmp_path / "broken", **SLOW)
    for attempt, ranks in enumerate((3, 2, 4)):
        process = start("assemble", path, *(["--resume"] if attempt else []), ranks=ranks)
        wait_for_chunks(tmp_path / "broken", len(tiles) * (attempt + 1) // 5, process)
        victims = [process.pid, *ranks_of(process).values()]
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        process.wait()
        wait_until(lambda killed=victims: not any(map(is_alive, killed)))
        left = chunks(tmp_path / "broken")
        assert 0 < len(left) < len(tiles)
        assert all(tiles[name] == content for name, content in left.items())
        assert "% of the pairs" in succeed("status", tmp_path / "broken").stdout
        assert "all well" in succeed("verify", tmp_path / "broken", "--sample", 2).stdout
        # Finished tiles can be read.
        assert zarr.open(tmp_path / "broken/kernels.zarr", mode="r")["depth=3/ntk_train"][:].shape == (300, 300)
    succeed("assemble", path, "--resume", ranks=2)
    assert store_files(tmp_path / "broken") == expected


def test_a_damaged_tile_alone_is_computed_again_in_its_shard(copied):
    path, run, expected = copied
    for tile in ("ntk_train/c/20/3", "ntk_test/c/4/30", "ntk_test_diagonal/c/2"):
        flip(run, tile)
    verified = ntk_dist("verify", run, "--sample", 0, ranks=2)
    assert verified.returncode == 65 and len(sentences(verified)) == 3
    assert re.search(r"tile \(20, 3\) fails its checksum in .*/ntk_train/c/1/0;", verified.stderr)
    resumed = succeed("assemble", path, "--resume", ranks=3)
    assert "assembled 3 of" in resumed.stdout and resumed.stderr.count("is damaged") == 3
    assert store_files(run) == expected
    assert "all well" in succeed("verify", run, "--sample", 20).stdout


@pytest.mark.parametrize("damage", ["cut", "empty", "longer", "index"])
def test_a_torn_shard_is_one_sentence_and_its_tiles_are_computed_again(copied, tmp_path, damage):
    path, run, expected = copied
    shard = run / "kernels.zarr/ntk_train/c/1/0"
    content = bytearray(shard.read_bytes())
    if damage == "cut":
        content = content[:len(content) // 2]
    elif damage == "empty":
        content = b""
    elif damage == "longer":
        content += b"x"
    else:
        content[-100] ^= 4
    shard.write_bytes(content)
    refused = ntk_dist("verify", run, "--sample", 0)
    assert refused.returncode == 65 and len(sentences(refused)) == 1, refused.stderr
    assert "ntk_train/c/1/0 is not a whole shard of tiles" in refused.stderr
    solved = ntk_dist("spectrum", write_job(tmp_path, "solve.yaml", output=run, **{**MANY, "spectrum": {}}))
    assert solved.returncode == 65 and len(sentences(solved)) == 1 and "ntk_train/c/1/0" in solved.stderr
    resumed = succeed("assemble", path, "--resume", ranks=2)
    assert len(sentences(resumed)) == 1 and "ntk_train/c/1/0 is damaged" in resumed.stderr
    assert "assembled 256 of" in resumed.stdout
    assert store_files(run) == expected


def test_tiles_that_were_left_loose_are_packed_by_the_next_job(copied, tmp_path):
    path, run, expected = copied
    array = run / "kernels.zarr/ntk_train"
    # As after a kill before the shard was renamed, and after that but before the tiles were removed.
    for shard, is_there in (((1, 0), False), ((1, 1), True)):
        row, column = shard
        folder = array / f"loose/{row}.{column}"
        folder.mkdir(parents=True)
        for name, place in tile_places(run).items():
            if place.path == array / f"c/{row}/{column}":
                (folder / name.split("/c/")[1].replace("/", ".")).write_bytes(place.read())
        if not is_there:
            (array / f"c/{row}/{column}").unlink()
    (array / "c/1/.0.partial-elsewhere-12-1").write_bytes(b"torn")
    assert "100.0 %" in succeed("status", run).stdout
    assert f"{TILES} of {TILES} tiles are there" in succeed("verify", run, "--sample", 0).stdout
    succeed("spectrum", write_job(tmp_path, "solve.yaml", output=run, **{**MANY, "spectrum": {}}), ranks=2)
    resumed = succeed("assemble", path, "--resume", ranks=2)
    assert "assembled 0 of" in resumed.stdout and not sentences(resumed)
    (array / "c/1/.0.partial-elsewhere-12-1").unlink()
    assert store_files(run) == expected


def test_few_open_files_are_enough(copied):
    path, run, _ = copied
    for command in (["verify", run], ["assemble", path, "--resume"]):
        limited = subprocess.run(
            ["sh", "-c", 'ulimit -n 48; exec "$@"', "sh", BINARY, *map(str, command)], env=ENVIRONMENT,
            capture_output=True, text=True, timeout=PATIENCE)
        assert limited.returncode == 0, limited.stderr


def test_the_plan_counts_the_files(tmp_path):
    path = write_job(tmp_path, **MANY)
    text = succeed("plan", path, "--ranks", 2).stdout
    assert f"in {DESCRIPTIONS + FILES} files" in text
    plain = succeed("plan", path, "--ranks", 2, "--set", "store.shards=false").stdout
    assert f"in {DESCRIPTIONS + TILES} files" in plain
