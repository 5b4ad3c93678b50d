"""Jacobians of PyTorch's modules."""

import numpy as np
import pytest

import ntkdist

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def module(outputs=1, dtype=torch.float64):
    torch.manual_seed(3)
    return torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.Tanh(),
        torch.nn.Flatten(),
        torch.nn.Linear(24, outputs),
    ).to(dtype)


def inputs(dtype=np.float64):
    return np.random.default_rng(5).standard_normal((7, 2, 5, 4)).astype(dtype)


def by_hand(net, x):
    """[n, outputs, parameters], one backward pass for each number."""
    rows = []
    for one in torch.from_numpy(x):
        for value in net(one[None])[0]:
            net.zero_grad()
            value.backward(retain_graph=True)
            rows.append(np.concatenate([p.grad.numpy().ravel() for p in net.parameters()]))
    return np.array(rows).reshape(len(x), -1, len(rows[0]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_values(tmp_path, outputs, dtype):
    net, x = module(outputs, getattr(torch, dtype)).eval(), inputs(dtype)
    expected = by_hand(net, x)
    found = ntkdist.jacobians(net, None, x, tmp_path / "train", chunk=2000 * outputs)
    assert len(found.files) > 3
    assert sorted(set(found.layers)) == ["0", "1", "4"]
    whole = np.concatenate(list(found.chunks()), -1).reshape(expected.shape)
    assert whole.dtype == dtype
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    assert np.abs(whole - expected).max() < tolerance * np.abs(expected).max()
    full = np.einsum("ikp,jlp->ijkl", expected.astype(float), expected.astype(float))
    assert np.allclose(found.kernel(full=True), full, rtol=1e-12 if dtype == "float64" else 1e-4)
    # Inputs may be tensors, and some of the parameters can be selected.
    own = {name: value for name, value in net.named_parameters() if name.startswith("4")}
    last = ntkdist.jacobians(net, own, torch.from_numpy(x), tmp_path / "last")
    assert np.allclose(last.kernel(), found.kernel(["4"]), rtol=1e-5)


def test_the_kernel_of_one_layer_among_thirteen(tmp_path):
    class Sum(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name in range(13):
                self.add_module(str(name), torch.nn.Linear(3, 1))

        def forward(self, x):
            return sum(self._modules[str(name)](x) for name in range(13))

    x = np.random.default_rng(5).standard_normal((4, 3)).astype(np.float32)
    found = ntkdist.jacobians(Sum().eval(), None, x, tmp_path / "train")
    assert np.array_equal(found.kernel("12"), found.kernel(["12"]))
    assert np.allclose(found.kernel("12"), x @ x.T + 1, rtol=1e-6)
    with pytest.raises(ValueError, match="no layer is called '13'"):
        found.kernel("13")


def test_functions_of_tensors(tmp_path):
    params = {"a": torch.tensor([1.0, 2.0], dtype=torch.float64), "count": torch.tensor(3)}
    x = np.random.default_rng(5).standard_normal((4, 2))
    found = ntkdist.jacobians(
        lambda p, x: (x * p["a"] ** 2).sum(1) * p["count"], params, x, tmp_path / "train"
    )
    assert np.allclose(np.load(found.files[0]), x * [6.0, 12.0])


def test_projections_are_those_of_jax(tmp_path):
    pytest.importorskip("jax", reason="JAX is not installed")
    x = np.random.default_rng(5).standard_normal((4, 3)).astype(np.float32)
    weights = np.random.default_rng(6).standard_normal((3, 2000)).astype(np.float32)
    found = [
        ntkdist.jacobians(
            lambda p, x: (x @ p["w"]).sum(1) ** 2, {"w": own}, x, tmp_path / name, project=64
        )
        for name, own in (("jax", weights), ("torch", torch.from_numpy(weights)))
    ]
    a, b = (np.load(one.files[0]) for one in found)
    assert np.allclose(a, b, rtol=1e-3, atol=1e-4 * np.abs(a).max())


def test_modules_in_training_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"its 1 is BatchNorm2d.*call eval\(\)"):
        ntkdist.jacobians(module(), None, inputs(), tmp_path / "train")


def test_an_interrupted_call_goes_on(tmp_path):
    net, x = module().eval(), inputs()
    found = ntkdist.jacobians(net, None, x, tmp_path / "train", "1KB")
    before = open(found.files[1], "rb").read()
    (tmp_path / "train-00001.npy").unlink()
    ntkdist.jacobians(net, None, x, tmp_path / "train", "1KB")
    assert open(found.files[1], "rb").read() == before


def test_results_that_are_not_one_tensor_are_refused(tmp_path):
    class Pair(torch.nn.Linear):
        def forward(self, x):
            return super().forward(x), x

    x = np.ones((4, 3), np.float32)
    with pytest.raises(ValueError, match="the module does not return an array"):
        ntkdist.jacobians(Pair(3, 2).eval(), None, x, tmp_path / "train")
    params = {"a": torch.ones(3)}
    for function in (lambda p, x: [x @ p["a"]], lambda p, x: (x @ p["a"]).sum()):
        with pytest.raises(ValueError, match="the function does not return an array"):
            ntkdist.jacobians(function, params, x, tmp_path / "train")


def test_bfloat16(tmp_path):
    net = torch.nn.Linear(3, 2).bfloat16().eval()
    x = torch.randn(4, 3).bfloat16()
    found = ntkdist.jacobians(net, None, x, tmp_path / "train")
    assert np.load(found.files[0]).dtype == np.float32
    rows = x.float().numpy()
    assert np.allclose(found.kernel(), rows @ rows.T + 1, rtol=1e-6)
    same = ntkdist.jacobians(net, None, rows, tmp_path / "same")
    assert np.array_equal(same.kernel(), found.kernel())
