"""The cases of the fuzzer: valid files, changes to them, and the commands that read them."""
import copy
import json
import shutil
import subprocess

import numpy as np

# Values that number, text and list keys rarely expect.
ODD = [0, 1, 2, 3, -1, 7, 63, 64, 1023, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, -2**63, 10**9, 10**6,
       10**30, 0.5, -0.0, 1e-300, 5e-324, 1e300, 1e10, float("nan"), float("inf"), -float("inf"), "", "x",
       "all", "~", "..", "/", "/proc/x/y", "/dev/null", "\0", "é" * 300, "a b'c", None, True, False, [], {},
       [[]], [1, 2], {"a": 1}, [None], "1e-6", "0x10", "2001-01-01", ["relu"], "auto"]
NETWORKS = [
    {"preset": "fcn", "activation": "relu", "depth": 2, "weight_variance": 2.0, "bias_variance": 0.1},
    {"preset": "fcn", "activation": "erf", "depths": [1, 3], "weight_variances": [1.2, 1.8],
     "bias_variance": 0.1},
    {"preset": "cnn-gap", "activation": "relu", "depth": 1},
    {"preset": "cnn-flatten", "activation": "erf", "depth": 2, "padding": "circular", "trained": "hidden"},
    ["flatten", {"dense": {"weight_variance": 2.0, "bias_variance": 0.1}}, "relu", {"dense": {}}],
    [{"convolution": {"filter": [3, 3], "stride": [2, 2], "padding": "valid", "weight_variance": 2}},
     {"erf": {"amplitude": 1.0, "scale": 1.5, "shift": 0.1}}, {"average_pool": {"window": [2, 2]}},
     "flatten", "dense"],
    [{"convolution": {"filter": [3, 3]}}, {"layer_norm": {"axes": "channel", "epsilon": 1e-5}}, "gelu",
     {"residual": {"main": [{"convolution": {"filter": [1, 3]}}, "relu", {"dense": {}}], "shortcut": []}},
     "global_average_pool", {"dense": {"trained": False}}],
    ["flatten", {"repeat": {"count": 3, "layers": ["dense", {"sin": {"frequency": 2, "phase": 0.5}}]}},
     "dense"],
]
PROFILE = {"cores": 2, "memory": 8 << 30, "gflops_f64": 50.0, "gflops_f32": 100.0, "tiles": {}}
COMMANDS_ON_RUNS = [["status", "run"], ["status", "run", "--format", "json"], ["list", "."],
                    ["report", "run"], ["verify", "run", "--sample", "4"], ["spectrum", "job.yaml"],
                    ["predict", "job.yaml"], ["run", "job.yaml", "--resume"], ["clean", "run", "--yes"]]


class Base:
    """Valid inputs and a finished run, made once."""

    def __init__(self, binary, folder, environment):
        self.folder = folder
        generator = np.random.default_rng(0)
        np.save(folder / "x.npy", generator.standard_normal((5, 8, 8, 3)))
        np.save(folder / "y.npy", generator.integers(0, 3, 5))
        (folder / "cifar").mkdir()
        for name in [f"data_batch_{index}.bin" for index in range(1, 6)] + ["test_batch.bin"]:
            batch = generator.integers(0, 256, (4, 3073), dtype=np.uint8)
            batch[:, 0] %= 10
            batch.tofile(folder / "cifar" / name)
        self.job = {
            "data": {"cifar10": "cifar", "train": 12, "test": 4, "preprocessing": "standardize"},
            "network": NETWORKS[0], "kernels": ["nngp", "ntk"], "tile": 5, "spectrum": {"vectors": 2},
            "prediction": {"regularization": [1e-6, 1e-2]}, "training": {"times": [1, 10]},
            "alignment": {"targets": [1, 2], "regularization": 1e-3}, "output": "run"}
        (folder / "job.yaml").write_text(json.dumps(self.job))
        (folder / "machine.json").write_text(json.dumps(PROFILE))
        result = subprocess.run([binary, "run", "job.yaml"], cwd=folder, env=environment, text=True,
                                capture_output=True)
        assert result.returncode == 0, result.stderr

    def copy(self, folder, *names):
        for name in names:
            source, target = self.folder / name, folder / name
            shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)


class Case:
    """Commands to run in a prepared folder."""

    def __init__(self, surface, commands, check=lambda status: None):
        self.surface, self.commands, self.check = surface, commands, check


