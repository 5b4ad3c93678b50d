"""Jacobians, chunk by chunk."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from .._progress import Progress, ProgressBar, Report
from ._arguments import array, is_count, precision
from ._comparison import require_same, require_same_row, sample
from ._files import ChunkFiles
from ._layout import Chunk, after, byte_count, chunks
from ._like import require_same_projection, same_chunks
from ._models import Model, fingerprint, model
from ._precision import narrowed
from ._projection import project
from ._result import Jacobians
from ._sums import Sums, clear

Array = NDArray[Any]

BATCH_BYTES = 128 << 20
"""The memory for derivatives of one batch of inputs."""

PATIENCE = 1.0
"""Seconds between signs of life; a reader's progress is checked ten times in this time."""


def jacobians(
    fn: Any,
    params: Any,
    x: Any,
    out: str | os.PathLike[str],
    chunk: str | int = "4GB",
    outputs: int | Sequence[int] | None = None,
    project: int | None = None,
    *,
    seed: int = 0,
    dtype: str | None = None,
    batch: int | None = None,
    like: Jacobians | str | os.PathLike[str] | None = None,
    ahead: int | None = None,
    progress: Report = False,
) -> Jacobians:
    """Writes the Jacobian of a network's outputs by its parameters, for jobs that compute kernels.

    The files are `OUT-00000.npy`, ..., each with some parameters of one layer, [n, columns], or
    [n, outputs, columns] for several outputs. A file is complete as soon as it has its name. A call
    with the same arguments, such as after an interruption, writes the files that are missing.
    `OUT.json` says what they hold.

    Args:
        fn: a torch.nn.Module in evaluation mode; or `fn(params, x)` for a batch of inputs, with JAX
            or with a dictionary of PyTorch tensors. Inputs must not affect each other's outputs.
        params: the parameters; None for those of a module.
        x: inputs [n, ...].
        out: the beginning of the files' names, such as "jac/train".
        chunk: the largest size of a file, such as "4GB".
        outputs: the indices of the outputs to use, one or several; None for all.
        project: the number of columns of a random projection, instead of all parameters. There is
            one file, [n, columns] or [n, outputs, columns], with the Jacobian's inner products on
            average over seeds.
        seed: of the projection's signs.
        dtype: of the files: "f2", "f4" or "f8"; None for that of the derivatives.
        batch: the number of inputs at a time; None for a number that needs moderate memory.
        like: a Jacobian of other inputs, or the beginning of its files' names. The chunks get the
            same parameters, which training and test inputs need. With `project`, it must be a
            projection with as many columns and the same seed.
        ahead: how many chunks may wait for `ntk-dist --follow`; chunks that it has taken are
            deleted. None: all are kept.
        progress: True for a bar, or a function to call with each `Progress`.

    Raises ValueError and TypeError for arguments that make no sense, JobError if existing files are
    of another Jacobian, DataError for derivatives that are not finite, OutputError if files cannot
    be written or another process writes them, and ImportError for a JAX function
    without JAX.
    """
    inputs = array(x)
    work = model(fn, params, inputs, outputs)
    kind = precision(dtype, work.dtype)
    if project is not None and not is_count(project):
        raise ValueError(f"project is {project!r}; give a number of columns, 1 or more")
    if batch is not None and not is_count(batch):
        raise ValueError(f"batch is {batch!r}; give a number of inputs, 1 or more")
    if ahead is not None and (project is not None or not is_count(ahead)):
        raise ValueError("ahead is for chunks that are not projected, and 1 or more")
    column = len(inputs) * work.outputs * kind.itemsize
    most = byte_count(chunk) // column
    if most < 1:
        raise ValueError(
            f"chunk is {chunk!r}, and a column of {len(inputs)} inputs and {work.outputs} outputs "
            f"takes {column} bytes; give more"
        )
    plan = chunks(work.leaves, most)
    projection = None if project is None else {"columns": int(project), "seed": int(seed)}
    if like is not None:
        other = like if isinstance(like, Jacobians) else Jacobians(like)
        if projection is None:
            plan = same_chunks(work.leaves, other.description)
        else:
            require_same_projection(work.leaves, other.description, projection)
    files = ChunkFiles(out)
    files.lock()
    try:
        run = _Run(work, inputs, files, plan, kind, batch, progress)
        if projection is None:
            run.write(ahead)
        else:
            run.write_projected(**projection)
    finally:
        files.unlock()
    return Jacobians(out)


