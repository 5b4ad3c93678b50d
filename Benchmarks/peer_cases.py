#!/usr/bin/env python3
"""The networks of `ntk-bench squares` in neural-tangents: one JSON line per case with the time per kernel entry.

    python3 -m venv DIR
    DIR/bin/pip install jax==0.5.3 jaxlib==0.5.3 numpy==1.26.4 scipy==1.13.1 frozendict opt_einsum
    DIR/bin/pip install --no-deps neural-tangents==0.6.5
    DIR/bin/python Benchmarks/peer_cases.py [--only REGEX] [--seconds 15]

Each case is a rectangular block for random images, NNGP and NTK together. It is compiled before the timing, and the
inputs are on the device. The result is the best of at least two repetitions, as many as fit into --seconds.
"""
import argparse
import dataclasses
import json
import os
import re
import subprocess
import sys
import time
import types
import warnings

warnings.filterwarnings("ignore")


@dataclasses.dataclass
class Case:
    """Images of one shape, and how many in a block are fastest, in double and in single precision."""

    shape: tuple
    f64: int
    f32: int
    # Pooled kernels are faster without XLA's new runtime.
    has_old_runtime: bool = False


CASES = {
    "cnn-flatten-10-relu": Case((32, 32, 3), 16, 32),
    "cnn-gap-10": Case((32, 32, 3), 8, 4, has_old_runtime=True),
    "myrtle-10": Case((32, 32, 3), 4, 4, has_old_runtime=True),
    "fcn-3-tanh": Case((32, 32, 3), 32, 32),
    "resnet-20": Case((16, 16, 3), 4, 4, has_old_runtime=True),
    "attention-64": Case((8, 8, 3), 8, 8, has_old_runtime=True),
}


def network(name, stax, jnp):
    def dense():
        return stax.Dense(1, 2**0.5, 0.05**0.5)

    def conv(filter_shape=(3, 3), strides=(1, 1)):
        return stax.Conv(1, filter_shape, strides, "SAME", 2**0.5, 0.05**0.5)

    def tanh():
        return stax.ElementwiseNumerical(jnp.tanh, deg=100)

    def convolutional(depth):
        return [layer for _ in range(depth) for layer in (conv(), stax.Relu())]

    def myrtle():
        stage = [*convolutional(3), stax.AvgPool((2, 2), (2, 2))]
        return [*stage, *stage, *stage, stax.AvgPool((2, 2), (2, 2)), stax.GlobalAvgPool()]

    def block(stride, has_shortcut):
        main = stax.serial(stax.Relu(), conv(strides=(stride, stride)), stax.Relu(), conv())
        shortcut = conv((1, 1), (stride, stride)) if has_shortcut else stax.Identity()
        return stax.serial(stax.FanOut(2), stax.parallel(main, shortcut), stax.FanInSum())

    def resnet():
        blocks = [block(2 if stage and not n else 1, stage > 0 and n == 0) for stage in range(3) for n in range(3)]
        return [conv(), *blocks, stax.Relu(), stax.GlobalAvgPool()]

    def attention():
        return stax.GlobalSelfAttention(
            1, n_chan_key=1, n_chan_val=1, n_heads=1, linear_scaling=True, W_key_std=1, W_value_std=1, W_query_std=1,
            W_out_std=1, b_std=None, attention_mechanism=stax.AttentionMechanism.SOFTMAX)

    layers = {
        "cnn-flatten-10-relu": lambda: [*convolutional(10), stax.Flatten()],
        "cnn-gap-10": lambda: [*convolutional(10), stax.GlobalAvgPool()],
        "myrtle-10": myrtle,
        "fcn-3-tanh": lambda: [stax.Flatten(), *(layer for _ in range(3) for layer in (dense(), tanh()))],
        "resnet-20": resnet,
        "attention-64": lambda: [conv(), *(attention() for _ in range(4)), stax.GlobalAvgPool()],
    }
    return stax.serial(*layers[name](), dense())


def measure(name, precision, seconds):
    # This stub keeps it from importing TensorFlow, which is not used here.
    sys.modules["neural_tangents.experimental"] = types.ModuleType("neural_tangents.experimental")
    import jax
    import numpy as np

    jax.config.update("jax_enable_x64", precision == "f64")
    from neural_tangents import stax

    case = CASES[name]
    count = getattr(case, precision)
    kernel = network(name, stax, jax.numpy)[2]
    generator = np.random.default_rng(0)
    numbers = "f8" if precision == "f64" else "f4"
    images = [jax.device_put(generator.standard_normal((count, *case.shape)).astype(numbers)) for _ in range(2)]
    compute = jax.jit(lambda x1, x2: tuple(kernel(x1, x2, ("nngp", "ntk"))))
    jax.block_until_ready(compute(*images))
    times = []
    while len(times) < 2 or sum(times) < seconds:
        start = time.perf_counter()
        jax.block_until_ready(compute(*images))
        times.append(time.perf_counter() - start)
    print(json.dumps({
        "case": name, "precision": precision, "block": f"{count} x {count}", "cores": os.cpu_count(),
        "us_per_entry": min(times) / count**2 * 1e6}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--one", nargs=2, metavar=("CASE", "PRECISION"), help="one case in this process")
    options = parser.parse_args()
    if options.one:
        return measure(*options.one, options.seconds)
    for precision in ("f64", "f32"):
        for name, case in CASES.items():
            if not re.search(options.only, name):
                continue
            environment = dict(os.environ)
            if case.has_old_runtime:
                flags = environment.get("XLA_FLAGS", "")
                environment["XLA_FLAGS"] = f"{flags} --xla_cpu_use_thunk_runtime=false"
            # Flags and precision are set before JAX starts.
            subprocess.run(
                [sys.executable, __file__, "--seconds", str(options.seconds), "--one", name, precision],
                env=environment, check=True)


if __name__ == "__main__":
    main()
