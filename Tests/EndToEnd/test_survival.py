"""Runs that are shared, frozen, limited in time, or stopped, or that find damaged files."""
import os
import re
import signal
import subprocess

import pytest
from conftest import (
    MINUTES,
    chunks,
    fcn,
    finish,
    flip,
    has_event,
    ntk_dist,
    ranks_of,
    sentences,
    start,
    stop_once,
    succeed,
    tile_places,
    wait_for_chunks,
    wait_for_work,
    wait_until,
    write_job,
)

# Some seconds of work for two ranks, in many tiles.
LONG = dict(data={"synthetic": {"seed": 2, "train": 3000, "test": 50}},
            network=fcn(depth=30), tile=32, spectrum=None, prediction=None)


def test_eight_shards_at_once_two_of_them_killed_give_the_same_store(tmp_path):
    whole = write_job(tmp_path, "whole.yaml", output=tmp_path / "whole", **LONG)
    succeed("assemble", whole, ranks=2)
    path = write_job(tmp_path, "parts.yaml", output=tmp_path / "parts", **LONG)
    shards = [start("assemble", path, "--shard", f"{k}/8", ranks=None) for k in range(1, 9)]
    wait_for_chunks(tmp_path / "parts", 200, shards[0])
    for victim in (shards[2], shards[5]):
        assert victim.poll() is None, "it was killed while it worked"
        victim.kill()
    for number, shard in enumerate(shards):
        status, errors = finish(shard)
        assert (status == -9) if number in (2, 5) else (status == 0), errors
    expected = chunks(tmp_path / "whole")
    found = chunks(tmp_path / "parts")
    assert 0 < len(found) < len(expected)
    assert all(expected[name] == data for name, data in found.items())
    shown = succeed("status", tmp_path / "parts").stdout
    assert "shard 1/8" in shown and "shard 8/8" in shown and "free" in shown
    # One more job checks all tiles, and computes only the missing ones.
    output = succeed("assemble", path, "--resume", ranks=2).stdout
    missing = int(re.search(r"assembled (\d+) of", output).group(1))
    assert 0 < missing <= len(expected) - len(found)
    assert chunks(tmp_path / "parts") == expected
    assert not list((tmp_path / "parts").rglob("*.partial-*"))


def test_shards_overlap_at_once_and_repeat_without_harm(tmp_path):
    small = {**LONG, "data": {"synthetic": {"seed": 2, "train": 300, "test": 20}}, "spectrum": {}}
    path = write_job(tmp_path, **small)
    # They run at once, and two of them are the same shard.
    shards = [start("assemble", path, "--shard", shard, "--resume", ranks=None)
              for shard in ("2/2", "1/3", "2/2", "1/1")]
    for shard in shards:
        assert finish(shard)[0] == 0
    flip(tmp_path / "run", sorted(chunks(tmp_path / "run"))[10])
    repeated = [succeed("assemble", path, "--shard", f"{k}/2") for k in (1, 2)]
    assert sum("is damaged" in result.stderr for result in repeated) == 1
    succeed("run", path, "--resume", ranks=2)
    alone = write_job(tmp_path, "alone.yaml", **{**small, "output": tmp_path / "alone"})
    succeed("run", alone)
    assert chunks(tmp_path / "run") == chunks(tmp_path / "alone")
    for bad in ("0/2", "3/2", "1", "a/b"):
        refused = ntk_dist("assemble", path, "--shard", bad)
        assert refused.returncode == 64 and bad in refused.stderr


@pytest.mark.parametrize("victim", [0, 2])
def test_a_frozen_rank_is_named_and_ends_the_run(tmp_path, victim):
    path = write_job(tmp_path, **LONG)
    process = start("assemble", path, "--watchdog", "3", ranks=3)
    wait_for_chunks(tmp_path / "run", 100, process)
    os.kill(ranks_of(process)[victim], signal.SIGSTOP)
    status, errors = finish(process)
    assert status == 75
    assert f"rank {victim} (" in errors and "not heard from" in errors
    succeed("assemble", path, "--resume", ranks=2)


def test_a_frozen_rank_is_noticed_inside_a_library_routine_too(tmp_path):
    path = write_job(tmp_path, data={"synthetic": {"seed": 2, "train": 5000, "test": 0}},
                     kernels=["ntk"], prediction=None,
                     spectrum={"vectors": "all", "solver": "scalapack"})
    succeed("assemble", path, ranks=2)

    def solving(*options):
        """Starts the spectrum; returns when the ranks have worked on it for a while."""
        (tmp_path / "run/events.jsonl").unlink()
        process = start("spectrum", path, *options)
        wait_until(lambda: has_event(tmp_path / "run", "started"), process)
        wait_for_work(ranks_of(process)[1], 3, process)
        return process

    process = solving("--watchdog", "2")
    os.kill(ranks_of(process)[1], signal.SIGSTOP)
    status, errors = finish(process)
    assert status == 75 and "rank 1 (" in errors
    # A signal also ends it there.
    process = solving()
    process.send_signal(signal.SIGUSR1)
    status, errors = finish(process)
    assert status == 75 and "continue with --resume" in errors
    assert not has_event(tmp_path / "run", "spectrum")


