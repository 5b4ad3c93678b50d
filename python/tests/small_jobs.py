"""The program for tests of runs and jobs, and the jobs that they share."""

import os
import pathlib
import time

import pytest

# These modules read runs and jobs. The Python environment of other tests may lack them.
pytest.importorskip("zarr", minversion="3")
pytest.importorskip("yaml")

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("NTK_SHARED", ROOT.parent / "shared"))
BINARY = pathlib.Path(os.environ.get("NTK_DIST", ROOT / ".build/release/ntk-dist"))
# This lets Open MPI start as root, with more ranks than cores.
ENVIRONMENT = {
    "NTK_DIST": str(BINARY),
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
# Seconds within which an expected event must happen, however busy the machine is.
PATIENCE = 240

DATA = {"synthetic": {"seed": 1, "train": 100, "test": 30}}
NETWORK = {"preset": "fcn", "depth": 2, "activation": "relu", "bias_variance": 0.05}
# Minutes of work for any machine, in many tiles: such a run ends early only if it is stopped.
MINUTES = {
    "data": {"synthetic": {"seed": 2, "train": 200, "test": 0}},
    "tile": 8,
    "network": {"preset": "cnn-gap", "depth": 3, "activation": "relu"},
}
# Every stage, and tiles that do not divide the images.
EVERYTHING = {
    "data": DATA,
    "network": NETWORK,
    "tile": 32,
    "spectrum": {"vectors": "all", "centred": True, "weights": True},
    "prediction": {"regularization": [1e-6, 1e-2], "validation": 20, "variance": True},
    "training": {"times": [0, 1, 10, 100, float("inf")], "variance": True},
    "alignment": {"targets": [1, 2]},
}


def require_program():
    """Skips a test without the program, which CI has, and sets the environment it needs."""
    if not BINARY.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"{BINARY} is not there; `make build` builds it")
    os.environ.update(ENVIRONMENT)


def wait_until(condition, process=None, pause=0.02):
    """Returns as soon as a condition holds; fails if the given process ends before that."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process is None or process.poll() is None, "the process ended before"
        assert time.monotonic() < deadline, "an expected event did not come"
        time.sleep(pause)


def tile_files(run):
    """The files of a run's tiles: chunks, or tiles that are not yet in a shard."""
    store = pathlib.Path(run) / "kernels.zarr"
    found = [*store.glob("*_train/c/*/*"), *store.glob("*_train/loose/*/*")]
    return [path for path in found if not path.name.startswith(".")]
