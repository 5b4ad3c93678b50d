"""The results of a run's stages: predictions, training curves, alignment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .failures import DataError, MissingError

Floats = NDArray[np.float64]


def read_array(path: Path, what: str) -> NDArray[Any]:
    """The array of a `.npy` file, mapped into memory; `what` is for messages."""
    if not path.is_file():
        raise MissingError(f"{what} is not there ({path} does not exist)")
    try:
        values: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} cannot be read as a .npy file: {error}") from error
    return values


@dataclass(frozen=True)
class Prediction:
    """Kernel regression at r regularizations, on m test images of some classes."""

    kind: str
    variant: str
    regularizations: Floats
    """[r], as in the job."""
    values: NDArray[Any]
    """[r, m, classes], the predictions."""
    accuracy: Floats
    """[r], on the test images, from 0 to 1; NaN if it is not known."""
    mean_squared_error: Floats
    """[r]; NaN if it is not known."""
    summary: dict[str, Any] = field(repr=False)
    """The section `prediction` of summary.json."""
    file: Callable[[str], Path] = field(repr=False)

    @property
    def chosen(self) -> int:
        """The index of the regularization that held-out images chose, or else the best one."""
        results = self.summary["regularizations"]
        marked = [index for index, result in enumerate(results) if result.get("is_chosen")]
        if marked:
            return marked[0]
        return int(np.argmax(np.where(np.isnan(self.accuracy), -1.0, self.accuracy)))

    @property
    def labels(self) -> NDArray[np.intp]:
        """[r, m], the class of the largest prediction."""
        labels: NDArray[np.intp] = np.argmax(self.values, axis=-1)
        return labels

    @cached_property
    def confusion(self) -> NDArray[Any]:
        """[r, class, predicted class]: counts of test images, if their labels are known."""
        return read_array(self.file("_confusion"), "the confusion matrix")

    @cached_property
    def variance(self) -> NDArray[Any]:
        """[r, m], the posterior variances, if the job asks for them."""
        return read_array(self.file("_variance"), "the posterior variance")


@dataclass(frozen=True)
class Training:
    """Training in function space at t times."""

    kind: str
    variant: str
    times: Floats
    """[t], infinity included."""
    train_loss: Floats
    """[t]"""
    train_accuracy: Floats
    """[t], from 0 to 1."""
    test_loss: Floats
    """[t]; NaN without test images or labels."""
    test_accuracy: Floats
    """[t], from 0 to 1; NaN without test images or labels."""
    mean_variance: Floats
    """[t], over initializations; NaN if the job does not ask for it."""
    maximal_learning_rate: float
    """Steps diverge beyond it."""
    summary: dict[str, Any] = field(repr=False)
    """The section `training` of summary.json."""
    file: Callable[[str], Path] = field(repr=False)

    @cached_property
    def train(self) -> NDArray[Any]:
        """[t, n, classes], the outputs on the training images."""
        return read_array(self.file("_train"), "the output on the training images")

    @cached_property
    def test(self) -> NDArray[Any]:
        """[t, m, classes], the outputs on the test images."""
        return read_array(self.file("_test"), "the output on the test images")

    @cached_property
    def variance(self) -> NDArray[Any]:
        """[t, m], the variances over initializations."""
        return read_array(self.file("_variance"), "the variance over initializations")


@dataclass(frozen=True)
class Alignment:
    """The position of the targets in a kernel's k leading eigenvectors."""

    kind: str
    variant: str
    alignment: float
    """Kernel-target alignment."""
    energies: Floats
    """[k], the part of the targets within the leading 1, 2, ... eigenvectors."""
    participation: float
    """tr(K)^2 / |K|_F^2."""
    cosine: float
    """With the run's other kernel; NaN if there is none."""
    targets: list[dict[str, Any]]
    """For each eigenvector whose signs were learned: index, eigenvalue and accuracies."""
    summary: dict[str, Any] = field(repr=False)
    """The section `alignment` of summary.json."""
    file: Callable[[str], Path] = field(repr=False)

    def signs(self, index: int, set: str = "train") -> NDArray[np.uint8]:
        """The signs of eigenvector `index` (from 1) as labels, [images] of the set."""
        return read_array(self.file(f"_phi_{index}_{set}"), f"the signs of eigenvector {index}")


def numbers(results: list[dict[str, Any]], key: str) -> Floats:
    """A number of each result, NaN if it is absent: [results]."""
    return np.array([result.get(key, np.nan) for result in results], dtype=np.float64)


def prediction(
    kind: str, variant: str, summary: dict[str, Any], file: Callable[[str], Path]
) -> Prediction:
    """The prediction of a kernel from its section of the summary and its files."""
    results = summary["regularizations"]
    return Prediction(
        kind,
        variant,
        numbers(results, "regularization"),
        read_array(file(""), "the prediction"),
        numbers(results, "accuracy"),
        numbers(results, "mean_squared_error"),
        summary,
        file,
    )


def training(
    kind: str, variant: str, summary: dict[str, Any], file: Callable[[str], Path]
) -> Training:
    """The training of a kernel from its section of the summary and its files."""
    points = summary["points"]
    times = np.array([point.get("time", np.inf) for point in points], dtype=np.float64)
    return Training(
        kind,
        variant,
        times,
        numbers(points, "train_loss"),
        numbers(points, "train_accuracy"),
        numbers(points, "test_loss"),
        numbers(points, "test_accuracy"),
        numbers(points, "mean_variance"),
        summary["maximal_learning_rate"],
        summary,
        file,
    )


def alignment(
    kind: str, variant: str, summary: dict[str, Any], file: Callable[[str], Path]
) -> Alignment:
    """The alignment of a kernel from its section of the summary and its files."""
    return Alignment(
        kind,
        variant,
        summary["alignment"],
        np.array(summary["energies"], dtype=np.float64),
        summary["participation"],
        summary.get("cosine", float("nan")),
        summary["targets"],
        summary,
        file,
    )
