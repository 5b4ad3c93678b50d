"""Kernels of inputs with graphs compared with those of neural-tangents."""

import warnings

import numpy as np
import pytest
from peering import inputs

import ntkdist
from ntkdist import stax

pytestmark = pytest.mark.usefixtures("kernels")


@pytest.mark.parametrize("implementation", ["DENSE", "SPARSE"])
@pytest.mark.parametrize("axis", [None, 1, (2,), (1, 2)])
def test_graphs(peer, axis, implementation):
    generator = np.random.default_rng(8)
    x1, x2 = inputs((3, 4, 2))
    axes = (1, 2) if axis is None else (axis,) if isinstance(axis, int) else axis
    sizes = [x1.shape[a] for a in axes]
    if implementation == "DENSE":
        graph = generator.random((1, *sizes, *sizes))
    else:
        edges = [generator.integers(0, size, (1, 7, 2)) for size in sizes]
        graph = np.stack(edges, 2)
        # Padding.
        graph[0, 3] = -1
    patterns = (np.repeat(graph, 3, 0), np.repeat(graph, 2, 0))

    def build(s):
        return s.serial(
            s.Dense(8, 1.3, 0.2),
            s.Relu(),
            s.Aggregate(axis, implementation=implementation),
            s.Dense(3),
            s.GlobalAvgPool(),
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = build(peer.stax)[2](x1, x2, ("nngp", "ntk"), pattern=patterns)
    found = build(stax)[2](x1, x2, ("nngp", "ntk"), pattern=patterns)
    assert np.allclose(found.nngp, expected.nngp, rtol=1e-8)
    assert np.allclose(found.ntk, expected.ntk, rtol=1e-8)


#: The shape of the inputs, the axes of the graphs, and the layers.
GRAPH_NETWORKS = {
    "first": (
        (3, 2),
        None,
        lambda s: [s.Aggregate(), s.Dense(4, 1.2, 0.3), s.Relu(), s.GlobalAvgPool()],
    ),
    "gaussian": (
        (5,),
        None,
        lambda s: [s.Dense(4, 1.2, 0.3), s.Aggregate(), s.Erf(), s.GlobalSumPool()],
    ),
    "twice": (
        (2, 3),
        None,
        lambda s: [s.Aggregate(), s.Aggregate(), s.Dense(4), s.Abs(), s.Flatten()],
    ),
    "convolutions": (
        (3, 4),
        (2,),
        lambda s: [
            s.Conv(4, (2, 3), padding="SAME", b_std=0.2),
            s.Relu(),
            s.Aggregate(2),
            s.Conv(4, (2, 2), padding="SAME"),
            s.Gelu(),
            s.Aggregate(2),
            s.AvgPool((2, 1)),
            s.GlobalAvgPool(),
        ],
    ),
    "branches": (
        (4,),
        None,
        lambda s: [
            s.Dense(4),
            s.FanOut(2),
            s.parallel(s.Identity(), s.serial(s.Relu(), s.Aggregate(), s.Dense(4, 1.1, 0.1))),
            s.FanInSum(),
            s.Relu(),
            s.GlobalAvgPool(),
        ],
    ),
    "repeated": (
        (2, 2),
        (1,),
        lambda s: [
            s.Dense(4),
            s.repeat(s.serial(s.Dense(4, 1.3, 0.2), s.Aggregate(1), s.Relu()), 3),
            s.Flatten(),
        ],
    ),
    "repeated pixels": (
        (2, 3),
        None,
        lambda s: [
            s.Dense(4),
            s.repeat(
                s.serial(
                    s.Conv(4, (2, 2), padding="SAME"),
                    s.Aggregate(),
                    s.Abs(),
                    s.Conv(4, (1, 2), padding="SAME"),
                ),
                2,
            ),
        ],
    ),
    "pixels": (
        (2, 3),
        None,
        lambda s: [s.Conv(4, (2, 2), padding="SAME", b_std=0.3), s.Relu(), s.Aggregate()],
    ),
}


@pytest.mark.parametrize("has_second", [False, True])
@pytest.mark.parametrize("name", GRAPH_NETWORKS)
def test_graphs_of_inputs(peer, name, has_second):
    shape, axes, network = GRAPH_NETWORKS[name]
    generator = np.random.default_rng(3)
    x1, x2 = inputs((*shape, 2), (4, 3))
    sizes = [(1, *shape)[axis] for axis in axes or range(1, len(shape) + 1)]
    first, second = (generator.random((n, *sizes, *sizes)) for n in (4, 3))
    # Some inputs have the same graph.
    first[2] = second[1] = first[0]
    second = second if has_second else first
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, ours = (
            s.serial(*network(s))[2](x1, x2 if has_second else None, pattern=(first, second))
            for s in (peer.stax, stax)
        )
    for field in ("nngp", "ntk", "cov1", "cov2") if has_second else ("nngp", "ntk", "cov1"):
        expected, found = np.asarray(getattr(theirs, field)), getattr(ours, field)
        assert np.allclose(found, expected, rtol=1e-8, atol=1e-10), field
    for field in ("shape1", "shape2", "is_gaussian", "is_reversed", "x1_is_x2"):
        assert getattr(ours, field) == getattr(theirs, field), field


def test_graphs_of_inputs_inside_jit_and_with_all_covariances(jax):
    generator = np.random.default_rng(4)
    x1, x2 = inputs((3, 2), (3, 2))
    pattern = tuple(generator.random((n, 3, 3)) for n in (3, 2))
    kernel_fn = stax.serial(
        stax.Dense(1), stax.Aggregate(), stax.Relu(), stax.GlobalAvgPool()
    ).kernel_fn
    found = kernel_fn(x1, x2, pattern=pattern, diagonal_batch=False)
    pixels = stax.serial(stax.Dense(1), stax.Aggregate()).kernel_fn
    whole, equal = (
        pixels(x1, None, "ntk", pattern=pattern[:1] * 2, diagonal_spatial=d) for d in (None, True)
    )
    assert np.allclose(np.diagonal(whole, axis1=2, axis2=3), equal)
    for field, x, graphs in (("cov1", x1, pattern[0]), ("cov2", x2, pattern[1])):
        own = kernel_fn(x, None, "nngp", pattern=(graphs, graphs))
        assert np.array_equal(getattr(found, field), own)
        assert np.array_equal(own, own.T)
        for i in range(len(x)):
            one = (graphs[i : i + 1],) * 2
            assert np.isclose(own[i, i], kernel_fn(x[i : i + 1], None, "nngp", pattern=one)[0, 0])
    compiled = jax.jit(lambda a, b: kernel_fn(a, b, "ntk", pattern=pattern))
    assert np.allclose(compiled(x1, x2), found.ntk)


@pytest.mark.parametrize("kind", ["sparse", "to_dense", "other axes", "one graph", "lists"])
def test_forms_of_graphs(jax, peer, kind):
    generator = np.random.default_rng(6)
    x1, x2 = inputs((4, 2), (3, 2))
    options = {}
    pattern = [generator.random((n, 4, 4)) for n in (3, 2)]
    if kind == "sparse":
        options = {"implementation": "SPARSE"}
        # Inputs with different numbers of edges.
        pattern = [generator.integers(0, 4, (n, edges, 1, 2)) for n, edges in ((3, 6), (2, 9))]
        pattern[0][1, 3:] = -1
    elif kind == "to_dense":
        options = {"to_dense": lambda pattern: pattern["weights"]}
        pattern = [{"weights": weights} for weights in pattern]
    elif kind == "other axes":
        options = {"batch_axis": 1, "channel_axis": 0}
        x1, x2 = (x.transpose(2, 0, 1) for x in (x1, x2))
    elif kind == "one graph":
        pattern = [graphs[:1] for graphs in pattern]
    elif kind == "lists":
        pattern = [graphs.tolist() for graphs in pattern]
    axes = {name: options.get(name) for name in ("batch_axis", "channel_axis") if name in options}
    networks = [
        s.serial(
            s.Dense(4, 1.2, 0.3, **axes),
            s.Relu(),
            s.Aggregate(**options),
            s.GlobalAvgPool(**axes),
        )[2]
        for s in (peer.stax, stax)
    ]
    given = [
        np.repeat(graphs, n, 0) if kind == "one graph" else np.array(graphs)
        for graphs, n in zip(pattern, (3, 2))
    ]
    theirs = networks[0](x1, x2, "ntk", pattern=tuple(pattern if kind == "to_dense" else given))
    ours = networks[1](x1, x2, "ntk", pattern=tuple(pattern))
    assert np.allclose(ours, theirs, rtol=1e-8)
    compiled = jax.jit(lambda a, b: networks[1](a, b, "ntk", pattern=tuple(pattern)))
    assert np.allclose(compiled(x1, x2), ours, rtol=1e-6)
    assert ours.block_until_ready() is ours


def graph_kernel(*layers):
    return stax.serial(stax.Dense(1), stax.Aggregate(), *layers, stax.GlobalAvgPool()).kernel_fn


def test_graphs_of_inputs_that_are_the_same_twice(peer):
    generator = np.random.default_rng(5)
    x, graphs = inputs((4, 2))[0], generator.random((3, 4, 4))
    kernel_fn = graph_kernel()
    network = [peer.stax.Dense(1), peer.stax.Aggregate(), peer.stax.GlobalAvgPool()]
    with pytest.raises(NotImplementedError, match="dropout if x2 is x1"):
        graph_kernel(stax.Dropout(0.5))(x, None, "ntk", pattern=(graphs, graphs[::-1]))
    for second, other in ((x, graphs), (x, graphs[::-1]), (x.copy(), graphs)):
        found = kernel_fn(x, second, pattern=(graphs, other))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = peer.stax.serial(*network)[2](x, second, pattern=(graphs, other))
        assert found.x1_is_x2 == bool(expected.x1_is_x2)
        for field in ("nngp", "ntk", "cov1", "cov2"):
            alone = kernel_fn(x, second, field, pattern=(graphs, other))
            assert np.array_equal(alone, getattr(found, field)), field
            theirs = np.asarray(getattr(expected, field))
            assert np.allclose(getattr(found, field), theirs, rtol=1e-7), field


def test_dropout_with_graphs_of_inputs_of_which_some_are_equal():
    generator = np.random.default_rng(5)
    x, graphs = inputs((4, 2))[0], generator.random((3, 4, 4))
    kernel_fn = graph_kernel(stax.Relu(), stax.Dropout(0.5))
    found = kernel_fn(x, x[:2] + [[[0.0]], [[1.0]]], "nngp", pattern=(graphs, graphs[:2]))
    # The first input is in both, but x1 is not x2, so that each has noise of its own.
    others = kernel_fn(x[1:], x[:1], "nngp", pattern=(graphs[1:], graphs[:1]))
    whole = kernel_fn(x, None, "nngp", pattern=(graphs, graphs))
    assert np.allclose(found[1:, :1], others) and np.allclose(whole[1:, :1], others)
    assert found[0, 0] < 0.9 * whole[0, 0]


def test_graphs_that_no_layer_uses():
    x = np.random.default_rng(2).standard_normal((3, 5))
    net = stax.serial(stax.Dense(4), stax.Relu(), stax.Dense(1))
    found = net.kernel_fn(x, x[:2], "ntk", pattern=(np.ones((3, 4, 4)), np.zeros((2, 4, 4))))
    assert np.array_equal(found, net.kernel_fn(x, x[:2], "ntk"))


def test_graphs_that_are_traced(jax):
    generator = np.random.default_rng(5)
    (x, y), pattern = inputs((4, 2), (3, 2)), [generator.random((n, 4, 4)) for n in (3, 2)]
    kernel_fn = graph_kernel(stax.Relu())
    expected = kernel_fn(x, y, "ntk", pattern=tuple(pattern))
    compiled = jax.jit(lambda a, b, p: kernel_fn(a, b, "ntk", pattern=p))
    assert np.allclose(compiled(x, y, tuple(pattern)), expected)
    assert np.allclose(
        jax.jit(lambda p: kernel_fn(x, y, "ntk", pattern=p))(tuple(pattern)), expected
    )


def test_graphs_in_batches(jax):
    generator = np.random.default_rng(5)
    (x, y), graphs = inputs((4, 2), (3, 4)), generator.random((4, 4, 4))
    kernel_fn = graph_kernel(stax.Relu())

    def plain(x1, x2, get, pattern):
        return kernel_fn(x1, x2, get, pattern=pattern)

    for pattern in ((graphs[:3], graphs), (graphs[:1], graphs[1:2])):
        found = ntkdist.batch(plain, 2)(x, y, "ntk", pattern=pattern)
        assert np.allclose(found, plain(x, y, "ntk", pattern))


@pytest.mark.parametrize("implementation", ["DENSE", "SPARSE"])
def test_graphs_of_no_inputs(implementation):
    net = stax.serial(
        stax.Dense(1), stax.Aggregate(implementation=implementation), stax.GlobalAvgPool()
    )
    graphs = np.zeros((3, 2, 1, 2), int) if implementation == "SPARSE" else np.ones((3, 4, 4))
    x = inputs((4, 2))[0]
    assert net.kernel_fn(x[:0], x, "ntk", pattern=(graphs[:0], graphs)).shape == (0, 3)
    assert net.kernel_fn(x[:0], None, "ntk", pattern=(graphs[:0], graphs[:0])).shape == (0, 0)


def test_graphs_that_are_refused():
    x, graphs = inputs((4, 2))[0], np.random.default_rng(5).random((3, 4, 4))
    kernel_fn = graph_kernel()
    with pytest.raises(ValueError, match="finite"):
        kernel_fn(x, None, "ntk", pattern=(graphs * [[[1], [1], [np.inf], [1]]], graphs))
    with pytest.raises(ValueError, match="a graph for each input"):
        kernel_fn(x, None, "ntk", pattern=({"a": 1}, {"a": 1}))
    for pattern in ((graphs[:1], graphs[:1]), (graphs, graphs)):
        with pytest.raises(ValueError, match="inputs of one shape"):
            kernel_fn(x, np.ones((3, 2, 4)), "ntk", pattern=pattern)
    indexed = graph_kernel(stax.Index(np.s_[::2]))
    for pattern in ((graphs, graphs), (graphs[:1], graphs[1:2])):
        with pytest.raises(NotImplementedError, match="index the arrays"):
            indexed(x, x[1:], "ntk", pattern=(pattern[0], pattern[1][-2:]))
    flat = stax.serial(stax.Dense(1), stax.Aggregate(()), stax.Dense(1)).kernel_fn
    with pytest.raises(NotImplementedError, match="signal without pixels"):
        flat(x[:, 0], None, "ntk", pattern=(graphs[:, 0, 0], graphs[:, 0, 0]))
    many = np.ones((2, 2500, 1))
    graphs = np.zeros((2, 2500, 2500), np.int8)
    graphs[1, 0, 0] = 1
    with pytest.raises(NotImplementedError, match="2048"):
        kernel_fn(many, None, "ntk", pattern=(graphs, graphs))
