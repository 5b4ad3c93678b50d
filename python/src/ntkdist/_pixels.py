"""Kernels of networks that end with pixels.

The library computes networks that end after a readout. The kernel of a pair of pixels is that of a
network that multiplies all other pixels by zero. For this, a mask is put below each image; it is 1
at one pixel of the output. For the masks m of p and m' of p', a product and a sum over all pixels
give

    sum over a, a' of K(x, x')[a, a'] m[a] m'[a'] = K(x, x')[p, p'].

Masks are not trained, so the same holds for the NTK.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ._graph import JobLayer, with_absolute_masks
from ._plans import Plan
from ._work import Array, Work

ENDS_WITH_PIXELS = (
    "a network that ends with pixels; end it with Flatten or GlobalAvgPool, or give "
    "diagonal_spatial=True for the kernels of equal pixels alone"
)

#: A layer that changes nothing, so that a branch has weights.
_WEIGHTS: JobLayer = {"dense": {"trained": False}}
#: Entries of the largest kernel of all pairs of pixels, and positions of an image with its mask.
_LIMIT = 1 << 22
_POSITIONS = 512
#: Pixels of the largest output for which kernels of equal pixels are computed.
_PIXELS = 1024


def equal(plan: Plan, work: Work, arrays: dict[str, str]) -> dict[str, Array]:
    """The results for equal pixels of both images: [n1, n2, height, width], [n1, height, width].

    Each pixel is the end of a separate network. Raises NotImplementedError for very many pixels.
    """
    spatial = plan.signal.spatial
    sizes = _sizes(plan)
    if prod(sizes) > _PIXELS:
        raise NotImplementedError(
            f"kernels of equal pixels of {prod(sizes)} pixels, each of which takes a network of "
            "its own; reduce the images, or end the network with Flatten or GlobalAvgPool"
        )
    found: dict[str, Array] = {}
    for place in np.ndindex(*sizes):
        ranges = dict(zip(spatial, ([p, p + 1] for p in place)))
        pixel = {"rows": ranges.get("0", [0, 1]), "columns": ranges.get("1", [0, 1])}
        layers = [*plan.layers, {"slice": pixel}, "flatten"]
        for name, value in work.of(layers).run(arrays).items():
            if name not in found:
                found[name] = np.empty((*value.shape, *sizes))
            found[name][(Ellipsis, *place)] = value
    return found


def all_pairs(plan: Plan, work: Work, arrays: dict[str, str]) -> dict[str, Array]:
    """The results for all pairs of pixels: [n1, n2, height, height, width, width], or with one n.

    Raises NotImplementedError for images that are too large for that, and with dropout.
    """
    spatial = plan.signal.spatial
    sizes = _sizes(plan)
    pair = (
        plan.signal.size("0") if "0" in spatial else 1,
        plan.signal.size("1") if "1" in spatial else 1,
    )
    height, width = pair[0] or 0, pair[1] or 0
    count, (n1, n2) = height * width, work.shape
    image = (work.image[0] + height, max(work.image[1], width), work.image[2])
    if n1 * n2 * count**2 > _LIMIT or image[0] * image[1] > _POSITIONS:
        raise NotImplementedError(f"all pairs of {height} x {width} pixels of {ENDS_WITH_PIXELS}")
    if "dropout" in plan.text and count > 1:
        raise NotImplementedError(f"dropout in {ENDS_WITH_PIXELS}")
    branches = [
        [
            _slice(0, work.image[0], work.image[1]),
            *with_absolute_masks(plan.layers, *work.image[:2]),
            _WEIGHTS,
        ],
        [_slice(work.image[0], image[0], width)],
    ]
    masked = work.of(
        [{"product": {"branches": branches}}, "global_sum_pool"],
        image=image,
        x1=_masked(work.x1, image, (height, width)),
        x2=None if work.x2 is None else _masked(work.x2, image, (height, width)),
    )
    # The library's order is rows and columns; the signal's order may differ, and be reversed.
    order = sorted(spatial)
    axes = [order.index(axis) for axis in (spatial[::-1] if plan.signal.is_reversed else spatial)]
    found: dict[str, Array] = {}
    matrices = {name: source for name, source in arrays.items() if name not in ("cov1", "cov2")}
    if matrices:
        for name, value in masked.run(matrices).items():
            blocks: Array = value.reshape(n1, count, n2, count).swapaxes(1, 2)
            found[name] = _paired(blocks, [sizes[spatial.index(a)] for a in order], axes)
    for name, x in (("cov1", masked.x1), ("cov2", masked.x2)):
        if name in arrays and x is not None:
            own = [
                masked.of_images(part).run({"nngp": "nngp"})["nngp"]
                for part in x.reshape(-1, count, *image)
            ]
            blocks = np.array(own).reshape(-1, count, count)
            found[name] = _paired(blocks, [sizes[spatial.index(a)] for a in order], axes)
    return found


def _sizes(plan: Plan) -> list[int]:
    """The sizes of the spatial axes. Raises NotImplementedError if they are not known."""
    sizes = [size for axis in plan.signal.spatial if (size := plan.signal.size(axis)) is not None]
    if len(sizes) < len(plan.signal.spatial):
        raise NotImplementedError(
            "kernels of pixels behind layers of a text whose sizes only the library knows; end the "
            "network with Flatten or GlobalAvgPool"
        )
    return sizes


def _slice(first: int, end: int, width: int) -> JobLayer:
    return {"slice": {"rows": [first, end], "columns": [0, width]}}


def _masked(x: Array, image: tuple[int, int, int], shape: tuple[int, int]) -> Array:
    """[n pixels, *image]: each of the images [n, ...] with the mask of each pixel below it."""
    n, height, width, _ = x.shape
    count = prod(shape)
    found = np.zeros((n, count, *image))
    found[:, :, :height, :width] = x[:, None]
    rows, columns = np.divmod(np.arange(count), shape[1])
    found[:, np.arange(count), height + rows, columns] = 1.0
    return found.reshape(n * count, *image)


def _paired(blocks: Array, sizes: list[int], axes: list[int]) -> Array:
    """[..., pixels, pixels] as [..., a, a', b, b'] for the spatial axes in the order `axes`."""
    front = blocks.ndim - 2
    full = blocks.reshape((*blocks.shape[:-2], *sizes, *sizes))
    places = [front + half * len(sizes) + axis for axis in axes for half in (0, 1)]
    return np.ascontiguousarray(full.transpose([*range(front), *places]))
