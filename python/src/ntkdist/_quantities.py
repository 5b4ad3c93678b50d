"""The quantities of a kernel, from its part of the summary, that figures show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PARAMETERS = {"depth": "depth", "weight_variance": "σ_w²", "bias_variance": "σ_b²"}
"""What may vary, in the order of preference, and how keys call it."""


KINDS = ("nngp", "ntk", "kernel")
"""The kernels that runs have: of networks the first two, of what is none the last."""


def title(kind: str) -> str:
    """A kernel's name in titles and legends."""
    return kind if kind == "kernel" else kind.upper()


@dataclass(frozen=True)
class Shown:
    """One kernel of a run with its part of the summary."""

    kind: str
    variant: str
    parameters: dict[str, float]
    figures: dict[str, Any]
    theory: dict[str, Any] | None

    def label(self, is_sweep: bool) -> str:
        """Its name in a legend."""
        return named(self.parameters) if is_sweep else title(self.kind)

    def others(self, name: str) -> tuple[tuple[str, float], ...]:
        """Its parameters except one."""
        return tuple(item for item in self.parameters.items() if item[0] != name)


def named(parameters: dict[str, float]) -> str:
    return ", ".join(
        f"{PARAMETERS.get(name, name)} {value:g}" for name, value in parameters.items()
    )


def values_of(kernels: Sequence[Shown], name: str) -> list[float]:
    return sorted({kernel.parameters[name] for kernel in kernels if name in kernel.parameters})


def accuracy(prediction: dict[str, Any]) -> float:
    """The result at the regularization that held-out images chose, or else at the best one."""
    solved = [result for result in prediction["regularizations"] if not result.get("failure")]
    marked = [result for result in solved if result.get("is_chosen")]
    values = [float(result.get("accuracy", np.nan)) for result in marked or solved]
    return max(values, default=float("nan"))


def measured(figures: dict[str, Any], quantity: str) -> float:
    """A quantity of a kernel's spectrum; NaN if it is only rounding error."""
    spectrum, centred = figures["spectrum"], figures.get("centred_spectrum")
    if quantity == "lambda_max":
        return float(spectrum["lambda_max"])
    if quantity == "bulk":
        for known in filter(None, (centred, spectrum)):
            if known.get("bulk_median", 0) > known["noise_floor"]:
                return float(known["bulk_median"])
        return float("nan")
    if "condition_number" in spectrum:
        return float(spectrum["condition_number"])
    if centred and centred["lambda_min"] > centred["noise_floor"]:
        return float(spectrum["lambda_max"] / centred["lambda_min"])
    return float("nan")


def theory(
    kernels: Sequence[Shown], quantity: str, measured: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The limit of deep networks at each kernel; NaN if there is none.

    In the ordered phase, theory gives only the decay; the line goes through the deepest value
    measured.
    """
    limits, is_decay = np.full(len(kernels), np.nan), np.zeros(len(kernels), bool)
    for place, kernel in enumerate(kernels):
        if kernel.theory and kernel.kind in kernel.theory:
            limits[place] = kernel.theory[kernel.kind].get(quantity, np.nan)
            is_decay[place] = quantity != "lambda_max" and bool(kernel.theory.get("is_decay_alone"))
    with np.errstate(all="ignore"):
        factors = (measured / limits)[is_decay]
    factors = factors[np.isfinite(factors) & (factors > 0)]
    limits[is_decay] *= factors[-1] if len(factors) else np.nan
    return limits
