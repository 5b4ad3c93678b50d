"""The files of a Jacobian; a file is complete as soon as it has its name."""

from __future__ import annotations

import fcntl
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..failures import DataError, JobError, MissingError, OutputError

FORMAT = "ntkdist Jacobian, version 1"

Array = NDArray[Any]


class ChunkFiles:
    """`NAME-00000.npy`, `NAME-00001.npy`, ..., and `NAME.json`, which says what they hold.

    A chunk is written under a hidden name, flushed and renamed. A reader (`ntk-dist --follow`) may
    take chunks as they appear. In `NAME-taken.json`, `{"chunks": K}`, it says that it no longer
    needs the first K.
    """

    def __init__(self, out: str | os.PathLike[str]) -> None:
        """Files whose names begin with `out`; `out` may also be a pattern that ends in `-*.npy`."""
        text = os.fspath(out)
        name = re.sub(r"-?\*(\.npy)?$", "", text)
        if "*" in name or not os.path.basename(name) or name.endswith(".npy"):
            raise JobError(f"out is {text!r}; give the beginning of the names, such as 'jac/train'")
        self.stem = Path(name)
        self._lock: Any = None

    @property
    def pattern(self) -> str:
        """The files' names as in a job, `jac/train-*.npy`."""
        return f"{self.stem}-*.npy"

    @property
    def manifest(self) -> Path:
        """The file that says what the chunks hold."""
        return self.stem.with_name(self.stem.name + ".json")

    def path(self, index: int) -> Path:
        """The file of a chunk."""
        return self.stem.with_name(f"{self.stem.name}-{index:05d}.npy")

    def hidden(self, name: str) -> Path:
        """A file next to the chunks that no pattern matches."""
        return self.stem.with_name(f".{self.stem.name}{name}")

    @property
    def acknowledgement(self) -> Path:
        """The file in which a reader says how many chunks it no longer needs."""
        return self.stem.with_name(self.stem.name + "-taken.json")

    def taken(self) -> int:
        """How many chunks, counted from the first, a reader no longer needs."""
        try:
            return int(json.loads(self.acknowledgement.read_text(encoding="utf-8"))["chunks"])
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{self.acknowledgement} cannot be read: {error}") from None

    def lock(self) -> None:
        """Keeps other producers away until `unlock`. Raises OutputError if there is one."""
        try:
            self.stem.parent.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.hidden(".lock"), "a", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"{self.stem.parent} cannot be written: {error}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.unlock()
            raise OutputError(
                f"another process writes {self.pattern}; wait for it, or give another name"
            ) from None

    def unlock(self) -> None:
        """Lets other producers begin."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def begin(self, description: dict[str, Any], notes: dict[str, Any]) -> dict[str, Any] | None:
        """Writes the manifest, or compares it with the existing one; returns that one, or None.

        The caller compares the notes. An older manifest may lack these and `output_indices`.

        Raises JobError if the existing files are of another Jacobian.
        """
        wanted = {"format": FORMAT, **description}
        if not self.manifest.exists():
            if any(self.stem.parent.glob(f"{self.stem.name}-*.npy")):
                raise JobError(
                    f"{self.pattern} exist without {self.manifest.name}; delete them, or give "
                    "another name"
                )
            # A reader wrote it for earlier chunks of this name.
            self.acknowledgement.unlink(missing_ok=True)
            self._publish_text(json.dumps({**wanted, **notes}, indent=1))
            return None
        found = self.read()
        for key, value in wanted.items():
            if key == "output_indices" and key not in found:
                continue
            if found.get(key) != value:
                raise JobError(
                    f"{self.manifest} is of another Jacobian, whose {key} differs"
                    f"{_difference(found.get(key), value)}; delete its files, or give another name"
                )
        return found

    def read(self) -> dict[str, Any]:
        """What the manifest says. Raises MissingError and DataError."""
        try:
            found = json.loads(self.manifest.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise MissingError(f"{self.manifest} is missing; give the name of a Jacobian") from None
        except (OSError, ValueError) as error:
            raise DataError(f"{self.manifest} cannot be read: {error}") from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise DataError(f"{self.manifest} does not begin with the format {FORMAT!r}")
        return found

    def beat(self) -> None:
        """Shows that the producer is alive, by the manifest's modification time."""
        os.utime(self.manifest)

    def finished(self, index: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
        """Whether a chunk exists, or has been taken.

        Raises DataError for a file that is damaged, or has another shape or dtype.
        """
        if index < self.taken():
            return True
        path = self.path(index)
        if not path.exists():
            return False
        try:
            array = np.load(path, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise DataError(f"{path} is damaged ({error}); delete it") from None
        if array.shape != shape or array.dtype != dtype:
            raise DataError(
                f"{path} has shape {array.shape} and dtype {array.dtype} in place of {shape} and "
                f"{dtype}; delete it"
            )
        return True

    def publish(self, hidden: Path, path: Path) -> None:
        """Flushes a finished file to the disk and gives it its name. Raises OutputError."""
        try:
            _flush(hidden)
            os.replace(hidden, path)
            _flush(path.parent)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error}") from None

    def _publish_text(self, text: str) -> None:
        hidden = self.hidden(".json")
        hidden.write_text(text + "\n", encoding="utf-8")
        self.publish(hidden, self.manifest)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _difference(found: Any, wanted: Any) -> str:
    short = all(isinstance(one, (int, str, list)) and len(str(one)) < 40 for one in (found, wanted))
    if short:
        return f" ({found} there, {wanted} now)"
    return ""
