"""The program as users run it: alone and under mpirun, with small jobs in temporary folders."""
import json
import os
import pathlib
import signal
import subprocess
import time
import typing

import numpy as np
import pytest
import zarr

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("NTK_DIST", str(ROOT / ".build/release/ntk-dist"))
SHARED = pathlib.Path(os.environ.get("NTK_SHARED", ROOT.parent / "shared"))
ENVIRONMENT_ADDED = dict(
    OMPI_ALLOW_RUN_AS_ROOT="1",
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
    OMPI_MCA_mpi_yield_when_idle="1",
    # All ranks are on this machine. Looking for network adapters takes a fifth of a second per start.
    OMPI_MCA_pml="ob1",
    OPENBLAS_NUM_THREADS="1",
)
ENVIRONMENT = dict(os.environ, **ENVIRONMENT_ADDED)
# Seconds within which an expected event must happen, however busy the machine is.
PATIENCE = 240


# Files that take long; parallel workers begin with these.
LONGEST = ["test_random_networks.py", "test_finite_width.py", "test_slurm.py", "test_commands.py", "test_chaos.py",
           "test_survival.py", "test_fuzz.py", "test_agreement.py", "test_spectrum.py"]


def pytest_collection_modifyitems(items):
    """Puts the longest files first."""
    def order(item):
        return LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST)

    items.sort(key=order)


def command(arguments, ranks=None):
    launcher = [] if ranks is None else ["mpirun", "--oversubscribe", "-np", str(ranks)]
    return launcher + [BINARY, *map(str, arguments)]


def ntk_dist(*arguments, ranks=None, timeout=2 * PATIENCE, cwd=None, environment=None):
    """Runs the program to its end; `ranks` starts it under mpirun."""
    return subprocess.run(
        command(arguments, ranks), capture_output=True, text=True, timeout=timeout,
        env=dict(os.environ, **ENVIRONMENT_ADDED, **(environment or {})), cwd=cwd)


def succeed(*arguments, **options):
    result = ntk_dist(*arguments, **options)
    assert result.returncode == 0, result.stderr[-2000:]
    return result


def sentences(result):
    """The program's own error messages, without those of mpirun."""
    return [line for line in result.stderr.splitlines() if line.startswith("ntk-dist:")]


def fcn(activation="relu", w=2.0, b=0.05, **depth):
    return {"preset": "fcn", "activation": activation, "weight_variance": w, "bias_variance": b,
            **(depth or {"depth": 3})}


def job(output, **sections):
    """A small job on synthetic images; sections replace or (None) drop the defaults."""
    value = {
        "data": {"synthetic": {"seed": 1, "train": 130, "test": 30}, "preprocessing": "standardize"},
        "network": fcn(), "spectrum": {"vectors": 0},
        "prediction": {"regularization": [1e-6, 1e-2]}, "output": str(output), **sections}
    return {key: part for key, part in value.items() if part is not None}


# Minutes of work for any machine, in 650 tiles: such an assembly ends early only if it is stopped.
MINUTES = dict(
    data={"synthetic": {"seed": 2, "train": 200, "test": 0}}, tile=8, spectrum=None, prediction=None,
    network={"preset": "cnn-gap", "depth": 3, "activation": "relu"})


def write_job(folder, name="job.yaml", **sections):
    sections.setdefault("output", folder / "run")
    path = folder / name
    path.write_text(json.dumps(job(**sections)))
    return path


class Place(typing.NamedTuple):
    """Where the bytes of a tile lie."""
    path: pathlib.Path
    offset: int
    count: int

    def read(self):
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            return file.read(self.count)

    def write(self, content):
        """Replaces them by other bytes, as many as there were."""
        assert len(content) == self.count
        with open(self.path, "r+b") as file:
            file.seek(self.offset)
            file.write(content)


def shard_index(path, capacity):
    """The table at the end of a shard: offset and number of bytes for every place, -1 without a tile."""
    with open(path, "rb") as file:
        file.seek(-16 * capacity - 4, os.SEEK_END)
        return np.frombuffer(file.read(16 * capacity), "<i8").reshape(capacity, 2)


def tile_places(run):
    """The place of every finished tile of a run's store, by the name of its chunk in a store without
    shards, such as ntk_train/c/1/0. Names of files that are being written begin with a dot."""
    store, places = pathlib.Path(run) / "kernels.zarr", {}

    def files(folder):
        return [path for path in sorted(folder.rglob("*"))
                if not path.name.startswith(".") and path.is_file()]

    for metadata in sorted(store.rglob("zarr.json")):
        array, text = metadata.parent, json.loads(metadata.read_text())
        if text["node_type"] != "array":
            continue
        name = f"{array.relative_to(store)}/c/"
        codec = text["codecs"][0]
        if codec["name"] != "sharding_indexed":
            for path in files(array / "c"):
                places[name + str(path.relative_to(array / "c"))] = Place(path, 0, path.stat().st_size)
            continue
        # These are listed before the shards, which may replace them in the meantime.
        loose = {name + path.name.replace(".", "/"): path for path in files(array / "loose")}
        tile = codec["configuration"]["chunk_shape"]
        edges = [whole // part for whole, part in
                 zip(text["chunk_grid"]["configuration"]["chunk_shape"], tile)]
        for path in files(array / "c"):
            corner = [int(part) * edge for part, edge in
                      zip(path.relative_to(array / "c").parts, edges)]
            for place, (offset, count) in enumerate(shard_index(path, int(np.prod(edges)))):
                if count >= 0:
                    inner = np.unravel_index(place, edges)
                    key = name + "/".join(str(a + b) for a, b in zip(corner, inner))
                    places[key] = Place(path, int(offset), int(count))
        for key, path in loose.items():
            if path.exists():
                places[key] = Place(path, 0, path.stat().st_size)
    return places