# Changes

def damage(random, content):
    """The bytes of a file after one to four changes."""
    content = bytearray(content)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(content) + 1)
        end = min(len(content), place + random.choice([1, 2, 8, 100, len(content)]))
        change = random.randrange(7)
        if change == 0 and content:
            content[place % len(content)] ^= 1 << random.randrange(8)
        elif change == 1:
            del content[place:end]
        elif change == 2:
            content[place:place] = content[place:end]
        elif change == 3:
            content[place:place] = random.randbytes(random.choice([1, 4, 200]))
        elif change == 4:
            content[place:end] = bytes(end - place)
        elif change == 5:
            content[place:place] = random.choice(
                [b"[" * 5000, b"{\"a\":" * 3000, b"9" * 400, b"1e999", b"\xff\xfe", b"&a [*a]", b"\n- ",
                 b": ", b"'", b"\t", b"# ", b"-"])
        else:
            content = content[:place]
    return bytes(content)


def places(value, path=()):
    """The paths of all values in a JSON document."""
    yield path
    items = value.items() if isinstance(value, dict) else (
        enumerate(value) if isinstance(value, list) else ())
    for key, part in items:
        yield from places(part, (*path, key))


def reshape(random, document):
    """A JSON document after one to three changes of values, keys and lists."""
    document = {"": copy.deepcopy(document)}
    for _ in range(random.randint(1, 3)):
        *path, key = random.choice([path for path in places(document) if path])
        parent = document
        for step in path:
            parent = parent[step]
        change = random.randrange(8)
        if change < 4:
            parent[key] = copy.deepcopy(random.choice(ODD))
        elif change == 4 and key != "":
            del parent[key]
        elif change == 5 and isinstance(parent, dict):
            parent[str(key) + random.choice(["s", "_", " ", "x"])] = copy.deepcopy(parent[key])
        elif change == 6 and isinstance(parent, list):
            parent[key:key] = [copy.deepcopy(parent[key])] * random.choice([1, 3, 2000])
        else:
            parent[key] = nested(parent[key], random.choice([1, 2, 20, 60]))
    return document[""]


def nested(value, depth):
    """A value inside lists or mappings."""
    for level in range(depth):
        value = [value] if level % 2 else {"layers": value}
    return value


def text(document):
    """JSON, with infinite numbers as in YAML."""
    written = json.dumps(document, ensure_ascii=False)
    return written.replace("-Infinity", "-.inf").replace("Infinity", ".inf").replace("NaN", ".nan")


def change_json(random, path):
    """Changes a JSON file by its bytes or its values."""
    content = path.read_bytes()
    if random.random() < 0.4:
        path.write_bytes(damage(random, content))
    else:
        path.write_text(json.dumps(reshape(random, json.loads(content))))


# Surfaces

def jobs(random, base, folder):
    base.copy(folder, "cifar", "machine.json")
    document = {**base.job, "network": random.choice(NETWORKS)}
    written = text(reshape(random, document)).encode("utf-8", "surrogatepass")
    (folder / "job.yaml").write_bytes(damage(random, written) if random.random() < 0.3 else written)
    command = random.choice([
        ["network", "job.yaml"], ["plan", "job.yaml", "--ranks", "4", "--machine", "machine.json"],
        ["plan", "job.yaml", "--ranks", "2", "--slurm", "--machine", "machine.json"],
        ["run", "job.yaml", "--time-limit", "5"]])
    return Case("job", [command])


def settings(random, base, folder):
    base.copy(folder, "cifar", "machine.json", "job.yaml")
    keys = [".".join(map(str, path)) for path in places(base.job) if path] + [
        "", ".", "a" + ".a" * random.choice([1, 1000]), "network.0", "data.", "tile.x"]
    options = []
    for _ in range(random.randint(1, 3)):
        value = text(random.choice(ODD)).replace("\0", "").replace("\\u0000", "")
        options += ["--set", random.choice(keys) + random.choice(["=", "=", "=", ""]) + value]
    command = random.choice([["network", "job.yaml"], ["run", "job.yaml", "--time-limit", "5"],
                             ["plan", "job.yaml", "--ranks", "4", "--machine", "machine.json"]])
    return Case("settings", [command + options])


