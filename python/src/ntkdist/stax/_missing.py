"""Names of other libraries that this module does not have, and what to use instead."""

from __future__ import annotations

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
    "unmask_fn": _MASKS,
}


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


def __getattr__(name: str) -> Any:
    if name not in _NEAREST:
        raise AttributeError(f"module 'ntkdist.stax' has no attribute {name!r}")
    return _Missing(name)
