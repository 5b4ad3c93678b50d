"""`kernel_fn`: inputs, results and errors."""

import sys

import numpy as np
import pytest

import ntkdist
from ntkdist import stax

pytestmark = pytest.mark.usefixtures("kernels")


def test_one_layer_by_hand(x):
    kernel = stax.Dense(1, 1.5, 0.5).kernel_fn(x, None, ("nngp", "ntk"))
    expected = 2.25 * x @ x.T / 6 + 0.25
    assert np.allclose(kernel.nngp, expected, rtol=1e-13)
    assert np.allclose(kernel.ntk, expected, rtol=1e-13)


def test_get(kernel_fn, x):
    both = kernel_fn(x, x[:2], ("ntk", "nngp"))
    assert both._fields == ("ntk", "nngp")
    assert type(both).__name__ == "AnalyticKernel"
    assert np.array_equal(kernel_fn(x, x[:2], "ntk"), both.ntk)
    whole = kernel_fn(x, x[:2])
    assert isinstance(whole, ntkdist.Kernel)
    assert np.array_equal(whole.ntk, both.ntk)
    assert np.array_equal(whole.nngp, both.nngp)
    assert np.allclose(whole.cov1[:2], whole.cov2)
    assert kernel_fn(x, x[:2], "shape1") == (5, 1)
    assert kernel_fn(x, None, ["cov1"]).cov1.shape == (5,)
    assert np.array_equal(kernel_fn(x, get="cov1"), np.diag(kernel_fn(x, get="nngp")))
    assert kernel_fn(x).cov2 is None
    assert np.array_equal(kernel_fn(x, x).cov2, kernel_fn(x).cov1)
    assert np.array_equal(kernel_fn(x, x.copy()).cov2, kernel_fn(x).cov1)
    assert np.array_equal(kernel_fn(x, x[:2], "NTK"), both.ntk)
    upper = kernel_fn(x, x[:2], ("NTK", "Nngp"))
    assert upper._fields == ("ntk", "nngp") and np.array_equal(upper.nngp, both.nngp)
    for get in ("nttk", ("ntk", "K"), "", 5, (), ("ntk", "NTK"), (5,)):
        with pytest.raises((ValueError, TypeError)):
            kernel_fn(x, None, get)


def test_results_are_arrays_that_scripts_can_wait_for(kernel_fn, x):
    ntk = kernel_fn(x, None, "ntk")
    assert isinstance(ntk, np.ndarray)
    assert ntk.block_until_ready() is ntk
    mean = ntkdist.predict.gp_inference(ntk, x[:, :1])("ntk", ntk)
    assert mean.block_until_ready() is mean


def test_square_kernels_are_symmetric(kernel_fn, x):
    for name in ("nngp", "ntk"):
        kernel = kernel_fn(x, None, name)
        assert np.array_equal(kernel, kernel.T)
        assert np.array_equal(kernel_fn(x, x.copy(), name), kernel)


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (np.float64, np.float64),
        (np.float32, np.float32),
        (np.float16, np.float32),
        (np.int64, np.float64),
        (np.uint8, np.float64),
        (np.bool_, np.float64),
        (">f8", np.float64),
    ],
)
def test_dtypes(kernel_fn, given, dtype):
    x = (np.arange(12).reshape(3, 4) % 5).astype(given)
    kernel = kernel_fn(x)
    expected = kernel_fn(x.astype(np.float64))
    for name in ("nngp", "ntk", "cov1"):
        assert getattr(kernel, name).dtype == dtype
        assert np.array_equal(getattr(kernel, name), getattr(expected, name).astype(dtype))


def test_float32_and_float64_together_are_float64(kernel_fn, x):
    assert kernel_fn(x.astype(np.float32), x, "ntk").dtype == np.float64


def test_arrays_of_jax(jax, kernel_fn, x):
    assert np.array_equal(kernel_fn(jax.numpy.asarray(x), None, "ntk"), kernel_fn(x, None, "ntk"))


def test_layouts(kernel_fn, rng):
    x = rng.standard_normal((6, 10))
    expected = kernel_fn(x[::2, ::2].copy(), None, "ntk")
    read_only = x[::2, ::2].copy()
    read_only.flags.writeable = False
    for same in (x[::2, ::2], np.asfortranarray(x[::2, ::2]), read_only, x[::2, ::2].tolist()):
        assert np.array_equal(kernel_fn(same, None, "ntk"), expected)
    assert np.array_equal(kernel_fn(x[::2, ::2][::-1], None, "ntk"), expected[::-1, ::-1])


def test_inputs_are_not_changed(kernel_fn, x):
    before = x.copy()
    kernel_fn(x, x[:2])
    assert np.array_equal(x, before)


