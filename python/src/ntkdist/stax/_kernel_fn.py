"""`kernel_fn`: kernels of infinitely wide networks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _inputs, _jit, _kernels, _plans
from .._by_graph import ByGraph
from .._cache import Recent
from .._computing import computed, described
from .._config import config
from .._jax import is_traced
from .._patterns import Patterns, empty
from .._pixels import ENDS_WITH_PIXELS
from .._text import yaml
from ._layer import Layer, inside
from ._text import ShapeNeeded, TextLayer

#: Layers whose kernels depend on those of pairs of different pixels.
_OF_PAIRS = {
    "AvgPool",
    "SumPool",
    "GlobalAvgPool",
    "GlobalSumPool",
    "GlobalSelfAttention",
    "ImageResize",
    "Aggregate",
}


class KernelFn:
    """Kernels of an infinitely wide network; call it with arrays."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.__name__ = layer.name
        self._plans: Recent[_plans.Plan] = Recent(32)

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
        batch_axis: int | None = None,
        channel_axis: int | None = None,
        precision: str | None = None,
        threads: int | None = None,
    ) -> Any:
        """Kernels between x1 and x2.

        Args:
            x1: inputs [n1, height, width, channels], or [n1, features], or with axes in the order
                that the first layer expects. Results have the dtype of the inputs. Or a `Kernel`
                that another `kernel_fn` has returned, to continue from there.
            x2: inputs [n2, ...] of the same shape; None for x1.
            get: the field of `Kernel` to return, such as "nngp" or "ntk"; a tuple of such names for
                a named tuple of fields; or None for a whole `Kernel`. "nngp_deficit" is
                sqrt(K(x, x) K(x', x')) - K(x, x') without cancellation; "ntk_deficit" is the same
                for the NTK.
            pattern: graphs for `Aggregate`: a pattern for x1 and one for x2, each with one graph or
                with one for each input.
            mask_constant: a number that no input contains, because there are no masks.
            diagonal_batch: False to get the covariances of all pairs of inputs, [n1, n1] and
                [n2, n2], as `cov1` and `cov2`, which takes more time; True or None for diagonals.
            diagonal_spatial: for a network that ends with pixels: True for the kernels of equal
                pixels, [n1, n2, height, width]; None for those of all pairs of pixels, [n1, n2,
                height, height, width, width], for small images.
            batch_axis: the batch axis, for networks in which no layer takes this argument.
            channel_axis: the channel axis, for the same networks.
            precision: of the arithmetic, "f64" or "f32"; None for `ntkdist.config.precision`.
            threads: the number of threads; None for `ntkdist.config.threads`.

        Raises ValueError, TypeError and NotImplementedError for what cannot be computed,
        MemoryError, and what a signal handler raises, such as KeyboardInterrupt.
        """
        options: dict[str, Any] = {
            "pattern": pattern,
            "diagonal_batch": diagonal_batch,
            "diagonal_spatial": diagonal_spatial,
            "precision": precision,
            "threads": threads,
        }
        get = _kernels.lower(get)
        names = _kernels.requested(get)
        if isinstance(x1, _kernels.Kernel):
            return self._behind(x1, x2, get, options)
        if batch_axis is not None or channel_axis is not None:
            whole = self._of_axes(batch_axis, channel_axis)
            return whole(x1, x2, get, mask_constant=mask_constant, **options)
        _refuse(x1, x2, mask_constant)
        graphs = self._graphs(pattern)
        if is_traced(x1, x2, *(graphs or ())):
            return self._traced(x1, x2, get, names, options)
        first = _inputs.checked(x1, "x1")
        second = None if x2 is None or x2 is x1 else _inputs.checked(x2, "x2")
        choice = (config.precision_bits(precision), config.thread_count(threads), diagonal_spatial)
        if graphs is None:
            values = computed(self._plan(first, second), first, second, names, *choice)
        else:
            by_graph = ByGraph(self._plan, self._aggregates(), choice)
            values = by_graph.values(first, second, graphs, names, self._axis(first))
        values["cov2"] = None if x2 is None else values.get("cov2", values.get("cov1"))
        if diagonal_batch is False:
            values.update(self._covariances(x1, x2, names, options))
        result = _kernels.selected(values, get)
        if get is None:
            result.source = (self.layer, *_copied(first, first if x2 is x1 else second, options))
        return result

    def _covariances(
        self, x1: Any, x2: Any, names: tuple[str, ...], options: dict[str, Any]
    ) -> dict[str, Any]:
        """`cov1` and `cov2` of all pairs of inputs, if they are among the names."""
        found: dict[str, Any] = {"diagonal_batch": False}
        graphs = self._graphs(options["pattern"]) or (None, None)
        for name, x, graph in (("cov1", x1, graphs[0]), ("cov2", x2, graphs[1])):
            if name in names:
                one = {**options, "diagonal_batch": None, "pattern": (graph, graph)}
                found[name] = None if x is None else self(x, None, "nngp", **one)
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return KernelFn, (self.layer,)

    def _behind(self, kernel: _kernels.Kernel, x2: Any, get: Any, options: dict[str, Any]) -> Any:
        """The kernels of the network of `kernel` followed by this one."""
        if kernel.source is None or x2 is not None:
            raise NotImplementedError(
                "kernel_fn of a Kernel that another kernel_fn has not just made; join the networks "
                "with serial and give arrays"
            )
        # It imports this module.
        from ._structure import SerialLayer

        layer, x1, x2, before = kernel.source
        pairs = {part.name for part in inside(self.layer)} & _OF_PAIRS
        if before["diagonal_spatial"] and pairs:
            raise ValueError(
                f"{min(pairs)} needs kernels of different pixels, and the Kernel has those of "
                "equal ones; leave out diagonal_spatial=True"
            )
        given = {name: value for name, value in options.items() if value is not None}
        whole = KernelFn(SerialLayer((layer, self.layer)))
        return whole(x1, x2, get, **{**before, **given})

    def _of_axes(self, batch_axis: int | None, channel_axis: int | None) -> KernelFn:
        """The kernels of inputs whose axes are in another order."""
        # These import this module.
        from ._flatten import IdentityLayer
        from ._structure import SerialLayer

        batch, channel = self.layer.required_axes() or (0, -1)
        batch = batch if batch_axis is None else batch_axis
        channel = channel if channel_axis is None else channel_axis
        return KernelFn(SerialLayer((IdentityLayer((batch, channel)), self.layer)))

    def _traced(
        self, x1: Any, x2: Any, get: Any, names: tuple[str, ...], options: dict[str, Any]
    ) -> Any:
        """The kernels of inputs inside `jax.jit`."""
        graphs = self._graphs(options["pattern"])
        patterns = None
        if graphs is not None:
            # The plans for all graphs are alike in what is needed here.
            numpy = sys.modules["jax"].numpy
            shapes = {layer: layer.graphs(graphs[0], numpy) for layer in self._aggregates()}
            patterns = Patterns(empty(shapes))
        plan = self._plan(x1, x2, patterns)
        n1, n2 = (plan.count(x.shape) for x in (x1, x1 if x2 is None else x2))
        values = described(plan, n1, n2, is_same=x2 is None)

        traced = [graph for graph in graphs or () if is_traced(graph)]

        def compute(first: Any, second: Any, values: list[Any], asked: tuple[str, ...]) -> Any:
            rest = iter(values)
            pair = [next(rest) if is_traced(graph) else graph for graph in graphs or ()]
            return self(first, second, asked, **{**options, "pattern": tuple(pair) or None})

        values["cov2"] = None
        is_diagonal = values["diagonal_batch"] = options["diagonal_batch"] is not False
        values.update(_jit.called_back(plan, compute, x1, x2, traced, names, is_diagonal))
        return _kernels.selected(values, get)

    def _aggregates(self) -> list[Any]:
        """The layers that sum over graphs."""
        return [part for part in inside(self.layer) if part.name == "Aggregate"]

    def _graphs(self, pattern: tuple[Any, Any] | None) -> tuple[Any, Any] | None:
        """The patterns of x1 and x2; None if there are none, or if no layer uses them."""
        if pattern is None or all(one is None for one in pattern) or not self._aggregates():
            return None
        if any(one is None for one in pattern):
            raise NotImplementedError("a pattern for one of x1 and x2 alone; give both")
        return pattern

    def _plan(self, x1: Any, x2: Any = None, patterns: Patterns | None = None) -> _plans.Plan:
        axis = self._axis(x1)
        shape = x1.shape[:axis] + x1.shape[axis + 1 :]
        if x2 is not None and shape != x2.shape[:axis] + x2.shape[axis + 1 :]:
            raise ValueError(f"x1 has shape {x1.shape} and x2 {x2.shape}; give inputs of one shape")
        if patterns is not None and patterns.has_masks:
            # It is used once, and its files are large.
            return _plans.plan(self.layer, x1.shape, patterns)
        key = (axis, shape, patterns.key if patterns else None)
        return self._plans.get(key, lambda: _plans.plan(self.layer, x1.shape, patterns))

    def _axis(self, x: Any) -> int:
        """The axis of the inputs."""
        return _plans.input_axes(self.layer, x.ndim).index("N")

    def yaml(self, input_shape: Sequence[int] | None = None) -> str:
        """The network as a YAML list of layers; see `Net.yaml`."""
        if isinstance(self.layer, TextLayer):
            return self.layer.text
        if input_shape is not None:
            plan = _plans.plan(self.layer, tuple(input_shape))
            _plans.require_all_inputs(plan.signal)
            return yaml(plan.layers)
        failure: Exception | None = None
        for ndim in (4, 3, 2):
            try:
                axes = _plans.input_axes(self.layer, ndim)
                layers, signal = _plans.traced(self.layer, axes, [None] * ndim)
            except ShapeNeeded:
                # The layers for vectors may be known, but they begin with flatten.
                raise
            except (ValueError, NotImplementedError) as error:
                failure = failure or error
                continue
            if not signal.spatial:
                _plans.require_all_inputs(signal)
                return yaml(layers)
            failure = failure or NotImplementedError(ENDS_WITH_PIXELS)
        raise failure or NotImplementedError(ENDS_WITH_PIXELS)


