"""Jacobians of finite networks as files, from which jobs compute kernels."""

from ._production import jacobians
from ._result import Jacobians

__all__ = ["Jacobians", "jacobians"]
