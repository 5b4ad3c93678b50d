"""JAX, which only finite networks need."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any, Callable


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


def is_traced(*values: Any) -> bool:
    """Whether any value is one of JAX's symbols for arrays, such as inside `jax.jit`."""
    module = sys.modules.get("jax")
    return module is not None and any(isinstance(v, module.core.Tracer) for v in values)


def called_back(function: Callable[..., Any], shapes: Any, arrays: Sequence[Any], name: str) -> Any:
    """`function(*arrays)` as a call from a compiled program, with results of these shapes.

    Derivatives raise NotImplementedError, which says that `name` has none.
    """
    jax = sys.modules["jax"]

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def call(*given: Any) -> Any:
        return jax.pure_callback(function, shapes, *given, vmap_method="sequential")

    @call.defjvp  # type: ignore[untyped-decorator]
    def derivative(primals: Any, tangents: Any) -> Any:
        raise NotImplementedError(
            f"JAX cannot differentiate {name}; use finite differences, or a finite network"
        )

    return call(*arrays)


def register(kind: type, leaves: Sequence[str], fixed: Sequence[str] = ()) -> None:
    """Registers a class with JAX, if JAX is imported, as a tree of the attributes `leaves`.

    The attributes `fixed` are constants of the tree.
    """
    module = sys.modules.get("jax")
    if module is None or kind in _registered:
        return
    _registered.add(kind)
    module.tree_util.register_pytree_node(
        kind,
        lambda one: (
            tuple(getattr(one, name) for name in leaves),
            tuple(getattr(one, name) for name in fixed),
        ),
        lambda rest, values: kind(**dict(zip(leaves, values)), **dict(zip(fixed, rest))),
    )


_registered: set[type] = set()
