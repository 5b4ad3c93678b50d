"""Small images of three classes, the same in every run."""

import numpy as np


def images(train, test, size=8, classes=3, seed=0):
    """Images [n, size, size, 1] and one-hot targets: those of training, then of the test."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    patterns = [
        np.sin(2 * np.pi * (k + 1) * (x * np.cos(k) + y * np.sin(k))) for k in range(classes)
    ]
    labels = rng.integers(classes, size=train + test)
    noise = rng.standard_normal((train + test, size, size))
    pixels = (np.array(patterns)[labels] + noise)[..., None]
    pixels = (pixels - pixels[:train].mean()) / pixels[:train].std()
    targets = np.eye(classes)[labels] - 1 / classes
    return (pixels[:train], targets[:train]), (pixels[train:], targets[train:])


def accuracy(outputs, targets):
    """The share of images whose largest output is that of their class."""
    return float(np.mean(np.argmax(outputs, -1) == np.argmax(targets, -1)))
