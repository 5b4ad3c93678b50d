"""Runs whose output goes nowhere, and signals from terminals: never fatal, never in the way."""
import fcntl
import os
import pty
import signal
import subprocess

import pytest
from conftest import (
    ENVIRONMENT, PATIENCE, chunks, command, fcn, finish, start, succeed, wait_for_chunks,
    write_job)

LARGE = dict(data={"synthetic": {"seed": 2, "train": 1500, "test": 100}}, tile=64,
             network=fcn("erf", 1.7, 0.1, depths=[3, 60]), spectrum=None, prediction=None)


def run(path, **options):
    options = {"stdin": subprocess.DEVNULL, **options}
    return subprocess.run(command(["run", path, "--progress", "lines"]), env=ENVIRONMENT,
                          timeout=PATIENCE, **options).returncode


@pytest.mark.parametrize("streams", ["stdout", "stderr", "both"])
@pytest.mark.parametrize("kind", ["full", "closed", "pipe without a reader", "full pipe", "terminal gone"])
def test_output_that_goes_nowhere_does_not_end_a_run(tmp_path, kind, streams):
    path = write_job(tmp_path, prediction=None)
    ends = []
    if kind == "full":
        target = os.open("/dev/full", os.O_WRONLY)
    elif kind == "terminal gone":
        other, target = pty.openpty()
        os.close(other)
    else:
        reader, target = os.pipe()
        if kind == "full pipe":
            ends.append(reader)
            fcntl.fcntl(target, fcntl.F_SETFL, os.O_NONBLOCK)
            with pytest.raises(BlockingIOError):
                while True:
                    os.write(target, bytes(4096))
            # The program itself sees a pipe that blocks.
            fcntl.fcntl(target, fcntl.F_SETFL, 0)
        else:
            os.close(reader)
    names = ["stdout", "stderr"] if streams == "both" else [streams]
    options = {name: target for name in names}
    if kind == "closed":
        numbers = [{"stdout": 1, "stderr": 2}[name] for name in names]
        options = {"preexec_fn": lambda: [os.close(number) for number in numbers]}
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
    assert run(path, **options) == 0
    for descriptor in [target, *ends]:
        os.close(descriptor)
    assert (tmp_path / "run/spectrum/ntk.npy").exists()
    # No line was written into a file that got the number of a closed stream.
    assert all(len(tile) % 8 == 4 for tile in chunks(tmp_path / "run").values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_of_a_terminal_stops_a_run_in_order(tmp_path, number):
    path = write_job(tmp_path, **LARGE)
    # If the tests ignore the signal, for example under nohup, their children would inherit this.
    process = start("run", path, ranks=None,
                    preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    wait_for_chunks(tmp_path / "run", 20, process)
    process.send_signal(number)
    status, errors = finish(process)
    said = [line for line in errors.splitlines() if line.startswith("ntk-dist:")]
    assert status == 75, errors
    assert said == ["ntk-dist: stopped on request; continue with --resume"]
    succeed("run", path, "--resume")


def test_a_hangup_that_is_ignored_stays_ignored(tmp_path):
    path = write_job(tmp_path, **LARGE)
    process = start("run", path, ranks=None,
                    preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    wait_for_chunks(tmp_path / "run", 20, process)
    process.send_signal(signal.SIGHUP)
    status, errors = finish(process)
    assert status == 0, errors


def test_a_broken_pipe_is_not_a_reason_to_stop(tmp_path):
    path = write_job(tmp_path, **LARGE)
    process = start("run", path, ranks=None)
    wait_for_chunks(tmp_path / "run", 20, process)
    process.send_signal(signal.SIGPIPE)
    status, errors = finish(process)
    assert status == 0, errors
