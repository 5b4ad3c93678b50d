"""The sections of a job: which it must have, and which contain file names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from . import _documents as documents
from .failures import JobError

SECTIONS = (
    "data",
    "network",
    "kernel",
    "features",
    "kernels",
    "average",
    "precision",
    "storage",
    "store",
    "tile",
    "spectrum",
    "density",
    "prediction",
    "training",
    "alignment",
    "generalization",
    "output",
)

PATHS = (
    ("output",),
    ("data", "cifar10"),
    ("data", "arrays", "train"),
    ("data", "arrays", "test"),
    ("data", "arrays", "train_labels"),
    ("data", "arrays", "test_labels"),
    ("data", "labels", "train"),
    ("data", "labels", "test"),
    ("kernel", "train"),
    ("kernel", "test"),
    ("kernel", "test_diagonal"),
    ("features", "train"),
    ("features", "test"),
    ("training", "initial", "train"),
    ("training", "initial", "test"),
)
"""Where a job names files, besides the layers of its network."""


def require_known(sections: Mapping[str, Any]) -> None:
    for name in sections:
        if name not in SECTIONS:
            raise JobError(f"a job has no section {name!r}; the sections are {', '.join(SECTIONS)}")


def require_needed(document: Mapping[str, Any], name: str) -> None:
    """Errors: `JobError` if a section is missing that every job has."""
    is_given = any(document.get(key) is not None for key in ("kernel", "features"))
    needed = ("output",) if is_given else ("data", "network", "output")
    missing = [key for key in needed if document.get(key) is None]
    if missing:
        raise JobError(f"{name} is no job: it has no {' and no '.join(missing)}")


def network_value(network: Any) -> Any:
    """The value of a job's `network`: text is YAML."""
    if isinstance(network, str):
        network = documents.read(network, "the network")
        if isinstance(network, Mapping) and set(network) == {"network"}:
            network = network["network"]
        if isinstance(network, str):
            raise JobError(
                f"the network is the word {network!r}; give a list of layers, or a preset with its "
                "depth"
            )
    return network


def read_job(text: str, name: str) -> Any:
    """The value of a job's text. Errors: those of `documents.read`."""
    document = documents.read(text, name)
    return with_paths_as_words(document) if isinstance(document, dict) else document


def with_absolute_paths(document: dict[str, Any]) -> dict[str, Any]:
    """The job with whole paths, so that it can run in another folder."""

    def whole(path: Any) -> Any:
        return os.path.abspath(os.path.expanduser(path)) if isinstance(path, str) else path

    return _with_paths(document, whole)


def with_paths_as_words(document: dict[str, Any]) -> dict[str, Any]:
    """The job with names of files as words: a run folder can be called 2024."""
    return _with_paths(document, documents.word)


def _with_paths(document: dict[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """The job, changed where it names files."""
    for names in PATHS:
        *parents, last = names
        part: Any = document
        for name in parents:
            part = part.get(name) if isinstance(part, dict) else None
        if isinstance(part, dict) and last in part:
            part[last] = change(part[last])
    _change_layers(document.get("network"), change)
    return document


def _change_layers(layers: Any, change: Callable[[Any], Any]) -> None:
    """Changes the files that layers name, also layers inside others."""
    for layer in layers if isinstance(layers, list) else []:
        for parameters in layer.values() if isinstance(layer, dict) else []:
            if not isinstance(parameters, dict):
                continue
            if "adjacency" in parameters:
                parameters["adjacency"] = change(parameters["adjacency"])
            for key in ("layers", "main", "shortcut"):
                _change_layers(parameters.get(key), change)
            branches = parameters.get("branches")
            for branch in branches if isinstance(branches, list) else []:
                _change_layers(branch, change)
