"""`ntk-dist selftest`: all checks on several numbers of ranks, injected faults, bad folders, and no files left."""
import os
import re
import resource
import signal
import subprocess
import time

import pytest
from conftest import ENVIRONMENT, PATIENCE, command, finish, ntk_dist, sentences, start, wait_until

# Checks whose verdict does not depend on the machine's speed and size.
CERTAIN = ["messages", "datagrams", "clocks", "folder", "cores", "tiles", "ScaLAPACK"]
SPEEDS = ["shared memory", "flush", "small files", "room", "bandwidth", "memory", "products"]


def selftest(folder, *options, ranks=None, fault=None, **variables):
    """Runs the self-test, with a fault if one is given."""
    if fault:
        variables["NTK_DIST_SELFTEST_FAULT"] = fault
    return subprocess.run(command(["selftest", *options, folder], ranks), capture_output=True, text=True,
                          timeout=PATIENCE, env={**ENVIRONMENT, **variables})


def table(result):
    """Result, verdict and advice of every check."""
    rows = {}
    for line in result.stdout.splitlines():
        found = re.match(r"(\w[\w ]*?)\s{2,}(.*?)\s+(good|look|bad)\b\s*(.*)$", line)
        if found:
            rows[found[1]] = found.groups()[1:]
    return rows


@pytest.mark.parametrize("ranks", [None, 2, 4])
def test_all_is_good(tmp_path, ranks):
    result = selftest(tmp_path, ranks=ranks)
    assert result.returncode == 0 and not sentences(result), result.stderr
    rows = table(result)
    assert set(rows) == {*CERTAIN, *SPEEDS}, result.stdout
    assert all(rows[name][1] == "good" for name in CERTAIN), result.stdout
    assert all(rows[name][1] != "bad" for name in SPEEDS), result.stdout
    assert all(bool(advice) == (verdict != "good") for _, verdict, advice in rows.values()), result.stdout
    assert re.match(r"all good, after|\d to look at, after", result.stdout.splitlines()[-1])
    assert not list(tmp_path.iterdir())


def test_nodes_have_rows_of_their_own(tmp_path):
    result = selftest(tmp_path, "--nodes", ranks=2)
    assert result.returncode == 0, result.stderr
    below = [line for line in result.stdout.splitlines() if line.startswith("  ")]
    assert len(below) == 4 and any("GFLOP/s a rank" in line for line in below), result.stdout


@pytest.mark.parametrize("fault, check, words", [
    ("messages:1", "messages", "rank 1 ({host}) got wrong data from rank 0"),
    ("windows:1", "shared memory", "rank 1 ({host}) does not see"),
    ("rename:0", "folder", "files of other nodes are not seen by rank 0 ({host})"),
    ("bandwidth:1", "bandwidth", "rank 1 ({host}) reads other bytes than rank 0"),
    ("slow:1", "products", "rank 1 ({host}) is "),
    ("tiles:1", "tiles", "rank 1 ({host}): a tile (fcn, f64) is off by 1e-09"),
    ("solver:1", "ScaLAPACK", "residual ")])
def test_a_fault_is_named(tmp_path, fault, check, words):
    result = selftest(tmp_path, ranks=2, fault=fault)
    found, verdict, advice = table(result)[check]
    assert result.returncode == 69 and not sentences(result), result.stderr
    assert found.startswith(words.format(host=os.uname().nodename)), result.stdout
    assert verdict == "bad" and advice
    # The others still run, except those of files if the folder is unusable.
    left = ["flush", "small files", "room", "bandwidth"] if check == "folder" else []
    assert set(table(result)) == {*CERTAIN, *SPEEDS} - set(left), result.stdout
    assert re.match(r"[12] bad", result.stdout.splitlines()[-1])
    assert not list(tmp_path.iterdir())


