"""`kernel_fn`: kernels of infinitely wide networks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _inputs, _kernels, _plans
from .._cancellation import interruptible
from .._config import config
from .._patterns import Patterns
from .._text import compact, yaml
from ._layer import Layer
from ._text import TextLayer

_KEPT = 32


class KernelFn:
    """Kernels of an infinitely wide network; call it with arrays."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.__name__ = layer.name
        self._plans: OrderedDict[tuple[Any, ...], _plans.Plan] = OrderedDict()

    def __call__(
        self,
        x1: Any,
        x2: Any = None,
        get: str | Sequence[str] | None = None,
        *,
        pattern: tuple[Any, Any] | None = None,
        mask_constant: float | None = None,
        diagonal_batch: bool | None = None,
        diagonal_spatial: bool | None = None,
        precision: str | None = None,
        threads: int | None = None,
    ) -> Any:
        """Kernels between x1 and x2.

        Args:
            x1: inputs [n1, height, width, channels], or [n1, features], or with the axes in the
                order that the first layer says. The dtype of results is that of the inputs.
            x2: inputs [n2, ...] of the same shape; None for x1.
            get: "nngp", "ntk" or another field of `Kernel`, which is returned; a tuple of such
                names, for a named tuple of them; or None for a whole `Kernel`. "nngp_deficit" is
                sqrt(K(x, x) K(x', x')) - K(x, x') without cancellation, "ntk_deficit" the same of
                the NTK.
            pattern: graphs for `Aggregate`, one for x1 and one for x2.
            mask_constant: not supported.
            diagonal_batch: True or None.
            diagonal_spatial: for a network that ends with pixels: True for the kernels of equal
                pixels, [n1, n2, height, width].
            precision: "f64" or "f32", the arithmetic; None for `ntkdist.config.precision`.
            threads: the number of threads; None for `ntkdist.config.threads`.

        Raises ValueError, TypeError and NotImplementedError for what cannot be computed,
        MemoryError, and what a signal handler raises, such as KeyboardInterrupt.
        """
        names = _kernels.requested(get)
        if isinstance(x1, _kernels.Kernel):
            raise NotImplementedError(
                "kernel_fn of a Kernel; join the networks with serial and give arrays"
            )
        if isinstance(x1, (tuple, list)) and any(np.ndim(one) > 1 for one in x1[:1]):
            if not np.isscalar(x1) and not _is_array_like(x1):
                raise NotImplementedError("several inputs side by side; give one array")
        if mask_constant is not None:
            raise NotImplementedError(
                "mask_constant: there are no masks; compute inputs of each length on their own"
            )
        if diagonal_batch is False:
            raise NotImplementedError(
                "diagonal_batch=False: cov1 and cov2 are diagonals; "
                "kernel_fn(x1, None, 'nngp') is the covariance of x1"
            )
        first = _inputs.checked(x1, "x1")
        second = None if x2 is None or x2 is x1 else _inputs.checked(x2, "x2")
        plan = self._plan(first, second, pattern)
        bits = config.precision_bits(precision)
        count = config.thread_count(threads)
        values = _computed(plan, first, second, names, bits, count, diagonal_spatial)
        values["cov2"] = None if x2 is None else values.get("cov2", values.get("cov1"))
        return _kernels.selected(values, get)

    def _plan(
        self, x1: NDArray[Any], x2: NDArray[Any] | None, pattern: tuple[Any, Any] | None
    ) -> _plans.Plan:
        axis = _plans.input_axes(self.layer, x1.ndim).index("N")
        shape = x1.shape[:axis] + x1.shape[axis + 1 :]
        if x2 is not None and shape != x2.shape[:axis] + x2.shape[axis + 1 :]:
            raise ValueError(f"x1 has shape {x1.shape} and x2 {x2.shape}; give inputs of one shape")
        patterns = None
        if pattern is not None and any(one is not None for one in pattern):
            patterns = Patterns(pattern)
        key = (axis, shape, patterns.key if patterns else None)
        plan = self._plans.pop(key, None)
        if plan is None:
            plan = _plans.plan(self.layer, x1.shape, patterns)
        self._plans[key] = plan
        while len(self._plans) > _KEPT:
            self._plans.pop(next(iter(self._plans)))
        return plan

    def yaml(self, input_shape: Sequence[int] | None = None) -> str:
        """The network as a YAML list of layers; see `Net.yaml`."""
        if isinstance(self.layer, TextLayer):
            return self.layer.text
        if input_shape is not None:
            return yaml(_plans.plan(self.layer, tuple(input_shape)).layers)
        failure: Exception | None = None
        for ndim in (4, 3, 2):
            axes = _plans.input_axes(self.layer, ndim)
            try:
                layers, signal = _plans.traced(self.layer, axes, [None] * ndim)
            except (ValueError, NotImplementedError) as error:
                failure = failure or error
                continue
            if not signal.spatial:
                return yaml(layers)
            failure = failure or NotImplementedError(_ENDS_WITH_PIXELS)
        raise failure or NotImplementedError(_ENDS_WITH_PIXELS)


_ENDS_WITH_PIXELS = (
    "a network that ends with pixels; end it with Flatten or GlobalAvgPool (diagonal_spatial=True "
    "gives the kernels of equal pixels)"
)


def _is_array_like(value: Any) -> bool:
    try:
        return bool(np.asarray(value).dtype.kind in "biuf")
    except ValueError:
        return False


