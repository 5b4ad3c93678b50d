"""LeNet and its linearization on eigenfunctions of its NTK, following arXiv 2106.06770.

    python lenet.py jacobian CIFAR jac/lenet            all 60,000 images, 32.7 GB
    ntk-dist run jobs/lenet.yaml                        the kernel, its spectrum, 1,000 eigenvectors

    python lenet.py jacobian CIFAR jac/first --images 10000
    ntk-dist run jobs/lenet.yaml --set ...              with all eigenvectors; the job says how
    python lenet.py learn CIFAR runs/lenet-10000 lenet.json
    python lenet.py plot lenet.json lenet.svg

CIFAR is the folder cifar-10-batches-bin. The network is the paper's: 5 x 5 convolutions to 6 and 16
channels with 2 x 2 average pools, dense layers of 120, 84 and 1, and ReLU; 136,121 parameters.
Needs `pip install 'ntkdist[jax,plot]'`.
"""

import argparse
import json
import pathlib
import time

import jax
import jax.numpy as jnp
import numpy as np

import ntkdist

BATCH = 128
MOMENTUM = 0.9


def images(folder, count):
    """The first of all 60,000 images [count, 32, 32, 3], standardized per channel."""
    names = [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]
    records = [
        np.fromfile(pathlib.Path(folder) / name, np.uint8).reshape(-1, 3073) for name in names
    ]
    pixels = np.concatenate(records)[:count, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    pixels = pixels.astype(np.float32)
    return (pixels - pixels.mean((0, 1, 2))) / pixels.std((0, 1, 2))


def parameters(seed=0):
    """Weights and biases of the five layers: variance 1 / fan-in, no biases."""
    shapes = [(5, 5, 3, 6), (5, 5, 6, 16), (1024, 120), (120, 84), (84, 1)]
    keys = jax.random.split(jax.random.PRNGKey(seed), len(shapes))
    weights = jax.nn.initializers.lecun_normal()
    return [
        (weights(key, shape, jnp.float32), jnp.zeros(shape[-1], jnp.float32))
        for key, shape in zip(keys, shapes)
    ]


def outputs(params, x):
    """The logits [n] of images [n, 32, 32, 3]."""
    for weights, bias in params[:2]:
        x = jax.lax.conv_general_dilated(
            x, weights, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        x = jax.nn.relu(x + bias)
        n, height, width, channels = x.shape
        x = x.reshape(n, height // 2, 2, width // 2, 2, channels).mean((2, 4))
    x = x.reshape(len(x), -1)
    for weights, bias in params[2:4]:
        x = jax.nn.relu(x @ weights + bias)
    weights, bias = params[4]
    return (x @ weights + bias)[:, 0]


def loss(logits, targets):
    """The binary cross-entropy of targets -1 and 1, averaged."""
    return jnp.mean(jax.nn.softplus(-targets * logits))


@jax.jit
def network_step(params, velocity, x, targets, rate):
    """One step of gradient descent with momentum."""
    gradient = jax.grad(lambda params: loss(outputs(params, x), targets))(params)
    velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocity, gradient)
    return jax.tree.map(lambda p, v: p - rate * v, params, velocity), velocity


@jax.jit
def gradients(params, x, targets):
    """J'y for the Jacobian of a few images, and the sum of their gradients' squared norms."""

    def norm(tree):
        return sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree))

    along = jax.grad(lambda params: outputs(params, x) @ targets)(params)
    single = jax.vmap(
        lambda one: norm(jax.grad(lambda params: outputs(params, one[None])[0])(params))
    )
    return along, jnp.sum(single(x))


def alignment(params, x, targets):
    """y'K y / (|y|^2 tr K): the part of the empirical NTK's trace that lies along the targets."""
    total, trace = None, 0.0
    for start in range(0, len(x), 500):
        along, part = gradients(params, x[start : start + 500], targets[start : start + 500])
        total = along if total is None else jax.tree.map(jnp.add, total, along)
        trace += float(part)
    squares = sum(float(jnp.sum(leaf**2)) for leaf in jax.tree.leaves(total))
    return squares / float(targets @ targets) / trace


