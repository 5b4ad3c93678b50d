"""Networks from the text of a job."""

from __future__ import annotations

from ._net import Net
from ._text import TextLayer


def from_yaml(text: str, width: int | None = None) -> Net:
    """The network of a job, for images [n, height, width, channels] or vectors [n, features].

    Args:
        text: YAML or JSON: a list of layers or a preset, or a mapping with the key `network`.
        width: the width, in the finite network, of layers that the text gives no width.

    Errors in the text are raised by `kernel_fn`, as NetworkError with the layer's position.
    """
    if not isinstance(text, str):
        raise TypeError(f"from_yaml of {type(text).__name__}; give text")
    return Net(TextLayer(text, width))
