"""What a run will need, as `ntk-dist plan` estimates it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import _html as html


@dataclass(frozen=True)
class Stage:
    """One stage of a run: wall time in seconds, and bytes of memory."""

    name: str
    seconds: float
    bytes_per_rank: int
    bytes_per_node: int
    note: str
    """How it is done."""


@dataclass(frozen=True)
class Plan:
    """Time, memory and disk of a run on some ranks."""

    train: int
    test: int
    ranks: int
    ranks_per_node: int
    nodes: int
    tile: int
    """The edge of a tile, in images."""
    tiles: int
    core_hours: float
    """Hours of one core that the kernels take."""
    store_bytes: int
    grid: tuple[int, ...]
    """ScaLAPACK's process grid: rows and columns."""
    block_size: int
    stages: list[Stage]
    obstacles: list[str]
    """Why the run is impossible, one sentence each."""

    @property
    def seconds(self) -> float:
        """Wall time of all stages."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def fits(self) -> bool:
        """Whether the run is possible: it has no obstacles."""
        return not self.obstacles

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Plan:
        """The plan from the output of `ntk-dist plan --format json`."""
        fields = {key: document[key] for key in cls.__dataclass_fields__}
        fields["grid"] = tuple(document["grid"])
        fields["stages"] = [
            Stage(**{key: stage[key] for key in Stage.__dataclass_fields__})
            for stage in document["stages"]
        ]
        return cls(**fields)

    def __str__(self) -> str:
        verdict = "" if self.fits else "; impossible: " + "; ".join(self.obstacles)
        return (
            f"{self.train} training and {self.test} test images on {self.ranks} ranks: "
            f"{duration(self.seconds)}, {self.store_bytes / 1e9:.3g} GB on disk{verdict}"
        )

    def _repr_html_(self) -> str:
        rows = [
            (
                stage.name,
                duration(stage.seconds),
                f"{stage.bytes_per_rank / 1e9:.3g}",
                f"{stage.bytes_per_node / 1e9:.3g}",
                stage.note,
            )
            for stage in self.stages
        ]
        return html.section(str(self), ("stage", "time", "GB per rank", "GB per node", "how"), rows)


def duration(seconds: float) -> str:
    """A duration for people to read."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
