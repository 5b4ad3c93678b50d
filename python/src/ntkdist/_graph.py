"""Networks as graphs of signals, and the series-parallel form in which jobs are written.

A layer of a job is plain data: its name, or `{name: {parameter: value}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Union

from ._errors import NetworkError

JobLayer = Union[str, dict[str, Any]]

#: The axes of a signal: "N" (inputs), "C" (channels), and a number for each spatial axis, counted
#: in the order of the library's [height, width].
Axes = tuple[str, ...]


class Node:
    """The origin of a signal: the input, a layer of another node, or several branches."""

    def __init__(
        self, layer: JobLayer | None = None, parents: Sequence[Node] = (), join: str = ""
    ) -> None:
        self.layer = layer
        self.parents = tuple(parents)
        #: "residual", "concatenate" or "product" for branches.
        self.join = join
        self.depth: int = 0
        self.dominator: Node | None = None
        if parents:
            self.dominator = parents[0]
            for parent in parents[1:]:
                self.dominator = _common(self.dominator, parent)
            self.depth = self.dominator.depth + 1


def _common(a: Node, b: Node) -> Node:
    """The last node on every path to `a` and on every path to `b`."""
    while a is not b:
        if a.depth < b.depth:
            a, b = b, a
        if a.dominator is None:
            raise NetworkError("branches that start from different inputs cannot be joined")
        a = a.dominator
    return a


def with_absolute_masks(layers: Any, height: int, width: int) -> Any:
    """Layers of a job whose masks name the same pixels if images of this size are extended.

    Masks that begin behind the image already name pixels of the extended image.
    """
    if isinstance(layers, list):
        return [with_absolute_masks(layer, height, width) for layer in layers]
    if not isinstance(layers, dict):
        return layers
    found = {}
    for name, value in layers.items():
        if name == "mask" and isinstance(value, dict):
            sizes = {"rows": height, "columns": width}
            value = {key: _absolute(value.get(key), size) for key, size in sizes.items()}
        found[name] = with_absolute_masks(value, height, width)
    return found


def _absolute(bounds: list[int | None] | None, size: int) -> list[int | None]:
    """[first, end, step] with numbers from the start of an axis of this size."""
    part = slice(*(bounds or [None, None]))
    if part.start is not None and part.start >= size and (part.step or 1) > 0:
        return [part.start, part.stop, 1]
    first, end, step = part.indices(size)
    return [first, None if end < 0 else end, step]


def layers(node: Node, start: Node) -> list[JobLayer]:
    """The layers from `start`, which is on every path to `node`, to `node`."""
    found: list[JobLayer] = []
    while node is not start:
        if node.dominator is None:
            raise NetworkError("a signal does not come from the input")
        if node.join:
            branches = [layers(parent, node.dominator) for parent in node.parents]
            found.extend(reversed(_joined(node.join, branches)))
        elif node.layer is not None:
            found.append(node.layer)
        node = node.dominator
    found.reverse()
    return found


def _joined(join: str, branches: list[list[JobLayer]]) -> list[JobLayer]:
    if len(branches) == 1:
        return branches[0]
    if join != "residual":
        return [{join: {"branches": branches}}]
    # The identity is the last shortcut; more than two branches are nested sums.
    ordered = sorted(branches, key=lambda branch: not branch)
    rest = ordered[-1]
    for branch in reversed(ordered[:-1]):
        residual: dict[str, Any] = {"main": branch}
        if rest:
            residual["shortcut"] = rest
        rest = [{"residual": residual}]
    return rest


@dataclass(frozen=True)
class Signal:
    """The signal between two layers.

    Attributes:
        node: its origin.
        axes: its axes, in order.
        sizes: the size of each axis if it is known; None for the inputs.
        is_gaussian: whether its channels are Gaussian and independent with mean zero, given the
            input. This is so after weights, and not after an activation.
        scale: the factor by which a standard parameterization has scaled the number of channels.
        is_reversed: whether kernels of pixels have the spatial axes in reverse order, as in
            neural-tangents after an odd number of convolutions.
        inputs: slices of the inputs, each applied to the result of the one before.
    """

    node: Node
    axes: Axes
    sizes: tuple[int | None, ...]
    is_gaussian: bool = False
    scale: int = 1
    is_reversed: bool = False
    inputs: tuple[slice, ...] = ()

    @property
    def channels(self) -> int | None:
        """The number of channels of the finite network."""
        return self.size("C")

    @property
    def spatial(self) -> Axes:
        """The spatial axes, in the order of the array."""
        return tuple(axis for axis in self.axes if axis not in "NC")

    def size(self, axis: str) -> int | None:
        """The size of an axis; None if it is not known."""
        return self.sizes[self.axes.index(axis)]

    def pair(self, values: dict[str, int], default: int) -> list[int]:
        """[down, across] for the library, from values by spatial axis."""
        return [values.get("0", default), values.get("1", default)]

    def then(
        self,
        layer: JobLayer,
        sizes: Mapping[str, int | None] | None = None,
        is_gaussian: bool | None = None,
    ) -> Signal:
        """The signal after a layer that keeps the axes; `sizes` has the sizes that change."""
        gaussian = self.is_gaussian if is_gaussian is None else is_gaussian
        return self.resized(sizes or {}, node=Node(layer, [self.node]), is_gaussian=gaussian)

    def resized(self, sizes: Mapping[str, int | None], **changes: Any) -> Signal:
        """The signal with other sizes of some axes."""
        new = tuple(sizes.get(axis, size) for axis, size in zip(self.axes, self.sizes))
        return replace(self, sizes=new, **changes)

    def ordered(self, axes: Sequence[str], **changes: Any) -> Signal:
        """The signal with its axes in another order, or with fewer."""
        sizes = tuple(self.size(axis) for axis in axes)
        return replace(self, axes=tuple(axes), sizes=sizes, **changes)

    def require(self, batch_axis: int, channel_axis: int, name: str) -> None:
        """Raises ValueError unless the axes of inputs and channels are those of a layer."""
        for letter, axis, word in (("N", batch_axis, "batch"), ("C", channel_axis, "channel")):
            place = self.axes.index(letter)
            if axis % len(self.axes) != place:
                raise ValueError(
                    f"{name} has {word}_axis {axis}, and of the signal that reaches it, with "
                    f"{len(self.axes)} axes, it is axis {place}; give all layers the same axes"
                )


def input_signal(axes: Axes, sizes: Sequence[int | None]) -> Signal:
    """The signal of the inputs."""
    return Signal(Node(), axes, tuple(sizes))


def joined(signals: Sequence[Signal], join: str, **changes: Any) -> Signal:
    """The signal of several branches, which has the axes of the first one."""
    first = signals[0]
    if len(signals) == 1:
        return first
    for signal in signals[1:]:
        if signal.axes != first.axes:
            raise NotImplementedError(
                f"branches end with axes {''.join(first.axes)} and {''.join(signal.axes)}; "
                "give all branches the same order of axes"
            )
        if signal.inputs != first.inputs:
            raise NotImplementedError(
                "branches that keep different inputs; put Index before FanOut or behind FanIn"
            )
    node = Node(parents=[signal.node for signal in signals], join=join)
    return replace(first, node=node, **changes)


def require_equal_sizes(signals: Sequence[Signal], name: str, but: str = "") -> None:
    """Raises ValueError if branches end with different sizes, except along the axis `but`."""
    for signal in signals[1:]:
        for axis in signals[0].axes:
            if axis not in signal.axes:
                continue
            sizes = {signals[0].size(axis), signal.size(axis)} - {None}
            if axis != but and len(sizes) > 1:
                raise ValueError(
                    f"{name} gets branches of the sizes {signals[0].sizes} and {signal.sizes}; "
                    "give all branches the same shape"
                )
