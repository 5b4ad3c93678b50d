"""libntkdist from C and by ctypes; its bytes are those of `ntk-dist kernel`."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest
from conftest import BINARY, ENVIRONMENT, PATIENCE, ROOT, succeed
from library import Failure, Library, Network
from test_docs import blocks

PATH = pathlib.Path(os.environ.get("NTK_DIST_LIBRARY", pathlib.Path(BINARY).parent / "libntkdist.so"))
NETWORKS = {
    "fcn": ("{preset: fcn, depth: 3, activation: erf, bias_variance: 0.1}", (1, 1, 50), 300),
    "formula": ('[flatten, dense, {elementwise: {formula: "x * sigmoid(x)"}}, dense]', (4, 4, 3), 30),
    "flatten": ("{preset: cnn-flatten, depth: 2}", (8, 8, 3), 33),
    "gap": ("{preset: cnn-gap, depth: 1, activation: gelu}", (6, 6, 2), 21),
    "attention": ("[{convolution: {filter: [3, 3]}}, relu, self_attention, flatten, dense]", (4, 4, 2), 9),
}


@pytest.fixture(scope="module", autouse=True)
def kernels_of_blas():
    """Lets OpenBLAS, in this process and in programs that link the library, use the program's kernels."""
    lines = succeed("--version", "--verbose").stdout.splitlines()
    name, = (line.split()[1] for line in lines if line.startswith("kernels "))
    os.environ["OPENBLAS_CORETYPE"] = name
    return {"OPENBLAS_CORETYPE": name}


@pytest.fixture(scope="module")
def library(kernels_of_blas):
    return Library(PATH)


def images(shape, count, seed=1):
    return np.random.default_rng(seed).standard_normal((count, *shape))


def by_program(folder, text, x1, x2, precision=64):
    """The kernels that `ntk-dist kernel` writes."""
    (folder / "network.yaml").write_text(f"network: {text}\n")
    if x1.shape[1:3] == (1, 1):
        x1, x2 = (None if x is None else x.reshape(len(x), -1) for x in (x1, x2))
    np.save(folder / "x1.npy", x1)
    columns = []
    if x2 is not None:
        np.save(folder / "x2.npy", x2)
        columns = ["--columns", folder / "x2.npy"]
    succeed("kernel", folder / "network.yaml", "--rows", folder / "x1.npy", *columns,
            "--output", folder / "kernels", "--precision", f"f{precision}", "--force")
    return {name: np.load(folder / f"kernels/{name}.npy") for name in ("nngp", "ntk")}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The example in C, compiled."""
    compiler = shutil.which("cc") or shutil.which("clang")
    assert compiler, "there is no C compiler"
    path = tmp_path_factory.mktemp("c") / "kernel"
    subprocess.run(
        [compiler, "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o", path,
         "-I", ROOT / "CShims/NTKDistLibrary/include", ROOT / "Tests/Library/kernel.c", PATH,
         f"-Wl,-rpath,{PATH.parent}"], check=True)
    return path


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("precision", [64, 32])
def test_a_program_in_c_gets_the_bytes_of_the_command(program, kernels_of_blas, tmp_path, name, precision):
    text, shape, count = NETWORKS[name]
    for x2 in (None, images(shape, count // 2, seed=2)):
        x1 = images(shape, count)
        numbers = x1.tobytes() + (b"" if x2 is None else x2.tobytes())
        arguments = map(str, [*shape, precision, count, 0 if x2 is None else len(x2)])
        result = subprocess.run([program, text, *arguments], input=numbers, capture_output=True,
                                env={**ENVIRONMENT, **kernels_of_blas}, timeout=PATIENCE)
        assert result.returncode == 0, result.stderr
        expected = by_program(tmp_path, text, x1, x2, precision)
        assert result.stdout == expected["nngp"].tobytes() + expected["ntk"].tobytes()


def test_a_program_in_c_gets_a_sentence(program):
    result = subprocess.run([program, "{preset: fcn, dept: 3}", "1", "1", "4", "64", "1", "0"],
                            input=bytes(32), capture_output=True, timeout=PATIENCE)
    assert result.returncode == 78
    assert b"dept" in result.stderr and result.stderr.count(b"\n") == 1


@pytest.mark.parametrize("name", NETWORKS)
def test_any_number_of_threads_gives_the_same_bytes(library, tmp_path, name):
    text, shape, count = NETWORKS[name]
    network = Network(library, text, shape)
    x1, x2 = images(shape, count), images(shape, count + 5, seed=2)
    expected = by_program(tmp_path, text, x1, x2)
    for threads in (0, 1, 3):
        found = network.kernels(x1, x2, threads=threads)
        for kernel in ("nngp", "ntk"):
            assert found[kernel].tobytes() == expected[kernel].tobytes()


def test_descriptions_are_those_of_the_program(library, tmp_path):
    text = "{preset: cnn-flatten, depth: 2, activation: tanh}"
    (tmp_path / "network.yaml").write_text(f"network: {text}\n")
    described = json.loads(Network(library, text, (32, 32, 3)).describe())
    assert described["text"] == succeed("network", tmp_path / "network.yaml").stdout
    assert described["certificates"][0]["activation"] == "tanh"
    assert list(described["layers"][0]) == ["repeat"]


@pytest.mark.parametrize("activation", ["relu", "tanh", "{leaky_relu: {negative_slope: 0.3}}"])
def test_mean_field_theory_is_that_of_the_program(library, activation):
    result = succeed("phase", "--activation", activation, "--weight-variance", 1.7, "--bias-variance", 0.05,
                     "--format", "json")
    assert json.loads(library.mean_field(activation, 1.7, 0.05)) == json.loads(result.stdout)


def test_the_library_says_its_version(library):
    assert f'let version = "{library.version()}"' in (ROOT / "Package.swift").read_text()


def test_nothing_of_mpi_is_needed():
    libraries = subprocess.run(["ldd", PATH], capture_output=True, text=True, check=True).stdout
    assert "libmpi" not in libraries and "scalapack" not in libraries


def resident():
    """The resident memory of this process in bytes."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no VmRSS")


