"""The experiments, on a few images."""

import json
import subprocess
import sys

import numpy as np
import pytest
from small_jobs import BINARY, ROOT, require_program

import ntkdist

sys.path.insert(0, str(ROOT / "python/experiments"))


def test_lenet_and_its_linearization_learn_signs_of_eigenvectors(tmp_path):
    pytest.importorskip("jax")
    require_program()
    import lenet

    records = np.random.default_rng(0).integers(0, 256, (6, 50, 3073), np.uint8)
    for name, batch in zip([*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"], records):
        batch.tofile(tmp_path / f"{name}.bin")
    chunks, run, out = tmp_path / "jac/first", tmp_path / "run", tmp_path / "lenet.json"
    chunks.parent.mkdir()
    lenet.main(["jacobian", str(tmp_path), str(chunks), "--images", "256", "--chunk", "40MB"])
    files = ntkdist.Jacobians(chunks)
    assert files.description["parameters"] == 136_121

    job = {
        "features": {"train": f"{chunks}-*.npy"},
        "precision": "f32",
        "spectrum": {"vectors": 256},
        "output": str(run),
    }
    (tmp_path / "job.yaml").write_text(json.dumps(job))
    subprocess.run([BINARY, "run", tmp_path / "job.yaml", "--progress", "none"], check=True)
    kernel = np.asarray(ntkdist.open(run).kernel("kernel")[:])
    assert np.abs(kernel - files.kernel()).max() < 1e-4 * np.abs(kernel).max()

    learn = ["learn", str(tmp_path), str(run), str(out), "--epochs", "4", "--indices", "1", "200"]
    learn += ["--rate", "0.002"]
    lenet.main(learn)
    easy, hard = json.loads(out.read_text())
    # Both learn, and the network is close to its linearization as long as it has hardly moved.
    fall = easy["linearized"][0] - easy["linearized"][-1]
    assert fall > 0.01 and easy["network"][0] - easy["network"][-1] > fall / 2
    assert np.abs(np.subtract(easy["network"], easy["linearized"])).max() < fall
    assert easy["linearized"][-1] < hard["linearized"][-1] and len(easy["alignment"]) == 3
    assert easy["alignment"][0] > 10 * hard["alignment"][0]
    # Existing entries are not computed again.
    before = out.read_text()
    lenet.main(learn)
    assert out.read_text() == before
    pytest.importorskip("matplotlib")
    lenet.main(["plot", str(out), str(tmp_path / "lenet.svg")])
    assert (tmp_path / "lenet.svg").stat().st_size > 1000
