"""Functions of neural-tangents on finite networks, which are not here."""

from __future__ import annotations

from typing import Any, Callable, NoReturn


def _missing(name: str, nearest: str) -> Callable[..., NoReturn]:
    def function(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"ntkdist has no {name}: {nearest}")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Not here: {nearest}."
    return function


_FINITE = (
    "kernels of finite networks are not computed yet; kernel_fn has those of infinitely wide ones"
)
_LINEAR = "linearized finite networks are not computed; predict has the dynamics of infinite ones"

monte_carlo_kernel_fn = _missing("monte_carlo_kernel_fn", _FINITE)
empirical_kernel_fn = _missing("empirical_kernel_fn", _FINITE)
empirical_nngp_fn = _missing("empirical_nngp_fn", _FINITE)
empirical_ntk_fn = _missing("empirical_ntk_fn", _FINITE)
linearize = _missing("linearize", _LINEAR)
taylor_expand = _missing("taylor_expand", _LINEAR)
