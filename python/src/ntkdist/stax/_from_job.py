"""Layers of a job as layers of this module, for finite networks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import _formulas
from .._graph import JobLayer
from .._jax import jnp
from . import _convolution, _dense, _structure
from ._activation import ActivationLayer
from ._attention import GlobalSelfAttention
from ._catalog import ACTIVATIONS, OTHERS, pair
from ._derivatives import elementwise
from ._finite_only import GRU
from ._layer import Layer
from ._net import Net
from ._sequences import RecurrentLayer
from ._tying import FrozenLayer, TiedLayer

_AFFINE: dict[str, Any] = {
    "dense": _dense.Dense,
    "convolution": _convolution.Conv,
    "local_convolution": _convolution.ConvLocal,
    "transposed_convolution": _convolution.ConvTranspose,
}

_NESTED = ("residual", "concatenate", "product", "repeat")


class Parameters(dict[str, Any]):
    """The parameters of a layer; `read` has those that were read, so that none is ignored."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a parameter."""
        self.read.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)


def named(layer: JobLayer) -> tuple[str, Parameters]:
    """The name of a job's layer, and its parameters."""
    if isinstance(layer, str):
        return layer, Parameters({})
    ((name, parameters),) = layer.items()
    return name, Parameters(parameters or {})


@dataclass(frozen=True)
class FiniteNetwork:
    """How wide the layers of a job are in a finite network.

    Attributes:
        width: of layers without a width of their own; None: every layer must have its own.
        scale: multiplies the widths that layers have, except that of the last one. In the standard
            parameterization, kernels remain those of the unscaled widths.
        outputs: channels of the last layer with weights, unless layers after it mix channels; None
            for its own width.
        default_outputs: used if it has none; None for `width`.
        inner_width: channels inside attention, on which keys, values and heads depend; None for
            the number of its outputs.
    """

    width: int | None
    scale: int = 1
    outputs: int | None = None
    default_outputs: int | None = None
    inner_width: int | None = None

    def layer(self, layers: Sequence[JobLayer]) -> Layer:
        """The network. Raises NotImplementedError for layers that finite networks do not have."""
        last = last_weights(layers)
        before, scale = self._series(layers[:last], 1)
        if last == len(layers):
            return _WholeNetwork(tuple(before))
        # Channels of the last layer with weights are independent, whatever their number.
        name, parameters = named(layers[last])
        if self.outputs:
            parameters["width"] = self.outputs
        end = FiniteNetwork(self.default_outputs or self.width, inner_width=self.width)
        after, _ = end._series([{name: parameters}, *layers[last + 1 :]], scale)
        return _WholeNetwork((*before, *after))

    def _series(self, layers: Sequence[JobLayer], scale: int) -> tuple[list[Layer], int]:
        """Layers after a signal with `scale` times as many channels as its layer says."""
        found = []
        for layer in layers:
            one, scale = self._one(layer, scale)
            found.append(one)
        return found, scale

    def _one(self, layer: JobLayer, scale: int) -> tuple[Layer, int]:
        """A layer, and the scale of the signal after it."""
        name, parameters = named(layer)
        made = self._made(name, parameters, scale)
        if unread := set(parameters) - parameters.read:
            raise NotImplementedError(
                f"a finite network with {name} and {', '.join(sorted(unread))}; leave it out"
            )
        return made

    def _made(self, name: str, parameters: Parameters, scale: int) -> tuple[Layer, int]:
        if name in _AFFINE:
            return self._affine(name, parameters, scale)
        if name in _NESTED:
            return self._nested(name, parameters, scale)
        if name == "self_attention":
            return self._attention(parameters), 1
        if name == "recurrent":
            return self._recurrent(parameters), 1
        if name == "gru":
            behind = self.scale if parameters.get("width") is not None else 1
            return GRU(self._width(name, parameters), **_recurrence(parameters)).layer, behind
        if name in OTHERS:
            net: Net = OTHERS[name](parameters)
            return net.layer, scale
        return _activation(name, parameters), scale

    def _width(self, name: str, parameters: Parameters) -> int:
        own = parameters.get("width")
        count = self.width if own is None else int(own) * self.scale
        if count is None:
            raise ValueError(
                f"a finite network needs the width of {name}; give it to the layer, or to from_yaml"
            )
        return count

    def _affine(self, name: str, parameters: Parameters, scale: int) -> tuple[Layer, int]:
        common: dict[str, Any] = {
            "W_std": _root(parameters, "weight_variance", 1),
            "b_std": _root(parameters, "bias_variance", 0) or None,
        }
        count = self._width(name, parameters)
        behind = self.scale if parameters.get("width") is not None else 1
        if parameters.get("parameterization", "ntk") == "standard":
            common.update(parameterization="standard", s=(scale, behind))
            count //= behind
        if name == "dense":
            net = _dense.Dense(count, **common)
        else:
            net = _AFFINE[name](
                count,
                pair(parameters["filter"]),
                pair(parameters.get("stride", 1)),
                parameters.get("padding", "same"),
                **common,
            )
        layer: Layer = net.layer
        if isinstance(layer, _convolution.ConvLayer):
            dilation = pair(parameters.get("dilation", 1))
            layer = layer if dilation == (1, 1) else layer.dilated(dilation)
        return (layer if parameters.get("trained", True) else FrozenLayer(layer)), behind

    def _nested(self, name: str, parameters: Parameters, scale: int) -> tuple[Layer, int]:
        if name == "repeat":
            count = int(parameters["count"])
            if parameters.get("tied"):
                found, behind = self._series(parameters["layers"], scale)
                return TiedLayer(_structure.SerialLayer(tuple(found)), count), behind
            rounds: list[Layer] = []
            for _ in range(count):
                found, scale = self._series(parameters["layers"], scale)
                rounds += found
            return _structure.SerialLayer(tuple(rounds)), scale
        branches = parameters.get("branches")
        if branches is None:
            branches = [parameters["main"], parameters.get("shortcut") or []]
        both = [self._series(branch, scale) for branch in branches]
        parts = tuple(_structure.SerialLayer(tuple(found)) for found, _ in both)
        joined = (
            _structure.FanOutLayer(len(parts)),
            _structure.ParallelLayer(parts),
            _structure.FanInLayer(name, name),
        )
        return _structure.SerialLayer(joined), max(behind for _, behind in both)

    def _attention(self, parameters: Parameters) -> Layer:
        outputs = self._width("self_attention", parameters)
        count = self.inner_width or outputs
        is_linear = parameters.get("scaling", "linear") == "linear"
        # Products divided by the root of their width stay random, so only many heads make kernels
        # deterministic. Products divided by their width need many keys.
        heads = max(round(count**0.5), 1) if is_linear else count
        net = GlobalSelfAttention(
            outputs,
            n_chan_key=count if is_linear else 4,
            n_chan_val=-(-count // heads) if is_linear else 4,
            n_heads=heads,
            linear_scaling=is_linear,
            W_key_std=_root(parameters, "key_variance", 1),
            W_value_std=_root(parameters, "value_variance", 1),
            W_query_std=_root(parameters, "query_variance", 1),
            W_out_std=_root(parameters, "output_variance", 1),
            b_std=_root(parameters, "bias_variance", 0) or None,
            attention_mechanism=parameters.get("mechanism", "softmax"),
            pos_emb_type={"concatenate": "concat"}.get(
                parameters.get("positional", "none"), parameters.get("positional", "none")
            ),
            W_pos_emb_std=_root(parameters, "positional_variance", 1),
            val_pos_emb=bool(parameters.get("positional_values", False)),
        )
        return net.layer

    def _recurrent(self, parameters: Parameters) -> Layer:
        return RecurrentLayer(
            _activation(*named(parameters["activation"])),
            self._width("recurrent", parameters),
            **_recurrence(parameters),
        )


class _WholeNetwork(_structure.SerialLayer):
    """All layers of a network. They get its inputs as `image`, unless the caller has others."""

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        return super().apply(params, inputs, **{"image": inputs, **kwargs})


def last_weights(layers: Sequence[JobLayer]) -> int:
    """The index of the last layer with weights; the end if layers after it mix channels."""
    for place in range(len(layers) - 1, -1, -1):
        name, _ = named(layers[place])
        if name in _AFFINE or name == "self_attention":
            return place
        is_channelwise = name in OTHERS and name not in ("layer_norm", "batch_norm")
        if not is_channelwise and name not in ACTIVATIONS and name not in _FORMULAS:
            break
    return len(layers)


_FORMULAS = (*_formulas.NAMED, "elementwise")


def _recurrence(parameters: Parameters) -> dict[str, Any]:
    return {
        "W_std": _root(parameters, "weight_variance", 1),
        "U_std": _root(parameters, "input_variance", 1),
        "b_std": _root(parameters, "bias_variance", 0),
        "order": str(parameters.get("order", "rows")),
    }


def _activation(name: str, parameters: Parameters) -> Layer:
    if name in ACTIVATIONS:
        net: Net = ACTIVATIONS[name](parameters)
        return net.layer
    if name == "elu":
        alpha = float(parameters.get("alpha", 1))
        formula = f"where(x > 0, x, {alpha!r} * (exp(min(x, 0)) - 1))"
    elif name in _formulas.NAMED:
        formula = _formulas.NAMED[name]
    elif name == "elementwise":
        formula = parameters["formula"]
    else:
        raise NotImplementedError(f"a finite network with the layer {name}")
    own: JobLayer = {"elementwise": {"formula": formula}}
    function = elementwise(_formulas.function(formula, jnp))
    return ActivationLayer("Elementwise", own, function, (formula,))


def _root(parameters: Parameters, key: str, default: float) -> float:
    return math.sqrt(parameters.get(key, default))