def of_a_run_in_progress(look, *arguments):
    """Repeats `look` if files were packed or removed in the meantime."""
    for _ in range(100):
        try:
            return look(*arguments)
        except FileNotFoundError:
            continue
    return look(*arguments)


def chunk_paths(run):
    """The file of each finished tile of a run's store; many tiles share one file."""
    return [place.path for place in of_a_run_in_progress(tile_places, run).values()]


def chunks(run):
    """The bytes of every finished tile of a run's store, by name, however they are stored."""
    return of_a_run_in_progress(
        lambda: {name: place.read() for name, place in sorted(tile_places(run).items())})


def store_files(run):
    """Every file of a run's store, by name."""
    store = pathlib.Path(run) / "kernels.zarr"
    return {str(path.relative_to(store)): path.read_bytes()
            for path in sorted(store.rglob("*")) if path.is_file()}


def flip(run, tile, position=1000):
    """Flips a bit of a finished tile, such as ntk_train/c/1/0."""
    place = tile_places(run)[tile]
    content = bytearray(place.read())
    content[position % len(content)] ^= 1
    place.write(content)


def start(*arguments, ranks=2, **options):
    """Starts the program, to be watched or disturbed while it runs."""
    return subprocess.Popen(command(arguments, ranks), env=ENVIRONMENT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def finish(process):
    """Waits for a process that ends by itself; returns its exit status and standard error."""
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors


def wait_until(condition, process=None, pause=0.01):
    """Returns as soon as a condition holds; fails if the given process ends before that."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process is None or process.poll() is None, "the run ended before it was interrupted"
        assert time.monotonic() < deadline, "an expected event did not come"
        time.sleep(pause)


def stop_once(condition, process):
    """Stops a process (SIGSTOP) as soon as a condition holds.

    The process only runs for short moments and is stopped in between. So the awaited state does not
    end before a busy machine checks again, and a quick step takes the seconds after which it is
    recorded in progress.json.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        process.send_signal(signal.SIGSTOP)
        assert process.poll() is None, "the run ended before it was stopped"
        if condition():
            return
        if time.monotonic() > deadline:
            process.kill()
            raise AssertionError("an expected event did not come")
        time.sleep(0.04)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.01)


def wait_for_chunks(run, count, process):
    """Returns when a started run has `count` tiles."""
    wait_until(lambda: len(chunk_paths(run)) >= count, process, pause=0.005)


def has_event(run, name):
    """Whether the log of a run has an event."""
    path = pathlib.Path(run) / "events.jsonl"
    return path.exists() and f'"event":"{name}"' in path.read_text()


def is_alive(pid):
    """Whether a process exists and is no zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def cpu_seconds(pid):
    """The processor time that all threads of a process have used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_work(pid, seconds, process):
    """Returns when a rank has used `seconds` more of processor time, which is progress on any machine."""
    begun = cpu_seconds(pid)
    wait_until(lambda: cpu_seconds(pid) >= begun + seconds, process)


def ranks_of(mpirun):
    """The process numbers of the ranks, by rank."""
    found = {}
    for pid in subprocess.run(["pgrep", "-P", str(mpirun.pid)], capture_output=True,
                              text=True).stdout.split():
        for variable in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if variable.startswith(b"OMPI_COMM_WORLD_RANK="):
                found[int(variable.split(b"=")[1])] = int(pid)
    return found


def kill_all(process):
    """Sends SIGKILL to mpirun and every rank."""
    victims = [process.pid, *ranks_of(process).values()]
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    process.wait(PATIENCE)
    wait_until(lambda: not any(map(is_alive, victims)))


def summary(run):
    return json.loads((pathlib.Path(run) / "summary.json").read_text())


def kernel_of(run, kernel="ntk"):
    """The whole kernel of the training images that a run has stored."""
    return symmetric(zarr.open(run / "kernels.zarr", mode="r")[f"{kernel}_train"][:])


def symmetric(lower):
    """The whole matrix from the lower triangle's tiles."""
    i, j = np.tril_indices(len(lower), -1)
    whole = np.array(lower)
    whole[j, i] = whole[i, j]
    return whole


@pytest.fixture(scope="session")
def exact_cifar10(tmp_path_factory):
    """A folder with 6,187 bit-exact CIFAR-10 images in the official layout."""
    unpack = SHARED / "cifar10/unpack.py"
    if not unpack.exists():
        pytest.skip(f"{unpack} is not there")
    out = tmp_path_factory.mktemp("cifar10")
    subprocess.run(["python3", str(unpack), str(out), "--exact"], check=True, capture_output=True)
    return out / "cifar-10-exact-bin"
