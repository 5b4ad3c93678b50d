"""Kernels of inputs, as `kernel_fn` returns them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._jax import register

Array = NDArray[Any]


class _Fields(NamedTuple):
    """The fields of `Kernel`."""

    nngp: Array
    ntk: Array
    cov1: Array
    cov2: Array | None
    x1_is_x2: bool
    is_gaussian: bool
    is_reversed: bool
    is_input: bool
    diagonal_batch: bool
    diagonal_spatial: bool
    shape1: tuple[int, ...]
    shape2: tuple[int, ...]
    batch_axis: int
    channel_axis: int
    mask1: None = None
    mask2: None = None


class Kernel(_Fields):
    """The kernels of a network between x1 [n1, ...] and x2 [n2, ...].

    Attributes:
        nngp: [n1, n2], the covariance of the outputs over random weights.
        ntk: [n1, n2], the neural tangent kernel.
        cov1: [n1], the nngp of each input in x1 with itself; [n1, n1] unless `diagonal_batch`.
        cov2: [n2], the same for x2; None if x2 was not given.
        x1_is_x2: whether both are the same inputs.
        is_gaussian: whether outputs are Gaussian, as they are after weights.
        is_reversed: whether spatial axes of the kernels, if there are any, are in reverse order.
        is_input: False.
        diagonal_batch: whether cov1 and cov2 are diagonals.
        diagonal_spatial: whether spatial axes of the outputs, if there are any, are diagonals.
        shape1: the shape of the finite network's outputs at x1.
        shape2: the shape of its outputs at x2.
        batch_axis: the axis of the inputs in these shapes.
        channel_axis: the axis of the channels.
        mask1: None.
        mask2: None.
    """

    #: What it was computed from, (layer, x1, x2, options), as copies, so that another `kernel_fn`
    #: can continue from it. It is left out when a kernel is copied or pickled.
    source: tuple[Any, ...] | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Kernel:
        register(cls, _LEAVES, tuple(name for name in cls._fields if name not in _LEAVES))
        return super().__new__(cls, *args, **kwargs)

    def _changed(self, names: Sequence[str], change: Callable[[Any], Any]) -> Kernel:
        known = {name: getattr(self, name) for name in names}
        changes: Any = {n: None if value is None else change(value) for n, value in known.items()}
        return self._replace(**changes)

    #: NumPy's numbers leave arithmetic to this class.
    __array_ufunc__ = None

    # Not those of tuples: the kernels of the outputs times a number, and plus a number.
    def __mul__(self, factor: float) -> Kernel:  # type: ignore[override]
        if isinstance(factor, tuple) or np.ndim(factor):
            return NotImplemented
        return self._changed(("nngp", "ntk", "cov1", "cov2"), lambda k: factor**2 * k)

    __rmul__ = __mul__  # type: ignore[assignment]

    def __truediv__(self, divisor: float) -> Kernel:
        return self * (1.0 / divisor)

    def __neg__(self) -> Kernel:
        return self

    __pos__ = __neg__

    def __add__(self, number: float) -> Kernel:  # type: ignore[override]
        if isinstance(number, tuple) or np.ndim(number):
            return NotImplemented
        return self._changed(("nngp", "cov1", "cov2"), lambda k: k + number**2)

    __sub__ = __add__

    def __reduce__(self) -> tuple[Any, ...]:
        return Kernel, tuple(self)

    def replace(self, **changes: Any) -> Kernel:
        """The same kernel with some fields changed; no `kernel_fn` can continue from it."""
        return self._replace(**changes)

    def asdict(self) -> dict[str, Any]:
        """The fields by name."""
        return self._asdict()

    def astuple(self) -> tuple[Any, ...]:
        """The fields in order."""
        return tuple(self)

    def slice(self, n1_slice: slice, n2_slice: slice) -> Kernel:
        """The kernels for some inputs of x1 and some of x2."""
        cov2 = self.cov1 if self.cov2 is None else self.cov2
        first, second = self.cov1[n1_slice], cov2[n2_slice]
        if not self.diagonal_batch:
            first, second = first[:, n1_slice], second[:, n2_slice]
        axis = self.batch_axis
        return self._replace(
            nngp=self.nngp[n1_slice, n2_slice],
            ntk=None if self.ntk is None else self.ntk[n1_slice, n2_slice],
            cov1=first,
            cov2=second,
            shape1=(*self.shape1[:axis], len(first), *self.shape1[axis + 1 :]),
            shape2=(*self.shape2[:axis], len(second), *self.shape2[axis + 1 :]),
        )


#: The arrays of a kernel, the leaves of the tree that it is for JAX.
_LEAVES = ("nngp", "ntk", "cov1", "cov2", "x1_is_x2", "mask1", "mask2")

#: What `get` may ask for in addition to the fields of `Kernel`.
DEFICITS = ("nngp_deficit", "ntk_deficit")


def lower(get: Any) -> Any:
    """`get` in lower case: a name, or a tuple of names, none of which may occur twice.

    Raises TypeError for other types than these and None, and ValueError for a repeated name.
    """
    if get is None:
        return None
    if isinstance(get, str):
        return get.lower()
    if not isinstance(get, (tuple, list)) or not get or not all(isinstance(n, str) for n in get):
        raise TypeError(f"get is {get!r}; give a name such as 'ntk', or a tuple of names")
    names = tuple(name.lower() for name in get)
    if len(set(names)) < len(names):
        raise ValueError(f"get names one kernel twice: {', '.join(names)}; give each once")
    return names


def requested(get: Any) -> tuple[str, ...]:
    """The names that `get`, in lower case, asks for: None for the whole `Kernel`.

    Raises ValueError for unknown names.
    """
    if get is None:
        return Kernel._fields
    names = (get,) if isinstance(get, str) else get
    known = (*Kernel._fields, *DEFICITS)
    for name in names:
        if name not in known:
            raise ValueError(f"get names {name!r}; known: {', '.join(known)}")
    return tuple(names)


def selected(values: dict[str, Any], get: Any) -> Any:
    """What `kernel_fn` returns from `values`: one value, a named tuple, or for None a `Kernel`.

    `get` is in lower case.
    """
    if get is None:
        return Kernel(**values)
    if isinstance(get, str):
        return values[get]
    # The same names give the same class, as far as tuples are compared.
    return named("AnalyticKernel", tuple(get))(*(values[name] for name in get))


_classes: dict[tuple[str, tuple[str, ...]], Any] = {}


def named(name: str, fields: tuple[str, ...]) -> Any:
    """A named tuple class whose values can be pickled, although no module has its name."""
    key = (name, fields)
    if key not in _classes:
        _classes[key] = namedtuple(name, fields)
        _classes[key].__reduce__ = lambda values: (_remade, (*key, tuple(values)))
    return _classes[key]


def _remade(name: str, fields: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    return named(name, fields)(*values)
