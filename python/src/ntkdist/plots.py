"""Figures of a run, as `ntk-dist report` draws them, in matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from . import _plot_style as style
from ._plot_style import Axes
from ._quantities import (
    KINDS,
    PARAMETERS,
    Shown,
    accuracy,
    measured,
    named,
    theory,
    title,
    values_of,
)
from .failures import MissingError

if TYPE_CHECKING:
    from .runs import Run


class RunPlots:
    """The figures. Each method draws into `axes`, or a new figure, and returns the axes.

    `kind` is 'nngp', 'ntk' or 'kernel'. None means both kernels if there is one network, and the
    NTK if there are several.
    Errors: `MissingError` if the run has nothing to draw.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        variants = run.summary.get("variants", [])
        self._is_sweep = len(variants) > 1
        self._kernels = [
            Shown(
                kind,
                variant["name"],
                dict(variant.get("parameters") or {}),
                variant[kind],
                variant.get("theory"),
            )
            for variant in variants
            for kind in KINDS
            if variant.get(kind)
        ]

    def spectrum(
        self,
        kind: str | None = None,
        *,
        density: bool = False,
        centred: bool = False,
        variants: Sequence[str] | None = None,
        axes: Axes | None = None,
    ) -> Axes:
        """Eigenvalues by rank, the largest first, or their density over the logarithm.

        If there are many variants, only some are drawn; `variants` chooses others.
        """
        section = "centred_spectrum" if centred else "spectrum"
        kernels = style.even(self._with(section, kind, variants))
        axes = style.new_axes("Density of eigenvalues" if density else "Spectrum", axes)
        lowest = []
        has_floor = False
        for color, kernel in enumerate(kernels):
            values = self._run.eigenvalues(kernel.kind, variant=kernel.variant, centred=centred)[
                ::-1
            ]
            floor = float(kernel.figures[section]["noise_floor"])
            label = kernel.label(self._is_sweep)
            if density:
                style.filled_density(axes, values[values > floor], label, color, len(kernels) <= 2)
                continue
            places = style.thinned(len(values))
            places = places[values[places] > 0]
            if not len(places):
                continue
            style.line(axes, places + 1, values[places], label, color)
            lowest.append(float(values[places].min()))
            # A floor far below everything else would only waste space.
            if values[-1] < 1000 * floor:
                style.dashed(axes, [1, max(len(values), 2)], [floor, floor], color)
                lowest[-1] = max(lowest[-1], floor / 10)
                has_floor = True
        axes.set_xlabel("eigenvalue λ" if density else "rank")
        axes.set_ylabel("density (share per decade)" if density else "eigenvalue λ")
        style.logarithmic(axes, *("x" if density else "xy"))
        axes.set_ylim(bottom=0 if density else min(lowest, default=1.0) * 0.7)
        style.key(axes, "noise floor" if has_floor else None)
        return axes

    def conditioning(
        self,
        kind: str | None = None,
        *,
        quantity: str = "condition_number",
        axes: Axes | None = None,
    ) -> Axes:
        """A quantity over the parameter that varies, with the theory of deep networks dashed.

        The quantity is 'condition_number', 'lambda_max' or 'bulk'.
        """
        names = {
            "condition_number": "condition number κ",
            "lambda_max": "largest eigenvalue λ_max",
            "bulk": "median eigenvalue",
        }
        if quantity not in names:
            raise ValueError(f"quantity is {quantity!r} instead of one of {', '.join(names)}")
        kernels = self._with("spectrum", kind)
        varied = self._varied(kernels)
        axes = style.new_axes(f"{names[quantity].capitalize()}, {title(kernels[0].kind)}", axes)
        groups: dict[tuple[tuple[str, float], ...], list[Shown]] = {}
        for kernel in kernels:
            groups.setdefault(kernel.others(varied), []).append(kernel)
        has_theory = False
        for color, (rest, members) in enumerate(style.even(list(groups.items()))):
            members.sort(key=lambda kernel: kernel.parameters[varied])
            x = np.array([kernel.parameters[varied] for kernel in members])
            y = np.array([measured(kernel.figures, quantity) for kernel in members])
            style.line(axes, x, y, named(dict(rest)) or title(kernels[0].kind), color, True)
            limits = theory(members, quantity, y)
            if np.isfinite(limits).any():
                style.dashed(axes, x, limits, color)
                has_theory = True
        axes.set_xlabel("depth (hidden layers)" if varied == "depth" else varied.replace("_", " "))
        axes.set_ylabel(names[quantity])
        values = sorted({kernel.parameters[varied] for kernel in kernels})
        style.logarithmic(axes, *("xy" if values[-1] / max(values[0], 1e-300) > 8 else "y"))
        style.key(axes, "theory" if has_theory else None)
        return axes

    def learning(
        self,
        kind: str | None = None,
        *,
        quantity: str = "accuracy",
        variants: Sequence[str] | None = None,
        axes: Axes | None = None,
    ) -> Axes:
        """'accuracy', 'loss' or 'variance' over training time; its value at infinity is dashed."""
        names = {"accuracy": "accuracy (%)", "loss": "loss", "variance": "mean variance"}
        if quantity not in names:
            raise ValueError(f"quantity is {quantity!r} instead of one of {', '.join(names)}")
        kernels = style.even(self._with("training", kind, variants))
        axes = style.new_axes(f"{quantity.capitalize()} over training", axes)
        color, has_end = 0, False
        for kernel in kernels:
            training = self._run.training(kernel.kind, variant=kernel.variant)
            sets = {
                "training images": getattr(training, f"train_{quantity}", None),
                "test images": getattr(training, f"test_{quantity}", training.mean_variance),
            }
            for words, values in sets.items():
                if values is None or np.isnan(values).all():
                    continue
                if (
                    self._is_sweep
                    and words == "training images"
                    and not np.isnan(training.test_loss).all()
                ):
                    continue
                label = kernel.label(self._is_sweep)
                label = label if self._is_sweep else f"{label}, {words}"
                scaled = values * (100 if quantity == "accuracy" else 1)
                has_end |= style.curve(axes, training.times, scaled, label, color)
                color += 1
        if color == 0:
            raise MissingError(f"{self._run.path} has no {quantity} over training")
        is_flow = training.summary.get("dynamics") != "steps"
        axes.set_xlabel(
            "training time (units of the learning rate)" if is_flow else "training (steps)"
        )
        axes.set_ylabel(names[quantity])
        times = training.times[(training.times > 0) & np.isfinite(training.times)]
        is_wide = len(times) > 1 and times.max() / times.min() > 30
        style.logarithmic(
            axes, *(["x"] if is_wide else []), *(["y"] if quantity != "accuracy" else [])
        )
        if quantity == "loss":
            # A training loss that is only rounding error would hide all others.
            low, high = axes.get_ylim()
            axes.set_ylim(bottom=max(low, high * 1e-6))
        style.key(axes, "after infinite time" if has_end else None)
        return axes

    def alignment(
        self,
        kind: str | None = None,
        *,
        variants: Sequence[str] | None = None,
        axes: Axes | None = None,
    ) -> Axes:
        """The part of the targets in the leading eigenvectors; dashed for random directions."""
        kernels = style.even(self._with("alignment", kind, variants))
        axes = style.new_axes("Targets in the leading eigenvectors", axes)
        longest = 1
        for color, kernel in enumerate(kernels):
            energies = np.array(kernel.figures["alignment"]["energies"])
            places = style.thinned(len(energies))
            longest = max(longest, len(energies))
            style.line(
                axes,
                places + 1,
                100 * energies[places],
                kernel.label(self._is_sweep),
                color,
                len(places) <= 40,
            )
        count = self._run.summary["data"]["train"]
        places = style.thinned(longest, 60) + 1
        style.dashed(axes, places, 100 * places / count)
        axes.set_xlabel("leading eigenvectors")
        axes.set_ylabel("part of the targets (%)")
        style.logarithmic(axes, "x")
        axes.set_ylim(bottom=0)
        style.key(axes, "directions at random")
        return axes

    def heatmap(self, kind: str | None = None, *, axes: Axes | None = None) -> Axes:
        """Test accuracy over depth and weight variance, at the chosen regularization."""
        kernels = self._with("prediction", kind)
        depths = values_of(kernels, "depth")
        variances = values_of(kernels, "weight_variance")[::-1]
        if len(depths) < 2 or len(variances) < 2:
            raise MissingError(
                f"{self._run.path} does not vary depth and weight variance; a job does with "
                "`depths` and `weight_variances`"
            )
        table = np.full((len(variances), len(depths)), np.nan)
        for kernel in kernels:
            column = depths.index(kernel.parameters["depth"])
            row = variances.index(kernel.parameters["weight_variance"])
            # If other parameters vary too, only their first values are shown.
            if np.isnan(table[row, column]):
                table[row, column] = 100 * accuracy(kernel.figures["prediction"])
        axes = style.new_axes(f"Test accuracy, {title(kernels[0].kind)}", axes)
        style.cells(
            axes,
            table,
            [f"{depth:g}" for depth in depths],
            [f"{variance:.5g}" for variance in variances],
            "test accuracy (%)",
            "%.1f",
        )
        axes.set_xlabel("depth (hidden layers)")
        axes.set_ylabel("weight variance σ_w²")
        return axes

    def _with(
        self, section: str, kind: str | None, variants: Sequence[str] | None = None
    ) -> list[Shown]:
        """The kernels that have a section. Errors: `MissingError` if none has it."""
        for name in variants or []:
            self._run.variant(name)
        if kind not in (None, *KINDS):
            raise ValueError(f"kind is {kind!r} instead of 'nngp', 'ntk' or 'kernel'")
        found = [
            kernel
            for kernel in self._kernels
            if kernel.figures.get(section)
            and kind in (None, kernel.kind)
            and (variants is None or kernel.variant in variants)
        ]
        if not found:
            raise MissingError(f"{self._run.path} has no {section.replace('_', ' ')} to draw")
        kinds = {kernel.kind for kernel in found}
        if kind is None and self._is_sweep and len(kinds) > 1:
            return [kernel for kernel in found if kernel.kind == "ntk"]
        return found

    def _varied(self, kernels: Sequence[Shown]) -> str:
        for name in PARAMETERS:
            if len(values_of(kernels, name)) > 1:
                return name
        raise MissingError(
            f"{self._run.path} has one network; a job has several with `depths`, "
            "`weight_variances` or `bias_variances`"
        )
