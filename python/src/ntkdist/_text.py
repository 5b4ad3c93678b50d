"""Networks as YAML."""

from __future__ import annotations

import json
from typing import Any

from ._documents import flow
from ._graph import JobLayer

_WIDTH = 90


def compact(layers: list[JobLayer]) -> str:
    """The layers as JSON on one line, which is also YAML, for the library."""
    return json.dumps(layers, separators=(",", ":"))


def yaml(layers: list[JobLayer]) -> str:
    """The layers as a YAML list, with one line for each layer."""
    return "\n".join(_lines(layers, "")) + "\n"


def _lines(layers: list[JobLayer], indent: str) -> list[str]:
    lines: list[str] = []
    for layer in layers:
        line = f"{indent}- {flow(layer)}"
        if len(line) <= _WIDTH or isinstance(layer, str):
            lines.append(line)
            continue
        ((name, parameters),) = layer.items()
        lines.append(f"{indent}- {name}:")
        for key, value in parameters.items():
            lines += _parameter(key, value, indent + "    ")
    return lines


def _parameter(key: str, value: Any, indent: str) -> list[str]:
    line = f"{indent}{key}: {flow(value)}"
    if len(line) <= _WIDTH or not value or not isinstance(value, list):
        return [line]
    if key == "branches":
        lines = [f"{indent}{key}:"]
        for branch in value:
            nested = _lines(branch, indent + "    ")
            if not nested:
                lines.append(f"{indent}  - []")
                continue
            lines.append(f"{indent}  - {nested[0].lstrip()}")
            lines += nested[1:]
        return lines
    if key in ("layers", "main", "shortcut"):
        return [f"{indent}{key}:", *_lines(value, indent + "  ")]
    return [line]