def test_a_time_limit_is_kept(tmp_path):
    slow = write_job(tmp_path, "slow.yaml", **MINUTES)
    limit, kept = 1, {}
    # Stopped twice, each time with more tiles; the limit grows until a busy machine gets that far.
    for _ in range(2):
        found = kept
        while len(found) == len(kept):
            limit *= 2
            result = ntk_dist("assemble", slow, "--resume", "--time-limit",
                              f"{limit // 60}:{limit % 60:02}", ranks=2)
            assert result.returncode == 75 and "before the time limit" in result.stderr
            found = chunks(tmp_path / "run")
        assert "is damaged" not in result.stderr
        assert all(found[name] == data for name, data in kept.items())
        kept = found
    assert len(kept) < 650
    path = write_job(tmp_path, output=tmp_path / "short", spectrum=None, prediction=None)
    succeed("assemble", path, "--time-limit", "1-00:00:00", ranks=2)
    for bad in ("0", "-5", "1:2:3:4", "1-2", "soon"):
        assert ntk_dist("assemble", path, f"--time-limit={bad}").returncode == 64


def test_the_rank_that_notices_the_time_limit_first_gives_the_reason(tmp_path):
    process = start("assemble", write_job(tmp_path, "slow.yaml", **MINUTES))
    wait_until(lambda: chunks(tmp_path / "run"), process)
    os.kill(ranks_of(process)[1], signal.SIGALRM)
    status, errors = finish(process)
    assert status == 75 and "stopped before the time limit" in errors


def test_a_damaged_tile_is_computed_again_in_place(tmp_path):
    path = write_job(tmp_path, spectrum=None, prediction=None, tile=32, store={"shards": False})
    succeed("assemble", path)
    expected = chunks(tmp_path / "run")
    flipped, empty, longer = (place.path for place in list(tile_places(tmp_path / "run").values())[3:6])
    content = bytearray(flipped.read_bytes())
    content[77] ^= 4
    flipped.write_bytes(content)
    empty.write_bytes(b"")
    longer.write_bytes(longer.read_bytes() + b"x")
    result = succeed("assemble", path, "--resume", ranks=2)
    assert result.stderr.count("is damaged") == 3
    assert chunks(tmp_path / "run") == expected


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"zarr_format": 2}'])
def test_metadata_that_are_none_are_one_sentence(tmp_path, content):
    path = write_job(tmp_path, spectrum=None, prediction=None)
    succeed("assemble", path)
    for file in ("kernels.zarr/ntk_train/zarr.json",):
        (tmp_path / "run" / file).write_bytes(content)
        for attempt in (["assemble", path, "--resume"], ["status", tmp_path / "run"],
                        ["verify", tmp_path / "run"]):
            result = ntk_dist(*attempt)
            said = sentences(result)
            assert result.returncode in (65, 73) and len(said) == 1 and file in said[0], said


def test_a_store_that_vanishes_ends_the_run_and_says_so(tmp_path):
    path = write_job(tmp_path, **LONG)
    process = start("assemble", path)
    wait_for_chunks(tmp_path / "run", 50, process)
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    status, errors = finish(process)
    assert status in (66, 73, 74)
    assert "ntk-dist:" in errors and str(tmp_path / "run") in errors


def test_many_networks_are_written_one_by_one(tmp_path):
    """A job of many networks stops between two of them, and its watchdog sees it work."""
    network = {"preset": "fcn", "depth": 1, "weight_variances": [1 + k / 50 for k in range(50)]}
    path = write_job(tmp_path, data={"synthetic": {"train": 32, "test": 0}}, network=network, spectrum=None,
                     prediction=None)
    process = start("assemble", path, ranks=None)
    stop_once(lambda: len(chunks(tmp_path / "run")) > 0, process)
    process.send_signal(signal.SIGUSR1)
    process.send_signal(signal.SIGCONT)
    assert finish(process)[0] == 75
    assert 0 < len(chunks(tmp_path / "run")) < 100
    succeed("assemble", path, "--resume")
    assert len(chunks(tmp_path / "run")) == 100


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_store_that_turns_read_only_ends_the_run_and_says_so(tmp_path):
    mount = tmp_path / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", mount], check=True)
    try:
        path = write_job(tmp_path, output=mount / "run", **LONG)
        process = start("assemble", path)
        wait_for_chunks(mount / "run", 50, process)
        process.send_signal(signal.SIGUSR1)
        assert finish(process)[0] == 75
        before = chunks(mount / "run")
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
        result = ntk_dist("assemble", path, "--resume", ranks=2)
        said = sentences(result)
        assert result.returncode in (73, 74) and len(said) == 1 and "read-only" in said[0].lower()
        subprocess.run(["mount", "-o", "remount,rw", mount], check=True)
        assert chunks(mount / "run") == before
    finally:
        subprocess.run(["umount", "-l", mount])
