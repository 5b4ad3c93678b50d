"""Random networks of all layers, nested three deep, against the reference recursion.

200 networks, or 2,000 with NTK_EXHAUSTIVE=1 (`make test-random-networks`). A network that fails is shown with its seed;
NTK_SEEDS=17,40 runs only these seeds.
"""
import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import ntk_dist
from random_networks import random_case
from reference import kernels, network

COUNT = 2000 if os.environ.get("NTK_EXHAUSTIVE") else 200
SEEDS = [int(seed) for seed in os.environ.get("NTK_SEEDS", "").split(",") if seed] or range(COUNT)
# Relative to the mean of the diagonal.
TOLERANCE = {"f64": 1e-10, "f32": 2e-5}


def bounded_case(seed, folder):
    """The first network of a seed whose signals stay small, with images and reference kernels."""
    for attempt in range(100):
        try:
            layers, rows, columns = random_case([seed, attempt], folder=folder)
            square, cross = kernels(layers, rows), kernels(layers, rows, columns)
        except network.VarianceError:
            continue
        if all(np.abs(k).max() < 1e6 and np.diag(k).mean() > 1e-3 for k in square):
            return layers, rows, columns, square, cross
    raise RuntimeError(f"seed {seed} gives no network")


def program(folder, precision, columns):
    """The kernels that the program computes."""
    out = folder / f"{precision}-{columns}"
    options = ["--columns", folder / "columns.npy"] if columns else []
    result = ntk_dist("kernel", folder / "network.yaml", "--rows", folder / "rows.npy", *options,
                      "--output", out, "--precision", precision)
    assert result.returncode == 0, result.stderr[-500:]
    return [np.load(out / f"{name}.npy") for name in ("nngp", "ntk")]


def check(seed, folder):
    """What is wrong with the program's kernels for a seed's network, or None."""
    folder.mkdir()
    layers, rows, columns, square, cross = bounded_case(seed, folder)
    (folder / "network.yaml").write_text(json.dumps({"network": layers}))
    np.save(folder / "rows.npy", rows)
    np.save(folder / "columns.npy", columns)
    wrong = []
    for precision in ["f64", "f32"] if seed % 4 == 0 else ["f64"]:
        for part, expected in (("square", square), ("cross", cross)):
            try:
                found = program(folder, precision, part == "cross")
            except AssertionError as error:
                return f"{seed}: {error}\n  {json.dumps(layers)}"
            for name, ours, theirs, own in zip(("nngp", "ntk"), found, expected, square):
                error = np.abs(ours - theirs).max() / np.diag(own).mean()
                if not error <= TOLERANCE[precision]:
                    wrong.append(f"{name} {part} {precision} {error:.1e}")
    return f"{seed}: {', '.join(wrong)}\n  {json.dumps(layers)}" if wrong else None


def test_random_networks_agree_with_the_reference(tmp_path, monkeypatch):
    monkeypatch.setattr(network, "LIMIT", 20.0)
    with ThreadPoolExecutor(2) as pool:
        wrong = [line for line in pool.map(lambda s: check(s, tmp_path / f"{s}"), SEEDS) if line]
    (tmp_path / "wrong.txt").write_text("\n".join(wrong))
    assert not wrong, f"{len(wrong)} of {len(SEEDS)} networks:\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("seed", range(3))
def test_the_reference_of_a_tile_is_a_slice_of_the_whole(seed, tmp_path):
    layers, rows, _, square, _ = bounded_case(seed, tmp_path)
    for whole, part in zip(square, kernels(layers, rows[:2])):
        assert np.allclose(whole[:2, :2], part, rtol=1e-12, atol=0)
        assert np.array_equal(whole, whole.T) or np.allclose(whole, whole.T, rtol=1e-12, atol=1e-14)
