"""Jacobians of other inputs, whose parameters are in the same columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._layout import Chunk, Leaf, Span


def same_chunks(arrays: Sequence[Leaf], description: dict[str, Any]) -> list[Chunk]:
    """The chunks that a manifest describes. Raises ValueError for other parameters."""
    if description["projection"]:
        raise ValueError(f"like is {_projected(description)}; give project and seed too")
    places = {leaf.name: place for place, leaf in enumerate(arrays)}
    found = []
    for index, entry in enumerate(description["chunks"]):
        spans = []
        for name, start, stop in entry["parameters"]:
            if name not in places or stop > arrays[places[name]].size:
                raise ValueError(f"like is a Jacobian with other parameters, such as {name}")
            spans.append(Span(places[name], start, stop))
        found.append(Chunk(index, entry["layer"], tuple(spans)))
    _require_number(sum(chunk.columns for chunk in found), arrays)
    return found


def require_same_projection(
    arrays: Sequence[Leaf], description: dict[str, Any], projection: dict[str, int]
) -> None:
    """Raises ValueError unless a manifest is of these parameters with the same signs."""
    if description["projection"] != projection:
        raise ValueError(
            f"like is {_projected(description)}; give one that is projected to "
            f"{projection['columns']} columns with seed {projection['seed']}"
        )
    _require_number(description["parameters"], arrays)
    # A parameter's signs depend on its number. Older manifests say only how many there are.
    there = [tuple(one) for one in description["chunks"][0]["parameters"]]
    here = [(leaf.name, 0, leaf.size) for leaf in arrays]
    for one, other in zip(there, here):
        if one != other:
            raise ValueError(f"like is a Jacobian with other parameters, such as {one[0]}")


def _require_number(total: int, arrays: Sequence[Leaf]) -> None:
    if total != sum(leaf.size for leaf in arrays):
        raise ValueError(
            f"like is a Jacobian with {total} parameters; give one of the same network"
        )


def _projected(description: dict[str, Any]) -> str:
    found = description["projection"]
    if not found:
        return "a Jacobian that is not projected"
    return f"a projection to {found['columns']} columns with seed {found['seed']}"
