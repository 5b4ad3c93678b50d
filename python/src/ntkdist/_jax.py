"""JAX, which only finite networks need."""

from __future__ import annotations

import importlib
from typing import Any


def jax() -> Any:
    """The module `jax`. Raises ImportError if it is not installed."""
    return _module("jax")


def jnp() -> Any:
    """The module `jax.numpy`. Raises ImportError if it is not installed."""
    return _module("jax.numpy")


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(
            "finite networks need JAX; install it with pip install 'ntkdist[jax]'"
        ) from None
