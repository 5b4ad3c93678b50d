"""Networks of networks: in series, repeated, and in branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from .._graph import JobLayer, Node, Signal, joined, layers, require_equal_sizes
from .._jax import jax, jnp
from ._layer import Layer, OuterLayer, RequiredAxes, Signals, Tracing
from ._net import Net, layer_of


@dataclass(frozen=True)
class _Parts(Layer):
    """Several layers."""

    parts: tuple[Layer, ...]

    @property
    def needs_widths(self) -> bool:  # type: ignore[override]
        """Whether kernels depend on how many channels the layers have."""
        return any(part.needs_widths for part in self.parts)

    def required_axes(self) -> RequiredAxes | None:
        return next((axes for part in self.parts if (axes := part.required_axes())), None)


@dataclass(frozen=True)
class SerialLayer(_Parts):
    """Layers one after another."""

    name = "serial"

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        for part in self.parts:
            signals = part.trace(signals, tracing)
        return signals

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        params = []
        for part in self.parts:
            rng, own = jax().random.split(rng)
            shape, new = part.init(own, shape)
            params.append(new)
        return shape, params

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        rng = kwargs.pop("rng", None)
        count = len(self.parts)
        keys = [None] * count if rng is None else jax().random.split(rng, count)
        for part, own, key in zip(self.parts, params, keys):
            inputs = part.apply(own, inputs, rng=key, **kwargs)
        return inputs


@dataclass(frozen=True)
class RepeatLayer(OuterLayer):
    """A layer several times, each time with its own weights.

    As in neural-tangents, parameters are arrays [count, ...].
    """

    count: int
    name = "repeat"

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        done = 0
        while done < self.count:
            if not isinstance(signals, Signal):
                signals = self.part.trace(signals, tracing)
                done += 1
                continue
            body, after = self._round(signals, tracing)
            rounds = 1
            # Once a round gives a signal like the one it gets, all further rounds are the same.
            again, then = self._round(after, tracing)
            if again == body and _same(after, then):
                rounds = self.count - done
            if rounds > 1 and body:
                layer: JobLayer = {"repeat": {"count": rounds, "layers": body}}
                turns = {
                    signals.is_reversed: after.is_reversed,
                    after.is_reversed: then.is_reversed,
                }
                turned = signals.is_reversed
                for _ in range(rounds):
                    turned = turns[turned]
                node = Node(layer, [signals.node])
                after = after.resized({}, node=node, is_reversed=turned)
            signals = after
            done += rounds
        return signals

    def _round(self, signal: Signal, tracing: Tracing) -> tuple[list[JobLayer], Signal]:
        """The layers of one round, and the signal after it."""
        after = self.part.trace(signal, tracing)
        if not isinstance(after, Signal):
            raise NotImplementedError("repeat of a layer that leaves branches; join them in it")
        return layers(after.node, signal.node), after

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        after, _ = self.part.init(rng, shape)
        if tuple(after) != tuple(shape):
            raise ValueError(
                f"repeat of a layer that takes the shape {shape} to {after}; use "
                "serial(*([layer] * n)), or keep the shape"
            )

        def next_round(rng: Any, _: None) -> tuple[Any, Any]:
            rng, own = jax().random.split(rng)
            return rng, self.part.init(own, shape)[1]

        return shape, jax().lax.scan(next_round, rng, None, self.count)[1]

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        def next_round(x: Any, own: Any) -> tuple[Any, None]:
            return self.part.apply(own, x, **kwargs), None

        return jax().lax.scan(next_round, inputs, params, self.count)[0]


def _same(a: Signal, b: Signal) -> bool:
    return all(
        getattr(a, name) == getattr(b, name)
        for name in ("axes", "sizes", "is_gaussian", "scale", "inputs")
    )


@dataclass(frozen=True)
class ParallelLayer(_Parts):
    """A layer for each branch."""

    name = "parallel"

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        if isinstance(signals, Signal) or len(signals) != len(self.parts):
            found = 1 if isinstance(signals, Signal) else len(signals)
            raise ValueError(
                f"parallel has {len(self.parts)} layers and gets {found} branches; put "
                f"FanOut({len(self.parts)}) before it"
            )
        return tuple(part.trace(signal, tracing) for part, signal in zip(self.parts, signals))

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        keys = jax().random.split(rng, len(self.parts))
        both = [part.init(key, own) for part, key, own in zip(self.parts, keys, shape)]
        return _as_given([after for after, _ in both], shape), [params for _, params in both]

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        rng = kwargs.pop("rng", None)
        count = len(self.parts)
        keys = [None] * count if rng is None else jax().random.split(rng, count)
        outputs = [
            part.apply(own, value, rng=key, **kwargs)
            for part, own, value, key in zip(self.parts, params, inputs, keys)
        ]
        return _as_given(outputs, inputs)


def _as_given(branches: list[Any], inputs: Any) -> Any:
    """Branches as a tuple if the inputs are one: axes for `vmap` must have the same structure."""
    return tuple(branches) if isinstance(inputs, tuple) else branches


@dataclass(frozen=True)
class FanOutLayer(Layer):
    """Copies of the signal."""

    count: int
    name = "FanOut"

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        return (signals,) * self.count

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        return [shape] * self.count, ()

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        return [inputs] * self.count


@dataclass(frozen=True)
class FanInLayer(Layer):
    """Branches joined by a sum, by a product, or side by side."""

    name: str
    join: str
    axis: int = -1

    @property
    def needs_widths(self) -> bool:  # type: ignore[override]
        """Whether kernels depend on how many channels the layers have."""
        return self.join == "concatenate"

    def trace(self, signals: Signals, tracing: Tracing) -> Signals:
        if isinstance(signals, Signal):
            raise ValueError(f"{self.name} gets one signal; put FanOut and parallel before it")
        branches: list[Signal] = []
        for signal in signals:
            if not isinstance(signal, Signal):
                raise ValueError(f"{self.name} gets branches of branches; join the inner ones")
            branches.append(signal)
        if not branches:
            raise ValueError(f"{self.name} gets no branches")
        first = branches[0]
        changes: dict[str, Any] = {}
        if self.join == "concatenate":
            if self.axis % len(first.axes) != first.axes.index("C"):
                raise NotImplementedError(
                    f"FanInConcat along axis {self.axis}; give the axis of the channels, "
                    f"{first.axes.index('C')}"
                )
            require_equal_sizes(branches, self.name, but="C")
            known = [signal.channels for signal in branches]
            channels = None if None in known else sum(count or 0 for count in known)
            sizes = [channels if axis == "C" else first.size(axis) for axis in first.axes]
            changes = {"sizes": tuple(sizes), "is_gaussian": False}
        else:
            require_equal_sizes(branches, self.name)
            is_gaussian = all(signal.is_gaussian for signal in branches)
            changes = {"is_gaussian": is_gaussian and self.join == "residual"}
            others = sum(not signal.is_gaussian for signal in branches)
            if self.join == "residual" and others > 1 and not tracing.is_finite:
                raise NotImplementedError(
                    "FanInSum of several branches that are not Gaussian, whose means would "
                    "matter; end all but one of them with Dense, Conv or attention"
                )
        # As in neural-tangents, the majority decides.
        turned = 2 * sum(signal.is_reversed for signal in branches) > len(branches)
        return joined(branches, self.join, is_reversed=turned, **changes)

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        if self.join != "concatenate":
            return shape[0], ()
        axis = self.axis % len(shape[0])
        count = sum(one[axis] for one in shape)
        return (*shape[0][:axis], count, *shape[0][axis + 1 :]), ()

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        if self.join == "concatenate":
            return jnp().concatenate(list(inputs), self.axis)
        return reduce(jnp().multiply if self.join == "product" else jnp().add, inputs)


def serial(*layers: Sequence[Any]) -> Net:
    """Layers one after another.

    Args:
        layers: layers of this module, each `(init_fn, apply_fn, kernel_fn)`.
    """
    if not layers:
        raise ValueError("serial has no layers; give some, or Identity()")
    return Net(SerialLayer(tuple(layer_of(layer) for layer in layers)))


def repeat(layer: Sequence[Any], n: int) -> Net:
    """`serial` of `layer`, n times.

    Each time has its own weights. As in neural-tangents, a `Dropout` in `layer` drops the same
    channels every time.
    """
    if isinstance(n, bool) or int(n) != n or n < 0:
        raise ValueError(f"repeat {n} times; give a whole number, 0 or more")
    return Net(RepeatLayer(layer_of(layer), int(n)))


def parallel(*layers: Sequence[Any]) -> Net:
    """One layer for each branch, between `FanOut` and a layer that joins the branches."""
    return Net(ParallelLayer(tuple(layer_of(layer) for layer in layers)))


def FanOut(num: int) -> Net:
    """The signal `num` times, for the branches of `parallel`."""
    return Net(FanOutLayer(int(num)))


def FanInSum() -> Net:
    """The sum of branches, which must be independent: all but one must end with weights."""
    return Net(FanInLayer("FanInSum", "residual"))


def FanInProd() -> Net:
    """The product of branches, channel by channel."""
    return Net(FanInLayer("FanInProd", "product"))


def FanInConcat(axis: int = -1) -> Net:
    """The channels of branches side by side; `axis` is the axis of the channels."""
    return Net(FanInLayer("FanInConcat", "concatenate", axis))
