"""Two runs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from . import _html as html
from . import _plot_style as style
from ._plot_style import Axes
from ._quantities import title
from .failures import DataError, Failure, MissingError
from .runs import Run

SMALL = 5000
"""The largest number of images whose kernels a notebook compares without being asked."""


@dataclass(frozen=True)
class Similarity:
    """Two kernels as directions in the space of matrices."""

    cosine: float
    """<A, B> / (|A| |B|), Frobenius."""
    distance: float
    """1 - cosine, without cancellation where the kernels are nearly parallel."""


def compare(first: Run, second: Run) -> Comparison:
    """The differences between two runs. Nothing large is read before it is needed."""
    return Comparison(first, second)


class Comparison:
    """Two runs: their jobs, spectra, accuracies and kernels.

    Kernels are paired by kind and variant; two runs of one network each are always paired.
    """

    def __init__(self, first: Run, second: Run) -> None:
        self.first, self.second = first, second

    @cached_property
    def job(self) -> dict[str, tuple[Any, Any]]:
        """The keys of the jobs that differ, such as 'network.depth', with both values.

        A key that is missing in a job is None. The output folder is left out.
        """
        ours, theirs = (_flat(run.job.document()) for run in (self.first, self.second))
        return {
            key: (ours.get(key), theirs.get(key))
            for key in sorted({*ours, *theirs})
            if ours.get(key) != theirs.get(key) and key != "output"
        }

    @property
    def same_images(self) -> bool:
        """Whether both runs have the same images and labels, before preprocessing."""
        ours, theirs = (run.summary.get("data", {}) for run in (self.first, self.second))
        keys = ("digest", "train", "test")
        return bool(ours) and all(ours.get(key) == theirs.get(key) for key in keys)

    @cached_property
    def pairs(self) -> list[tuple[str, str, str]]:
        """The pairs to compare: kind, variant of the first run, variant of the second run."""
        ours, theirs = self.first.variants, self.second.variants
        if len(ours) == len(theirs) == 1:
            names = [(ours[0], theirs[0])]
        else:
            names = [(name, name) for name in ours if name in theirs]
        kinds = [kind for kind in self.first.kinds if kind in self.second.kinds]
        return [(kind, *pair) for pair in names for kind in kinds]

    @cached_property
    def spectra(self) -> list[dict[str, Any]]:
        """For each pair with both spectra: the kernel, and pairs of numbers, None if not known.

        The numbers are lambda_max, lambda_min, bulk_median and condition_number.
        """
        keys = ("lambda_max", "lambda_min", "bulk_median", "condition_number")
        return [
            {"kernel": _name(pair), **{key: (a.get(key), b.get(key)) for key in keys}}
            for pair in self.pairs
            for a, b in [self._sections(pair, "spectrum")]
            if a and b
        ]

    @cached_property
    def accuracies(self) -> list[dict[str, Any]]:
        """For each pair and regularization that both runs have: test accuracies, 0 to 1."""
        rows = []
        for pair in self.pairs:
            tables: list[dict[float, float | None]] = [
                {
                    result["regularization"]: result.get("accuracy")
                    for result in section.get("regularizations", [])
                }
                for section in self._sections(pair, "prediction")
            ]
            rows += [
                {
                    "kernel": _name(pair),
                    "regularization": value,
                    "accuracy": (tables[0][value], tables[1][value]),
                }
                for value in tables[0]
                if value in tables[1]
            ]
        return rows

    def similarity(
        self, kind: str | None = None, *, variant: str | None = None, set: str = "train"
    ) -> Similarity:
        """Cosine and distance of two kernels, read tile by tile, each twice.

        `variant` is that of the first run. Errors: `DataError` for runs of different images,
        `MissingError` if a kernel is not computed (yet).
        """
        pair = self._pair(kind, variant)
        if not self.same_images:
            raise DataError(
                f"{self.first.path} and {self.second.path} are of different images; their kernels "
                "have no cosine"
            )
        ours = self.first.kernel(pair[0], variant=pair[1], set=set)
        theirs = self.second.kernel(pair[0], variant=pair[2], set=set)
        norms = np.zeros(2)
        for rows, columns, values in ours.blocks():
            weight = _weight(ours.is_symmetric, rows, columns)
            norms += weight * np.array([_square(values), _square(theirs[rows, columns])])
        if not norms.all():
            raise DataError("a kernel is zero and has no direction")
        half = 0.0
        for rows, columns, values in ours.blocks():
            difference = values / np.sqrt(norms[0]) - theirs[rows, columns] / np.sqrt(norms[1])
            half += _weight(ours.is_symmetric, rows, columns) * _square(difference) / 2
        return Similarity(1 - half, half)

    @cached_property
    def similarities(self) -> dict[str, Similarity]:
        """The similarity of each pair's training kernels; pairs that cannot be compared are absent.

        Reads both stores.
        """
        found = {}
        for pair in self.pairs:
            try:
                found[_name(pair)] = self.similarity(pair[0], variant=pair[1])
            except (DataError, MissingError):
                continue
        return found

    def plot(
        self, kind: str | None = None, *, variant: str | None = None, axes: Axes | None = None
    ) -> Axes:
        """Plots the eigenvalues of both runs' kernels by rank. Needs matplotlib."""
        pair = self._pair(kind, variant)
        axes = style.new_axes(f"Spectra, {title(pair[0])}", axes)
        for color, (run, name) in enumerate(((self.first, pair[1]), (self.second, pair[2]))):
            values = run.eigenvalues(pair[0], variant=name)[::-1]
            places = style.thinned(len(values))
            places = places[values[places] > 0]
            style.line(axes, places + 1, values[places], str(run.path), color)
        axes.set_xlabel("rank")
        axes.set_ylabel("eigenvalue λ")
        style.logarithmic(axes, "x", "y")
        style.key(axes)
        return axes

    def __repr__(self) -> str:
        return (
            f"<comparison of {self.first.path} and {self.second.path}: {len(self.pairs)} "
            "kernels in common>"
        )

    def _repr_html_(self) -> str:
        names = (str(self.first.path), str(self.second.path))
        try:
            jobs = [(key, *map(str, values)) for key, values in self.job.items()]
        except Failure as error:
            jobs = [("not compared", str(error), "")]
        spectra = [
            (row["kernel"], key.replace("_", " "), *row[key])
            for row in self.spectra
            for key in row
            if key != "kernel"
        ]
        accuracies = [
            (row["kernel"], row["regularization"], *map(html.percent, row["accuracy"]))
            for row in self.accuracies
        ]
        sizes = [run.summary.get("data", {}).get("train", 0) for run in (self.first, self.second)]
        kernels = (
            [(name, value.cosine, value.distance) for name, value in self.similarities.items()]
            if self.same_images and max(sizes) <= SMALL
            else []
        )
        note = "" if self.same_images else "<p>The runs are of different images.</p>"
        return (
            note
            + html.section("Jobs", ("key", *names), jobs)
            + html.section("Kernels", ("kernel", "cosine", "1 - cosine"), kernels)
            + html.section("Spectra", ("kernel", "", *names), spectra)
            + html.section("Test accuracies", ("kernel", "regularization", *names), accuracies)
        )

    def _pair(self, kind: str | None, variant: str | None) -> tuple[str, str, str]:
        if not self.pairs:
            raise MissingError(f"{self.first.path} and {self.second.path} have no kernel in common")
        found = [
            pair for pair in self.pairs if kind in (None, pair[0]) and variant in (None, pair[1])
        ]
        if not found:
            raise ValueError(
                f"the runs have no kernel {kind or ''} {variant or ''} in common; "
                f"they have {', '.join(map(_name, self.pairs))}"
            )
        return next((pair for pair in found if pair[0] == "ntk"), found[0])

    def _sections(self, pair: tuple[str, str, str], section: str) -> list[dict[str, Any]]:
        kind, *names = pair
        return [
            run.figures(kind, variant=name).get(section) or {}
            for run, name in zip((self.first, self.second), names)
        ]


def _name(pair: tuple[str, str, str]) -> str:
    kind, first, second = pair
    names = first if first == second else f"{first or '(one)'} and {second or '(one)'}"
    return f"{kind} {names}".strip()


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """The leaves of nested mappings by their paths; lists are leaves."""
    if not isinstance(value, dict):
        return {prefix: value}
    result: dict[str, Any] = {}
    for key, part in value.items():
        result.update(_flat(part, f"{prefix}.{key}" if prefix else str(key)))
    return result


def _weight(is_symmetric: bool, rows: slice, columns: slice) -> int:
    """How many times a stored tile occurs in the matrix."""
    return 2 if is_symmetric and rows.start != columns.start else 1


def _square(values: Any) -> float:
    """The squared Frobenius norm, in float64."""
    wide = np.asarray(values, dtype=np.float64).ravel()
    return float(wide @ wide)
