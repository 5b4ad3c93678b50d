"""Runs, plans and comparisons as tables for notebooks."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ._quantities import KINDS, title

if TYPE_CHECKING:
    from .runs import Run

ROWS = 12
"""More rows than these are folded."""


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; numbers have five digits."""
    head = "".join(f"<th style='text-align:left'>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td style='text-align:left'>{html.escape(text(cell))}</td>" for cell in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def section(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table with a title, collapsed if it is long; nothing without rows."""
    if not rows:
        return ""
    name = html.escape(title)
    if len(rows) > ROWS:
        return (
            f"<details><summary>{name} ({len(rows)} rows)</summary>{table(columns, rows)}</details>"
        )
    return f"<b>{name}</b>{table(columns, rows)}"


def text(value: object) -> str:
    """A value for people to read: numbers with five digits, a dash if there is none."""
    if value is None or isinstance(value, float) and value != value:
        return "–"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def percent(part: float | None) -> str:
    """A part of one as a percentage."""
    return "–" if part is None or part != part else f"{100 * part:.2f} %"


def run_page(run: Run) -> str:
    """What a run is and what it has found."""
    summary = run.summary
    facts: list[tuple[str, object]] = [("folder", run.path), ("status", run.status())]
    data = summary.get("data")
    if data:
        shape = " × ".join(map(str, data["shape"]))
        counts = f"{data['train']} training, {data['test']} test"
        facts.append(
            ("images", f"{counts}, {shape}, {data['preprocessing']}")
            if shape
            else ("points", counts)
        )
    variants: list[dict[str, Any]] = summary.get("variants", [])
    if len(variants) == 1:
        facts.append(("network", variants[0]["network"]))
    elif variants:
        facts.append(("networks", len(variants)))
    spectra, predictions = [], []
    for variant in variants:
        for kind in KINDS:
            figures = variant.get(kind) or {}
            name = title(kind) + (f", {variant['name']}" if variant["name"] else "")
            spectrum = figures.get("spectrum")
            if spectrum:
                spectra.append(
                    (
                        name,
                        spectrum["lambda_max"],
                        spectrum["lambda_min"],
                        spectrum.get("condition_number"),
                        spectrum["below_noise_floor"],
                    )
                )
            for result in (figures.get("prediction") or {}).get("regularizations", []):
                predictions.append(
                    (
                        name,
                        result["regularization"],
                        result.get("failure") or percent(result.get("accuracy")),
                        result.get("mean_squared_error"),
                    )
                )
    return (
        table(("run", run.path.name), facts)
        + section(
            "Spectra",
            ("kernel", "λ_max", "λ_min", "condition number", "below the noise floor"),
            spectra,
        )
        + section(
            "Predictions",
            ("kernel", "regularization", "test accuracy", "mean squared error"),
            predictions,
        )
    )
