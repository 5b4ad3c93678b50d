"""An independent reference: the recursion of every layer in plain NumPy, on all pairs of positions.

It is written only from the formulas, for small images, and shares nothing with the program.
"""
from .network import LAYERS, kernels

__all__ = ["LAYERS", "kernels"]
