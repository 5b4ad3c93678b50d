"""The library itself: threads, memory, forks, and the bits of the program."""

import os
import platform
import subprocess
import sys
import threading

import numpy as np
import pytest
from program import ProgramLibrary

from ntkdist import _library, _plans, stax

pytestmark = pytest.mark.usefixtures("shared_library")

NETWORKS = {
    "dense": ((7,), stax.serial(stax.Dense(1, 1.4, 0.1), stax.Relu(), stax.Dense(1))),
    "formula": ((7,), stax.serial(stax.Dense(1), stax.Elementwise("x * tanh(x)"), stax.Dense(1))),
    "pixels": (
        (8, 8, 3),
        stax.serial(
            stax.Conv(1, (3, 3), padding="SAME"),
            stax.Relu(),
            stax.AvgPool((2, 2), (2, 2)),
            stax.Conv(1, (3, 3), padding="SAME"),
            stax.Erf(),
            stax.GlobalAvgPool(),
            stax.Dense(1),
        ),
    ),
}


@pytest.mark.parametrize("precision", ["f64", "f32"])
@pytest.mark.parametrize("name", NETWORKS)
def test_bits_are_those_of_the_program(name, precision, reference_program, monkeypatch, rng):
    shape, net = NETWORKS[name]
    x1, x2 = rng.standard_normal((9, *shape)), rng.standard_normal((4, *shape))
    for second in (None, x2):
        found = net.kernel_fn(x1, second, ("nngp", "ntk"), precision=precision)
        with monkeypatch.context() as patch:
            reference = ProgramLibrary()
            patch.setattr(_plans, "library", lambda reference=reference: reference)
            expected = net.kernel_fn(x1, second, ("nngp", "ntk"), precision=precision)
        assert np.array_equal(found.nngp, expected.nngp)
        assert np.array_equal(found.ntk, expected.ntk)


def test_threads_change_no_bit(rng):
    shape, net = NETWORKS["pixels"]
    x = rng.standard_normal((40, *shape))
    one = net.kernel_fn(x, None, "ntk", threads=1)
    assert np.array_equal(net.kernel_fn(x, None, "ntk", threads=3), one)


def test_several_threads_of_python(rng):
    x = rng.standard_normal((30, 7))
    kernel_fn = NETWORKS["dense"][1].kernel_fn
    expected, found = kernel_fn(x, None, "ntk"), []

    def work():
        for _ in range(20):
            found.append(np.array_equal(kernel_fn(x, None, "ntk"), expected))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80 and all(found)


def _memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_calls_leak_nothing(rng):
    x = rng.standard_normal((20, 7))
    kernel_fn = NETWORKS["dense"][1].kernel_fn

    def rounds(count):
        for index in range(count):
            kernel_fn(x, x[:3])
            # A new network each time.
            stax.Dense(1, 1 + index / 1000).kernel_fn(x)

    rounds(300)
    before = _memory()
    rounds(1000)
    # 1,000 networks and 2,000 kernels of 20 x 20 would take about 10 MB if they were kept.
    assert _memory() - before < 4 << 20


def test_forks_can_compute():
    """In a process without threads of other packages, because those do not survive a fork."""
    code = """
import os
import numpy as np
from ntkdist import stax
x = np.random.default_rng(0).standard_normal((20, 7))
kernel_fn = stax.serial(stax.Dense(1, 1.4, 0.1), stax.Relu(), stax.Dense(1)).kernel_fn
expected = kernel_fn(x, None, "ntk")
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(kernel_fn(x, None, "ntk"), expected) else 1)
assert os.waitpid(child, 0) == (child, 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_networks_are_described():
    handle = _library.library().network('["flatten", "dense", "tanh", "dense"]', 1, 1, 7, 64)
    description = handle.describe()
    assert description["layers"][2] == "tanh"
    assert "tanh" in description["text"]
    assert description["certificates"]


def test_mean_field_theory():
    point = _library.library().mean_field("erf", 2.5, 0.05)
    assert abs(point["q_star"] - 1.35268138) < 1e-6
    with pytest.raises(ValueError):
        _library.library().mean_field("no such function", 1, 1)


def test_presets():
    x = np.random.default_rng(0).standard_normal((3, 7))
    preset = stax.from_yaml("{preset: fcn, depth: 2, weight_variance: 2.0}")
    root = 2**0.5
    layers = [part for _ in range(2) for part in (stax.Dense(1, root), stax.Relu())]
    net = stax.serial(stax.Flatten(), *layers, stax.Dense(1, root))
    assert np.allclose(preset.kernel_fn(x, None, "ntk"), net.kernel_fn(x, None, "ntk"), rtol=1e-14)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="of x86 processors")
def test_blas_gets_the_kernels_of_the_processor():
    """Also if OpenBLAS does not know it; for other programs, the variable stays as it was."""
    program = """
import ctypes, os
from ntkdist import _library
_library.library()
paths = {line.split()[-1] for line in open("/proc/self/maps") if "/libopenblas" in line}
for path in paths:
    name = ctypes.CDLL(path).openblas_get_corename
    name.restype = ctypes.c_char_p
    print(name().decode(), os.environ.get("OPENBLAS_CORETYPE"))
"""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    for asked in (None, "Haswell"):
        own = environment if asked is None else {**environment, "OPENBLAS_CORETYPE": asked}
        said = subprocess.run(
            [sys.executable, "-c", program], env=own, capture_output=True, text=True, check=True
        ).stdout
        level = _library.level(_library._processor_flags())
        expected = asked or {"v2": "Nehalem", "v3": "Haswell", "v4": "SkylakeX"}[level]
        assert said.split() == [expected, str(asked)]