def test_datagrams_that_do_not_arrive_are_worth_a_look(tmp_path):
    result = selftest(tmp_path, ranks=3, fault="datagrams:2")
    found, verdict, advice = table(result)["datagrams"]
    assert result.returncode == 0 and verdict == "look" and "UDP" in advice, result.stdout
    assert found.startswith("none from rank 2 (") and "and between 2 more pairs" in found


@pytest.mark.parametrize("ranks", [None, 2])
def test_a_folder_that_does_not_exist_is_refused(tmp_path, ranks):
    (tmp_path / "file").write_text("")
    for name in ("nowhere", "file"):
        result = selftest(tmp_path / name, ranks=ranks)
        said = sentences(result)
        assert result.returncode == 66 and len(said) == 1 and f"{name} is no folder" in said[0], result.stderr


@pytest.fixture
def mount(tmp_path):
    """Mounts a small file system in memory with options."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    folder = tmp_path / "disk"
    folder.mkdir()

    def mounted(options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        return folder

    yield mounted
    subprocess.run(["umount", "-l", folder])


def test_a_folder_that_cannot_be_written_is_refused(mount):
    result = selftest(mount("ro"), ranks=2)
    said = sentences(result)
    assert result.returncode == 73 and len(said) == 1 and "mounted read-only" in said[0], result.stderr


def test_a_full_disk_is_bad_and_the_other_checks_go_on(mount):
    folder = mount("size=3m")
    # Some files fit, then none.
    (folder / "ballast").write_bytes(bytes(5 << 19))
    result = selftest(folder, ranks=2)
    rows = table(result)
    found, verdict, advice = rows["room"]
    assert result.returncode == 69 and verdict == "bad" and "no space left" in found, result.stdout
    assert "free some space" in advice and rows["ScaLAPACK"][1] == "good" and not sentences(result)
    assert [path.name for path in folder.iterdir()] == ["ballast"]


def test_a_limit_of_file_sizes_is_bad(tmp_path):
    # MPI also needs files of some size.
    limit = 100 << 20
    result = subprocess.run(
        command(["selftest", tmp_path]), capture_output=True, text=True, timeout=PATIENCE, env=ENVIRONMENT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    found, verdict, advice = table(result)["room"]
    assert result.returncode == 69 and verdict == "bad" and "ulimit -f" in advice, result.stderr
    assert "limited to 105 MB" in found and not list(tmp_path.iterdir())


@pytest.mark.parametrize("file", ["", "renamed-0"])
def test_a_stop_leaves_no_file(tmp_path, file):
    process = start("selftest", tmp_path, ranks=2)
    wait_until(lambda: list(tmp_path.glob(f".ntk-dist-selftest-*/{file}")), process)
    process.send_signal(signal.SIGUSR1)
    status, errors = finish(process)
    assert status == 75 and "stopped on request" in errors and "--resume" not in errors, errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ranks", [1, 2])
def test_every_collective_step_can_fail(tmp_path, ranks):
    counted = selftest(tmp_path, ranks=ranks, NTK_DIST_FAIL_AT="count")
    steps = int(re.search(r"(\d+) agreements", counted.stderr)[1])
    for step in range(ranks, steps, 5):
        rank = step // 5 % ranks
        result = selftest(tmp_path, ranks=ranks, NTK_DIST_FAIL_AT=f"{step}:{rank}")
        assert result.returncode == 70 and len(sentences(result)) == 1, (step, result.stderr)
        assert not list(tmp_path.iterdir()), step


def test_what_a_killed_test_has_left_is_removed_later(tmp_path):
    old, young = (tmp_path / f".ntk-dist-selftest-{name}" for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir()
        (folder / "tile-0-0").write_text("x")
    hour = time.time() - 3600
    os.utime(old, (hour, hour))
    assert selftest(tmp_path).returncode == 0
    assert list(tmp_path.iterdir()) == [young]


def test_the_folder_is_an_argument(tmp_path):
    result = ntk_dist("selftest")
    assert result.returncode == 64 and "<dir>" in result.stderr