def options(random, base, folder):
    base.copy(folder, "cifar", "machine.json", "job.yaml", "run", "x.npy")
    command = random.choice([
        ["plan", "job.yaml", "--machine", "machine.json", "--ranks", "2"], ["status", "run"],
        ["verify", "run"], ["phase", "--activation", "erf", "--weight-variance", "2", "--bias-variance",
                            "0.1"], ["report", "run"],
        ["run", "job.yaml", "--resume", "--time-limit", "5"], ["assemble", "job.yaml"]])
    name = random.choice(["--ranks", "--ranks-per-node", "--memory", "--sample", "--time-limit",
                          "--watchdog", "--shard", "--progress", "--weight-variance", "--bias-variance",
                          "--activation", "--format", "--machine", "--rows", "--output", "--grid"])
    value = str(random.choice(ODD)).replace("\0", "")
    return Case("options", [[*command, f"{name}={value}"]])


def networks(random, base, folder):
    base.copy(folder, "x.npy")
    (folder / "network.yaml").write_text(
        text({"network": reshape(random, random.choice(NETWORKS))}), errors="surrogatepass")

    def check(status):
        for path in folder.glob("out/*.npy") if status == 0 else []:
            if not np.isfinite(np.load(path)).all():
                return f"status 0, and {path.name} has values that are not finite"
        return None

    command = ["kernel", "network.yaml", "--rows", "x.npy", "--output", "out", "--precision",
               random.choice(["f64", "f32"])]
    return Case("network", [command], check)


def arrays(random, base, folder):
    name = random.choice(["x.npy", "y.npy"])
    base.copy(folder, "x.npy", "y.npy")
    path = folder / name
    content = path.read_bytes()
    if random.random() < 0.5:
        path.write_bytes(damage(random, content[:128]) + content[128:])
    elif random.random() < 0.5:
        path.write_bytes(damage(random, content))
    else:
        shape = random.choice([(5, 8, 8, 2**60), (2**62, 4), (0,), (-1, 3), (5,), (10**30,), (5, 0), ()])
        dtype = random.choice(["<f8", ">f8", "<f4", "<i8", "|u1", "|O", "<c16", "|b1", "<f2", "zz"])
        order = random.choice([True, False])
        header = f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}".ljust(117) + "\n"
        path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
                         + content[128:])
    (folder / "job.yaml").write_text(json.dumps(
        {"data": {"arrays": {"train": "x.npy", "train_labels": "y.npy", "test": "x.npy",
                             "test_labels": "y.npy"}},
         "network": NETWORKS[0], "prediction": {"regularization": [1e-3]}, "output": "run"}))
    (folder / "network.yaml").write_text(json.dumps({"network": NETWORKS[0]}))
    kernel = ["kernel", "network.yaml", "--rows", "x.npy", "--output", "out"]
    return Case("npy", [random.choice([kernel, ["run", "job.yaml", "--time-limit", "5"]])])


def batches(random, base, folder):
    base.copy(folder, "cifar", "job.yaml")
    path = random.choice(sorted((folder / "cifar").iterdir()))
    change = random.randrange(4)
    if change == 0:
        path.unlink()
    elif change == 1:
        path.write_bytes(b"")
    else:
        path.write_bytes(damage(random, path.read_bytes()))
    return Case("batch", [["run", "job.yaml", "--time-limit", "5"]])


def store(random, base, folder):
    base.copy(folder, "run", "cifar", "job.yaml")
    change_json(random, random.choice(sorted((folder / "run/kernels.zarr").rglob("zarr.json"))))
    return Case("zarr.json", [random.choice(COMMANDS_ON_RUNS)])


def chunks(random, base, folder):
    base.copy(folder, "run", "cifar", "job.yaml")
    path = random.choice(sorted(path for path in (folder / "run/kernels.zarr").rglob("c/**/*")
                                if path.is_file()))
    before = path.read_bytes()
    path.write_bytes(damage(random, before))
    is_changed = path.read_bytes() != before
    command = random.choice(COMMANDS_ON_RUNS)

    def check(status):
        if status == 0 and is_changed and command[0] == "verify":
            return "a damaged chunk passed verification"
        return None

    return Case("chunk", [command], check)


def records(random, base, folder):
    base.copy(folder, "run", "cifar", "job.yaml")
    name = random.choice(["summary.json", "summary.json", "environment.json", "events.jsonl", "job.yaml"])
    path = folder / "run" / name
    if path.suffix == ".json":
        change_json(random, path)
    else:
        path.write_bytes(damage(random, path.read_bytes()))
    return Case(name, [random.choice(COMMANDS_ON_RUNS)])


