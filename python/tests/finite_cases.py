"""A network for each layer of a job."""

import numpy as np

IMAGES = (4, 5, 2)


def signed_images(generator, count):
    """Images whose pixels are close to (1, 1) or (-1, -1).

    The scores of attention between two pixels are then far from 0, where relu and abs have a kink.
    Around a kink, the mean over finite networks approaches the limit slowly.
    """
    signs = generator.choice([-1.0, 1.0], (count, *IMAGES[:2], 1))
    return signs * (1 + 0.3 * generator.standard_normal((count, *IMAGES)))


def gray_images(generator, count):
    """Images whose channels are equal, so that a part of them may be a mask."""
    return np.repeat(generator.standard_normal((count, *IMAGES[:2], 1)), IMAGES[2], -1)


_DENSE = {"dense": {"weight_variance": 1.3, "bias_variance": 0.1}}
_CONVOLUTION = {"convolution": {"filter": 3, "weight_variance": 1.4, "bias_variance": 0.1}}


def _activation(layer):
    return [_DENSE, layer, _DENSE]


#: Activations, on vectors.
ACTIVATIONS = {
    "relu": "relu",
    "leaky_relu": {"leaky_relu": {"negative_slope": 0.2}},
    "abs": "abs",
    "abrelu": {"abrelu": {"negative_slope": -0.3, "positive_slope": 1.2}},
    "rectified_monomial": {"rectified_monomial": {"degree": 2}},
    "step": {"rectified_monomial": {"degree": 0}},
    "gelu": "gelu",
    "erf": {"erf": {"amplitude": 0.7, "scale": 1.3, "shift": 0.2}},
    "sigmoid_like": "sigmoid_like",
    "sin": {"sin": {"amplitude": 0.8, "frequency": 1.1, "phase": 0.3}},
    "cos": {"cos": {"amplitude": 1.2, "frequency": 0.7, "phase": 0.1}},
    "rbf": {"rbf": {"gamma": 0.4}},
    "gaussian": {"gaussian": {"amplitude": 1.3, "rate": -0.6}},
    "exp": {"exp": {"amplitude": 0.5, "rate": 0.4}},
    "gabor": "gabor",
    "sign": "sign",
    "monomial": {"monomial": {"degree": 2}},
    "hermite": {"hermite": {"degree": 2}},
    # The errors of a large cubic term have such heavy tails that 400 networks do not average them.
    "polynomial": {"polynomial": {"coefficients": [0.1, 0.8, -0.2, 0.02]}},
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "swish": "swish",
    "silu": "silu",
    "softplus": "softplus",
    "mish": "mish",
    "elu": {"elu": {"alpha": 0.7}},
    "selu": "selu",
    "hard_tanh": "hard_tanh",
    "elementwise": {"elementwise": {"formula": "x * sigmoid(1.702 * x)"}},
}


def _middle(*layers, readout="flatten"):
    return [_CONVOLUTION, "relu", *layers, readout, _DENSE]


def _signed(attention):
    """Attention on the images themselves: scores of `signed_images` have both signs."""
    return [attention, "flatten", _DENSE]


_NORMAL = [_CONVOLUTION, "erf"]
_ATTENTION = {"value_variance": 1.2, "query_variance": 1.3, "bias_variance": 0.2}


def _standard(width):
    return {"parameterization": "standard", "width": width, "weight_variance": 1.3}