def test_empty_arrays(kernel_fn):
    empty, some = np.zeros((0, 6)), np.ones((3, 6))
    kernel = kernel_fn(empty, some)
    assert kernel.nngp.shape == (0, 3)
    assert kernel.cov1.shape == (0,)
    assert np.array_equal(kernel.cov2, kernel_fn(some).cov1)
    assert kernel_fn(some, empty, "ntk").shape == (3, 0)
    assert kernel_fn(empty, None, "ntk").shape == (0, 0)


WRONG = {
    "none": (TypeError, None),
    "text": (TypeError, "x"),
    "complex": (TypeError, np.ones((2, 3), complex)),
    "objects": (TypeError, np.array([[1, None]])),
    "dates": (TypeError, np.zeros((2, 2), "datetime64[s]")),
    "ragged": (ValueError, [[1.0, 2.0], [3.0]]),
    "number": (ValueError, 3.0),
    "vector": (ValueError, np.ones(3)),
    "no_features": (ValueError, np.ones((3, 0))),
    "nan": (ValueError, np.array([[1.0, np.nan]])),
    "infinite": (ValueError, np.array([[1.0, np.inf], [-np.inf, 1.0]])),
    "pixels": (NotImplementedError, np.ones((2, 32, 32, 1))),
    "volumes": (NotImplementedError, np.ones((2, 3, 3, 3, 1))),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_inputs(kernel_fn, name):
    error, x = WRONG[name]
    with pytest.raises(error) as caught:
        kernel_fn(x)
    assert len(str(caught.value)) > 10
    if error is not NotImplementedError and x is not None:
        with pytest.raises((ValueError, TypeError)):
            kernel_fn(np.ones((2, 3)), x)


def test_the_place_of_a_value_that_is_not_finite(kernel_fn, x):
    x[3, 2] = np.nan
    with pytest.raises(ValueError, match=r"x2\[3, 2\] is nan"):
        kernel_fn(np.ones((2, 6)), x)


def test_large_values_are_not_taken_for_infinite(x):
    with pytest.raises(ValueError, match="scale the images down"):
        stax.Dense(1).kernel_fn(np.sign(x) * 1e308, None, "nngp")


def test_other_shapes(kernel_fn, x):
    with pytest.raises(ValueError, match="one shape"):
        kernel_fn(x, x[:, :3])
    with pytest.raises(ValueError, match="one shape"):
        stax.serial(stax.Flatten(), stax.Dense(1)).kernel_fn(x, np.ones((2, 2, 3)))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"mask_constant": 1.0}, NotImplementedError),
        ({"precision": "f16"}, ValueError),
        ({"threads": 0}, ValueError),
        ({"threads": 1.5}, ValueError),
        ({"thread": 1}, TypeError),
    ],
)
def test_wrong_options(kernel_fn, x, options, error):
    x[0] = 1.0
    with pytest.raises(error):
        kernel_fn(x, None, ("ntk", "cov1"), **options)


@pytest.mark.parametrize("get", ["ntk", ("nngp", "ntk"), "cov1", None])
def test_kernels_inside_jit(jax, kernel_fn, x, get):
    """As in the peer's notebooks."""
    compiled = jax.jit(kernel_fn, static_argnums=(2,))
    for x2 in (None, x[:2]):
        found, expected = compiled(x, x2, get), kernel_fn(x, x2, get)
        if get is None:
            found, expected = found[:2], expected[:2]
        assert np.array_equal(np.asarray(found), np.asarray(expected))
    assert np.array_equal(
        jax.jit(lambda a: kernel_fn(a, a[:2], "ntk") * 2)(x), kernel_fn(x, x[:2], "ntk") * 2
    )


def test_wrong_kernels_of_kernels_and_of_several_inputs(kernel_fn, x):
    with pytest.raises(NotImplementedError, match="serial"):
        kernel_fn(kernel_fn(x).replace(ntk=None))
    for several in ((x, np.ones((5, 2))), (x, x), [x, x], [np.ones((4, 4, 3))] * 2):
        with pytest.raises(NotImplementedError, match="one array"):
            kernel_fn(several)
        with pytest.raises(NotImplementedError, match="one array"):
            kernel_fn(x, several)
    assert np.array_equal(kernel_fn(list(x), None, "ntk"), kernel_fn(x, None, "ntk"))


def test_patterns_of_one_graph_alone():
    kernel_fn = stax.serial(stax.Aggregate(), stax.GlobalAvgPool(), stax.Dense(1)).kernel_fn
    x, graphs = np.ones((2, 3, 1)), np.arange(18.0).reshape(2, 3, 3)
    with pytest.raises(ValueError, match="a graph for each input"):
        kernel_fn(x, None, "ntk", pattern=(np.concatenate([graphs, graphs]), graphs))
    with pytest.raises(NotImplementedError, match="give both"):
        kernel_fn(x, None, "ntk", pattern=(graphs, None))
    with pytest.raises(ValueError, match="shape"):
        kernel_fn(x, None, "ntk", pattern=(graphs[:, :2], graphs[:, :2]))
    same = np.repeat(graphs[:1], 2, 0)
    with_graph = kernel_fn(x, None, "ntk", pattern=(same, same))
    assert not np.allclose(with_graph, kernel_fn(x, None, "ntk"))
    assert np.array_equal(kernel_fn(x, None, "ntk", pattern=None), kernel_fn(x, None, "ntk"))