def test_calls_leave_no_memory_behind(library):
    shape = (6, 6, 2)
    x = images(shape, 12)

    def call():
        for text in ("{preset: fcn, depth: 2, activation: tanh}", "{preset: cnn-gap, depth: 1}"):
            network = Network(library, text, shape)
            for threads in (1, 2):
                network.kernels(x, threads=threads)
        network.describe()
        with pytest.raises(Failure):
            Network(library, "{preset: none}", shape)

    for _ in range(100):
        call()
    before = resident()
    for _ in range(300):
        call()
    # One 12 x 12 matrix per call would add up to 4 MB.
    assert resident() - before < 2 << 20


def test_no_thread_is_left_and_a_fork_computes(library):
    text, shape, count = NETWORKS["gap"]
    network = Network(library, text, shape)
    x = images(shape, 60)
    before = set(os.listdir("/proc/self/task"))
    expected = network.kernels(x, threads=3)["ntk"]
    assert set(os.listdir("/proc/self/task")) == before
    child = os.fork()
    if child == 0:
        same = network.kernels(x, threads=3)["ntk"].tobytes() == expected.tobytes()
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_several_threads_use_one_network(library):
    text, shape, _ = NETWORKS["formula"]
    network = Network(library, text, shape)
    inputs = [images(shape, 5 + 3 * i, seed=i) for i in range(6)]
    expected = [network.kernels(x)["ntk"].tobytes() for x in inputs]
    found = {}

    def work(thread):
        found[thread] = [network.kernels(x, threads=2)["ntk"].tobytes() for x in inputs]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[i] == expected for i in range(4))


def test_a_kernel_is_cancelled_and_another_follows(library):
    text, shape = "{preset: cnn-gap, depth: 10}", (16, 16, 3)
    network = Network(library, text, shape)
    calls = []

    def progress(fraction):
        calls.append((fraction, threading.get_ident()))
        return len(calls) == 4

    with pytest.raises(Failure) as failure:
        network.kernels(images(shape, 1000), progress=progress)
    assert failure.value.status == 75 and len(calls) == 4
    assert {ident for _, ident in calls} == {threading.get_ident()}
    assert np.isfinite(network.kernels(images(shape, 2))["ntk"]).all()


THREADS = """
import os, pathlib, sys
sys.path.insert(0, {folder!r})
import numpy as np
from library import Library, Network
network = Network(Library({path!r}), "{{preset: cnn-gap, depth: 10}}", (8, 8, 3))
most = 0
def progress(fraction):
    global most
    most = max(most, len(os.listdir("/proc/self/task")))
    return most > {stop} or fraction > 0.2
before = len(os.listdir("/proc/self/task"))
try:
    network.kernels(np.random.default_rng(1).standard_normal((200, 8, 8, 3)), progress=progress)
except Exception as error:
    print(error.sentence if error.status != 75 else most - before)
"""


@pytest.mark.parametrize("environment, count", [
    ({"NTK_DIST_NUM_THREADS": "3"}, "3"), ({"OMP_NUM_THREADS": "2,1"}, "2"),
    ({"OMP_NUM_THREADS": "5", "NTK_DIST_NUM_THREADS": "1"}, "1"), ({}, "1"),
    ({"NTK_DIST_NUM_THREADS": "many"}, "NTK_DIST_NUM_THREADS is 'many'; it must be a number of threads"),
])
def test_the_environment_and_the_affinity_say_how_many_threads(environment, count):
    kept = {name: value for name, value in ENVIRONMENT.items() if name != "OMP_NUM_THREADS"}
    script = THREADS.format(folder=str(ROOT / "Tests/EndToEnd"), path=str(PATH), stop=100)
    result = subprocess.run(
        ["taskset", "-c", "0", sys.executable, "-c", script], capture_output=True, text=True,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1", **environment}, timeout=PATIENCE)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(count), result.stdout


def test_the_example_of_the_guide_prints_what_it_shows(tmp_path):
    page = (ROOT / "docs/guide/library.md").read_text()
    [source] = blocks(page, "#include")
    (tmp_path / "example.c").write_text(source)
    compiler = shutil.which("cc") or shutil.which("clang")
    subprocess.run(
        [compiler, "-Wall", "-Werror", "-o", tmp_path / "example", tmp_path / "example.c",
         "-I", ROOT / "CShims/NTKDistLibrary/include", PATH, f"-Wl,-rpath,{PATH.parent}"], check=True)
    shown = subprocess.run([tmp_path / "example"], capture_output=True, text=True, check=True).stdout
    assert shown in blocks(page, "")