def _copied(x1: Any, x2: Any, options: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    """Copies of what a later call continues from, because arrays may change in the meantime."""
    first = np.array(x1)
    second = first if x2 is x1 else None if x2 is None else np.array(x2)
    graphs = options["pattern"]
    if graphs is not None:
        graphs = tuple(None if graph is None else np.array(graph) for graph in graphs)
    return first, second, {**options, "pattern": graphs}


def _is_in(number: float, x: Any) -> bool:
    """Whether an array may contain a number; arrays that JAX traces may contain any."""
    if x is None:
        return False
    if is_traced(x):
        return True
    values = np.asarray(x)
    return bool((np.isnan(values) if np.isnan(number) else values == number).any())


def _holds_batches(x: Any) -> bool:
    """Whether `x` is a list or tuple of batches, or of such lists."""
    if not isinstance(x, (tuple, list)) or not x:
        return False
    return all(getattr(one, "ndim", 0) > 1 or _holds_batches(one) for one in x)


def _refuse(x1: Any, x2: Any, mask_constant: Any) -> None:
    """Raises NotImplementedError for arguments that only neural-tangents supports."""
    for x in (x1, x2):
        if _holds_batches(x):
            raise NotImplementedError(
                "several inputs side by side; give one array, or numpy.stack(images) for a list of "
                "images"
            )
    if mask_constant is not None and (_is_in(mask_constant, x1) or _is_in(mask_constant, x2)):
        raise NotImplementedError(
            "mask_constant: there are no masks; compute inputs of each length on their own"
        )
