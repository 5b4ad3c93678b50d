"""Calls that find files of another function, other outputs or other constants."""

import json

import numpy as np
import pytest

import ntkdist
from ntkdist.failures import DataError, JobError

projected = pytest.mark.parametrize("project", [None, 8])


@pytest.fixture
def fn(jax):
    return lambda params, x: jax.numpy.tanh(x @ params["a"]) @ params["b"]


@pytest.fixture
def params():
    rng = np.random.default_rng(1)
    return {"a": rng.standard_normal((3, 5)), "b": rng.standard_normal((5, 2))}


@pytest.fixture
def x():
    return np.random.default_rng(2).standard_normal((6, 3))


@projected
@pytest.mark.parametrize("there, now", [(0, 1), ([0, 1], [1, 0]), (None, [1, 0])])
def test_other_outputs(fn, params, x, tmp_path, project, there, now):
    out = tmp_path / "train"
    ntkdist.jacobians(fn, params, x, out, outputs=there, project=project)
    with pytest.raises(JobError, match=r"output_indices differs \(\[0.* there, \[1.* now\)"):
        ntkdist.jacobians(fn, params, x, out, outputs=now, project=project)
    # These are the same outputs, counted from the end.
    same = [-2, -1] if there is None else np.subtract(there, 2)
    ntkdist.jacobians(fn, params, x, out, outputs=same if np.ndim(same) else -2, project=project)


@projected
def test_other_functions(jax, fn, params, x, tmp_path, project):
    out = tmp_path / "train"
    ntkdist.jacobians(fn, params, x, out, project=project)
    for other in (
        lambda params, x: jax.numpy.sin(x @ params["a"]) @ params["b"],
        lambda params, x: 1.05 * fn(params, x),
        lambda params, x: -fn(params, x),
        lambda params, x: fn(params, x[:, ::-1]),
        lambda params, x: fn(params, x)[:, ::-1],
        lambda params, x: fn(params, x) * np.nan,
    ):
        with pytest.raises(JobError, match="train.json holds derivatives that differ"):
            ntkdist.jacobians(other, params, x, out, project=project)
    # A constant has no derivatives, and devices round differently.
    ntkdist.jacobians(lambda params, x: 1.0001 * fn(params, x) + 3, params, x, out, project=project)


@projected
def test_other_functions_whose_first_rows_are_zero(jax, fn, params, x, tmp_path, project):
    def frozen(name):
        stopped = jax.lax.stop_gradient
        return lambda p, x: getattr(jax.numpy, name)(x @ stopped(p["a"])) @ p["b"]

    out = tmp_path / "train"
    x[0] = 0
    train = ntkdist.jacobians(frozen("tanh"), params, x, out, project=project)
    assert not np.load(train.files[0])[0].any()
    with pytest.raises(JobError, match="train.json holds derivatives that differ"):
        ntkdist.jacobians(frozen("sin"), params, x, out, project=project)


@projected
def test_other_constants(jax, fn, params, x, tmp_path, project):
    keys = jax.random.key(0), jax.random.key(1)
    params |= {"mask": np.array([1, 0, 1, 1, 1]), "key": keys[0], "steps": 7}
    out = tmp_path / "train"

    def masked(params, x):
        return fn({**params, "a": params["a"] * params["mask"]}, x)

    ntkdist.jacobians(masked, params, x, out, project=project)
    ntkdist.jacobians(masked, params, x, out, project=project)
    for name, other in (("mask", np.array([1, 1, 1, 1, 0])), ("key", keys[1]), ("steps", 8)):
        with pytest.raises(JobError, match="fingerprint differs"):
            ntkdist.jacobians(masked, {**params, name: other}, x, out, project=project)


@projected
def test_other_buffers(tmp_path, project):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    net = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh(), torch.nn.Linear(4, 1)
    ).eval()
    x = torch.randn(4, 3)
    own = {name: value for name, value in net.named_parameters() if name.startswith("3")}
    for params, out in ((None, tmp_path / "all"), (own, tmp_path / "last")):
        ntkdist.jacobians(net, params, x, out, project=project)
        ntkdist.jacobians(net, params, x, out, project=project)
        with torch.no_grad():
            net[1].running_mean += 1e-6
        with pytest.raises(JobError, match="fingerprint differs"):
            ntkdist.jacobians(net, params, x, out, project=project)
    # Parameters that are not in `params` count as well.
    ntkdist.jacobians(net, own, x, tmp_path / "own", project=project)
    with torch.no_grad():
        net[0].bias += 1e-6
    with pytest.raises(JobError, match="fingerprint differs"):
        ntkdist.jacobians(net, own, x, tmp_path / "own", project=project)


@projected
def test_other_functions_of_tensors(tmp_path, project):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    params = {"a": torch.randn(3), "count": torch.tensor(3)}
    x, out = torch.randn(4, 3), tmp_path / "train"
    ntkdist.jacobians(lambda p, x: (x * p["a"]).sin() * 2, params, x, out, project=project)
    ntkdist.jacobians(lambda p, x: 2 * (x * p["a"]).sin(), params, x, out, project=project)
    with pytest.raises(JobError, match="train.json holds derivatives that differ"):
        ntkdist.jacobians(lambda p, x: (x * p["a"]).cos() * 2, params, x, out, project=project)
    params["count"] = torch.tensor(4)
    with pytest.raises(JobError, match="fingerprint differs"):
        ntkdist.jacobians(lambda p, x: (x * p["a"]).sin() * 2, params, x, out, project=project)


def test_buffers_of_any_layout(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Graph(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 2)
            self.register_buffer("adjacency", torch.eye(3).to_sparse())
            self.register_buffer("scale", torch.ones((), requires_grad=True))

        def forward(self, x):
            return self.layer(x @ self.adjacency.to_dense()) * self.scale

    graph, x = Graph(), torch.randn(4, 3)
    first = ntkdist.jacobians(graph, None, x, tmp_path / "train", outputs=0)
    assert np.abs(first.kernel()).max() > 0
    ntkdist.jacobians(graph, None, x, tmp_path / "train", outputs=0)
    graph.adjacency = 2 * graph.adjacency
    with pytest.raises(JobError, match="fingerprint differs"):
        ntkdist.jacobians(graph, None, x, tmp_path / "train", outputs=0)


def test_derivatives_that_are_not_finite(fn, params, x, tmp_path):
    x[2] = np.nan
    for _ in range(2):
        with pytest.raises(DataError, match="input 2 by a is not finite"):
            ntkdist.jacobians(fn, params, x, tmp_path / "train")
    text = (tmp_path / "train.json").read_text()
    assert json.loads(text)["derivatives"] is None


def test_files_with_older_manifests(jax, fn, params, x, tmp_path):
    def frozen(params, x):
        return fn({**params, "a": jax.lax.stop_gradient(params["a"])}, x)

    out = tmp_path / "train"
    train = ntkdist.jacobians(frozen, params, x, out, outputs=0)
    manifest = json.loads((tmp_path / "train.json").read_text())
    del manifest["output_indices"], manifest["derivatives"]
    (tmp_path / "train.json").write_text(json.dumps(manifest))
    before = train.kernel()
    (tmp_path / "train-00000.npy").unlink()
    assert np.array_equal(ntkdist.jacobians(frozen, params, x, out, outputs=0).kernel(), before)
    # The first chunk is zero, so the second one is compared.
    with pytest.raises(JobError, match="train-00001.npy holds derivatives that differ"):
        ntkdist.jacobians(frozen, params, x, out, outputs=1)
