"""The progress of a run, from its folder alone, even while the run is active."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._tiles import TileArray, array_names
from .failures import DataError, MissingError

PATIENCE = 60.0
"""Seconds without a sign of life after which a run counts as stopped, as for the program."""

STAGES = ("spectrum", "density", "prediction", "training", "alignment")
"""What a job may ask for besides kernels: sections of the job, and of a kernel in summary.json."""


@dataclass(frozen=True)
class Status:
    """The progress of a run."""

    state: str
    """'active', 'finished' or 'stopped', as in `ntk-dist status`."""
    tiles: int
    """The finished tiles of all kernels."""
    total: int
    """All tiles; 0 if there is no store, such as after `ntk-dist clean`."""
    fraction: float
    """The part of the pairs of images that is computed, from 0 to 1."""
    last_event: str
    """The last event in the events.jsonl of the run and its shards; empty if there is none."""
    last_time: str
    """Its time (UTC)."""

    def __str__(self) -> str:
        last = f"; {self.last_event} at {self.last_time}" if self.last_event else ""
        if self.state == "finished" and not self.total:
            return f"finished; the kernels' tiles were removed{last}"
        return (
            f"{self.state}, {self.tiles} of {self.total} tiles "
            f"({100 * self.fraction:.1f} % of the pairs){last}"
        )


def status(folder: Path, job: Mapping[str, Any], summary: Mapping[str, Any]) -> Status:
    """The status of the run in `folder`, with the contents of its job.yaml and summary.json."""
    there = total = 0
    pairs_there = pairs = 0
    store = folder / "kernels.zarr"
    names = array_names(store)
    for name in names:
        try:
            array = TileArray(store / name)
            present = array.present()
        except (DataError, MissingError):
            # Reading the array reports what is wrong with it.
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
    is_cleaned = not store.exists()
    is_done = _is_done(job, summary, names, 0 < there == total, is_cleaned)
    return Status(
        "active" if _is_active(folder) else "finished" if is_done else "stopped",
        there,
        total,
        pairs_there / max(pairs, 1),
        str(last.get("event", "")),
        str(last.get("time", "")),
    )


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events of a log in order; incomplete lines after a crash are skipped."""
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


def _is_active(folder: Path) -> bool:
    """Whether a job works on the run: one holds the lease, or the job of a shard shows activity."""
    leases = [path for path in folder.glob("lease-*.json") if path.stem[6:].isdecimal()]
    if leases:
        last = max(leases, key=lambda path: int(path.stem[6:]))
        age = _age(last)
        is_held = _is_held(last)
        # The lease may have been given back since.
        if age < float("inf") and (age < PATIENCE if is_held is None else is_held):
            return True
    return any(_age(path / "progress.json") < PATIENCE for path in _shards(folder))


def _is_done(
    job: Mapping[str, Any],
    summary: Mapping[str, Any],
    arrays: Sequence[str],
    are_complete: bool,
    is_cleaned: bool,
) -> bool:
    """Whether everything that the job asks for exists, given the arrays that the store has."""
    kinds = _kinds(job)
    variants = summary.get("variants") or []
    if not variants:
        return False
    asked = [stage for stage in STAGES if job.get(stage) is not None]
    has_results = all(
        (variant.get(kind) or {}).get(stage) is not None
        for variant in variants
        for kind in kinds
        for stage in asked
    )
    # If a run has all of its results, `ntk-dist clean` may have removed the tiles.
    if asked and is_cleaned:
        return has_results
    names = {f"{v.get('name', '')}/{kind}_train".lstrip("/") for v in variants for kind in kinds}
    return has_results and are_complete and names <= set(arrays)


def _kinds(job: Mapping[str, Any]) -> Sequence[str]:
    """The kernels that the job asks for. Only networks have several."""
    if any(job.get(origin) is not None for origin in ("kernel", "features")):
        return ["kernel"]
    return job.get("kernels") or ["nngp", "ntk"]


def _age(path: Path) -> float:
    """Seconds since a file was written; infinity if the file is gone."""
    try:
        return max(time.time() - path.stat().st_mtime, 0.0)
    except OSError:
        return float("inf")


def _is_held(lease: Path) -> bool | None:
    """Whether the lease's process runs; None if this cannot be known from here."""
    try:
        holder = json.loads(lease.read_text())
        process, started = int(holder["process"]), holder["started"]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink("/proc/self/ns/pid")
        if holder["machine"] != f"{boot} {space}":
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        return fields[0] != "Z" and fields[19] == started
    except (OSError, IndexError):
        pass
    # Other users' processes may be hidden in /proc.
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return None
