"""Mean-field theory of deep fully connected networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._documents import flow
from ._library import library


def mean_field(
    activation: str | Mapping[str, Any], weight_variance: float, bias_variance: float = 0.0
) -> dict[str, Any]:
    """Fixed points, depth scales and phase of a network of infinite depth.

    `activation` is a name, or a mapping such as `{"leaky_relu": {"negative_slope": 0.1}}`. The
    numbers are those of `ntk-dist phase`: q_star and c_star, the fixed points of variance and
    correlation; chi_1, the slope at correlation 1; depth scales xi in layers; the phase; and the
    critical weight variance at this bias variance. Values that do not exist are None or absent.

    Errors: ValueError for an activation without such a theory, LibraryError without the library.
    """
    text = activation if isinstance(activation, str) else flow(activation)
    return library().mean_field(text, float(weight_variance), float(bias_variance))
