"""Predictions of infinitely wide networks, with the API of `neural_tangents.predict`.

All functions take and return NumPy arrays.
"""

from ._ensemble import gradient_descent_mse_ensemble
from ._gp import Gaussian, gp_inference
from ._losses import cross_entropy, mse
from ._mse import gradient_descent_mse
from ._ode import ODEState, gradient_descent
from ._rate import max_learning_rate

__all__ = [
    "Gaussian",
    "ODEState",
    "cross_entropy",
    "gp_inference",
    "gradient_descent",
    "gradient_descent_mse",
    "gradient_descent_mse_ensemble",
    "max_learning_rate",
    "mse",
]