def batches(n, epochs, seed):
    """Batches of every epoch in random order, and each step's rate relative to the first one."""
    order = np.random.default_rng(seed)
    steps, step = epochs * (n // BATCH), 0
    for epoch in range(epochs):
        shuffled = order.permutation(n)
        for start in range(0, n - BATCH + 1, BATCH):
            yield epoch, shuffled[start : start + BATCH], 1 - step / steps
            step += 1


def learn_network(x, targets, epochs, rate, seed=0):
    """Trains LeNet. Returns the losses after every epoch; alignments before, during and after."""
    params = parameters()
    velocity = jax.tree.map(jnp.zeros_like, params)
    evaluate = jax.jit(lambda params, x: outputs(params, x))
    losses, aligned = [], [alignment(params, x, targets)]
    last = 0

    def note():
        logits = jnp.concatenate([evaluate(params, x[i : i + 500]) for i in range(0, len(x), 500)])
        losses.append(float(loss(logits, targets)))
        if len(losses) in (max(epochs // 2, 1), epochs):
            aligned.append(alignment(params, x, targets))

    for epoch, batch, part in batches(len(x), epochs, seed):
        if epoch > last:
            note()
            last = epoch
        params, velocity = network_step(params, velocity, x[batch], targets[batch], rate * part)
    note()
    return losses, aligned


def learn_linearized(kernel, first, targets, epochs, rate, seed=0):
    """The same descent on f + J d, in the coefficients a of d = J'a: its outputs are f + K a."""
    coefficients, velocity = np.zeros((2, len(kernel)), np.float32)
    losses, last = [], 0

    def note():
        logits = first + kernel @ coefficients
        losses.append(float(np.mean(np.logaddexp(0, -targets * logits))))

    for epoch, batch, part in batches(len(kernel), epochs, seed):
        if epoch > last:
            note()
            last = epoch
        logits = first[batch] + kernel[batch] @ coefficients
        velocity *= MOMENTUM
        velocity[batch] -= targets[batch] / (1 + np.exp(targets[batch] * logits)) / BATCH
        coefficients -= rate * part * velocity
    note()
    return losses


def jacobian(arguments):
    """Writes the Jacobian at initialization."""
    x = images(arguments.cifar, arguments.images)
    begin = time.monotonic()
    found = ntkdist.jacobians(
        outputs,
        parameters(),
        x,
        arguments.out,
        arguments.chunk,
        ahead=arguments.ahead,
        progress=True,
    )
    print(f"{found.description['parameters']} parameters, {time.monotonic() - begin:.0f} s")


def learn(arguments):
    """Trains both on signs of eigenvectors; the output has one entry per eigenvector."""
    run = ntkdist.open(arguments.run)
    kernel = np.asarray(run.kernel("kernel")[:], np.float32)
    vectors = run.eigenvectors("kernel")
    x = jnp.asarray(images(arguments.cifar, len(kernel)))
    first = np.asarray(
        jnp.concatenate([outputs(parameters(), x[i : i + 500]) for i in range(0, len(x), 500)])
    )
    out = pathlib.Path(arguments.out)
    found = json.loads(out.read_text()) if out.exists() else []
    settings = {"images": len(kernel), "epochs": arguments.epochs, "rate": arguments.rate}
    if any(entry[key] != settings[key] for entry in found for key in settings):
        raise SystemExit(f"{out} was made with other settings; give another name")
    done = {entry["index"] for entry in found}
    for index in arguments.indices:
        if index in done or index > vectors.shape[1]:
            continue
        begin = time.monotonic()
        targets = np.where(vectors[:, index - 1] > 0, 1, -1).astype(np.float32)
        losses, aligned = learn_network(x, jnp.asarray(targets), arguments.epochs, arguments.rate)
        linearized = learn_linearized(kernel, first, targets, arguments.epochs, arguments.rate)
        found.append(
            {
                "index": index,
                "network": losses,
                "linearized": linearized,
                "alignment": aligned,
                **settings,
            }
        )
        out.write_text(json.dumps(found, indent=1))
        print(
            f"{index}: network {losses[-1]:.4f}, linearized {linearized[-1]:.4f}, alignment "
            f"{' '.join(f'{value:.2e}' for value in aligned)}, {time.monotonic() - begin:.0f} s",
            flush=True,
        )


def plot(arguments):
    """Losses and alignments over the index of the eigenvector."""
    import matplotlib.pyplot as plt

    found = sorted(
        json.loads(pathlib.Path(arguments.data).read_text()), key=lambda entry: entry["index"]
    )
    indices = [entry["index"] for entry in found]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for kind in ("network", "linearized"):
        left.loglog(indices, [entry[kind][-1] for entry in found], "o-", label=kind)
    # The first eigenvector has one sign nearly everywhere, so it is learned to the last digit.
    left.set(xlabel="index of the eigenvector", ylabel="training loss", ylim=(1e-4, 2))
    left.legend(frameon=False)
    for place, when in enumerate(("before training", "half way", "after training")):
        right.loglog(indices, [entry["alignment"][place] for entry in found], "o-", label=when)
    right.set(xlabel="index of the eigenvector", ylabel="alignment of the NTK with the targets")
    right.legend(frameon=False)
    figure.savefig(arguments.out)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("jacobian", help="write the Jacobian at initialization")
    command.add_argument("cifar")
    command.add_argument("out")
    command.add_argument("--images", type=int, default=60_000)
    command.add_argument("--chunk", default="4GB")
    command.add_argument("--ahead", type=int, help="chunks that wait for ntk-dist --follow")
    command.set_defaults(run_command=jacobian)
    command = commands.add_parser("learn", help="train on signs of eigenvectors")
    command.add_argument("cifar")
    command.add_argument("run")
    command.add_argument("out")
    command.add_argument("--epochs", type=int, default=30, help="2 or more")
    command.add_argument("--rate", type=float, default=0.05)
    command.add_argument(
        "--indices", type=int, nargs="+", default=[1, 3, 10, 30, 100, 300, 1000, 3000, 10_000]
    )
    command.set_defaults(run_command=learn)
    command = commands.add_parser("plot", help="draw what `learn` found")
    command.add_argument("data")
    command.add_argument("out")
    command.set_defaults(run_command=plot)
    arguments = parser.parse_args(arguments)
    arguments.run_command(arguments)


if __name__ == "__main__":
    main()
