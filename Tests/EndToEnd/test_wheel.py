"""The wheel that `make wheel` makes, in a fresh virtual environment: NTK_DIST_WHEEL names it (`make test-dist`)."""
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from conftest import ENVIRONMENT, PATIENCE, ROOT, succeed
from test_docs import blocks

WHEEL = os.environ.get("NTK_DIST_WHEEL")
ARCHIVE = os.environ.get("NTK_DIST_ARCHIVE")
pytestmark = [
    pytest.mark.skipif(not WHEEL, reason="NTK_DIST_WHEEL is not set; `make test-dist` sets it"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="levels are those of x86-64"),
]
LEVELS = ("v2", "v3", "v4")
TEXT = "[flatten, dense, gelu, dense, tanh, dense]"
# A script that does not use the package's own modules. Its first argument is the folder of library.py.
SCRIPT = """
import pathlib, sys, sysconfig
sys.path.insert(0, sys.argv[1])
import numpy as np
from library import Library, Network
folder = pathlib.Path(sysconfig.get_path("platlib")) / "ntkdist/lib"
library = Library(folder / f"libntkdist-{sys.argv[2]}.so")
assert library.isa() == f"x86-64-{sys.argv[2]}", library.isa()
x = np.load(sys.argv[3])
np.save(sys.argv[4], Network(library, %r, x.shape[1:]).kernels(x, threads=2)["ntk"])
mapped = {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
print("\\n".join(sorted(mapped)))
""" % TEXT


def run(command, **environment):
    """Runs a command in an environment without Swift."""
    path = ":".join(part for part in ENVIRONMENT["PATH"].split(":") if "swift" not in part)
    kept = {name: value for name, value in ENVIRONMENT.items() if not name.startswith(("OPENBLAS", "PYTHON"))}
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=2 * PATIENCE,
        env={**kept, "PATH": path, "LD_LIBRARY_PATH": "", "OPENBLAS_NUM_THREADS": "1",
             "PYTHONDONTWRITEBYTECODE": "1", **environment})


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment with the wheel."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    made = run([folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL])
    assert made.returncode == 0, made.stderr
    return folder / "bin/python"


# The package as its users see it: every module, the README's example and the guide's first example.
USE = """
import importlib, pathlib, pkgutil, sys
import numpy as np
import ntkdist
assert pathlib.Path(ntkdist.__file__).is_relative_to(sys.prefix), ntkdist.__file__
for module in pkgutil.walk_packages(ntkdist.__path__, "ntkdist."):
    importlib.import_module(module.name)
x = np.random.default_rng(0).standard_normal((20, 8))
exec(pathlib.Path(sys.argv[1]).read_text())
# By hand: dense, ReLU, dense.
first = 2.25 * x @ x.T / 8
scale = np.sqrt(np.outer(first.diagonal(), first.diagonal()))
angle = np.arccos(np.clip(first / scale, -1, 1))
nngp = 2.25 * scale * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
ntk = nngp + 2.25 * first * (np.pi - angle) / (2 * np.pi)
assert theta.shape == (20, 20) and np.allclose(theta, ntk, rtol=1e-6), abs(theta - ntk).max()
exec(pathlib.Path(sys.argv[2]).read_text())
assert mean.shape == (100, 1) and covariance.shape == (100, 100)
assert np.isfinite(mean).all() and (covariance.diagonal() > 0).all()
"""


@pytest.fixture
def images(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(1).standard_normal((20, 8, 8, 3)))
    return tmp_path / "x.npy"


def level_of_processor():
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    return "v4" if "avx512vl" in flags else "v3" if "avx2" in flags else "v2"


def test_its_name_says_what_it_is_for():
    name = pathlib.Path(WHEEL).name
    version = re.search(r'let version = "(.*)"', (ROOT / "Package.swift").read_text()).group(1)
    assert name.startswith(f"ntkdist-{version}-py3-none-manylinux_2_"), name
    assert name.endswith("_x86_64.whl")
    with zipfile.ZipFile(WHEEL) as wheel:
        names = wheel.namelist()
    for level in LEVELS:
        assert f"ntkdist/lib/libntkdist-{level}.so" in names
    assert any("libopenblas" in name for name in names)
    for license in ("LICENSE", "libyaml", "libopenblas0-pthread"):
        assert any(name.endswith(f"dist-info/licenses/{license}") for name in names)


def test_nothing_of_swift_or_mpi_is_needed(python, images, tmp_path):
    result = run([python, "-c", SCRIPT, ROOT / "Tests/EndToEnd", level_of_processor(), images, tmp_path / "k.npy"])
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert not [line for line in lines if "swift" in line.lower() or "libmpi" in line]
    # OpenBLAS is the wheel's own.
    assert all(str(python.parent.parent) in line for line in lines if "openblas" in line)


