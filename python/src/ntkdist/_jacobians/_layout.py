"""Which parameters each chunk of a Jacobian holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

_PREFIXES = ("", "K", "M", "G", "T")


@dataclass(frozen=True)
class Leaf:
    """An array of parameters.

    Attributes:
        name: such as "conv1.weight".
        layer: the name of the layer that it belongs to, such as "conv1".
        size: how many parameters it has.
        offset: how many parameters come before it.
    """

    name: str
    layer: str
    size: int
    offset: int


@dataclass(frozen=True)
class Span:
    """Some parameters of an array, counted in C order."""

    leaf: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        """The number of parameters."""
        return self.stop - self.start


@dataclass(frozen=True)
class Chunk:
    """The columns of one file: parameters of one layer."""

    index: int
    layer: str
    spans: tuple[Span, ...]

    @property
    def columns(self) -> int:
        """How many parameters it holds."""
        return sum(span.size for span in self.spans)


def leaves(named: Sequence[tuple[Sequence[str], int]]) -> list[Leaf]:
    """The arrays of parameters, from paths and sizes; a layer is a path without its last part.

    Raises ValueError if there are no parameters.
    """
    found: list[Leaf] = []
    offset = 0
    for path, size in named:
        layer = ".".join(path[:-1] or path)
        found.append(Leaf(".".join(path), layer, size, offset))
        offset += size
    if not offset:
        raise ValueError("params hold no real numbers; give those of the function")
    return found


def chunks(arrays: Sequence[Leaf], most: int) -> list[Chunk]:
    """Chunks of at most `most` parameters, in order; each is within one layer."""
    found: list[Chunk] = []
    for layer, members in groupby(range(len(arrays)), lambda index: arrays[index].layer):
        spans: list[Span] = []
        for span in _pieces(arrays, list(members), most):
            if spans and sum(part.size for part in spans) + span.size > most:
                found.append(Chunk(len(found), layer, tuple(spans)))
                spans = []
            spans.append(span)
        if spans:
            found.append(Chunk(len(found), layer, tuple(spans)))
    return found


def after(plan: Sequence[Chunk], arrays: Sequence[Leaf], done: int) -> list[Chunk]:
    """What is left of the chunks after the first `done` parameters."""
    found = []
    for chunk in plan:
        spans = tuple(
            Span(span.leaf, max(span.start, done - arrays[span.leaf].offset), span.stop)
            for span in chunk.spans
            if arrays[span.leaf].offset + span.stop > done
        )
        if spans:
            found.append(Chunk(chunk.index, chunk.layer, spans))
    return found


def _pieces(arrays: Sequence[Leaf], members: Sequence[int], most: int) -> Iterator[Span]:
    """The arrays, large ones in parts of nearly equal size."""
    for index in members:
        size = arrays[index].size
        count = -(-size // most)
        for part in range(count):
            yield Span(index, size * part // count, size * (part + 1) // count)


def byte_count(text: str | int) -> int:
    """The number of bytes in a text such as "4GB" or "500 MiB". Raises ValueError for others."""
    if isinstance(text, int) and not isinstance(text, bool) and text > 0:
        return text
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?B)?\s*", str(text), re.IGNORECASE)
    if not found or float(found[1]) <= 0:
        raise ValueError(f"chunk is {text!r}; give a number of bytes, such as '4GB'")
    step = 1024 if (found[3] or "").upper() == "IB" else 1000
    return int(float(found[1]) * step ** _PREFIXES.index(found[2].upper()))
