"""Networks as layers of a job, without the library."""

import json

import pytest

from ntkdist import stax


def layers(net, shape=None):
    """The layers of a network, as data."""
    from ntkdist import _plans

    if shape is not None:
        return _plans.plan(net.layer, shape).layers
    axes = _plans.input_axes(net.layer, 4)
    return _plans.traced(net.layer, axes, [None] * 4)[0]


def dense(weight=1.0, **more):
    return {"dense": {"weight_variance": weight, **more}}


def test_vectors_are_flattened_first():
    net = stax.serial(stax.Dense(8, 2.0, 0.5), stax.Relu(), stax.Dense(1))
    expected = ["flatten", dense(4.0, bias_variance=0.25), "relu", dense()]
    assert layers(net, (3, 7)) == expected
    assert layers(stax.serial(stax.Flatten(), net), (3, 7)) == expected
    assert layers(stax.serial(stax.Flatten(), net), (3, 4, 4, 2)) == expected


def test_residual_blocks_have_the_identity_as_shortcut():
    block = stax.serial(
        stax.FanOut(2),
        stax.parallel(stax.Identity(), stax.serial(stax.Dense(4), stax.Relu(), stax.Dense(4))),
        stax.FanInSum(),
    )
    net = stax.serial(stax.Dense(4), block, stax.Flatten(), stax.Dense(1))
    assert layers(net) == [
        dense(),
        {"residual": {"main": [dense(), "relu", dense()]}},
        "flatten",
        dense(),
    ]


def test_sums_of_many_branches_are_nested():
    net = stax.serial(
        stax.FanOut(3),
        stax.parallel(stax.Dense(1), stax.Dense(1, 2.0), stax.Dense(1, 3.0)),
        stax.FanInSum(),
        stax.Flatten(),
        stax.Dense(1),
    )
    inner = {"residual": {"main": [dense(4.0)], "shortcut": [dense(9.0)]}}
    assert layers(net)[0] == {"residual": {"main": [dense()], "shortcut": [inner]}}


def test_one_branch_is_no_branch():
    net = stax.serial(
        stax.FanOut(1), stax.parallel(stax.Dense(1)), stax.FanInProd(), stax.Flatten()
    )
    assert layers(net) == [dense(), "flatten"]


def test_branches_of_branches():
    net = stax.serial(
        stax.Dense(4),
        stax.FanOut(2),
        stax.parallel(stax.FanOut(2), stax.Dense(4, 5.0)),
        stax.parallel(
            stax.serial(stax.parallel(stax.Dense(4, 2.0), stax.Dense(4, 3.0)), stax.FanInSum()),
            stax.Identity(),
        ),
        stax.FanInProd(),
        stax.Flatten(),
    )
    inner = {"residual": {"main": [dense(4.0)], "shortcut": [dense(9.0)]}}
    assert layers(net) == [dense(), {"product": {"branches": [[inner], [dense(25.0)]]}}, "flatten"]


def test_widths_are_written_where_they_matter():
    net = stax.serial(
        stax.FanOut(2),
        stax.parallel(stax.Dense(4), stax.Dense(12)),
        stax.FanInConcat(),
        stax.Dense(3),
        stax.Flatten(),
    )
    assert layers(net) == [
        {"concatenate": {"branches": [[dense(width=4)], [dense(width=12)]]}},
        dense(width=3),
        "flatten",
    ]


def test_repetitions():
    body = stax.serial(stax.Relu(), stax.Dense(4))
    net = stax.serial(stax.Dense(4), stax.repeat(body, 5), stax.Flatten())
    assert layers(net) == [
        dense(),
        {"repeat": {"count": 5, "layers": ["relu", dense()]}},
        "flatten",
    ]
    assert layers(stax.serial(stax.Dense(4), stax.repeat(body, 0), stax.Flatten())) == [
        dense(),
        "flatten",
    ]
    assert layers(stax.serial(stax.Dense(4), stax.repeat(body, 1), stax.Flatten())) == [
        dense(),
        "relu",
        dense(),
        "flatten",
    ]


def test_repetitions_that_change_the_signal():
    shrink = stax.serial(stax.Relu(), stax.Conv(4, (3, 3)))
    net = stax.serial(stax.Conv(4, (3, 3)), stax.repeat(shrink, 3), stax.Flatten())
    body = [
        "relu",
        {
            "convolution": {
                "filter": [3, 3],
                "stride": [1, 1],
                "padding": "valid",
                "weight_variance": 1.0,
            }
        },
    ]
    found = layers(net, (2, 12, 12, 3))
    assert found[-1] == "flatten"
    assert found[1:-1] == [*body * 3]


def test_axes_in_other_orders():
    net = stax.serial(
        stax.Conv(4, (3, 2), (1, 2), dimension_numbers=("NCHW", "WHIO", "NCWH")),
        stax.Relu(),
        stax.AvgPool((2, 4), channel_axis=1),
        stax.GlobalAvgPool(channel_axis=1),
    )
    found = layers(net, (2, 3, 20, 30))
    assert found[0]["convolution"]["filter"] == [2, 3]
    assert found[0]["convolution"]["stride"] == [2, 1]
    assert found[2]["average_pool"]["window"] == [4, 2]


def test_one_spatial_axis():
    net = stax.serial(stax.Conv(4, (3,), (2,)), stax.Flatten())
    assert layers(net, (2, 9, 3))[0]["convolution"]["filter"] == [3, 1]