def test_the_package_is_used_as_its_pages_say(python, tmp_path):
    """In a folder without the sources, where Python only uses the virtual environment (-I)."""
    [notebook] = blocks((ROOT / "README.md").read_text(), "from ntkdist import stax")
    guide = blocks((ROOT / "docs/guide/python.md").read_text(), "import numpy as np")
    (tmp_path / "notebook.py").write_text(notebook)
    (tmp_path / "guide.py").write_text(guide[0])
    result = run([python, "-I", "-c", USE, tmp_path / "notebook.py", tmp_path / "guide.py"])
    assert result.returncode == 0, result.stderr


def test_every_level_computes(python, images, tmp_path):
    """The processor's own level, and those below it."""
    (tmp_path / "network.yaml").write_text(f"network: {TEXT}\n")
    succeed("kernel", tmp_path / "network.yaml", "--rows", images, "--output", tmp_path / "program")
    expected = np.load(tmp_path / "program/ntk.npy")
    for level in LEVELS[:LEVELS.index(level_of_processor()) + 1]:
        result = run([python, "-c", SCRIPT, ROOT / "Tests/EndToEnd", level, images, tmp_path / f"{level}.npy"])
        assert result.returncode == 0, result.stderr
        assert np.allclose(np.load(tmp_path / f"{level}.npy"), expected, rtol=1e-13, atol=0)


def test_its_bytes_are_those_of_the_installed_program(python, images, tmp_path):
    """With the same kernels of OpenBLAS."""
    if not ARCHIVE:
        pytest.skip("NTK_DIST_ARCHIVE is not set; `make test-dist` sets it")
    subprocess.run(["tar", "-C", tmp_path, "-xJf", ARCHIVE], check=True)
    program = next(tmp_path.glob("ntk-dist-*/bin/ntk-dist"))
    (tmp_path / "network.yaml").write_text(f"network: {TEXT}\n")
    for level in LEVELS[:LEVELS.index(level_of_processor()) + 1]:
        result = run([program, "kernel", tmp_path / "network.yaml", "--rows", images, "--output", tmp_path / level],
                     NTK_DIST_ISA=level)
        assert result.returncode == 0, result.stderr
        result = run([python, "-c", SCRIPT, ROOT / "Tests/EndToEnd", level, images, tmp_path / f"{level}.npy"],
                     OPENBLAS_CORETYPE={"v2": "Nehalem", "v3": "Haswell", "v4": "SkylakeX"}[level])
        assert result.returncode == 0, result.stderr
        # Headers differ in spaces between versions of NumPy.
        found, expected = np.load(tmp_path / f"{level}.npy"), np.load(tmp_path / level / "ntk.npy")
        assert found.tobytes() == expected.tobytes() and found.dtype == expected.dtype


def test_a_level_above_the_processor_is_refused(python, images, tmp_path):
    """The emulator has no AVX-512."""
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        assert not os.environ.get("CI"), "qemu-user is missing"
        pytest.skip("qemu-user is not installed")
    script = ("import sys; sys.path.insert(0, sys.argv[1]); from library import *\n"
              "try: Network(Library(sys.argv[2]), '[dense]', (1, 1, 3))\n"
              "except Failure as failure: print(failure.status, failure.sentence)")
    path = next(python.parent.parent.glob("lib/python*/site-packages/ntkdist/lib/libntkdist-v4.so"))
    result = run([emulator, "-cpu", "max,-avx512f", python.resolve(), "-c", script, ROOT / "Tests/EndToEnd", path],
                 PYTHONPATH=str(path.parents[2]))
    assert result.stdout.startswith("69 the program was built for another kind of processor"), result.stderr


def test_a_fresh_debian_computes_with_it(images, tmp_path):
    """A root file system with only Python."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        assert not os.environ.get("CI"), "root or debootstrap is missing"
        pytest.skip("needs root and debootstrap")
    root = tmp_path / "root"
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=python3-venv,ca-certificates", "bookworm", root,
         os.environ.get("NTK_DEBIAN_MIRROR", "http://deb.debian.org/debian")], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"debootstrap found no package mirror: {made.stdout[-200:]}")
    for path in (WHEEL, images, ROOT / "Tests/EndToEnd/library.py"):
        shutil.copy(path, root / "tmp")
    # NumPy for the Python of bookworm.
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:",
                    "--python-version=3.11", "--dest", root / "tmp", "numpy"], check=True)
    (root / "tmp/script.py").write_text(SCRIPT)
    script = f"""
        set -e
        mount --bind /proc {root}/proc && mount --bind /dev {root}/dev
        chroot {root} bash -ec '
            python3 -m venv /opt/venv
            /opt/venv/bin/pip install --quiet --no-index --find-links /tmp /tmp/ntkdist-*.whl
            /opt/venv/bin/python /tmp/script.py /tmp {level_of_processor()} /tmp/x.npy /tmp/k.npy'
    """
    result = subprocess.run(
        ["unshare", "-m", "bash", "-c", script], capture_output=True, text=True, timeout=2 * PATIENCE,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"})
    assert result.returncode == 0, result.stderr[-2000:]
    assert np.isfinite(np.load(root / "tmp/k.npy")).all()
