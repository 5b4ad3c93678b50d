"""Jacobians of parameters and inputs in bfloat16, which NumPy does not have."""

import numpy as np
import pytest

import ntkdist


def fn(params, x):
    return (x @ params["w"] + params["b"]).sum(1) ** 2


@pytest.fixture
def params(jax):
    w = np.random.default_rng(1).standard_normal((3, 20))
    return {"w": jax.numpy.asarray(w, "bfloat16"), "b": jax.numpy.asarray(w[0], "bfloat16")}


@pytest.fixture
def inputs(jax):
    return jax.numpy.asarray(np.random.default_rng(2).standard_normal((4, 3)), "bfloat16")


@pytest.mark.parametrize("dtype", [None, "f2", "f4"])
def test_parameters(jax, params, inputs, tmp_path, dtype):
    found = ntkdist.jacobians(fn, params, inputs, tmp_path / "train", dtype=dtype)
    assert np.load(found.files[0]).dtype == np.dtype(dtype or "f4")
    doubles = jax.tree_util.tree_map(lambda leaf: leaf.astype("float64"), params)
    exact = ntkdist.jacobians(fn, doubles, inputs.astype("float64"), tmp_path / "exact")
    # bfloat16 has 8 bits.
    assert np.abs(found.kernel() - exact.kernel()).max() < 0.03 * np.abs(exact.kernel()).max()


def test_parameters_of_several_precisions(params, inputs, tmp_path):
    params["w"] = params["w"].astype("float16")
    x = np.asarray(inputs.astype("float32"))
    found = ntkdist.jacobians(fn, params, x, tmp_path / "train")
    assert {np.load(file).dtype for file in found.files} == {np.dtype("f4")}


def test_inputs_stay_in_bfloat16(jax, params, inputs, tmp_path):
    kinds = []

    def noted(params, x):
        kinds.append(x.dtype)
        return fn(params, x)

    ntkdist.jacobians(noted, params, inputs, tmp_path / "train")
    assert set(kinds) == {jax.numpy.dtype("bfloat16")}
    other = inputs.at[3, 2].add(1)
    with pytest.raises(ntkdist.failures.JobError, match="fingerprint differs"):
        ntkdist.jacobians(fn, params, other, tmp_path / "train")


def test_inputs_of_pytorch_modules(inputs, tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    net = torch.nn.Linear(3, 2).bfloat16().eval()
    rows = np.asarray(inputs.astype("float32"))
    found = ntkdist.jacobians(net, None, inputs, tmp_path / "train")
    assert np.allclose(found.kernel(), rows @ rows.T + 1, rtol=1e-6)
