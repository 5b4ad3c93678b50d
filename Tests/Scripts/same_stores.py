"""Compares the results of two builds of the program on the jobs in jobs/, reduced to seconds.

Every file of a store (chunks and zarr.json) must be byte-identical, NumPy files must have the same
shape, type and values to 1e-9, and every key of summary.json must still be there. The script lists
files, keys and numbers that are new or differ. Both builds must come from the same machine: the bits of
a kernel depend on the width of its vector registers.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import yaml

JOBS = pathlib.Path(__file__).resolve().parents[2] / "jobs"
ENVIRONMENT = dict(
    os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
    OMPI_MCA_mpi_yield_when_idle="1", OPENBLAS_NUM_THREADS="1")
RECORDS = 120  # images in each of the five training batches, and in the test batch
VOLATILE = ("seconds", "time", "rate", "started", "ended", "version", "revision", "memory", "bytes")


def write_cifar10(folder):
    """Random images in CIFAR-10's layout, so smooth that their kernels vary."""
    folder.mkdir()
    generator = np.random.default_rng(14)
    shapes = generator.normal(size=(10, 3, 8, 8))
    for name in [f"data_batch_{index}.bin" for index in range(1, 6)] + ["test_batch.bin"]:
        labels = np.arange(RECORDS) % 10
        coarse = 0.5 * shapes[labels] + generator.normal(size=(RECORDS, 3, 8, 8))
        fine = np.kron(coarse, np.ones((4, 4))) + 0.2 * generator.normal(size=(RECORDS, 3, 32, 32))
        pixels = np.clip(128 + 45 * fine, 0, 255).astype(np.uint8).reshape(RECORDS, 3072)
        np.hstack([labels[:, None].astype(np.uint8), pixels]).tofile(folder / name)
    return folder


def reduction(job, cifar10):
    """The settings that make a job take seconds: fewer images, and less depth for convolutions."""
    network, settings = job["network"], {}
    # The time of one pair of images depends on the pairs of pixels: few, many, or a million.
    preset = network.get("preset", "") if isinstance(network, dict) else "cnn-gap"
    pooled = preset == "cnn-gap" or preset.startswith("myrtle")
    small = job["data"].get("reduce", 1) > 1
    train, test = (300, 60) if preset == "fcn" else (20, 6) if small or not pooled else (10, 3)
    if "depths" in network and preset != "fcn":
        limit = 64 if small or not pooled else 6
        settings["network.depths"] = [depth for depth in network["depths"] if depth <= limit]
    if "synthetic" in job["data"]:
        settings["data.synthetic.train"], settings["data.synthetic.test"] = train, test
    else:
        settings["data.cifar10"] = str(cifar10)
        if isinstance(job["data"].get("train"), dict):
            settings["data.train.count"] = train
        else:
            settings["data.train"] = train
        if job["data"].get("test"):
            settings["data.test"] = test
    if isinstance(job.get("spectrum", {}).get("vectors"), int):
        settings["spectrum.vectors"] = min(job["spectrum"]["vectors"], train // 15)
    if job.get("prediction", {}).get("validation"):
        settings["prediction.validation"] = train // 10
    if job.get("alignment", {}).get("targets"):
        settings["alignment.targets"] = [1, 2, 4]
    settings["tile"] = 64 if preset == "fcn" else 4
    return settings


def run(binary, path, settings, output):
    """Runs all stages of a job on one rank."""
    command = [binary, "run", path, "--progress", "none"]
    for key, value in {**settings, "output": str(output)}.items():
        command += ["--set", f"{key}={json.dumps(value)}"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, env=ENVIRONMENT)
    if result.returncode != 0:
        sys.exit(f"{binary} ended with status {result.returncode} on {path.name}:\n{result.stderr}")


def files(run):
    return {str(path.relative_to(run)): path for path in run.rglob("*") if path.is_file()}


def leaves(value, name=""):
    """The keys of a JSON value, as paths, with their numbers."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, f"{name}.{key}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from leaves(part, f"{name}[{index}]")
    else:
        yield name, value


def compare_summaries(old, new):
    """The errors in a summary, and its other differences, compared with an earlier one."""
    before, after = (dict(leaves(json.loads(path.read_text()))) for path in (old, new))
    wrong = [f"summary.json has no {key}" for key in before if key not in after]
    notes = [f"summary.json has a new key {key}" for key in after if key not in before]
    for key, value in before.items():
        other = after.get(key)
        if value == other or any(word in key for word in VOLATILE):
            continue
        if isinstance(value, (int, float)) and isinstance(other, (int, float)):
            if np.isclose(value, other, rtol=1e-9, atol=0):
                continue
        notes.append(f"summary.json{key}: {value} and {other}")
    return wrong, notes


def compare_arrays(name, old, new):
    before, after = np.load(old), np.load(new)
    if (before.shape, before.dtype) != (after.shape, after.dtype):
        return [f"{name}: {before.shape} {before.dtype} and {after.shape} {after.dtype}"]
    scale = np.nanmax(np.abs(before), initial=0)
    if before.dtype.kind == "f" and np.allclose(before, after, 1e-9, 1e-12 * scale, equal_nan=True):
        return []
    return [] if np.array_equal(before, after) else [f"{name} has other values"]


def compare(old, new):
    """Compares two run folders; returns the number of identical files of the store."""
    before, after = files(old), files(new)
    wrong = [f"{name} is missing" for name in before if name not in after]
    notes = [f"{name} is new" for name in after if name not in before]
    identical = 0
    for name in sorted(set(before) & set(after)):
        same = before[name].read_bytes() == after[name].read_bytes()
        if name.startswith("kernels.zarr/"):
            identical += same
            wrong += [] if same else [f"{name} differs"]
        elif name == "summary.json":
            more_wrong, more_notes = compare_summaries(before[name], after[name])
            wrong, notes = wrong + more_wrong, notes + more_notes
        elif name.endswith(".npy") and not same:
            wrong += compare_arrays(name, before[name], after[name])
            notes.append(f"{name} has other bytes")
    return identical, wrong, notes


def main(binaries, jobs):
    passed = failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        cifar10 = write_cifar10(folder / "cifar10")
        for path in jobs:
            settings = reduction(yaml.safe_load(path.read_text()), cifar10)
            for name, binary in zip(("old", "new"), binaries):
                run(binary, path, settings, folder / name)
            identical, wrong, notes = compare(folder / "old", folder / "new")
            print(f"{path.name}: {identical} files of the store are identical", flush=True)
            for line in wrong:
                print(f"  WRONG {line}")
            for line in notes:
                print(f"  {line}")
            passed, failed = passed + (not wrong), failed + bool(wrong)
            for name in ("old", "new"):
                shutil.rmtree(folder / name)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: same-stores OLD-BINARY NEW-BINARY [JOB...]")
    chosen = [pathlib.Path(path) for path in sys.argv[3:]] or sorted(JOBS.glob("*.yaml"))
    sys.exit(main(sys.argv[1:3], chosen))
