"""Kernels of every other layer compared with those of neural-tangents."""

import pytest
from peering import agree

pytestmark = pytest.mark.usefixtures("kernels")

CONVOLUTIONS = {
    "valid": lambda s: s.Conv(8, (2, 3)),
    "same": lambda s: s.Conv(8, (3, 3), padding="SAME", b_std=0.1),
    "circular": lambda s: s.Conv(8, (3, 2), padding="CIRCULAR", W_std=1.3),
    "strides": lambda s: s.Conv(8, (3, 3), (2, 1), "SAME"),
    "local": lambda s: s.ConvLocal(8, (3, 3), padding="SAME", b_std=0.3),
    "local_valid": lambda s: s.ConvLocal(8, (2, 2), (1, 2)),
    "transposed": lambda s: s.ConvTranspose(8, (3, 3), (2, 2), "SAME", b_std=0.3),
    "transposed_valid": lambda s: s.ConvTranspose(8, (2, 3), (2, 1)),
    "transposed_circular": lambda s: s.ConvTranspose(8, (3, 4), (2, 1), "CIRCULAR", b_std=0.3),
    "transposed_around": lambda s: s.ConvTranspose(8, (5, 2), (1, 3), "CIRCULAR"),
    "dense": lambda s: s.Dense(8, 1.2, 0.1),
}
READOUTS = {
    "flatten": lambda s: s.Flatten(),
    "mean": lambda s: s.GlobalAvgPool(),
    "sum": lambda s: s.GlobalSumPool(),
}


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(peer, name, readout):
    agree(
        peer,
        lambda s: s.serial(
            CONVOLUTIONS[name](s),
            s.Relu(),
            CONVOLUTIONS[name](s),
            READOUTS[readout](s),
            s.Dense(2, 1.1),
        ),
    )


MIDDLES = {
    "average_pool": lambda s: s.AvgPool((2, 2), (2, 2)),
    "average_pool_same": lambda s: s.AvgPool((3, 2), padding="SAME"),
    "average_pool_edges": lambda s: s.AvgPool((3, 3), (2, 1), "SAME", normalize_edges=True),
    "average_pool_circular": lambda s: s.AvgPool((2, 3), padding="CIRCULAR"),
    "sum_pool": lambda s: s.SumPool((2, 2), (1, 2)),
    "layer_norm": lambda s: s.LayerNorm(),
    "layer_norm_all": lambda s: s.LayerNorm(axis=(1, 2, 3), eps=1e-6),
    "dropout": lambda s: s.Dropout(0.8),
    "dropout_test": lambda s: s.Dropout(0.8, mode="test"),
    "identity": lambda s: s.Identity(),
    "resize": lambda s: s.ImageResize((-1, 3, 7, -1), "linear"),
    "resize_nearest": lambda s: s.ImageResize((-1, -1, 7, -1), "nearest"),
    "index": lambda s: s.Index(s.Slice[:, 1:-1, :2]),
    "index_row": lambda s: s.Index(s.Slice[:, 1, ...]),
    "index_pixel": lambda s: s.Index(s.Slice[..., -1, 2, :]),
    "attention": lambda s: s.GlobalSelfAttention(
        4, 4, 4, 2, W_key_std=1.2, W_value_std=0.8, b_std=0.3
    ),
    "attention_relu": lambda s: s.GlobalSelfAttention(
        4, 4, 4, 2, attention_mechanism="RELU", pos_emb_type="SUM", W_pos_emb_std=0.7
    ),
    "attention_concat": lambda s: s.GlobalSelfAttention(
        4,
        4,
        4,
        2,
        attention_mechanism=s.AttentionMechanism.ABS.name,
        pos_emb_type="CONCAT",
        n_chan_pos_emb=3,
        val_pos_emb=True,
        W_query_std=0.9,
    ),
    "attention_root": lambda s: s.GlobalSelfAttention(
        4,
        4,
        4,
        2,
        linear_scaling=False,
        attention_mechanism="IDENTITY",
        pos_emb_type="CONCAT",
        n_chan_pos_emb=5,
        val_pos_emb=True,
    ),
}


@pytest.mark.parametrize("name", MIDDLES)
def test_layers_between(peer, name):
    readout = "identity_pool" if name == "index_pixel" else "pool"

    def build(s):
        # An odd number of convolutions reverses the peer's axes, which some of its layers ignore.
        before = s.Dense(8, 1.1, 0.1) if name.startswith("resize") else s.Conv(8, (2, 2))
        layers = [before, MIDDLES[name](s)]
        if name == "index_row":
            layers.append(s.Conv(4, (2,)))
        if readout == "pool":
            layers.append(s.GlobalAvgPool())
        return s.serial(*layers, s.Dense(2))

    agree(peer, build)


ENDS = {
    "convolution": lambda s: s.serial(s.Conv(8, (2, 2)), s.Relu()),
    "two": lambda s: s.serial(
        s.Conv(8, (2, 2), padding="SAME"), s.Relu(), s.Conv(8, (2, 2)), s.AvgPool((2, 1))
    ),
    "identity": lambda s: s.Identity(),
    "pool": lambda s: s.AvgPool((2, 2), (1, 2)),
    "dense": lambda s: s.serial(s.Dense(8, 1.2), s.LayerNorm(), s.Erf(), s.Dense(8, 1.1, 0.4)),
    "larger": lambda s: s.ConvTranspose(8, (2, 3), (2, 1), "SAME"),
    "attention": lambda s: s.GlobalSelfAttention(8, 4, 4, 2, b_std=0.2),
    "rows": lambda s: s.serial(s.Dense(8), s.Index(s.Slice[:, 1])),
}


@pytest.mark.parametrize("is_diagonal", [None, True])
@pytest.mark.parametrize("name", ENDS)
def test_networks_that_end_with_pixels(peer, name, is_diagonal):
    if is_diagonal and name in ("two", "pool", "attention"):
        pytest.skip("the peer has no kernels of equal pixels behind pools and attention")
    agree(peer, ENDS[name], shape=(3, 4, 2), diagonal_spatial=is_diagonal)
