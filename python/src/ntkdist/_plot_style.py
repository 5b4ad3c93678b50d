"""The look of figures: the same as in the program's reports (Sources/Plots)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .failures import ResourceError

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""The colors of Okabe and Ito, which people with any color vision can tell apart."""
MARKERS = ("o", "s", "^", "D", "v", "p")
INK = "#24292f"
GRID = "#dde1e5"
VIRIDIS = (
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#b5de2b",
    "#fde725",
)

PIXELS = 100
"""Pixels per inch; reports are 480 pixels wide with text of 16."""
TEXT = 16 * 72 / PIXELS
LINE = 2 * 72 / PIXELS
DASHES = (0, (3.5, 2.5))

Axes = Any
"""matplotlib's Axes, which has no part in an import of this module."""


def new_axes(title: str, axes: Axes | None = None) -> Axes:
    """Axes in the report's look: those given, or new ones with a title above."""
    if axes is None:
        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise ResourceError(
                "figures are drawn with matplotlib; install it (pip install matplotlib)"
            ) from error
        figure, axes = pyplot.subplots(figsize=(4.8, 3.6), dpi=PIXELS, layout="constrained")
        figure.suptitle(title, color=INK, fontsize=TEXT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(INK)
    axes.tick_params(colors=INK, labelsize=TEXT * 0.85, direction="out")
    axes.xaxis.label.set(color=INK, fontsize=TEXT)
    axes.yaxis.label.set(color=INK, fontsize=TEXT)
    axes.grid(color=GRID, linewidth=LINE / 2)
    axes.set_axisbelow(True)
    return axes


def line(axes: Axes, x: Any, y: Any, label: str | None, color: int, points: bool = False) -> None:
    """A line in the palette's color number `color`, with markers if it has few points."""
    axes.plot(
        x,
        y,
        color=SERIES[color % len(SERIES)],
        linewidth=LINE,
        label=label,
        marker=MARKERS[color % len(MARKERS)] if points else None,
        markersize=4,
    )


def dashed(axes: Axes, x: Any, y: Any, color: int | None = None) -> None:
    """A dashed line for theory and bounds; without a number, in the color of text."""
    axes.plot(
        x,
        y,
        color=INK if color is None else SERIES[color % len(SERIES)],
        linewidth=LINE,
        linestyle=DASHES,
    )


def curve(axes: Axes, times: NDArray[Any], values: NDArray[Any], label: str, color: int) -> bool:
    """A curve over the finite times. Returns whether its value at infinity is drawn, dashed."""
    finite = np.isfinite(times)
    line(axes, times[finite], values[finite], label, color, bool(finite.sum() <= 40))
    positive = times[finite & (times > 0)]
    # A loss of zero has no place on a logarithmic axis.
    if finite.all() or values[~finite][-1] <= 1e-30 or not len(positive):
        return False
    end = values[~finite][-1]
    dashed(axes, [positive.min(), positive.max()], [end, end], color)
    return True


def key(axes: Axes, dashed_means: str | None = None) -> None:
    """The legend above the axes, if there is more than one line."""
    handles, labels = axes.get_legend_handles_labels()
    if dashed_means:
        from matplotlib.lines import Line2D

        handles.append(Line2D([], [], color=INK, linewidth=LINE, linestyle=DASHES))
        labels.append(dashed_means)
    if len(labels) > 1:
        columns = max(1, min(3, 380 // (max(map(len, labels)) * 11 + 64)))
        axes.legend(
            handles,
            labels,
            loc="lower center",
            bbox_to_anchor=(0.5, 1),
            ncols=columns,
            frameon=False,
            labelcolor=INK,
            fontsize=TEXT * 0.85,
            handlelength=2,
        )


def logarithmic(axes: Axes, *which: str) -> None:
    """Makes axes ('x', 'y') logarithmic: powers of ten, or plain numbers over a short range."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for letter in which:
        axis = getattr(axes, f"{letter}axis")
        getattr(axes, f"set_{letter}scale")("log")
        low, high = sorted(getattr(axes, f"get_{letter}lim")())
        axis.set_minor_formatter(NullFormatter())
        if low > 0 and high / low < 200:
            digits = (1.0, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9) if high / low < 8 else (1, 2, 5)
            axis.set_major_locator(LogLocator(subs=digits))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


def cells(
    axes: Axes,
    values: NDArray[np.float64],
    columns: Sequence[str],
    rows: Sequence[str],
    label: str,
    form: str,
) -> None:
    """A table of numbers [rows, columns] as colored cells; NaN leaves a cell empty."""
    from matplotlib.colors import LinearSegmentedColormap

    axes.grid(False)
    image = axes.imshow(
        values, aspect="auto", cmap=LinearSegmentedColormap.from_list("viridis of reports", VIRIDIS)
    )
    axes.set_xticks(range(len(columns)), columns, rotation=90 if len(columns) > 10 else 0)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    bar = axes.figure.colorbar(image, ax=axes)
    bar.set_label(label, color=INK, fontsize=TEXT)
    bar.ax.tick_params(colors=INK, labelsize=TEXT * 0.85)
    low, high = np.nanmin(values), np.nanmax(values)
    if len(columns) > 8:
        return
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            # The palette is dark up to this value.
            is_dark = value < low + 0.6 * (high - low)
            axes.text(
                column,
                row,
                form % value,
                ha="center",
                va="center",
                fontsize=TEXT * 0.7,
                color="#ffffff" if is_dark else "#000000",
            )


def thinned(count: int, limit: int = 240) -> NDArray[np.intp]:
    """At most `limit` of `count` positions, dense at both ends of a logarithmic axis."""
    if count <= limit:
        return np.arange(count)
    first = np.geomspace(1, count, limit - limit // 3).round().astype(np.intp) - 1
    last = count - np.geomspace(1, count, limit // 3).round().astype(np.intp)
    return np.unique(np.concatenate([first, last, [0, count - 1]]))


def density(values: NDArray[np.float64], count: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The outline of a histogram of positive numbers: values, and the share of them per decade."""
    logarithms = np.log10(values[values > 0])
    low, high = logarithms.min(), logarithms.max()
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    # Nearly equal values would otherwise look like a broad distribution.
    missing = max(0.005 * count - (high - low), 0)
    counts, borders = np.histogram(logarithms, count, (low - missing / 2, high + missing / 2))
    shares = counts / counts.sum() / np.diff(borders)
    x = 10 ** np.repeat(borders, 2)
    return x, np.concatenate([[0], np.repeat(shares, 2), [0]])


MOST_LINES = 6
"""More are thinned."""


def even(items: list[Any]) -> list[Any]:
    """Some of the items at equal distances, if there are too many for a figure."""
    if len(items) <= MOST_LINES:
        return items
    places = [place * (len(items) - 1) // (MOST_LINES - 1) for place in range(MOST_LINES)]
    return [items[place] for place in places]


def filled_density(
    axes: Axes, values: NDArray[np.float64], label: str, color: int, is_filled: bool
) -> None:
    """The density of values on a logarithmic axis; too few values have no density."""
    if len(values) < 8:
        return
    x, y = density(values, min(max(int(2 * np.cbrt(len(values))), 8), 60))
    if is_filled:
        axes.fill_between(x, y, color=SERIES[color % len(SERIES)], alpha=0.15, linewidth=0)
    line(axes, x, y, label, color)
