"""Fixtures: the library, or the program in its place, and neural-tangents."""

import os
import sys
import types
import warnings

import numpy as np
import pytest
from program import ProgramLibrary, program

from ntkdist import LibraryError, _library, _plans

# Programs that JAX compiles here run only once or twice.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)


def reason_without_library():
    """Why the library cannot be loaded; empty if it can."""
    try:
        _library.library()
    except LibraryError as error:
        return str(error)
    return ""


NO_LIBRARY = reason_without_library()
HAS_LIBRARY = not NO_LIBRARY
if not HAS_LIBRARY and program():
    PROGRAM = ProgramLibrary()
    _plans.library = lambda: PROGRAM


def missing(reason):
    """Skips a test, or fails if everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def kernels():
    """Kernels can be computed, by the library or the program."""
    if not HAS_LIBRARY and not program():
        missing("neither the library nor the program is built")


@pytest.fixture
def reference_program():
    """The program is there."""
    if not program():
        missing("the program is not built")


@pytest.fixture
def shared_library():
    """The library itself is there."""
    if not HAS_LIBRARY:
        missing(NO_LIBRARY)


@pytest.fixture(scope="session")
def peer():
    """neural-tangents, in double precision."""
    # This stub keeps it from importing TensorFlow, which is not used here.
    sys.modules.setdefault("neural_tangents.experimental", types.ModuleType("experimental"))
    try:
        import jax

        jax.config.update("jax_enable_x64", True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import neural_tangents
        import scipy.linalg
    except ImportError as error:
        missing(f"neural-tangents is not installed ({error})")
    # It names a range of eigenvalues as SciPy did before 1.14.
    eigvalsh = scipy.linalg.eigvalsh
    neural_tangents._src.predict.sp = types.SimpleNamespace(
        linalg=types.SimpleNamespace(
            eigvalsh=lambda matrix, eigvals: eigvalsh(matrix, subset_by_index=eigvals)
        )
    )
    return neural_tangents


@pytest.fixture(scope="session")
def jax():
    """JAX, in double precision."""
    try:
        import jax
    except ImportError as error:
        missing(f"JAX is not installed ({error})")
    jax.config.update("jax_enable_x64", True)
    return jax


@pytest.fixture
def rng():
    return np.random.default_rng(17)


@pytest.fixture
def kernel_fn():
    """The kernels of a small network."""
    from ntkdist import stax

    return stax.serial(stax.Dense(64, 1.5, 0.1), stax.Relu(), stax.Dense(1)).kernel_fn


@pytest.fixture
def x(rng):
    """Its inputs."""
    return rng.standard_normal((5, 6))