def test_yaml_is_read_back():
    yaml = pytest.importorskip("yaml")
    net = stax.serial(
        stax.Conv(4, (3, 3), padding="SAME", W_std=1.3, b_std=0.1),
        stax.FanOut(2),
        stax.parallel(
            stax.serial(
                stax.Relu(),
                stax.Conv(64, (3, 3), padding="SAME"),
                stax.Elementwise("x * sigmoid(1.702 * x)"),
                stax.Dense(4),
            ),
            stax.serial(
                stax.FanOut(3),
                stax.parallel(stax.Identity(), stax.Dense(4), stax.Dense(4, 1e-5)),
                stax.FanInProd(),
                stax.Dense(4),
            ),
        ),
        stax.FanInSum(),
        stax.Index(stax.Slice[:, 1:]),
        stax.GlobalAvgPool(),
        stax.Dense(10),
    )
    text = net.yaml()
    assert yaml.safe_load(text) == layers(net)
    assert stax.from_yaml(text).yaml() == text


def test_networks_of_text_can_be_joined():
    inner = stax.from_yaml(json.dumps([dense(), "relu"]))
    net = stax.serial(stax.Flatten(), inner, stax.Dense(1))
    assert layers(net) == ["flatten", dense(), "relu", dense()]


def test_triples_unpack():
    net = stax.Dense(4)
    init_fn, apply_fn, kernel_fn = net
    assert (net.init_fn, net.apply_fn, net.kernel_fn) == (init_fn, apply_fn, kernel_fn)
    joined = stax.serial((init_fn, apply_fn, kernel_fn), stax.Relu())
    assert layers(joined, (2, 3)) == ["flatten", dense(), "relu"]


REFUSED = {
    "activation_of_activation": (
        NotImplementedError,
        "Relu needs a Gaussian signal",
        lambda: stax.serial(stax.Dense(1), stax.Relu(), stax.Relu()),
    ),
    "norm_of_activation": (
        NotImplementedError,
        "LayerNorm needs a Gaussian signal",
        lambda: stax.serial(stax.Dense(1), stax.Relu(), stax.LayerNorm()),
    ),
    "norm_without_channels": (
        ValueError,
        "include that of the channels",
        lambda: stax.serial(stax.Dense(1), stax.LayerNorm(0)),
    ),
    "sum_of_activations": (
        NotImplementedError,
        "not Gaussian",
        lambda: stax.serial(
            stax.FanOut(2),
            stax.parallel(*[stax.serial(stax.Dense(4), stax.Relu())] * 2),
            stax.FanInSum(),
        ),
    ),
    "branches_at_the_end": (
        NotImplementedError,
        "ends in branches",
        lambda: stax.serial(stax.Dense(1), stax.FanOut(2)),
    ),
    "layer_of_branches": (
        ValueError,
        "Dense gets 2 branches",
        lambda: stax.serial(stax.FanOut(2), stax.Dense(1)),
    ),
    "too_few_branches": (
        ValueError,
        "FanOut\\(2\\)",
        lambda: stax.parallel(stax.Dense(1), stax.Dense(1)),
    ),
    "concatenation_of_pixels": (
        NotImplementedError,
        "axis 1",
        lambda: stax.serial(
            stax.FanOut(2), stax.parallel(stax.Dense(4), stax.Dense(4)), stax.FanInConcat(0)
        ),
    ),
    "other_axes": (
        ValueError,
        "channel_axis 0",
        lambda: stax.serial(stax.Dense(1), stax.Dense(1, channel_axis=0)),
    ),
    "scales": (
        NotImplementedError,
        "s = ",
        lambda: stax.Dense(1, parameterization="standard", s=(2, 1)),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_said_in_one_sentence(name):
    error, sentence, build = REFUSED[name]
    with pytest.raises(error, match=sentence if name != "concatenation_of_pixels" else "axis 0"):
        layers(build(), (2, 5))


ARGUMENTS = {
    "padding": (ValueError, lambda: stax.Conv(1, (3, 3), padding="FULL")),
    "strides": (ValueError, lambda: stax.Conv(1, (3, 3), (1,))),
    "parameterization": (ValueError, lambda: stax.Dense(1, parameterization="mup")),
    "dropout_rate": (ValueError, lambda: stax.Dropout(0.0)),
    "dropout_mode": (ValueError, lambda: stax.Dropout(0.5, "valid")),
    "monomial": (NotImplementedError, lambda: stax.Monomial(-1)),
    "formula": (ValueError, lambda: stax.Elementwise("x + y")),
    "code": (ValueError, lambda: stax.Elementwise("__import__('os')")),
    "no_function": (NotImplementedError, lambda: stax.Elementwise(nngp_fn=lambda c, a, b: c)),
    "unreadable_function": (NotImplementedError, lambda: stax.Elementwise(lambda x: float(x))),
    "softmax": (NotImplementedError, lambda: stax.Softmax()),
    "max_pool": (ValueError, lambda: stax.MaxPool((2, 2), (1,))),
    "batch_norm": (ValueError, lambda: stax.BatchNorm(-1)),
    "gru": (ValueError, lambda: stax.GRU(0)),
    "own_layer": (NotImplementedError, lambda: stax.serial((None, None, lambda k: k))),
    "uncalled": (TypeError, lambda: stax.serial(stax.Dense(1), stax.Relu)),
    "attribute": (AttributeError, lambda: stax.Dence(1)),
    "flatten_axis": (ValueError, lambda: stax.Flatten(batch_axis_out=2)),
    "index": (NotImplementedError, lambda: stax.Index([1, 2])),
    "empty_serial": (ValueError, lambda: stax.serial()),
    "text": (TypeError, lambda: stax.from_yaml(["dense"])),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_wrong_arguments(name):
    error, build = ARGUMENTS[name]
    with pytest.raises(error) as caught:
        build()
    assert len(str(caught.value)) > 10