def results(random, base, folder):
    base.copy(folder, "run", "cifar", "job.yaml")
    path = random.choice(sorted((folder / "run").rglob("*.npy")))
    path.write_bytes(damage(random, path.read_bytes()))
    return Case("result", [random.choice(COMMANDS_ON_RUNS)])


def profiles(random, base, folder):
    base.copy(folder, "job.yaml", "cifar")
    profile = {**PROFILE, "tiles": {"x": {"apart": 0.1, "diagonal": 0.1}}}
    (folder / "machine.json").write_text(json.dumps(profile))
    change_json(random, folder / "machine.json")
    ranks = random.choice(["1", "2", "7", "1000000", str(2**63 - 1), "0", "-3"])
    return Case("profile", [["plan", "job.yaml", f"--ranks={ranks}", "--machine", "machine.json"]])


def aliases(random):
    """A list of ten aliases of a list of ten aliases, and so on; as values or as keys."""
    levels, opening = random.randint(1, 12), random.choice(["[", "{? "])
    lines = ["a0: &a0 [x, x]"]
    for level in range(1, levels):
        parts = ", ".join([f"*a{level - 1}"] * 10)
        closing = "]" if opening == "[" else " : 1}"
        inner = parts if opening == "[" else f"[{parts}]"
        lines.append(f"a{level}: &a{level} {opening}{inner}{closing}")
    lines.append(f"network: *a{levels - 1}" if random.random() < 0.5 else f"? *a{levels - 1}\n: 1")
    return "\n".join(lines)


def bombs(random, base, folder):
    """Small jobs that ask for a lot."""
    base.copy(folder, "cifar", "machine.json")
    count = random.choice([10**3, 10**6, 10**9, 2**31, 2**62])
    odd = random.choice([1, 2, 64, 1023, 10**6, 2**31, 2**62])
    repeated = "dense"
    for _ in range(random.randint(1, 6)):
        repeated = {"repeat": {"count": random.choice([10, 1000, count]), "layers": [repeated, "relu"]}}
    changes = [
        {"network": ["flatten", repeated, "dense"]},
        {"network": {**NETWORKS[0], "depth": count}}, {"network": {**NETWORKS[0], "depths": [1, count]}},
        {"network": {**NETWORKS[1], "depths": list(range(1, random.choice([300, 20000])))}},
        {"network": {**NETWORKS[1], "weight_variances": [1 + k / 1e4 for k in range(5000)]}},
        {"network": [{"convolution": {"filter": [odd, odd]}}, "relu", "flatten", "dense"]},
        {"network": [{"convolution": {"filter": [3, 3]}}, "relu",
                     {"average_pool": {"window": [odd, odd], "padding": "same"}}, "flatten", "dense"]},
        {"network": {"preset": "myrtle-10", "image_size": odd}},
        {"tile": odd}, {"data": {"synthetic": {"seed": 1, "train": count, "test": odd}}},
        {"data": {"synthetic": {"train": 10**6, "test": 0}}, "tile": 1},
        {"data": {**base.job["data"], "train": count}}, {"data": {**base.job["data"], "reduce": odd}},
        {"spectrum": {"vectors": odd}}, {"training": {"times": list(range(1, 50000))}},
        {"prediction": {"regularization": [1e-6 * k for k in range(1, 50000)]}},
        {"alignment": {"targets": [odd], "regularization": 1e-3}},
    ]
    changed = json.dumps({**base.job, **random.choice(changes)})
    written = random.choice([
        *[changed] * 6, aliases(random), "[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 50_000, "x" * 10**6,
        json.dumps(base.job) + "\n---\n" + json.dumps(base.job)])
    (folder / "job.yaml").write_text(written)
    return Case("bomb", [random.choice([
        ["network", "job.yaml"], ["plan", "job.yaml", "--ranks", "4", "--machine", "machine.json"],
        ["run", "job.yaml", "--time-limit", "5"]])])


SURFACES = [jobs, jobs, jobs, bombs, bombs, settings, options, networks, networks, networks, arrays, arrays,
            batches, store, chunks, records, records, results, profiles]


def generate(random, base, folder):
    """A case from a random generator."""
    return random.choice(SURFACES)(random, base, folder)
