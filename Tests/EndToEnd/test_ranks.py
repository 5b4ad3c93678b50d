"""The same bytes on any number of ranks, whatever happens during the run."""
import signal

import numpy as np
import pytest
from conftest import (
    chunk_paths,
    chunks,
    fcn,
    finish,
    flip,
    kill_all,
    ntk_dist,
    sentences,
    start,
    succeed,
    wait_for_chunks,
    write_job,
)

LARGE = {"data": {"synthetic": {"seed": 2, "train": 1500, "test": 100}}, "tile": 64,
         "network": fcn("erf", 1.7, 0.1, depths=[3, 60]), "spectrum": None, "prediction": None}


@pytest.mark.parametrize("n", [7, 65, 200])
def test_chunks_and_eigenvalues_do_not_depend_on_the_number_of_ranks(tmp_path, n):
    reference = None
    for ranks in (1, 2, 3, 4, 6):
        run = tmp_path / f"{ranks}"
        data = {"synthetic": {"seed": 4, "train": n, "test": 5}}
        path = write_job(tmp_path, f"{ranks}.yaml", output=run, data=data, tile=32)
        succeed("run", path, ranks=ranks)
        found = chunks(run), np.load(run / "spectrum/ntk.npy"), np.load(run / "predictions/ntk.npy")
        reference = reference or found
        assert found[0] == reference[0] and len(found[0]) > 0
        assert np.abs(found[1] - reference[1]).max() <= 1e-12 * reference[1][-1]
        assert np.allclose(found[2], reference[2], rtol=0, atol=1e-9)


def test_killed_runs_resumed_on_other_numbers_of_ranks_leave_the_same_bytes(tmp_path):
    whole = write_job(tmp_path, "whole.yaml", output=tmp_path / "whole", **LARGE)
    succeed("run", whole, ranks=2)
    expected = chunks(tmp_path / "whole")
    path = write_job(tmp_path, "broken.yaml", output=tmp_path / "broken", **LARGE)
    for round, ranks in enumerate((3, 2)):
        process = start("run", path, *(["--resume"] if round else []), ranks=ranks)
        wait_for_chunks(tmp_path / "broken", len(expected) * (round + 1) // 4, process)
        kill_all(process)
        left = {name: data for name, data in chunks(tmp_path / "broken").items() if name in expected}
        assert all(expected[name] == data for name, data in left.items()), "no torn tile"
        assert len(left) < len(expected), "it was killed half way"
    succeed("run", path, "--resume", ranks=4)
    found = {name: data for name, data in chunks(tmp_path / "broken").items() if name in expected}
    assert found == expected


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_a_stop_signal_ends_a_run_in_order_with_status_75(tmp_path, number):
    path = write_job(tmp_path, **LARGE)
    process = start("run", path, ranks=None)
    wait_for_chunks(tmp_path / "run", 50, process)
    process.send_signal(number)
    status, errors = finish(process)
    assert status == 75 and "continue with --resume" in errors
    done = len(chunk_paths(tmp_path / "run"))
    succeed("run", path, "--resume", ranks=2)
    assert len(chunk_paths(tmp_path / "run")) > done


def test_usr1_to_mpirun_stops_all_ranks_with_status_75(tmp_path):
    path = write_job(tmp_path, **LARGE)
    process = start("run", path, ranks=3)
    wait_for_chunks(tmp_path / "run", 50, process)
    process.send_signal(signal.SIGUSR1)
    assert finish(process)[0] == 75


def test_stages_on_different_numbers_of_ranks_equal_one_run(tmp_path):
    one = write_job(tmp_path, "one.yaml", output=tmp_path / "one")
    succeed("run", one)
    parts = write_job(tmp_path, "parts.yaml", output=tmp_path / "parts")
    for stage, ranks in (("assemble", 3), ("spectrum", 2), ("predict", 4)):
        succeed(stage, parts, ranks=ranks)
    assert chunks(tmp_path / "one") == chunks(tmp_path / "parts")
    for file in ("spectrum/ntk.npy", "predictions/nngp.npy"):
        a, b = np.load(tmp_path / "one" / file), np.load(tmp_path / "parts" / file)
        assert np.allclose(a, b, rtol=0, atol=1e-11 * np.abs(a).max())


def test_a_damaged_chunk_is_refused_and_computed_again(tmp_path):
    path = write_job(tmp_path)
    succeed("run", path)
    before = chunks(tmp_path / "run")
    flip(tmp_path / "run", "ntk_train/c/1/0")
    for command, ranks in (("spectrum", None), ("spectrum", 2), ("predict", 3)):
        refused = ntk_dist(command, path, ranks=ranks)
        assert refused.returncode == 65 and len(sentences(refused)) == 1, refused.stderr
        assert "tile (1, 0) fails its checksum in" in refused.stderr
    verified = ntk_dist("verify", tmp_path / "run", ranks=2)
    assert verified.returncode == 65 and "tile (1, 0)" in verified.stderr
    resumed = succeed("run", path, "--resume", ranks=2)
    assert len(sentences(resumed)) == 1 and "c/0/0 is damaged" in resumed.stderr
    assert chunks(tmp_path / "run") == before