#: All other layers, on images.
LAYERS = {
    "dense": _middle(_DENSE),
    "convolution": _middle({"convolution": {"filter": [2, 3], "padding": "valid"}}),
    "convolution same": _middle(
        {"convolution": {"filter": 3, "stride": [2, 1], "bias_variance": 0.3}}
    ),
    "convolution circular": _middle(
        {"convolution": {"filter": [3, 2], "padding": "circular"}}, readout="global_average_pool"
    ),
    "convolution dilated": _middle({"convolution": {"filter": 2, "dilation": [2, 3]}}),
    "local_convolution": _middle({"local_convolution": {"filter": 3, "bias_variance": 0.2}}),
    "transposed_convolution": _middle(
        {"transposed_convolution": {"filter": [2, 3], "stride": [2, 1], "bias_variance": 0.2}}
    ),
    "not trained": _middle({"dense": {"weight_variance": 1.3, "trained": False}}, "relu", _DENSE),
    "standard": [
        {"convolution": {"filter": 3, "bias_variance": 0.2, **_standard(8)}},
        "relu",
        {"dense": {**_standard(16)}},
        "erf",
        "flatten",
        {"dense": {"bias_variance": 0.1, **_standard(1)}},
    ],
    "flatten": _middle(),
    "flatten last": [_CONVOLUTION, "flatten"],
    "global_average_pool": _middle(readout="global_average_pool"),
    "global_sum_pool": _middle(readout="global_sum_pool"),
    "pool last": [_CONVOLUTION, "relu", "global_average_pool"],
    "average_pool": _middle({"average_pool": {"window": [2, 3], "stride": [1, 2]}}),
    "average_pool edges": _middle(
        {"average_pool": {"window": [3, 2], "padding": "same", "normalize_edges": True}}
    ),
    "sum_pool": _middle({"sum_pool": {"window": 2, "padding": "circular"}}),
    "resize": _middle({"resize": {"shape": [3, 7]}}),
    "slice": _middle({"slice": {"rows": [1, -1], "columns": [None, 3]}}),
    "mask": _middle({"mask": {"rows": [0, 2], "columns": [1, 4]}}),
    "mask gaussian": [
        _CONVOLUTION,
        {"mask": {"rows": [None, None, -2]}},
        "relu",
        "global_average_pool",
        _DENSE,
    ],
    "aggregate": _middle({"aggregate": {"adjacency": "ADJACENCY"}}),
    "layer_norm": [_CONVOLUTION, "layer_norm", "relu", "flatten", _DENSE],
    "layer_norm all": [_CONVOLUTION, {"layer_norm": {"axes": "all"}}, "relu", "flatten", _DENSE],
    "dropout": _middle({"dropout": {"rate": 0.3}}),
    "residual": _middle({"residual": {"main": [_CONVOLUTION]}}),
    "residual shortcut": _middle({"residual": {"main": _NORMAL, "shortcut": [_DENSE]}}, _DENSE),
    "concatenate": [
        {"convolution": {"filter": 3, "width": 8}},
        "relu",
        {
            "concatenate": {
                "branches": [
                    [{"convolution": {"filter": 3, "width": 8, "bias_variance": 0.3}}],
                    [{"dense": {"width": 4}}, "erf"],
                ]
            }
        },
        "flatten",
        _DENSE,
    ],
    "product": _middle({"product": {"branches": [[_DENSE], [_CONVOLUTION, "sigmoid"]]}}, "flatten")[
        :-2
    ]
    + [_DENSE],
    "repeat": _middle({"repeat": {"count": 2, "layers": [_CONVOLUTION, "erf"]}}),
    "repeat tied": _middle(
        _DENSE, {"repeat": {"count": 2, "tied": True, "layers": ["erf", _DENSE]}}, "erf"
    ),
    "repeat tied residual": _middle(
        _DENSE,
        {
            "repeat": {
                "count": 3,
                "tied": True,
                "layers": [{"residual": {"main": ["erf", _DENSE]}}],
            }
        },
    ),
    "self_attention": _middle({"self_attention": _ATTENTION}),
    "self_attention sum": _middle({"self_attention": {"positional": "sum", **_ATTENTION}}),
    "self_attention concatenate": _middle(
        {
            "self_attention": {
                "positional": "concatenate",
                "positional_values": True,
                **_ATTENTION,
            }
        }
    ),
    "self_attention relu": _signed({"self_attention": {"mechanism": "relu", **_ATTENTION}}),
    "self_attention abs": _signed({"self_attention": {"mechanism": "abs", **_ATTENTION}}),
    "self_attention root": _middle(
        {"self_attention": {"mechanism": "identity", "scaling": "root", **_ATTENTION}}
    ),
    "self_attention last": [
        _CONVOLUTION,
        "relu",
        {"self_attention": _ATTENTION},
        "global_average_pool",
    ],
    "recurrent": [
        {
            "recurrent": {
                "activation": "cos",
                "weight_variance": 1.2,
                "input_variance": 1.4,
                "bias_variance": 0.1,
            }
        },
        "erf",
        "flatten",
        _DENSE,
    ],
    "recurrent pixels": [
        {"slice": {"rows": [0, 2], "columns": [0, 3]}},
        {"recurrent": {"activation": {"erf": {"scale": 1.2}}, "order": "pixels"}},
        "relu",
        "global_average_pool",
        _DENSE,
    ],
}

#: Layers without a closed form, which only finite networks have.
FINITE_ONLY = {
    "max_pool": _middle({"max_pool": {"window": 2, "stride": [1, 2], "padding": "same"}}),
    "batch_norm": [_CONVOLUTION, "batch_norm", "relu", "flatten", _DENSE],
    "gru": [{"gru": {"bias_variance": 0.1}}, "flatten", _DENSE],
}

CASES = {**{name: _activation(layer) for name, layer in ACTIVATIONS.items()}, **LAYERS}
