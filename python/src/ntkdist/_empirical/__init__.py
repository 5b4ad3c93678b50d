"""Kernels of finite networks by automatic differentiation with JAX, which is imported when needed.

The functions have the names and arguments of those in `neural_tangents`.
"""

from ._kernel import empirical_kernel_fn, empirical_nngp_fn, empirical_ntk_fn
from ._products import empirical_ntk_vp_fn
from ._sampling import monte_carlo_kernel_fn
from ._taylor import linearize, taylor_expand
from ._tensors import NtkImplementation

__all__ = [
    "NtkImplementation",
    "empirical_kernel_fn",
    "empirical_nngp_fn",
    "empirical_ntk_fn",
    "empirical_ntk_vp_fn",
    "linearize",
    "monte_carlo_kernel_fn",
    "taylor_expand",
]
