"""Chunks of features that a producer writes one after another, and removes when they are in the sums."""
import json
import os
import threading

import numpy as np
import pytest
from conftest import PATIENCE, chunks, finish, kill_all, ntk_dist, start, succeed, wait_until, write_job
from test_features import SLOW, Jacobians, refused

TOTAL = 12


class Producer(threading.Thread):
    """Publishes chunks by renaming, at most `at_once` at a time, and removes chunks that were taken."""

    def __init__(self, jacobians, folder, last=TOTAL, at_once=3):
        super().__init__(daemon=True)
        self.jacobians, self.folder, self.last, self.at_once = jacobians, folder, last, at_once
        self.most = 0

    def taken(self):
        try:
            return json.loads((self.folder / "train-taken.json").read_text())["chunks"]
        except FileNotFoundError:
            return 0

    def remove(self):
        for number in range(self.taken()):
            for name in ("train", "test"):
                (self.folder / f"{name}-{number}.npy").unlink(missing_ok=True)

    def run(self):
        for number in range(self.last):
            wait_until(lambda number=number: number - self.taken() < self.at_once)
            self.remove()
            for name, part in (("test", slice(self.jacobians.n, None)), ("train", slice(0, self.jacobians.n))):
                temporary = self.folder / f".{name}-{number}.npy"
                with open(temporary, "wb") as file:
                    np.save(file, self.jacobians.parts[number][part])
                os.replace(temporary, self.folder / f"{name}-{number}.npy")
            self.most = max(self.most, len(list(self.folder.glob("train-*.npy"))))


def setting(folder, **features):
    """Computes the kernel of all chunks; returns a job that follows them in another folder, and the folder."""
    jacobians = Jacobians(folder, "f4", n=400, columns=[5000] * TOTAL)
    whole = jacobians.job("whole.yaml", output=folder / "whole", **SLOW)
    succeed("assemble", whole, ranks=2)
    stream = folder / "stream"
    stream.mkdir()
    path = write_job(folder, "follow.yaml", output=folder / "run", network=None, data=None, features={
        "train": str(stream / "train-*.npy"), "test": str(stream / "test-*.npy"), "chunks": TOTAL,
        "patience": PATIENCE, **features}, **SLOW)
    return jacobians, path, stream


def test_a_followed_producer_keeps_few_chunks(tmp_path):
    jacobians, path, stream = setting(tmp_path)
    process = start("assemble", path, "--follow", ranks=2)
    producer = Producer(jacobians, stream)
    producer.start()
    status, errors = finish(process)
    producer.join(PATIENCE)
    assert status == 0, errors
    assert producer.taken() == TOTAL and 1 <= producer.most <= 3
    producer.remove()
    assert not list(stream.glob("*.npy"))
    assert chunks(tmp_path / "run") == chunks(tmp_path / "whole")
    assert "all well" in succeed("verify", tmp_path / "run").stdout


def test_a_follower_that_is_killed_goes_on_with_the_chunks_that_are_left(tmp_path):
    jacobians, path, stream = setting(tmp_path, checkpoint=0)
    producer = Producer(jacobians, stream, at_once=2)
    producer.start()
    for number in range(5):
        process = start("assemble", path, "--follow", "--resume", ranks=1 + number % 2)
        wait_until(lambda number=number: producer.taken() >= 2 * number + 1, process)
        kill_all(process)
    succeed("assemble", path, "--follow", "--resume", ranks=2)
    producer.join(PATIENCE)
    assert producer.taken() == TOTAL and producer.most <= 2
    assert chunks(tmp_path / "run") == chunks(tmp_path / "whole")


@pytest.mark.parametrize("written", [0, 5])
def test_a_producer_that_dies_is_noticed(tmp_path, written):
    jacobians, path, stream = setting(tmp_path, patience=2)
    producer = Producer(jacobians, stream, last=written, at_once=TOTAL)
    producer.start()
    producer.join(PATIENCE)
    result = ntk_dist("assemble", path, "--follow", ranks=2)
    refused(result, 75, "has died", "--resume")
    if written:
        assert producer.taken() == written
        producer.remove()
        refused(ntk_dist("assemble", path, "--resume"), 66, "chunk 5", "of 12", "--follow")
    rest = Producer(jacobians, stream, at_once=TOTAL)
    rest.start()
    succeed("assemble", path, "--follow", "--resume", ranks=2)
    rest.join(PATIENCE)
    assert chunks(tmp_path / "run") == chunks(tmp_path / "whole")


def tell(stream, chunks):
    """Writes what a run tells its producer."""
    (stream / "told").write_text(json.dumps({"chunks": chunks}))
    (stream / "told").replace(stream / "train-taken.json")


def test_a_producer_is_told_anew_what_is_in_the_sums(tmp_path):
    """Whatever an earlier run has told it, or could not tell it because it was killed."""
    jacobians, path, stream = setting(tmp_path)
    tell(stream, 5)
    process = start("assemble", path, "--follow", ranks=2)
    producer = Producer(jacobians, stream)
    wait_until(lambda: producer.taken() == 0, process)
    producer.start()
    wait_until(lambda: producer.taken() >= 4, process)
    kill_all(process)
    tell(stream, 1)
    succeed("assemble", path, "--follow", "--resume", ranks=2)
    producer.join(PATIENCE)
    assert producer.taken() == TOTAL
    # Without the chunks, the kernel is still valid, and another one is not mixed in.
    producer.remove()
    succeed("assemble", path, "--resume", ranks=2)
    weights = ", ".join(["0.5"] * TOTAL)
    refused(ntk_dist("assemble", path, "--resume", "--set", f"features.weights=[{weights}]"), 78, "features")


def test_what_cannot_be_followed(tmp_path):
    jacobians, path, stream = setting(tmp_path)
    refused(ntk_dist("assemble", jacobians.job(**SLOW), "--follow", "--resume", ranks=2), 78, "features.chunks")
    refused(ntk_dist("assemble", path, "--set", "features.weights=[1]"), 78, "features.weights", "12")
    refused(ntk_dist("assemble", path, "--set", f"features.train={stream}/a.npy"), 78, "no *")
    refused(ntk_dist("assemble", path, "--shard", "1/2"), 78, "--shard", "features.chunks")
    # The chunk has another number of points.
    Producer(jacobians, stream, last=2).run()
    np.save(stream / "train-1.npy", jacobians.parts[1][:399])
    refused(ntk_dist("assemble", path, "--follow", ranks=2), 65, "train-1.npy has 399 rows", "400")