class _Run:
    """One call of `jacobians`."""

    def __init__(
        self,
        work: Model,
        inputs: Array,
        files: ChunkFiles,
        plan: list[Chunk],
        kind: np.dtype[Any],
        batch: int | None,
        progress: Report,
    ) -> None:
        self.work, self.inputs, self.files, self.plan, self.kind = work, inputs, files, plan, kind
        self.batch = batch
        self.report: Callable[[Progress], None] = lambda progress: None
        if progress:
            self.report = ProgressBar() if progress is True else progress

    def shape(self, columns: int) -> tuple[int, ...]:
        """The shape of a file."""
        k = self.work.outputs
        return (len(self.inputs), columns) if k == 1 else (len(self.inputs), k, columns)

    def begin(self, entries: list[dict[str, Any]], projection: dict[str, int] | None) -> bool:
        """Writes or compares the manifest; returns whether an older one lacks derivatives."""
        if not self.files.manifest.exists():
            # Sums are hidden, so they may be left when the files of another network are deleted.
            clear(self.files)
        derivatives = sample(self.work, self.inputs)
        found = self.files.begin(
            {
                "rows": len(self.inputs),
                "outputs": self.work.outputs,
                "output_indices": self.work.indices,
                "parameters": sum(leaf.size for leaf in self.work.leaves),
                "dtype": self.kind.str,
                "projection": projection,
                "chunks": entries,
                "fingerprint": fingerprint(self.work, self.inputs),
            },
            {"derivatives": derivatives},
        )
        if found is None:
            return False
        if "derivatives" not in found:
            return True
        require_same(found["derivatives"], derivatives, self.files.manifest)
        return False

    def write(self, ahead: int | None) -> None:
        """Writes all chunks that are missing."""
        is_older = self.begin([self.entry(chunk) for chunk in self.plan], None)
        done = [
            chunk.index
            for chunk in self.plan
            if self.files.finished(chunk.index, self.shape(chunk.columns), self.kind)
        ]
        if is_older:
            there = [self.plan[index] for index in done]
            paths = [self.files.path(index) for index in done]
            require_same_row(self.work, there, paths, self.inputs)
        for chunk in self.plan:
            if chunk.index in done:
                continue
            self.make_room(ahead)
            hidden = self.files.hidden(f"-{chunk.index:05d}.npy.part")
            try:
                self.fill(hidden, chunk)
                self.files.publish(hidden, self.files.path(chunk.index))
            finally:
                hidden.unlink(missing_ok=True)
        if ahead is not None:
            self.delete_taken()

    def write_projected(self, columns: int, seed: int) -> None:
        """Writes the projection of all chunks, which pass through a hidden file one by one."""
        everything = [[leaf.name, 0, leaf.size] for leaf in self.work.leaves]
        entry = {"layer": "all", "columns": columns, "parameters": everything}
        self.begin([entry], {"columns": columns, "seed": seed})
        path, shape = self.files.path(0), self.shape(columns)
        if self.files.finished(0, shape, self.kind):
            clear(self.files)
            return
        sums = Sums(self.files, shape, np.dtype("f8" if self.kind.itemsize == 8 else "f4"))
        flat = sums.total.reshape((-1, columns))
        hidden = self.files.hidden(".part")
        for chunk in after(self.plan, self.work.leaves, sums.count):
            try:
                rows = self.fill(hidden, chunk, sums.total.dtype)
                rows = rows.reshape((len(flat), chunk.columns))
                done = 0
                for span in chunk.spans:
                    first = self.work.leaves[span.leaf].offset + span.start
                    project(rows[:, done : done + span.size], first, seed, flat)
                    done += span.size
            finally:
                hidden.unlink(missing_ok=True)
            sums.save(sums.count + chunk.columns)
        result = sums.total / np.sqrt(columns)
        try:
            with open(hidden, "wb") as file:
                np.save(file, narrowed(result, self.kind, "the projection", 0))
            self.files.publish(hidden, path)
        finally:
            hidden.unlink(missing_ok=True)
        clear(self.files)

    def entry(self, chunk: Chunk) -> dict[str, Any]:
        """What the manifest says about a chunk."""
        leaves = self.work.leaves
        return {
            "layer": chunk.layer,
            "columns": chunk.columns,
            "parameters": [[leaves[s.leaf].name, s.start, s.stop] for s in chunk.spans],
        }

    def fill(self, path: Any, chunk: Chunk, kind: np.dtype[Any] | None = None) -> Array:
        """Writes a chunk's rows into a new file, batch by batch."""
        kind = kind or self.kind
        shape = self.shape(chunk.columns)
        target = np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
        rows = self.work.rows(chunk)
        size = self.batch or self.batch_size(chunk)
        beat = time.monotonic()
        for start in range(0, len(self.inputs), size):
            found = self.some(rows, start, size).reshape((-1, *shape[1:]))
            target[start : start + size] = narrowed(found, kind, chunk.layer, start)
            now = time.monotonic()
            if now - beat > PATIENCE:
                self.files.beat()
                beat = now
            part = min(start + size, len(self.inputs)) / len(self.inputs)
            detail = f"chunk {chunk.index + 1}/{len(self.plan)}, {chunk.layer}"
            self.report(Progress("Jacobian", (chunk.index + part) / len(self.plan), detail))
        target.flush()
        return target

    def some(self, rows: Callable[[Array], Array], start: int, size: int) -> Array:
        """The derivatives of some inputs; a smaller last batch is padded, so JAX compiles once."""
        batch = np.asarray(self.inputs[start : start + size])
        count = len(batch)
        if start and count < size:
            batch = np.concatenate([batch, np.repeat(batch[-1:], size - count, 0)])
        return rows(batch)[:count]

    def batch_size(self, chunk: Chunk) -> int:
        """How many inputs take moderate memory; arrays of parameters are differentiated whole."""
        places = {span.leaf for span in chunk.spans}
        columns = sum(self.work.leaves[place].size for place in places)
        row = columns * self.work.outputs * self.work.dtype.itemsize
        return int(min(max(BATCH_BYTES // row, 1), 1024, len(self.inputs)))

    def make_room(self, ahead: int | None) -> None:
        """Waits until fewer than `ahead` chunks wait for a reader; deletes those it has taken."""
        while ahead is not None and self.delete_taken() >= ahead:
            self.files.beat()
            time.sleep(PATIENCE / 10)

    def delete_taken(self) -> int:
        """Deletes the chunks that a reader has taken; returns how many wait for it."""
        waiting, taken = 0, self.files.taken()
        for chunk in self.plan:
            path = self.files.path(chunk.index)
            if chunk.index < taken:
                path.unlink(missing_ok=True)
            elif path.exists():
                waiting += 1
        return waiting
