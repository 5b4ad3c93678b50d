"""Jacobians of finite networks as files, of which a job makes kernels."""

from ._production import jacobians
from ._result import Jacobians

__all__ = ["Jacobians", "jacobians"]
