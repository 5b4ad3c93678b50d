"""Covariances of the signals of two sets of images, position by position."""
import dataclasses
import typing

import numpy as np


class Covariances(typing.NamedTuple):
    """K and Theta of pairs of images, [..., P1, P2], with the variances of both sides."""

    k: np.ndarray
    t: np.ndarray
    # [..., P1, 1] and [..., 1, P2]
    q1: np.ndarray
    q2: np.ndarray
    # Whether both sides are the same image, so that its noise is on the diagonal.
    same: bool


def variances(k):
    """The diagonals of covariances [..., P, P]."""
    return np.diagonal(k, axis1=-2, axis2=-1)


@dataclasses.dataclass
class Signal:
    """The covariances of a network's signals for `left` and `right` images.

    Each of `left`, `right` and `cross` is (K, Theta). `left` and `right` have every image with
    itself, `cross` has each left image with each right one; the leading axes of the three broadcast.
    """

    left: tuple
    right: tuple
    cross: tuple
    # Rows and columns of positions; None after a readout.
    shape: tuple | None
    # Channels of the finite network; None if not known.
    width: float | None = None
    # The signal of the images; None for this signal itself.
    image: "Signal | None" = None

    @property
    def covariances(self):
        """The three sets as `Covariances`: left, right, cross."""
        q1, q2 = variances(self.left[0]), variances(self.right[0])
        return [
            Covariances(*self.left, q1[..., :, None], q1[..., None, :], True),
            Covariances(*self.right, q2[..., :, None], q2[..., None, :], True),
            Covariances(*self.cross, q1[..., :, None], q2[..., None, :], False),
        ]

    def replaced(self, pairs, **changes):
        """The signal with other (K, Theta), and with changes of shape or width."""
        left, right, cross = pairs
        return dataclasses.replace(self, left=left, right=right, cross=cross, **changes)

    def map(self, rule, **changes):
        """Applies a rule, from `Covariances` to (K, Theta), to all three."""
        return self.replaced([rule(c) for c in self.covariances], **changes)

    def linear(self, rule, **changes):
        """Applies one map to K and Theta."""
        return self.map(lambda c: (rule(c.k), rule(c.t)), **changes)


def inputs(rows, columns):
    """The signal of images [N, H, W, C] or vectors [N, D]."""
    def positions(images):
        return images.reshape(len(images), -1, images.shape[-1])

    x, y = positions(rows), positions(columns)
    channels = rows.shape[-1]

    def pair(axes, a, b):
        k = np.einsum(axes, a, b) / channels
        return k, np.zeros_like(k)

    left, right = (pair("iac,ibc->iab", a, a) for a in (x, y))
    return Signal(
        left=tuple(m[:, None] for m in left), right=tuple(m[None, :] for m in right),
        cross=pair("iac,jbc->ijab", x, y),
        shape=rows.shape[1:3] if rows.ndim == 4 else None, width=float(channels))
