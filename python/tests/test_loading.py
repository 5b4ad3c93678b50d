"""How the package and its library are loaded."""

import subprocess
import sys

import pytest

from ntkdist import LibraryError, _library
from ntkdist._errors import exception

V3 = {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave", "sse4_2"}
V4 = V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


def test_levels_of_processors():
    assert _library.level({"sse4_2", "avx"}) == "v2"
    assert _library.level(V3) == "v3"
    assert _library.level(V4 - {"avx512vl"}) == "v3"
    assert _library.level(V4) == "v4"
    assert _library.level(set()) == "v2"


def test_levels_that_are_asked_for(monkeypatch, tmp_path):
    monkeypatch.delenv("NTK_DIST_LIBRARY", raising=False)
    monkeypatch.setattr(_library.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(_library, "_processor_flags", lambda: V3)
    monkeypatch.setattr(_library, "__file__", str(tmp_path / "_library.py"))
    monkeypatch.delenv("NTK_DIST_ISA", raising=False)
    with pytest.raises(LibraryError, match="libntkdist-v3.so is missing"):
        _library.library_path()
    (tmp_path / "lib").mkdir()
    for name in ("v2", "v3"):
        (tmp_path / "lib" / f"libntkdist-{name}.so").touch()
    assert _library.library_path().name == "libntkdist-v3.so"
    monkeypatch.setenv("NTK_DIST_ISA", "v2")
    assert _library.library_path().name == "libntkdist-v2.so"
    for asked in ("v4", "avx2"):
        monkeypatch.setenv("NTK_DIST_ISA", asked)
        with pytest.raises(LibraryError, match=asked):
            _library.library_path()
    monkeypatch.setenv("NTK_DIST_LIBRARY", "/own/lib.so")
    assert str(_library.library_path()) == "/own/lib.so"


def test_other_processors_have_one_library(monkeypatch, tmp_path):
    monkeypatch.delenv("NTK_DIST_LIBRARY", raising=False)
    monkeypatch.delenv("NTK_DIST_ISA", raising=False)
    monkeypatch.setattr(_library.platform, "machine", lambda: "aarch64")
    # On these processors, flags are called features.
    monkeypatch.setattr(_library, "_processor_flags", set)
    monkeypatch.setattr(_library, "__file__", str(tmp_path / "_library.py"))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libntkdist-generic.so").touch()
    assert _library.library_path().name == "libntkdist-generic.so"
    monkeypatch.setenv("NTK_DIST_ISA", "v2")
    with pytest.raises(LibraryError, match="NTK_DIST_ISA is 'v2'; give generic"):
        _library.library_path()


def test_files_that_are_no_library(tmp_path):
    path = tmp_path / "lib.so"
    path.write_bytes(b"no library")
    with pytest.raises(LibraryError, match="cannot be loaded"):
        _library._SharedLibrary(path)
    with pytest.raises(LibraryError, match="not a library of this version"):
        import _ctypes

        _library._SharedLibrary(_ctypes.__file__)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (64, ValueError),
        (65, ValueError),
        (66, OSError),
        (69, LibraryError),
        (70, RuntimeError),
        (74, OSError),
        (78, ValueError),
        (3, RuntimeError),
    ],
)
def test_exceptions_of_statuses(status, error):
    assert isinstance(exception(status, "sentence"), error)
    assert str(exception(status, "sentence")) == "sentence"


def test_missing_resources_are_told_apart():
    """By the library's own sentences."""
    memory = (
        "no 136 MB of memory for the buffers of OpenBLAS; raise the limit of memory (ulimit -v)"
    )
    processor = "the program was built for another kind of processor; this one lacks avx512f"
    assert type(exception(69, memory)) is MemoryError
    assert type(exception(69, processor)) is LibraryError


def test_imports_are_light():
    """The only other package is NumPy, and the library is not loaded."""
    code = """
import sys
import ctypes, importlib.metadata, json
import numpy
before = set(sys.modules)
import ntkdist
new = {name.split(".")[0] for name in set(sys.modules) - before}
assert new - set(sys.stdlib_module_names) == {"ntkdist", "numpy"}, new
heavy = {"asyncio", "concurrent", "email", "http", "multiprocessing", "subprocess", "unittest"}
assert not heavy & new, new
assert "libntkdist" not in open("/proc/self/maps").read()
# The package's own modules, and some of Python's.
assert len(set(sys.modules) - before) < 120, sorted(set(sys.modules) - before)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_finite_networks_say_that_they_need_jax():
    code = """
import sys
sys.modules["jax"] = None
from ntkdist import stax, predict
import numpy as np
for call in (lambda: stax.Dense(3).init_fn(0, (1, 2)),
             lambda: stax.Relu().apply_fn((), np.ones(3)),
             lambda: predict.gradient_descent(lambda fx, y: 0, np.eye(2), np.ones((2, 1)))):
    try:
        call()
    except ImportError as error:
        assert "ntkdist[jax]" in str(error), error
    else:
        raise AssertionError
predict.gradient_descent(predict.mse, np.eye(2), np.ones((2, 1)))(1.0)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_names():
    import ntkdist

    with pytest.raises(AttributeError, match="no attribute"):
        ntkdist.nothing  # noqa: B018
    assert {"open", "Job", "compare", "from_arrays", "failures"} <= set(dir(ntkdist))


def test_modules_need_no_import_of_their_own():
    code = """
import sys
import ntkdist
assert "ntkdist.jobs" not in sys.modules
assert issubclass(ntkdist.failures.Stopped, ntkdist.failures.Failure)
assert ntkdist.jobs.Job is ntkdist.Job
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_star_imports_layers_alone():
    names = {}
    exec("from ntkdist.stax import *", names)
    assert "Dense" in names and "__getattr__" not in names


def test_names_of_the_peer_say_what_is_nearest():
    from ntkdist import stax

    for use in (
        lambda: stax.Diagonal(input=stax.Bool.YES),
        lambda: stax.Bool.YES,
        lambda: stax.layer(lambda: None)(),
        lambda: stax.layer(None),
        lambda: stax.layer(stax.requires(diagonal_spatial=True)(lambda: None))(),
        lambda: stax.DotGeneral(rhs=1),
    ):
        with pytest.raises(NotImplementedError, match="ntkdist.stax has no"):
            use()

    # A program may define layers that it does not use.
    @stax.layer
    @stax.supports_masking(remask_kernel=True)
    def Own():
        pass

    assert Own.__name__ == "Own"
    assert not hasattr(stax, "Nothing")
