"""Predictions inside functions that JAX compiles: the compiled program calls Python for them."""

from __future__ import annotations

import functools
import sys
from typing import Any, Callable, TypeVar

import numpy as np

from .._jax import called_back, is_traced

Factory = TypeVar("Factory", bound=Callable[..., Any])


def traceable(factory: Factory) -> Factory:
    """Lets a function, and the prediction functions it makes, run inside `jax.jit` and `jax.vmap`.

    They have no derivatives.
    """

    @functools.wraps(factory)
    def made(*args: Any, **kwargs: Any) -> Any:
        # The function is made now if possible, so that its factorizations are kept.
        given = (args, kwargs)
        inner = None if _traced_leaves(given) else factory(*args, **kwargs)
        return _predicting(inner, factory, given)

    return made  # type: ignore[return-value]


def traceable_predictions(predict_fn: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a prediction function run inside `jax.jit` and `jax.vmap`. It has no derivatives."""
    return _predicting(predict_fn, None, None)


def _predicting(inner: Callable[..., Any] | None, factory: Any, given: Any) -> Callable[..., Any]:
    def evaluate(first: Any, second: Any) -> Any:
        function = factory(*first[0], **first[1]) if inner is None else inner
        return function(*second[0], **second[1])

    def predict_fn(*args: Any, **kwargs: Any) -> Any:
        if inner is not None and not _traced_leaves((args, kwargs)):
            return inner(*args, **kwargs)
        before = given if inner is None else ((), {})
        return _called_back(evaluate, before, (args, kwargs))

    return functools.wraps(inner)(predict_fn) if inner is not None else predict_fn


def _traced_leaves(tree: Any) -> bool:
    jax = sys.modules.get("jax")
    if jax is None:
        return False
    return is_traced(*jax.tree_util.tree_leaves(tree))


def _called_back(evaluate: Callable[[Any, Any], Any], *given: Any) -> Any:
    """`evaluate(*given)` as part of a traced function."""
    jax = sys.modules["jax"]
    leaves, structure = jax.tree_util.tree_flatten(given)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.core.Tracer)]

    def value(arrays: Any) -> Any:
        filled = list(leaves)
        for place, array in zip(places, arrays):
            filled[place] = np.asarray(array)
        return evaluate(*jax.tree_util.tree_unflatten(structure, filled))

    # Example inputs of the same shapes show the shapes of the results. Custom losses call JAX.
    with jax.ensure_compile_time_eval():
        like = value([_example(leaves[place]) for place in places])
    found, shape_of = jax.tree_util.tree_flatten(like)
    kinds = [jax.dtypes.canonicalize_dtype(np.asarray(one).dtype) for one in found]
    shapes = [jax.ShapeDtypeStruct(np.shape(one), kind) for one, kind in zip(found, kinds)]

    def call(*arrays: Any) -> list[Any]:
        results = jax.tree_util.tree_leaves(value(arrays))
        return [np.asarray(one, kind) for one, kind in zip(results, kinds)]

    traced = [leaves[place] for place in places]
    results = called_back(call, shapes, traced, "predictions")
    return jax.tree_util.tree_unflatten(shape_of, results)


def _example(array: Any) -> np.ndarray[Any, Any]:
    """Numbers of an array's shape: the identity if it may be a kernel, else zeros."""
    shape = array.shape
    if len(shape) < 2 or shape[::2] != shape[1::2]:
        return np.zeros(shape, array.dtype)
    size = int(np.prod(shape[::2]))
    whole = np.eye(size, dtype=array.dtype).reshape(shape[::2] * 2)
    count = len(shape) // 2
    return whole.transpose([axis + part for axis in range(count) for part in (0, count)])