def test_networks_that_end_with_pixels(rng):
    x1, x2 = rng.standard_normal((3, 4, 5, 2)), rng.standard_normal((2, 4, 5, 2))
    body = [stax.Conv(8, (2, 2)), stax.Relu(), stax.Conv(8, (2, 2), padding="SAME")]
    kernel_fn = stax.serial(*body).kernel_fn
    every = kernel_fn(x1, x2)
    assert every.ntk.shape == (3, 2, 3, 3, 4, 4) and every.cov2.shape == (2, 3, 3, 4, 4)
    pixels = kernel_fn(x1, x2, diagonal_spatial=True)
    assert pixels.ntk.shape == (3, 2, 3, 4) and pixels.cov1.shape == (3, 3, 4)
    assert pixels.diagonal_spatial and pixels.shape1 == (3, 3, 4, 8)
    flat = stax.serial(*body, stax.Flatten()).kernel_fn(x1, x2)
    assert np.allclose(pixels.ntk.mean((2, 3)), flat.ntk, rtol=1e-12)
    assert np.allclose(pixels.cov2.mean((1, 2)), flat.cov2, rtol=1e-12)
    for name in ("nngp", "ntk", "cov1", "cov2"):
        pairs = getattr(every, name)
        # After two convolutions, the axes are in their original order.
        assert np.allclose(np.einsum("...hhww->...hw", pairs), getattr(pixels, name), rtol=1e-12)
    with pytest.raises(ValueError, match="GlobalAvgPool needs kernels of different pixels"):
        stax.GlobalAvgPool().kernel_fn(pixels)
    mean = stax.serial(*body, stax.GlobalAvgPool()).kernel_fn(x1, x2, "ntk")
    assert np.allclose(every.ntk.mean((2, 3, 4, 5)), mean, rtol=1e-12)
    one = stax.Conv(8, (4, 5)).kernel_fn(x1, x2)
    assert one.ntk.shape == (3, 2, 1, 1, 1, 1)


def test_precision(kernel_fn, x):
    exact = kernel_fn(x, None, "ntk")
    single = kernel_fn(x, None, "ntk", precision="f32")
    assert single.dtype == np.float64
    assert not np.array_equal(single, exact)
    assert np.allclose(single, exact, rtol=1e-5)
    ntkdist.config.precision = "f32"
    try:
        assert np.array_equal(kernel_fn(x, None, "ntk"), single)
    finally:
        ntkdist.config.precision = "f64"


def test_text_and_layers_have_the_same_kernels(rng):
    x = rng.standard_normal((3, 4, 4, 2))
    net = stax.serial(
        stax.Conv(8, (3, 3), padding="SAME"),
        stax.Elementwise("tanh"),
        stax.GlobalAvgPool(),
        stax.Dense(1),
    )
    for text in (net.yaml(), "network:\n" + net.yaml()):
        assert np.array_equal(
            stax.from_yaml(text).kernel_fn(x, None, "ntk"), net.kernel_fn(x, None, "ntk")
        )


@pytest.mark.parametrize(
    "function", [lambda x: x * (x > 0), lambda x: np.where(x > 0, x, 0), "where(x > 0, x, 0)"]
)
def test_conditions_of_functions(x, function):
    def kernel(activation):
        net = stax.serial(stax.Dense(1, 1.3, 0.2), activation, stax.Dense(1))
        return net.kernel_fn(x, None, "nngp")

    assert np.allclose(kernel(stax.Elementwise(function)), kernel(stax.Relu()), rtol=1e-10)


def test_errors_of_text_name_the_layer():
    with pytest.raises(ntkdist.NetworkError, match="layer 1"):
        stax.from_yaml("[{dense: {weight_varianc: 2}}]").kernel_fn(np.ones((2, 3)))
    with pytest.raises(ValueError):
        stax.from_yaml("[dense").kernel_fn(np.ones((2, 3)))


def test_batch_changes_nothing(kernel_fn, x):
    batched = ntkdist.batch(kernel_fn, 2, device_count=0, store_on_device=False)
    assert batched is kernel_fn


def test_finite_networks_without_jax_say_what_is_missing(kernel_fn, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    for function in (ntkdist.empirical_nngp_fn, ntkdist.empirical_ntk_fn, ntkdist.linearize):
        with pytest.raises(ImportError, match=r"finite networks need JAX.*ntkdist\[jax\]"):
            function(kernel_fn, ())
