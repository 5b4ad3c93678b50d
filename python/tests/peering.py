"""Kernels of a network in both packages."""

import warnings

import numpy as np

from ntkdist import stax

IMAGES = (4, 5, 3)


def inputs(shape, count=(3, 2)):
    generator = np.random.default_rng(5)
    return [generator.standard_normal((n, *shape)) for n in count]


def agree(peer, build, shape=IMAGES, tolerance=1e-8, skipped=(), **options):
    """Compares kernels of `build(stax)` in both packages, and the fields of a whole Kernel."""
    x1, x2 = inputs(shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, ours = build(peer.stax), build(stax)
        for second in (None, x2):
            expected = theirs[2](x1, second, **options)
            found = ours[2](x1, second, **options)
            for name in ("nngp", "ntk", "cov1", "cov2"):
                reference, value = getattr(expected, name), getattr(found, name)
                if reference is None:
                    assert value is None, name
                    continue
                reference = np.asarray(reference) * np.ones_like(value)
                # The peer's diagonals have rounding errors, or are NaN.
                given = np.where(np.isnan(reference), value, reference)
                if second is not None and name in ("nngp", "ntk"):
                    assert np.isfinite(reference).all(), name
                scale = max(np.abs(given).max(), 1e-3)
                difference = np.abs(value - given)
                if second is None and name in ("nngp", "ntk") and value.ndim == 2:
                    np.fill_diagonal(difference, 0)
                    assert np.allclose(np.diag(value), np.diag(given), rtol=1e-6), name
                assert difference.max() <= tolerance * scale, (name, value, reference)
            for name in (
                "shape1",
                "shape2",
                "is_gaussian",
                "is_reversed",
                "batch_axis",
                "channel_axis",
                "diagonal_batch",
                "mask1",
                "mask2",
            ):
                if name not in skipped:
                    assert getattr(found, name) == getattr(expected, name), name
            if found.nngp.ndim > 2:
                assert found.diagonal_spatial == expected.diagonal_spatial
            assert bool(found.x1_is_x2) == bool(expected.x1_is_x2)


#: An activation of every kind.
ACTIVATIONS = {
    "abrelu": lambda s: s.ABRelu(-0.3, 1.2),
    "abs": lambda s: s.Abs(),
    "relu": lambda s: s.Relu(),
    "relu_stable": lambda s: s.Relu(do_stabilize=True),
    "leaky_relu": lambda s: s.LeakyRelu(0.1),
    "erf": lambda s: s.Erf(0.7, 1.3, 0.2),
    "sigmoid_like": lambda s: s.Sigmoid_like(),
    "gelu": lambda s: s.Gelu(),
    "sin": lambda s: s.Sin(0.8, 1.1, 0.3),
    "cos": lambda s: s.Cos(1.2, 0.7, 0.1),
    "rbf": lambda s: s.Rbf(0.4),
    "gaussian": lambda s: s.Gaussian(1.3, -0.6),
    "exp": lambda s: s.Exp(0.5, 0.4),
    "exp_normalized": lambda s: s.ExpNormalized(0.8, -0.5),
    "gabor": lambda s: s.Gabor(),
    "sign": lambda s: s.Sign(),
    "monomial": lambda s: s.Monomial(3),
    "rectified_monomial": lambda s: s.RectifiedMonomial(2),
    "polynomial": lambda s: s.Polynomial([0.1, 0.5, -0.3, 0.2]),
}
