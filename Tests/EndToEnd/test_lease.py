"""One job at a time writes a run's results: concurrent runs, killed ones, and stages one after another."""
import signal

from conftest import (
    chunks, finish, ntk_dist, sentences, start, stop_once, succeed, summary, wait_until, write_job)

# A reduction to a band that takes seconds, during which the lease is held.
LONG = dict(data={"synthetic": {"seed": 2, "train": 1500, "test": 20}}, tile=256)


def leases(run):
    return [path.name for path in run.glob("lease-*.json")]


def is_held(run):
    """Whether a lease says who holds it: the file exists a moment before it has its content."""
    return any('"token"' in path.read_text() for path in run.glob("lease-*.json"))


def test_a_stage_is_refused_while_another_job_writes_and_no_result_is_lost(tmp_path):
    path = write_job(tmp_path, **LONG)
    run = tmp_path / "run"
    succeed("assemble", path, ranks=2)
    spectrum = start("spectrum", path, ranks=None)
    stop_once(lambda: is_held(run), spectrum)
    try:
        refused = ntk_dist("predict", path)
        assert refused.returncode == 73, refused.stderr
        assert len(sentences(refused)) == 1
        assert "is being written by `ntk-dist spectrum`" in sentences(refused)[0]
    finally:
        spectrum.send_signal(signal.SIGCONT)
    assert finish(spectrum)[0] == 0
    assert not leases(run)
    succeed("predict", path, ranks=2)
    for kernel in "nngp", "ntk":
        found = summary(run)["variants"][0][kernel]
        assert "spectrum" in found and "prediction" in found


def test_a_job_that_was_killed_does_not_lock_its_run(tmp_path):
    path = write_job(tmp_path, **LONG)
    run = tmp_path / "run"
    killed = start("run", path, ranks=None)
    wait_until(lambda: is_held(run), killed)
    killed.kill()
    finish(killed)
    assert leases(run)
    succeed("run", path, "--resume", ranks=2)
    assert not leases(run)


def test_three_jobs_that_resume_one_run_at_once_leave_whole_results(tmp_path):
    path = write_job(tmp_path, **LONG)
    runs = [start("run", path, "--resume", ranks=None) for _ in range(3)]
    ended = [finish(process) for process in runs]
    assert {status for status, _ in ended} <= {0, 73}, ended
    assert any(status == 0 for status, _ in ended)
    for status, errors in ended:
        if status == 73:
            assert "is being written by" in errors
    succeed("run", path, "--resume")
    alone = write_job(tmp_path, "alone.yaml", output=tmp_path / "alone", **LONG)
    succeed("run", alone)
    assert chunks(tmp_path / "run") == chunks(tmp_path / "alone")
    assert not list((tmp_path / "run").rglob("*.partial-*"))
    assert "prediction" in summary(tmp_path / "run")["variants"][0]["ntk"]
