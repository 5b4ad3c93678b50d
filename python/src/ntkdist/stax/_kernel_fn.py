"""`kernel_fn`: kernels of infinitely wide networks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _inputs, _kernels, _plans
from .._computing import computed
from .._config import config
from .._patterns import Patterns
from .._pixels import ENDS_WITH_PIXELS
from .._text import yaml
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
        values = computed(plan, first, second, names, bits, count, diagonal_spatial)
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
            failure = failure or NotImplementedError(ENDS_WITH_PIXELS)
        raise failure or NotImplementedError(ENDS_WITH_PIXELS)


def _is_array_like(value: Any) -> bool:
    try:
        return bool(np.asarray(value).dtype.kind in "biuf")
    except ValueError:
        return False
