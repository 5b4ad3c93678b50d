"""Runs: the results that a job has written to its folder so far."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Union

import numpy as np
from numpy.typing import NDArray

from . import _results as results
from ._inputs import whole
from ._quantities import KINDS
from ._results import Alignment, Prediction, Training, read_array
from ._status import Status, status
from ._store import Missing, StoredKernel
from ._tiles import TileArray, array_names
from .failures import DataError, MissingError

if TYPE_CHECKING:
    from .jobs import Job
    from .plots import RunPlots

VariantName = Union[str, int, Mapping[str, float], None]
"""A variant of the network: its name, its number, its parameters; None for the only one."""

T = TypeVar("T")


def open(path: str | os.PathLike[str]) -> Run:
    """The run in a folder, finished, active or stopped.

    Errors: `MissingError` if the folder is not a run folder.
    """
    return Run(path)


class Run:
    """A run's folder. Everything is read when it is needed, so an active run can be watched.

    Methods take `kind`: 'ntk', 'nngp', or 'kernel' for one that is not from an infinite network;
    None for the NTK, or the only kernel. They take `variant`; None if the network has only one.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser()
        if not self.path.is_dir():
            raise MissingError(f"{self.path} does not exist; name a run folder")
        if not (self.path / "job.yaml").is_file():
            raise MissingError(f"{self.path} is not a run folder (it has no job.yaml); name one")

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json, or an empty dictionary if it does not exist yet."""
        path = self.path / "summary.json"
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeError) as error:
            raise DataError(f"{path} cannot be read: {error}") from error
        try:
            value = json.loads(text)
        except ValueError as error:
            raise DataError(f"{path} is not JSON: {error}") from error
        if not isinstance(value, dict) or not all(
            isinstance(part, dict) for part in value.get("variants", [])
        ):
            raise DataError(f"{path} is not a summary that ntk-dist wrote")
        return value

    @property
    def variants(self) -> list[str]:
        """The names of the network's variants, such as 'depth=30'; '' if nothing varies."""
        return [variant["name"] for variant in self.summary.get("variants", [])]

    @property
    def job(self) -> Job:
        """The job, with all defaults filled in. Needs PyYAML."""
        from .jobs import Job

        return Job.from_file(self.path / "job.yaml")

    @property
    def kinds(self) -> list[str]:
        """The kernels in the store: 'nngp', 'ntk' or both; or 'kernel'."""
        names = {name.rsplit("/", 1)[-1] for name in array_names(self.path / "kernels.zarr")}
        return [kind for kind in KINDS if f"{kind}_train" in names]

    def variant(self, variant: VariantName = None) -> dict[str, Any]:
        """The summary's part on one variant. Errors: ValueError if there is no such variant."""
        found: list[dict[str, Any]] = self.summary.get("variants", [])
        if not found:
            raise MissingError(f"{self.path} has no results yet; wait until its data are read")
        if variant is None:
            # If there are kernels of layers, the one without a name is that of all layers.
            whole_kernel = [candidate for candidate in found if not candidate["name"]]
            if len(found) == 1 or whole_kernel:
                return (whole_kernel or found)[0]
            raise ValueError(
                f"{self.path} has {len(found)} variants; name one of {_list(self.variants)}"
            )
        place = whole(variant)
        if place is not None and -len(found) <= place < len(found):
            return found[place]
        for candidate in found:
            if isinstance(variant, Mapping):
                if dict(variant) == candidate.get("parameters", {}):
                    return candidate
            elif candidate["name"] == variant:
                return candidate
        raise ValueError(f"{self.path} has no variant {variant!r}; it has {_list(self.variants)}")

    def kernel(
        self,
        kind: str | None = None,
        *,
        variant: VariantName = None,
        set: str = "train",
        missing: Missing = "raise",
    ) -> StoredKernel:
        """A kernel matrix, read lazily: 'train' [n, n], 'test' [m, n] or 'train_gap' [n, n].

        `missing` says what happens at tiles that are not computed yet: an error, or 'nan'.
        Errors: `MissingError` if the run has no such kernel (yet).
        """
        if set not in ("train", "test", "train_gap"):
            raise ValueError(f"set is {set!r} instead of 'train', 'test' or 'train_gap'")
        array, name = self._array(kind, variant, set)
        return StoredKernel(array, name, missing)

    def test_variances(
        self, kind: str | None = None, *, variant: VariantName = None
    ) -> NDArray[Any]:
        """The kernel of each test image with itself, [m]. Errors: those of `kernel`."""
        array, name = self._array(kind, variant, "test_diagonal")
        parts = [array.read(tile) for tile in array.tiles()]
        if any(part is None for part in parts):
            raise MissingError(f"{name} is not computed yet")
        return np.concatenate([part for part in parts if part is not None])

    def eigenvalues(
        self, kind: str | None = None, *, variant: VariantName = None, centred: bool = False
    ) -> NDArray[np.float64]:
        """The eigenvalues [n], ascending; [n - 1] for the centered kernel."""
        suffix = "_centred" if centred else ""
        return np.asarray(
            read_array(
                self._file("spectrum", kind, variant, suffix),
                f"{self._label(kind, variant)}: the spectrum; a job asks for it with `spectrum`",
            )
        )

    def eigenvectors(self, kind: str | None = None, *, variant: VariantName = None) -> NDArray[Any]:
        """The leading eigenvectors [n, k] as columns, ordered from the largest eigenvalue down."""
        return read_array(
            self._file("spectrum", kind, variant, "_vectors"),
            f"{self._label(kind, variant)}: eigenvectors; a job asks for them with "
            "`spectrum: {vectors: K}`",
        )

    def weights(self, kind: str | None = None, *, variant: VariantName = None) -> NDArray[Any]:
        """The weights of the targets in all eigenvectors [n, classes], ordered as `eigenvalues`."""
        return read_array(
            self._file("spectrum", kind, variant, "_weights"),
            f"{self._label(kind, variant)}: the targets' weights; a job asks for them with "
            "`spectrum: {weights: true}`",
        )

    def predictions(self, kind: str | None = None, *, variant: VariantName = None) -> Prediction:
        """Kernel regression on the test images."""
        return self._result("prediction", "predictions", kind, variant, results.prediction)

    def training(self, kind: str | None = None, *, variant: VariantName = None) -> Training:
        """Training in function space."""
        return self._result("training", "training", kind, variant, results.training)

    def alignment(self, kind: str | None = None, *, variant: VariantName = None) -> Alignment:
        """The alignment of the targets with the eigenvectors."""
        return self._result("alignment", "alignment", kind, variant, results.alignment)

    def figures(self, kind: str | None = None, *, variant: VariantName = None) -> dict[str, Any]:
        """The summary's part on one kernel, empty if it does not exist yet."""
        found = self.variant(variant).get(self._kind(kind), {})
        return dict(found) if isinstance(found, Mapping) else {}

    def status(self) -> Status:
        """How far the run is."""
        return status(self.path, self.job.document(), self.summary)

    @property
    def plot(self) -> RunPlots:
        """Figures of the run, as its report draws them. Needs matplotlib."""
        from .plots import RunPlots

        return RunPlots(self)

    def __repr__(self) -> str:
        return f"<run {self.path}: {self.status()}>"

    def _repr_html_(self) -> str:
        from ._html import run_page

        return run_page(self)

    def _kind(self, kind: str | None) -> str:
        if kind is None:
            kinds = self.kinds
            return kinds[0] if len(kinds) == 1 else "ntk"
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r} instead of 'nngp', 'ntk' or 'kernel'")
        return kind

    def _array(self, kind: str | None, variant: VariantName, part: str) -> tuple[TileArray, str]:
        kind = self._kind(kind)
        folder = self.path / "kernels.zarr" / str(self.variant(variant)["name"])
        path = folder / f"{kind}_{part}"
        if not path.is_dir():
            there = sorted(found.parent.name for found in folder.glob("*/zarr.json"))
            raise MissingError(
                f"{self.path} has no {kind}_{part}; it has {_list(there) or 'no kernels yet'}"
            )
        return TileArray(path), str(path)

    def _label(self, kind: str | None, variant: VariantName) -> str:
        name = self.variant(variant)["name"]
        return f"{self._kind(kind)}{' ' if name else ''}{name} of {self.path}"

    def _file(self, stage: str, kind: str | None, variant: VariantName, suffix: str = "") -> Path:
        name = str(self.variant(variant)["name"])
        return self.path / stage / name / f"{self._kind(kind)}{suffix}.npy"

    def _result(
        self,
        section: str,
        folder: str,
        kind: str | None,
        variant: VariantName,
        make: Callable[[str, str, dict[str, Any], Callable[[str], Path]], T],
    ) -> T:
        kind = self._kind(kind)
        summary = self.figures(kind, variant=variant).get(section)
        if not summary:
            raise MissingError(
                f"{self._label(kind, variant)} has no {section}; a job asks for it with the key "
                f"`{section}`, and a run that is active may not have come to it"
            )
        try:
            return make(
                kind,
                str(self.variant(variant)["name"]),
                summary,
                lambda suffix: self._file(folder, kind, variant, suffix),
            )
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{self.path}/summary.json has no complete {section} ({error})"
            ) from error


def _list(names: list[str]) -> str:
    """Names for a sentence; only some of them if there are many."""
    shown = [repr(name) for name in names[:8]]
    return ", ".join(shown + ([f"and {len(names) - 8} more"] if len(names) > 8 else []))
