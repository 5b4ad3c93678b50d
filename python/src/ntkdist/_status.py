"""How far a run is, from its folder alone, also while it is active."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._tiles import TileArray, array_names
from .failures import DataError, MissingError

PATIENCE = 120.0
"""Seconds without a sign of life after which a run counts as stopped, as for the program."""


@dataclass(frozen=True)
class Status:
    """How far a run is."""

    state: str
    """'finished', 'running' or 'stopped'."""
    tiles: int
    """The tiles that are there, of all kernels."""
    total: int
    """All tiles."""
    fraction: float
    """The part of the pairs of images that is computed, from 0 to 1."""
    last_event: str
    """What happened last, as events.jsonl has it; empty where nothing has."""
    last_time: str
    """When (UTC)."""

    def __str__(self) -> str:
        last = f"; {self.last_event} at {self.last_time}" if self.last_event else ""
        return (
            f"{self.state}, {self.tiles} of {self.total} tiles "
            f"({100 * self.fraction:.1f} % of the pairs){last}"
        )


def status(folder: Path) -> Status:
    """The status of the run in `folder`."""
    there = total = 0
    pairs_there = pairs = 0
    store = folder / "kernels.zarr"
    for name in array_names(store):
        try:
            array = TileArray(store / name)
            present = array.present()
        except (DataError, MissingError):
            # Reading the array says what is wrong with it.
            continue
        total += array.count
        there += len(present)
        pairs += array.elements
        pairs_there += sum(map(array.size, present))
    logs = [read_events(path / "events.jsonl") for path in [folder, *_shards(folder)]]
    last = max(
        (events[-1] for events in logs if events),
        default={},
        key=lambda event: str(event.get("time", "")),
    )
    return Status(
        _state(folder, logs),
        there,
        total,
        pairs_there / max(pairs, 1),
        str(last.get("event", "")),
        str(last.get("time", "")),
    )


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events of a log in order; lines that a crash left torn are passed over."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return []
    events = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            events.append(event)
    return events


def _shards(folder: Path) -> list[Path]:
    return sorted((folder / "shards").glob("*-of-*"))


def _state(folder: Path, logs: list[list[dict[str, Any]]]) -> str:
    """A holder of the lease touches its file every ten seconds; shards hold none."""
    if any(_age(path) < PATIENCE and _is_alive(path) for path in folder.glob("lease-*.json")):
        return "running"
    shards = zip(_shards(folder), logs[1:])
    if any(
        events
        and events[-1].get("event") in ("started", "assembly started", "progress")
        and _age(path / "events.jsonl") < PATIENCE
        for path, events in shards
    ):
        return "running"
    own = logs[0]
    return "finished" if own and own[-1].get("event") == "finished" else "stopped"


def _age(path: Path) -> float:
    """Seconds since a file was written; infinity where it has gone."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")


def _is_alive(lease: Path) -> bool:
    """False where the lease's process has certainly ended: it was of this boot of this machine."""
    try:
        holder = json.loads(lease.read_text())
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = Path("/proc/self/ns/pid").readlink()
        if holder["machine"] != f"{boot} {space}":
            return True
        stat = Path(f"/proc/{holder['process']}/stat")
        fields = stat.read_text().rsplit(")", 1)[1].split()
        return fields[0] != "Z" and fields[19] == holder["started"]
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return True