def _computed(
    plan: _plans.Plan,
    x1: NDArray[Any],
    x2: NDArray[Any] | None,
    names: tuple[str, ...],
    bits: int,
    threads: int,
    diagonal_spatial: bool | None,
) -> dict[str, Any]:
    """The values that `names` asks for, of arrays checked by `_inputs.checked`."""
    dtype = _inputs.result_dtype(x1, x2)
    _inputs.require_finite(x1, "x1")
    if x2 is not None:
        _inputs.require_finite(x2, "x2")
    images1 = plan.images(x1)
    images2 = None if x2 is None else plan.images(x2)
    if images2 is not None and images1.shape == images2.shape and _are_equal(images1, images2):
        # Half of the work, and Dropout minds.
        images2 = None
    values = _descriptions(plan, len(images1), images1 if images2 is None else images2)
    if diagonal_spatial is not None and plan.signal.spatial == ():
        values["diagonal_spatial"] = False
    arrays = _arrays(names, images2 is not None)
    if arrays:
        results = _results(plan, images1, images2, arrays, bits, threads, diagonal_spatial)
        values.update((name, _kernels.rounded(array, dtype)) for name, array in results.items())
        if plan.signal.spatial:
            values["diagonal_spatial"] = bool(diagonal_spatial)
    values["x1_is_x2"] = images2 is None
    return values


def _are_equal(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    # Most pairs of inputs differ in their first numbers.
    return len(a) > 0 and bool(np.array_equal(a[0], b[0])) and bool(np.array_equal(a, b))


#: What the library calls each field.
_SOURCES = {"cov1": "nngp_diagonal1", "cov2": "nngp_diagonal2"}


def _arrays(names: tuple[str, ...], has_second: bool) -> dict[str, str]:
    """The library's results for the arrays that are asked for, by name."""
    known = ("nngp", "ntk", "cov1", "cov2", *_kernels.DEFICITS)
    found = {name: _SOURCES.get(name, name) for name in names if name in known}
    if "cov2" in found and not has_second:
        del found["cov2"]
        found["cov1"] = _SOURCES["cov1"]
    return found


def _descriptions(plan: _plans.Plan, n1: int, other: NDArray[Any]) -> dict[str, Any]:
    signal = plan.signal
    shapes = [
        tuple(n if axis == "N" else size for axis, size in zip(signal.axes, signal.sizes))
        for n in (n1, len(other))
    ]
    return {
        "is_gaussian": signal.is_gaussian,
        "is_reversed": False,
        "is_input": False,
        "diagonal_batch": True,
        "diagonal_spatial": False,
        "shape1": shapes[0],
        "shape2": shapes[1],
        "batch_axis": signal.axes.index("N"),
        "channel_axis": signal.axes.index("C"),
        "mask1": None,
        "mask2": None,
    }


def _results(
    plan: _plans.Plan,
    x1: NDArray[np.float64],
    x2: NDArray[np.float64] | None,
    arrays: dict[str, str],
    bits: int,
    threads: int,
    diagonal_spatial: bool | None,
) -> dict[str, NDArray[np.float64]]:
    """The library's results, by the names of `arrays`."""
    spatial = plan.signal.spatial
    if not spatial:
        return _run(plan.text, plan.image, x1, x2, arrays, bits, threads)
    sizes = [plan.signal.size(axis) or 0 for axis in spatial]
    if not diagonal_spatial and sizes != [1] * len(sizes):
        raise NotImplementedError(_ENDS_WITH_PIXELS)
    found: dict[str, NDArray[np.float64]] = {}
    for place in np.ndindex(*sizes):
        ranges = [[p, p + 1] for p in place]
        by_axis = dict(zip(spatial, ranges))
        pixel = {"rows": by_axis.get("0", [0, 1]), "columns": by_axis.get("1", [0, 1])}
        text = compact([*plan.layers, {"slice": pixel}, "flatten"])
        for name, value in _run(text, plan.image, x1, x2, arrays, bits, threads).items():
            if name not in found:
                found[name] = np.empty((*value.shape, *sizes))
            found[name][(Ellipsis, *place)] = value
    if not diagonal_spatial:
        # One pixel has an axis for each of the two inputs.
        for name, value in found.items():
            found[name] = value.reshape((*value.shape, *[1] * len(sizes)))
    return found


def _run(
    text: str,
    image: tuple[int, int, int],
    x1: NDArray[np.float64],
    x2: NDArray[np.float64] | None,
    arrays: dict[str, str],
    bits: int,
    threads: int,
) -> dict[str, NDArray[np.float64]]:
    handle = _plans.network(text, image, bits)
    n1, n2 = len(x1), len(x1 if x2 is None else x2)
    if n1 == 0 or n2 == 0:
        found = {name: np.zeros((n1, n2)) for name in arrays}
        for name, x in (("cov1", x1), ("cov2", x2)):
            if name in arrays and x is not None:
                found[name] = np.zeros(0)
                if len(x):
                    alone = {name: _SOURCES["cov1"]}
                    found[name] = _run(text, image, x, None, alone, bits, threads)[name]
        return found
    results = interruptible(
        lambda is_cancelled: handle.kernel(x1, x2, arrays.values(), threads, is_cancelled)
    )
    return {name: results[source] for name, source in arrays.items()}
