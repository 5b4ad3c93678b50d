"""Self-attention over all positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from .._graph import JobLayer, Signal
from .._jax import jax, jnp
from ._layer import RequiredAxes, SimpleLayer, Tracing, counts, require_two, variance, word
from ._net import Net

_MECHANISMS = ("softmax", "identity", "abs", "relu")
_POSITIONAL = {"none": "none", "sum": "sum", "concat": "concatenate"}


@dataclass(frozen=True)
class AttentionLayer(SimpleLayer):
    """Self-attention; attributes are the arguments of `GlobalSelfAttention`."""

    n_chan_out: int
    n_chan_key: int
    n_chan_val: int
    n_heads: int
    linear_scaling: bool
    W_key_std: float
    W_value_std: float
    W_query_std: float
    W_out_std: float
    b_std: float | None
    mechanism: str
    pos_emb_type: str
    pos_emb_decay_fn: Callable[[float], float] | None
    n_chan_pos_emb: int | None
    W_pos_emb_std: float
    val_pos_emb: bool
    batch_axis: int
    channel_axis: int
    name = "GlobalSelfAttention"

    def required_axes(self) -> RequiredAxes:
        return self.batch_axis, self.channel_axis

    def trace_one(self, signal: Signal, tracing: Tracing) -> Signal:
        require_two(len(signal.spatial), self.name)
        if not self.linear_scaling and self.mechanism != "identity":
            raise NotImplementedError(
                f"attention {self.mechanism} with linear_scaling=False has no closed form; use "
                "linear_scaling=True, or attention_mechanism='IDENTITY'"
            )
        parameters: dict[str, Any] = {
            "mechanism": self.mechanism,
            "scaling": "linear" if self.linear_scaling else "root",
            "query_variance": variance(self.W_query_std),
            "key_variance": variance(self.W_key_std),
            "value_variance": variance(self.W_value_std),
            "output_variance": variance(self.W_out_std),
        }
        if self.b_std:
            parameters["bias_variance"] = variance(self.b_std)
        if self.pos_emb_type != "none":
            parameters.update(self._positional(signal, parameters))
        layer: JobLayer = {"self_attention": parameters}
        behind = signal.then(layer, {"C": self.n_chan_out}, is_gaussian=True)
        if tracing.has_widths:
            # A job's attention has no width, so a layer that changes nothing gives it.
            behind = behind.then({"dense": {"trained": False, "width": self.n_chan_out}})
        return behind.resized({}, scale=1)

    def _positional(self, signal: Signal, parameters: dict[str, Any]) -> dict[str, Any]:
        if self.pos_emb_decay_fn is not None:
            raise NotImplementedError(
                "positional embeddings with pos_emb_decay_fn; leave it out for independent ones"
            )
        found: dict[str, Any] = {
            "positional": _POSITIONAL[self.pos_emb_type],
            "positional_variance": variance(self.W_pos_emb_std),
        }
        if self.val_pos_emb:
            found["positional_values"] = True
        elif not self.linear_scaling:
            raise NotImplementedError(
                "attention with linear_scaling=False and embeddings only in queries and keys; "
                "set val_pos_emb=True"
            )
        own, given = signal.channels, self.n_chan_pos_emb
        if given is None or given == own:
            return found
        if self.pos_emb_type == "sum":
            raise ValueError(f"n_chan_pos_emb is {given}, and {own} channels reach the sum")
        if own is None:
            raise ValueError("n_chan_pos_emb needs the input's shape: net.yaml(input_shape)")
        # alpha K + beta R = alpha (K + beta / alpha R): a sum with other variances.
        alpha = own / (own + given)
        found["positional"] = "sum"
        found["positional_variance"] *= given / own
        found["query_variance"] = parameters["query_variance"] * alpha**2
        if self.val_pos_emb:
            found["value_variance"] = parameters["value_variance"] * alpha
        return found

    def init(self, rng: Any, shape: Any) -> tuple[Any, Any]:
        normal, split = jax().random.normal, jax().random.split
        axis = self.channel_axis % len(shape)
        output = (*shape[:axis], self.n_chan_out, *shape[axis + 1 :])
        queries, keys, values, out, bias, places = split(rng, 6)
        own = shape[axis]
        embedding, key_inputs, value_inputs = None, own, own
        if self.pos_emb_type != "none":
            count = own if self.n_chan_pos_emb is None else self.n_chan_pos_emb
            place_shape = list(shape)
            place_shape[axis], place_shape[self.batch_axis % len(shape)] = count, 1
            embedding = normal(places, tuple(place_shape))
            if self.pos_emb_type == "concat":
                key_inputs += count
                value_inputs += count if self.val_pos_emb else 0
        heads = self.n_heads
        W_key = normal(keys, (heads, key_inputs, self.n_chan_key))
        W_value = normal(values, (heads, value_inputs, self.n_chan_val))
        W_out = normal(out, (self.n_chan_val * heads, self.n_chan_out))
        biases = None
        if self.b_std is not None:
            bias_shape = [1] * len(shape)
            bias_shape[axis] = self.n_chan_out
            biases = normal(bias, tuple(bias_shape))
        W_query = None
        if not self.linear_scaling:
            W_query = normal(queries, (heads, key_inputs, self.n_chan_key))
        return output, (W_query, W_key, W_value, W_out, biases, embedding)

    def apply(self, params: Any, inputs: Any, **kwargs: Any) -> Any:
        if self.pos_emb_type != "none" and self.pos_emb_decay_fn is not None:
            raise NotImplementedError("finite attention with pos_emb_decay_fn; leave it out")
        W_query, W_key, W_value, W_out, biases, embedding = params
        np, ends = jnp(), (self.batch_axis, self.channel_axis)
        signal = np.moveaxis(inputs, ends, (0, -1))
        spatial = signal.shape[1:-1]
        embedded = signal
        if embedding is not None:
            places = np.moveaxis(embedding, ends, (0, -1)) * self.W_pos_emb_std
            if self.pos_emb_type == "sum":
                embedded = signal + places
            else:
                places = np.broadcast_to(places, (*signal.shape[:-1], places.shape[-1]))
                embedded = np.concatenate([signal, places], -1)
        tokens = embedded.reshape((len(signal), -1, embedded.shape[-1]))
        source = embedded if self.val_pos_emb else signal
        source = source.reshape((len(signal), -1, source.shape[-1]))
        keys = np.einsum("ntc,hck->hntk", tokens, W_key)
        queries = keys if W_query is None else np.einsum("ntc,hck->hntk", tokens, W_query)
        values = np.einsum("ntc,hcv->hntv", source, W_value)
        scale = self.n_chan_key if self.linear_scaling else self.n_chan_key**0.5
        scores = np.einsum("hntk,hnsk->hnts", queries, keys)
        scores = scores * (self.W_query_std * self.W_key_std / (tokens.shape[-1] * scale))
        heads = np.einsum("hnts,hnsv->hntv", self._weights(scores), values)
        heads = np.moveaxis(heads, 0, -1).reshape((len(signal), tokens.shape[1], -1))
        norm = (self.n_chan_val * self.n_heads * source.shape[-1]) ** 0.5
        outputs = heads @ W_out * (self.W_out_std * self.W_value_std / norm)
        outputs = outputs.reshape((len(signal), *spatial, self.n_chan_out))
        outputs = np.moveaxis(outputs, (0, -1), ends)
        return outputs if biases is None else outputs + self.b_std * biases

    def _weights(self, scores: Any) -> Any:
        if self.mechanism == "softmax":
            return jax().nn.softmax(scores)
        if self.mechanism == "abs":
            return jnp().abs(scores)
        return jnp().maximum(scores, 0) if self.mechanism == "relu" else scores


def GlobalSelfAttention(
    n_chan_out: int,
    n_chan_key: int,
    n_chan_val: int,
    n_heads: int,
    linear_scaling: bool = True,
    W_key_std: float = 1.0,
    W_value_std: float = 1.0,
    W_query_std: float = 1.0,
    W_out_std: float = 1.0,
    b_std: float | None = None,
    attention_mechanism: str = "SOFTMAX",
    pos_emb_type: str = "NONE",
    pos_emb_p_norm: float = 2,
    pos_emb_decay_fn: Callable[[float], float] | None = None,
    n_chan_pos_emb: int | None = None,
    W_pos_emb_std: float = 1.0,
    val_pos_emb: bool = False,
    batch_axis: int = 0,
    channel_axis: int = -1,
) -> Net:
    """Self-attention over all positions (arXiv 2006.10540).

    Args:
        n_chan_out: output channels.
        n_chan_key: channels of keys and queries.
        n_chan_val: channels of values.
        n_heads: attention heads.
        linear_scaling: True: products of queries and keys are divided by their width, and queries
            and keys share weights. False: they are divided by its root, only for "IDENTITY".
        W_key_std: standard deviation of the weights of keys.
        W_value_std: standard deviation of the weights of values.
        W_query_std: standard deviation of the weights of queries.
        W_out_std: standard deviation of the weights of the output.
        b_std: standard deviation of the biases of the output; None for no biases.
        attention_mechanism: "SOFTMAX", "IDENTITY", "ABS" or "RELU".
        pos_emb_type: random embeddings of positions: "NONE", "SUM" or "CONCAT".
        pos_emb_p_norm: not used without pos_emb_decay_fn.
        pos_emb_decay_fn: not supported.
        n_chan_pos_emb: channels of the embeddings; None for as many as the signal has.
        W_pos_emb_std: standard deviation of the embeddings.
        val_pos_emb: whether values get the embeddings too.
        batch_axis: the axis of the batch.
        channel_axis: the axis of the channels.
    """
    out, key, val, heads = counts(
        (n_chan_out, n_chan_key, n_chan_val, n_heads), "n_chan_out, n_chan_key, n_chan_val, n_heads"
    )
    return Net(
        AttentionLayer(
            out,
            key,
            val,
            heads,
            bool(linear_scaling),
            W_key_std,
            W_value_std,
            W_query_std,
            W_out_std,
            b_std,
            word(attention_mechanism, _MECHANISMS, "attention_mechanism"),
            word(pos_emb_type, tuple(_POSITIONAL), "pos_emb_type"),
            pos_emb_decay_fn,
            n_chan_pos_emb,
            W_pos_emb_std,
            bool(val_pos_emb),
            batch_axis,
            channel_axis,
        )
    )
