"""python -m reference --conformance [FOLDER] [--only REGEX] [--pixels N]: the largest error per case."""
import argparse
import json
import pathlib
import re
import time

import numpy as np

from . import kernels

SHARED = pathlib.Path(__file__).resolve().parents[4] / "shared/conformance"


def worst(found, expected, scale, skip_diagonal):
    """The largest error of an entry, relative to the entry or to a hundredth of the mean diagonal."""
    found = found[: expected.shape[0], : expected.shape[1]]
    error = np.abs(found - expected) / np.maximum(np.abs(expected), 0.01 * scale)
    error[~np.isfinite(expected)] = 0
    if skip_diagonal:
        np.fill_diagonal(error, 0)
    return float(error.max())


def check(folder, case):
    """The errors of one case, by array."""
    images = [np.load(folder / "inputs" / case[key]) for key in ("rows", "columns")]
    expected = np.load(folder / "cases" / f"{case['name']}.npz")
    errors = {}
    for part, columns in (("train", None), ("train_test", images[1])):
        for kernel, found in zip(("nngp", "ntk"), kernels(case["network"], images[0], columns)):
            for source in ("exact", "peer"):
                key = f"{source}_{kernel}_{part}"
                better = f"exact_{kernel}_{part}"
                if key not in expected or (
                        source == "peer" and better in expected
                        and expected[better].shape == expected[key].shape):
                    continue
                square = f"{'exact' if f'exact_{kernel}_train' in expected else 'peer'}_{kernel}_train"
                scale = float(np.nanmean(np.abs(np.diag(expected[square]))))
                skip = source == "peer" and part == "train"
                errors[key] = worst(found, expected[key], scale, skip)
    return errors


def main():
    parser = argparse.ArgumentParser(prog="reference", description=__doc__)
    parser.add_argument("--conformance", type=pathlib.Path, nargs="?", const=SHARED, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--pixels", type=int, default=64, help="leave out larger images before flatten")
    options = parser.parse_args()
    for path in sorted((options.conformance / "cases").glob("*.json")):
        case = json.loads(path.read_text())
        h, w = np.load(options.conformance / "inputs" / case["rows"], mmap_mode="r").shape[1:3]
        if not re.search(options.only, case["name"]) or (
                h * w > options.pixels and case["network"][0] != "flatten"):
            continue
        begun = time.monotonic()
        errors = check(options.conformance, case)
        words = " ".join(f"{key}={error:.1e}" for key, error in errors.items())
        print(f"{max(errors.values()):.1e} {case['name']} ({time.monotonic() - begun:.1f} s): {words}",
              flush=True)


if __name__ == "__main__":
    main()
