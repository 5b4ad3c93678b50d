"""Means of the kernels of random finite networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Callable

from .._batching import batch
from .._jax import jax, jnp
from .._kernels import named
from ._kernel import empirical_kernel_fn, requested
from ._tensors import Axes, NtkImplementation, VMapAxes


def monte_carlo_kernel_fn(
    init_fn: Callable[..., Any],
    apply_fn: Callable[..., Any],
    key: Any,
    n_samples: int | Iterable[int],
    batch_size: int = 0,
    device_count: int = -1,
    store_on_device: bool = True,
    trace_axes: Axes = (-1,),
    diagonal_axes: Axes = (),
    vmap_axes: VMapAxes = None,
    implementation: NtkImplementation | int = NtkImplementation.JACOBIAN_CONTRACTION,
    _j_rules: bool = True,
    _s_rules: bool = True,
    _fwd: bool | None = None,
) -> Callable[..., Any]:
    """Monte Carlo estimates of NNGP and NTK: means over finite networks with random parameters.

    `ntkdist.monte_carlo` also gives standard errors, and distances to the infinite network.

    Args:
        init_fn: draws the parameters of a network from a random key, `init_fn(key, input_shape)`.
        apply_fn: the network, `apply_fn(params, x, **kwargs)`.
        key: a random key of JAX.
        n_samples: the number of networks, or several such numbers.
        batch_size: the number of inputs to compute at a time; 0 for all.
        device_count: not used.
        store_on_device: not used.
        trace_axes: see `empirical_kernel_fn`.
        diagonal_axes: see `empirical_kernel_fn`.
        vmap_axes: see `empirical_kernel_fn`.
        implementation: see `empirical_kernel_fn`.
        _j_rules: not used.
        _s_rules: not used.
        _fwd: not used.

    Returns `kernel_fn(x1, x2=None, get=None, **kwargs)`. For several numbers of samples, its result
    is an iterator over the estimates, the smallest number first.
    """
    counts, is_series = _counts(n_samples)
    kernel_fn = empirical_kernel_fn(apply_fn, trace_axes, diagonal_axes, vmap_axes, implementation)
    tree_map, split = jax().tree_util.tree_map, jax().random.split

    def one(x1: Any, x2: Any, own: Any, names: tuple[str, ...], /, **kwargs: Any) -> Any:
        init_key, rng = split(own)
        _, params = init_fn(init_key, tree_map(lambda x: x.shape, x1))
        return kernel_fn(x1, x2, names, params, rng=rng, **kwargs)

    sample = batch(jax().jit(one, static_argnums=3), batch_size)

    def estimates(x1: Any, x2: Any, get: Any, kwargs: dict[str, Any]) -> Iterator[Any]:
        names = requested(get)
        state, total = key, None
        for count in range(1, max(counts) + 1):
            state, own = split(state)
            values = sample(x1, x2, own, names, **kwargs)
            total = values if total is None else tree_map(jnp().add, total, values)
            if count in counts:
                mean = tree_map(lambda sum: sum / count, total)  # noqa: B023
                yield _selected(mean, get, names)

    def sampled(x1: Any, x2: Any = None, get: Any = None, **kwargs: Any) -> Any:
        found = estimates(x1, x2, get, kwargs)
        return found if is_series else next(found)

    return sampled


def _selected(values: Any, get: Any, names: tuple[str, ...]) -> Any:
    """For every array of outputs, one kernel if `get` is a word, else a named tuple."""
    one, result = named("EmpiricalKernel", names), named("MonteCarloKernel", names)

    def picked(kernels: Any) -> Any:
        return kernels[0] if isinstance(get, str) else result(*kernels)

    return jax().tree_util.tree_map(picked, values, is_leaf=lambda part: isinstance(part, one))


def _counts(n_samples: Any) -> tuple[set[int], bool]:
    is_series = not isinstance(n_samples, int)
    if is_series and not isinstance(n_samples, Iterable):
        raise TypeError(f"n_samples is {n_samples!r}; give a whole number, or several")
    counts = set(n_samples) if is_series else {n_samples}
    if not counts or not all(isinstance(count, int) and count > 0 for count in counts):
        raise ValueError(f"n_samples is {n_samples!r}; give whole numbers, 1 or more")
    return counts, is_series
