"""Kernels of images from the library; an exception in the main thread ends the computation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _plans
from ._cancellation import interruptible
from ._graph import JobLayer
from ._text import compact

Array = NDArray[np.float64]

#: The library's names for fields of `Kernel`, if the names differ.
SOURCES = {"cov1": "nngp_diagonal1", "cov2": "nngp_diagonal2"}


@dataclass(frozen=True)
class Work:
    """A network, and the images from which its kernels are computed.

    Attributes:
        text: the text of the network.
        image: [height, width, channels].
        x1: images [n1, *image].
        x2: images [n2, *image]; None means x1.
        bits: 64 or 32, the precision of the arithmetic.
        threads: 0 for the library's own choice.
    """

    text: str
    image: tuple[int, int, int]
    x1: Array
    x2: Array | None
    bits: int
    threads: int

    @property
    def shape(self) -> tuple[int, int]:
        """[n1, n2]."""
        return len(self.x1), len(self.x1 if self.x2 is None else self.x2)

    def of(self, layers: Sequence[JobLayer], **changes: Any) -> Work:
        """The same work for other layers, and other images."""
        return replace(self, text=compact(list(layers)), **changes)

    def of_images(self, x: Array) -> Work:
        """The same network for other images alone."""
        return replace(self, x1=np.ascontiguousarray(x), x2=None)

    def run(self, arrays: dict[str, str]) -> dict[str, Array]:
        """The library's results, by name; `arrays` maps the names to those of the library.

        Raises the errors of the library's statuses, and the exceptions of signal handlers.
        """
        handle = _plans.network(self.text, self.image, self.bits)
        if 0 in self.shape:
            return self._of_nothing(arrays)
        results = interruptible(
            lambda is_cancelled: handle.kernel(
                self.x1, self.x2, arrays.values(), self.threads, is_cancelled
            )
        )
        return {name: results[source] for name, source in arrays.items()}

    def _of_nothing(self, arrays: dict[str, str]) -> dict[str, Array]:
        """The results if there is no x1, or no x2."""
        found: dict[str, Array] = {name: np.zeros(self.shape) for name in arrays}
        for name, x in (("cov1", self.x1), ("cov2", self.x2)):
            if name in arrays and x is not None:
                found[name] = np.zeros(0)
                if len(x):
                    found[name] = self.of_images(x).run({name: SOURCES["cov1"]})[name]
        return found
