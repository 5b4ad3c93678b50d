"""Unknown senders at the watchdog's port, and limits of threads and memory."""
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import numpy as np
import pytest
from conftest import (
    ENVIRONMENT, MINUTES, PATIENCE, command, fcn, finish, ranks_of, sentences, start, succeed,
    wait_for_chunks, write_job)


def datagram_sockets(pid):
    """Addresses and ports of the IPv4 datagram sockets of a process."""
    inodes = set()
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found = re.match(r"socket:\[(\d+)\]", os.readlink(descriptor))
        except OSError:
            continue
        inodes |= {found.group(1)} if found else set()
    lines = [line.split() for line in pathlib.Path(f"/proc/{pid}/net/udp").read_text().splitlines()[1:]]
    return [tuple(int(word, 16) for word in line[1].split(":")) for line in lines if line[9] in inodes]


def test_junk_at_the_watchdogs_port_ends_nothing(tmp_path):
    path = write_job(tmp_path, **MINUTES)
    process = start("assemble", path, "--watchdog", "3", ranks=2)
    wait_for_chunks(tmp_path / "run", 1, process)
    found = datagram_sockets(ranks_of(process)[0])
    # All ranks are on this host, so the loopback is enough.
    assert len(found) == 1 and socket.inet_ntoa(found[0][0].to_bytes(4, "little")) == "127.0.0.1"
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # Twice the time of the watchdog, a few thousand datagrams each second.
    end = time.monotonic() + 6
    while time.monotonic() < end:
        assert process.poll() is None
        for size in (0, 1, 24, 25, 1000):
            stranger.sendto(os.urandom(size), ("127.0.0.1", found[0][1]))
        time.sleep(0.002)
    process.send_signal(signal.SIGUSR1)
    status, errors = finish(process)
    assert status == 75 and "stopped on request" in errors, errors


def limited(path, limit, value, user=None):
    """Runs the program with a limit, as another user if one is given."""
    def prepare():
        if user:
            os.setgid(user)
            os.setuid(user)
        resource.setrlimit(limit, (value, value))
    return subprocess.run(command(["run", path, "--progress", "none"]), capture_output=True, text=True,
                          timeout=PATIENCE, env=dict(ENVIRONMENT, HOME="/tmp", TMPDIR="/tmp"),
                          preexec_fn=prepare)


def test_too_little_address_space_is_one_sentence(tmp_path):
    path = write_job(tmp_path)
    statuses = []
    for megabytes in (240, 300, 360):
        result = limited(path, resource.RLIMIT_AS, megabytes << 20)
        statuses.append(result.returncode)
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        if result.returncode == 69:
            said = sentences(result)
            assert len(said) == 1 and "memory" in said[0], result.stderr
    # With less, the libraries and MPI do not even start; with more, there is enough.
    assert 69 in statuses, statuses


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user, whose threads are counted")
def test_too_few_threads_are_one_sentence():
    # The other user can write here.
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o777)
        path = write_job(folder, prediction=None)
        statuses = []
        for threads in range(2, 10):
            # A new user each time, because processes of the previous one may still be counted.
            result = limited(path, resource.RLIMIT_NPROC, threads, user=60_000 + threads)
            statuses.append(result.returncode)
            subprocess.run(["rm", "-rf", folder / "run"], check=True)
            if result.returncode == 69:
                said = sentences(result)
                assert len(said) == 1 and "thread" in said[0], result.stderr
        assert 69 in statuses, statuses


@pytest.fixture
def control_group():
    """Makes control groups of this test, of either version."""
    root = pathlib.Path("/sys/fs/cgroup")
    version1 = (root / "memory").is_dir()
    folder = (root / "memory" if version1 else root) / f"ntk-test-{os.getpid()}"
    try:
        folder.mkdir()
        limit = folder / ("memory.limit_in_bytes" if version1 else "memory.max")
        limit.write_text(str(900 << 20))
    except OSError as error:
        folder.rmdir() if folder.is_dir() else None
        pytest.skip(f"no control group of memory: {error}")
    yield folder
    deadline = time.monotonic() + PATIENCE
    while (folder / "cgroup.procs").read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    folder.rmdir()


def test_a_control_group_with_too_little_memory_is_named(tmp_path, control_group):
    np.save(tmp_path / "rows.npy", np.random.default_rng(1).normal(size=(16_000, 3)))
    path = write_job(
        tmp_path, data={"arrays": {"train": str(tmp_path / "rows.npy")}}, tile=1000, kernels=["nngp"],
        network=fcn(depth=1), prediction=None, spectrum={"solver": "band"})
    succeed("assemble", path, "--shard", "1/100000")
    join = f'echo $$ > {control_group}/cgroup.procs; exec "$@"'
    result = subprocess.run(["sh", "-c", join, "sh", *command(["spectrum", path])], capture_output=True, text=True,
                            timeout=PATIENCE, env=ENVIRONMENT)
    said = sentences(result)
    assert result.returncode == 69 and len(said) == 1, result.stderr
    assert "are available (in the control group of the job; ask the queue for more memory)" in said[0]
