"""Names of other libraries that this module does not have, and what to use instead."""

from __future__ import annotations

from functools import wraps
from typing import Any, NoReturn

_OWN_LAYERS = (
    "custom layers are not supported; activations can be given as formulas, Elementwise('tanh(x)')"
)
_MASKS = "there are no masks; compute inputs of each length on their own"
_NEAREST = {
    "Bool": _OWN_LAYERS,
    "Diagonal": _OWN_LAYERS,
    "DotGeneral": "use Aggregate, AvgPool, SumPool or Index",
    "LSTM": "it has no closed form; a job has 'recurrent'",
    "LogSoftmax": "it has no closed form over channels; end the network before it",
    "MaskedArray": _MASKS,
    "Softmax": "it has no closed form over channels; GlobalSelfAttention has it over positions",
    "layer": _OWN_LAYERS,
    "requires": _OWN_LAYERS,
    "supports_masking": _MASKS,
}
_WITH_PARAMETERS = ("requires", "supports_masking")
_DECORATORS = ("layer", *_WITH_PARAMETERS)


class _Missing:
    """A missing name: a call, or reading an attribute, raises an error that says what to use."""

    def __init__(self, name: str) -> None:
        self.__name__ = self.__qualname__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self._refuse()

    def __getattr__(self, name: str) -> NoReturn:
        # Python itself looks up names with underscores, and expects AttributeError.
        if name.startswith("_"):
            raise AttributeError(name)
        self._refuse()

    def _refuse(self) -> NoReturn:
        name = self.__name__
        raise NotImplementedError(f"ntkdist.stax has no {name}: {_NEAREST[name]}")


class _MissingDecorator(_Missing):
    """A missing decorator: what it decorates raises the error when it is called.

    A program that defines a layer of its own can therefore use all others.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and callable(args[0]):
            return wraps(args[0])(lambda *_, **__: self._refuse())
        if self.__name__ in _WITH_PARAMETERS:
            return self
        self._refuse()


def __getattr__(name: str) -> Any:
    if name not in _NEAREST:
        raise AttributeError(f"module 'ntkdist.stax' has no attribute {name!r}")
    return _MissingDecorator(name) if name in _DECORATORS else _Missing(name)
