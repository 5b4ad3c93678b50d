"""Layers of infinitely wide networks, with the names and arguments of `neural_tangents.stax`.

Each layer, and each network of layers, is a triple `(init_fn, apply_fn, kernel_fn)`:

    from ntkdist import stax
    init_fn, apply_fn, kernel_fn = stax.serial(
        stax.Dense(512, W_std=1.5, b_std=0.05), stax.Erf(), stax.Dense(1))
    ntk = kernel_fn(x_train, None, "ntk")

Inputs are NumPy arrays [n, height, width, channels], or [n, features].
"""

from ._aggregate import Aggregate
from ._attention import GlobalSelfAttention
from ._convolution import Conv, ConvLocal, ConvTranspose
from ._dense import Dense
from ._elementwise import Elementwise, ElementwiseNumerical
from ._enums import AggregateImplementation, AttentionMechanism, Padding, PositionalEmbedding
from ._finite_only import GRU, BatchNorm, MaxPool
from ._flatten import Flatten, Identity
from ._functions import (
    Cos,
    Erf,
    Exp,
    ExpNormalized,
    Gabor,
    Gaussian,
    Gelu,
    Hermite,
    Monomial,
    Polynomial,
    Rbf,
    Sigmoid_like,
    Sin,
)
from ._missing import __getattr__ as __getattr__
from ._net import unmask_fn
from ._normalization import Dropout, LayerNorm
from ._pooling import AvgPool, GlobalAvgPool, GlobalSumPool, SumPool
from ._positions import ImageResize, Index, Slice
from ._reading import from_yaml
from ._rectifiers import ABRelu, Abs, LeakyRelu, RectifiedMonomial, Relu, Sign
from ._structure import FanInConcat, FanInProd, FanInSum, FanOut, parallel, repeat, serial

__all__ = [
    "ABRelu",
    "Abs",
    "Aggregate",
    "AggregateImplementation",
    "AttentionMechanism",
    "AvgPool",
    "BatchNorm",
    "Conv",
    "ConvLocal",
    "ConvTranspose",
    "Cos",
    "Dense",
    "Dropout",
    "Elementwise",
    "ElementwiseNumerical",
    "Erf",
    "Exp",
    "ExpNormalized",
    "FanInConcat",
    "FanInProd",
    "FanInSum",
    "FanOut",
    "Flatten",
    "GRU",
    "Gabor",
    "Gaussian",
    "Gelu",
    "GlobalAvgPool",
    "GlobalSelfAttention",
    "GlobalSumPool",
    "Hermite",
    "Identity",
    "ImageResize",
    "Index",
    "LayerNorm",
    "LeakyRelu",
    "MaxPool",
    "Monomial",
    "Padding",
    "Polynomial",
    "PositionalEmbedding",
    "Rbf",
    "RectifiedMonomial",
    "Relu",
    "Sigmoid_like",
    "Sign",
    "Sin",
    "Slice",
    "SumPool",
    "from_yaml",
    "parallel",
    "repeat",
    "serial",
    "unmask_fn",
]
