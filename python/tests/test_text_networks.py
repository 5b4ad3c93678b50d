"""Networks given as the text of a job: what is known about them, alone and inside others."""

import numpy as np
import pytest

from ntkdist import _plans, stax

yaml = pytest.importorskip("yaml")

CONV = "convolution: {filter: 3, padding: same, width: 4}"
#: A text, the shape of inputs, and the same network built from layers.
SAME = {
    "vectors": ("[flatten, {dense: {width: 5}}]", (7, 6), lambda: stax.Dense(5)),
    "activation": ("[{dense: {width: 5}}, relu]", (7, 6), lambda: serial(stax.Dense(5), relu())),
    "pixels": (f"[{{{CONV}}}]", (7, 8, 6, 3), lambda: conv()),
    "pooled": (
        f"[{{{CONV}}}, relu, {{average_pool: {{window: 2, stride: 2}}}}]",
        (7, 8, 6, 3),
        lambda: serial(conv(), relu(), stax.AvgPool((2, 2), (2, 2))),
    ),
    "readout": (
        f"network: [{{{CONV}}}, relu, global_average_pool]",
        (7, 8, 6, 3),
        lambda: serial(conv(), relu(), stax.GlobalAvgPool()),
    ),
    "flattened": (
        f"[{{{CONV}}}, relu, flatten]",
        (7, 8, 6, 3),
        lambda: serial(conv(), relu(), stax.Flatten()),
    ),
    "branches": (
        f"[{{residual: {{main: [{{{CONV}}}, relu, {{{CONV}}}], shortcut: [{{{CONV}}}]}}}}]",
        (7, 8, 6, 3),
        lambda: serial(
            stax.FanOut(2), stax.parallel(serial(conv(), relu(), conv()), conv()), stax.FanInSum()
        ),
    ),
}


def serial(*layers):
    return stax.serial(*layers)


def relu():
    return stax.Relu()


def conv():
    return stax.Conv(4, (3, 3), padding="SAME")


@pytest.mark.parametrize("name", SAME)
def test_what_is_known_is_that_of_the_same_layers(name):
    text, shape, net = SAME[name]
    found, expected = (
        _plans.plan(one.layer, shape).signal for one in (stax.from_yaml(text), net())
    )
    for field in ("axes", "sizes", "is_gaussian", "is_reversed"):
        assert getattr(found, field) == getattr(expected, field), field


def test_channels_that_the_text_leaves_open():
    for text in (
        "[dense, relu, dense]",
        "[{dense: {width: 3}}, {concatenate: {branches: [[dense]]}}]",
    ):
        signal = _plans.plan(stax.from_yaml(text).layer, (2, 6)).signal
        assert signal.axes == ("N", "C") and signal.sizes == (None, None)
    signal = _plans.plan(stax.from_yaml("[dense, relu, dense]", width=9).layer, (2, 6)).signal
    assert signal.sizes == (None, 9) and signal.is_gaussian


def test_layers_that_only_the_library_knows(kernels, rng):
    kernel_fn = stax.from_yaml(
        "[{recurrent: {activation: erf}}, global_average_pool, dense]"
    ).kernel_fn
    kernel = kernel_fn(rng.standard_normal((2, 4, 4, 3)))
    assert kernel.ntk.shape == (2, 2) and kernel.is_gaussian and kernel.shape1 == (2, None)


def test_kernels_say_what_they_are_of(kernels, rng):
    for text, shape, net in SAME.values():
        x = rng.standard_normal((2, *shape[1:]))
        found, expected = stax.from_yaml(text).kernel_fn(x), net().kernel_fn(x)
        for field in ("shape1", "is_gaussian", "is_reversed", "channel_axis", "diagonal_spatial"):
            assert getattr(found, field) == getattr(expected, field), field
        assert np.array_equal(found.ntk, expected.ntk)


def test_equal_pixels(kernels, rng):
    x = rng.standard_normal((2, 4, 3, 2))
    text, _, net = SAME["pixels"]
    found = stax.from_yaml(text).kernel_fn(x, None, "ntk", diagonal_spatial=True)
    assert found.shape == (2, 2, 4, 3)
    assert np.array_equal(found, net().kernel_fn(x, None, "ntk", diagonal_spatial=True))
    inside = stax.serial(stax.from_yaml(text), stax.Relu()).kernel_fn
    expected = stax.serial(net(), stax.Relu()).kernel_fn
    assert np.array_equal(
        inside(x, None, "nngp", diagonal_spatial=True),
        expected(x, None, "nngp", diagonal_spatial=True),
    )


def test_equal_pixels_of_very_many():
    x = np.ones((1, 64, 64, 1))
    with pytest.raises(NotImplementedError, match="4096 pixels"):
        stax.Conv(1, (1, 1)).kernel_fn(x, None, "nngp", diagonal_spatial=True)


def test_presets_inside_other_networks(shared_library, rng):
    preset = stax.from_yaml("{preset: fcn, depth: 2, weight_variance: 2.0}")
    root = 2**0.5
    same = [part for _ in range(2) for part in (stax.Dense(1, root), stax.Relu())]
    for x in (rng.standard_normal((3, 7)), rng.standard_normal((3, 4, 4, 2))):
        net = stax.serial(preset, stax.Relu(), stax.Dense(1))
        own = stax.serial(stax.Flatten(), *same, stax.Dense(1, root), stax.Relu(), stax.Dense(1))
        assert np.allclose(net.kernel_fn(x, None, "ntk"), own.kernel_fn(x, None, "ntk"), rtol=1e-13)
    assert "relu" in net.yaml((1, 4, 4, 2))
    pooled = stax.serial(stax.from_yaml("{preset: cnn-gap, depth: 1}"), stax.Dense(1))
    assert "global_average_pool" in pooled.yaml((1, 4, 4, 2))
    with pytest.raises(NotImplementedError, match="needs the input's shape"):
        pooled.yaml()


def _layers(net):
    return _plans.traced(net.layer, _plans.input_axes(net.layer, 4), [None] * 4)[0]


@pytest.mark.parametrize("eps", [1e-12, 1e-5, 1e300, 0.25])
def test_numbers_of_yaml_are_numbers(eps):
    """For readers of YAML 1.1, and in texts that write numbers as in YAML 1.2."""
    net = stax.serial(stax.Flatten(), stax.Dense(3), stax.LayerNorm(eps=eps), stax.Dense(1))
    assert yaml.safe_load(net.yaml()) == _layers(net)
    for text in (net.yaml(), f"[flatten, dense, {{layer_norm: {{epsilon: {eps!r}}}}}]"):
        again = _layers(stax.serial(stax.Flatten(), stax.from_yaml(text)))
        (norm,) = [layer["layer_norm"] for layer in again if "layer_norm" in layer]
        assert norm["epsilon"] == eps
