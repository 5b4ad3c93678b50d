"""Exceptions of the package, and the exceptions for statuses of the library."""

from __future__ import annotations


class NetworkError(ValueError):
    """A network that cannot be computed, for example an activation on an activation's output."""


class LibraryError(RuntimeError):
    """The library is missing or failed."""


class Canceled(Exception):
    """A kernel whose computation was canceled."""


def exception(status: int, sentence: str) -> Exception:
    """The exception for a status of the library (those of sysexits(3)) and its sentence."""
    if status == 78:
        return NetworkError(sentence)
    if status in (64, 65):
        return ValueError(sentence)
    if status in (66, 74):
        return OSError(sentence)
    # The missing resource is then a processor: the library was built for another kind.
    if status == 69 and "memory" in sentence:
        return MemoryError(sentence)
    if status == 75:
        return Canceled(sentence)
    return LibraryError(sentence)
