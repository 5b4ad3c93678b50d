"""Kernels of random finite networks, and their distance to those of the infinite network."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from . import _plot_style as style
from ._errors import NetworkError
from ._finite import Network, network_of
from ._inputs import checked, require_finite
from ._jax import jax
from ._plot_style import Axes
from ._progress import Progress, ProgressBar, Report
from ._random_networks import Maker, of_width, sampled
from .stax._net import Net

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A kernel of finite networks, estimated at several widths.

    Attributes:
        widths: [w], ascending.
        mean: [w, n, n], over the samples.
        error: [w, n, n], the standard error of the mean.
        reference: [n, n], the infinite network's kernel; if there is none, the mean of the
            widest networks.
        is_infinite: whether the reference is the infinite network's kernel.
        distances: [w, samples], the distance of each network's kernel to the reference: the
            Frobenius norm of the difference over that of the reference. NaN for the widest
            networks if there is no infinite one.
    """

    widths: NDArray[np.int64]
    mean: Array
    error: Array
    reference: Array
    is_infinite: bool
    distances: Array

    @property
    def distance(self) -> Array:
        """[w], the root mean square distance of one network's kernel."""
        mean: Array = (self.distances**2).mean(1)
        return np.sqrt(mean)

    @property
    def slope(self) -> float:
        """The slope of log `distance` over log width: -1/2 if the theory holds."""
        known = np.isfinite(self.distance) & (self.distance > 0)
        if known.sum() < 2:
            return float("nan")
        x, y = np.log(self.widths[known]), np.log(self.distance[known])
        return float(np.polyfit(x, y, 1)[0])

    def deviations(self) -> Array:
        """[w, n, n], the mean's distance from the reference in standard errors."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.nan_to_num((self.mean - self.reference) / self.error, posinf=np.inf)


@dataclass(frozen=True)
class MonteCarlo:
    """NNGP and NTK of finite networks.

    Attributes:
        nngp: kernels from the covariance of the outputs.
        ntk: neural tangent kernels.
    """

    nngp: Estimate
    ntk: Estimate

    def plot(self, axes: Axes | None = None) -> Axes:
        """Plots the distance of one network's kernels over width; the slope -1/2 is dashed.

        Raises ResourceError without matplotlib.
        """
        axes = style.new_axes("Kernels of finite networks", axes)
        for color, (name, kernel) in enumerate((("NNGP", self.nngp), ("NTK", self.ntk))):
            known = np.isfinite(kernel.distance)
            if not known.any():
                continue
            widths, distance = kernel.widths[known], kernel.distance[known]
            style.line(axes, widths, distance, name, color, points=True)
            style.dashed(axes, widths, distance[0] * (widths / widths[0]) ** -0.5, color)
        axes.set_xlabel("width")
        axes.set_ylabel(
            "distance to the infinite network"
            if self.ntk.is_infinite
            else "distance to the widest networks"
        )
        style.logarithmic(axes, "x", "y")
        style.key(axes, "slope -1/2")
        return axes


def monte_carlo(
    network: Network | Maker,
    x: Any,
    widths: Sequence[int] = (64, 128, 256, 512, 1024, 2048, 4096),
    samples: int = 16,
    *,
    seed: int = 0,
    reference: Any = "infinite",
    progress: Report = False,
) -> MonteCarlo:
    """NNGP and NTK of random finite networks at several widths, with JAX.

    Args:
        network: as in `finite`; or a function of a width that returns (init_fn, apply_fn).
        x: inputs [n, height, width, channels] or [n, features].
        widths: channels of hidden layers. If layers specify their `width`, the widest of them gets
            this many channels, and the others in proportion.
        samples: number of networks of each width, 2 or more.
        seed: seed of their parameters.
        reference: "infinite": the kernels of the infinite network, if it has any; None: those of
            the widest networks; or other kernels, with fields `nngp` and `ntk` [n, n].
        progress: True for a bar, or a function to call with each `Progress`.

    Raises what `finite` raises, and ValueError for widths and samples that make no sense.
    """
    inputs = checked(x, "x")
    require_finite(inputs, "x")
    sizes = sorted(set(widths))
    if not sizes or any(isinstance(w, bool) or int(w) != w or w < 1 for w in sizes):
        raise ValueError(f"widths are {widths!r}; give whole numbers, 1 or more")
    if isinstance(samples, bool) or int(samples) != samples or samples < 2:
        raise ValueError(f"samples is {samples!r}; give a whole number, 2 or more")
    report: Callable[[Progress], None] = lambda progress: None  # noqa: E731
    if progress:
        report = ProgressBar() if progress is True else progress
    keys = jax().random.split(jax().random.PRNGKey(seed), len(sizes))
    found: list[dict[str, Array]] = []
    for place, width in enumerate(sizes):
        report(Progress("Monte Carlo", place / len(sizes), f"width {width}"))
        networks = of_width(network, inputs.shape, int(width))
        found.append(sampled(networks, inputs, jax().random.split(keys[place], samples)))
    report(Progress("Monte Carlo", 1.0, f"{samples} networks of each width"))
    limit = _infinite(network, inputs) if isinstance(reference, str) else reference
    estimates = {
        name: _estimate(
            np.array(sizes),
            [kernels[name] for kernels in found],
            None if limit is None else np.asarray(getattr(limit, name), np.float64),
        )
        for name in ("nngp", "ntk")
    }
    return MonteCarlo(**estimates)


def _infinite(network: Any, inputs: Any) -> Any:
    """The kernels of the infinite network; None, with a warning, if there are none."""
    net = network(64) if callable(network) else network_of(network)
    try:
        if not isinstance(net, Net):
            raise NotImplementedError("the network is not one of ntkdist.stax")
        kernels = net.kernel_fn(inputs, None, ("nngp", "ntk"))
    except (NotImplementedError, NetworkError) as error:
        warnings.warn(
            f"distances are to the widest networks, for there is no infinite one: {error}",
            stacklevel=3,
        )
        return None
    if kernels.nngp.ndim != 2:
        raise ValueError("the network ends with pixels; end it with flatten or a global pool")
    return kernels


def _estimate(widths: NDArray[np.int64], kernels: list[Array], limit: Array | None) -> Estimate:
    """The estimate from the kernels [samples, n, n] of each width."""
    mean = np.array([of_width.mean(0) for of_width in kernels])
    error = np.array([k.std(0, ddof=1) / len(k) ** 0.5 for k in kernels])
    reference = mean[-1] if limit is None else limit
    if reference.shape != mean[0].shape:
        raise ValueError(f"the reference has shape {reference.shape} in place of {mean[0].shape}")
    norm = np.linalg.norm(reference)
    distances = np.array([np.linalg.norm(k - reference, axis=(1, 2)) for k in kernels]) / norm
    if limit is None:
        distances[-1] = np.nan
    return Estimate(widths, mean, error, reference, limit is not None, distances)
