"""Names of other libraries that this module does not have, with what is nearest to them."""

from __future__ import annotations

from typing import Any, NoReturn

_NEAREST = {
    "DotGeneral": "use Aggregate, AvgPool, SumPool or Index",
    "LSTM": "it has no closed form; a job has 'recurrent'",
    "LogSoftmax": "it has no closed form over channels; end the network before it",
    "MaskedArray": "there are no masks; compute inputs of each length on their own",
    "Softmax": "it has no closed form over channels; GlobalSelfAttention has it over positions",
    "layer": "layers of one's own; activations can be given as formulas, Elementwise('tanh(x)')",
    "requires": "layers of one's own; activations can be given as formulas",
    "supports_masking": "there are no masks; compute inputs of each length on their own",
    "unmask_fn": "there are no masks; compute inputs of each length on their own",
}


def __getattr__(name: str) -> Any:
    if name not in _NEAREST:
        raise AttributeError(f"module 'ntkdist.stax' has no attribute {name!r}")

    def missing(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"ntkdist.stax has no {name}: {_NEAREST[name]}")

    missing.__name__ = missing.__qualname__ = name
    return missing
