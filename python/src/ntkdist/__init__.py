"""Exact kernels of infinitely wide networks (NNGP, NTK): in a notebook, and on a cluster.

from ntkdist import predict, stax
_, _, kernel_fn = stax.serial(stax.Dense(512), stax.Relu(), stax.Dense(1))
predict_fn = predict.gradient_descent_mse_ensemble(kernel_fn, x_train, y_train)
mean = predict_fn(x_test=x_test, get="ntk")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import predict, stax
from ._batching import batch
from ._config import config
from ._errors import LibraryError, NetworkError
from ._kernels import Kernel
from ._missing import (
    empirical_kernel_fn,
    empirical_nngp_fn,
    empirical_ntk_fn,
    linearize,
    monte_carlo_kernel_fn,
    taylor_expand,
)
from ._version import __version__

if TYPE_CHECKING:
    from . import failures as failures
    from ._array_jobs import from_arrays
    from ._mean_field import mean_field
    from .comparison import compare
    from .jobs import Job
    from .runs import Run, open

__all__ = [
    "Job",
    "Kernel",
    "LibraryError",
    "NetworkError",
    "Run",
    "__version__",
    "batch",
    "compare",
    "config",
    "empirical_kernel_fn",
    "empirical_nngp_fn",
    "empirical_ntk_fn",
    "from_arrays",
    "linearize",
    "mean_field",
    "monte_carlo_kernel_fn",
    "open",
    "predict",
    "stax",
    "taylor_expand",
]

#: Names that are imported when they are first used, and their modules.
_LAZY = {
    "open": "runs",
    "Run": "runs",
    "compare": "comparison",
    "Job": "jobs",
    "from_arrays": "_array_jobs",
    "mean_field": "_mean_field",
}


#: Modules likewise.
_MODULES = ("comparison", "failures", "jobs", "plans", "plots", "runs")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"ntkdist.{name}")
    if name not in _LAZY:
        raise AttributeError(f"module 'ntkdist' has no attribute {name!r}")
    return getattr(importlib.import_module(f"ntkdist.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_MODULES})
